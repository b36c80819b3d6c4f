//! Codes that a caller does not want to hear about.
//!
//! ```text
//! Disabled [TL0104, TL0109]   hides those warnings; errors are told whatever it holds
//! ```
//!
//! A rule that is left out is never left out silently, so no code of severity error can be switched off.

use super::{Code, Diagnostic};
use std::collections::BTreeSet;

/// A set of codes of warnings and notes that are not told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Disabled(BTreeSet<Code>);

impl Disabled {
    /// Switches the codes off. Codes of errors are taken, but change nothing.
    #[must_use]
    pub fn new(codes: impl IntoIterator<Item = Code>) -> Self {
        Self(codes.into_iter().collect())
    }

    /// Whether the diagnostic is to be hidden; never true of an error.
    #[must_use]
    pub fn hides(&self, diagnostic: &Diagnostic) -> bool {
        !diagnostic.is_error() && self.0.contains(&diagnostic.code)
    }

    /// Takes the hidden ones out.
    pub fn filter(&self, diagnostics: &mut Vec<Diagnostic>) {
        if !self.0.is_empty() {
            diagnostics.retain(|diagnostic| !self.hides(diagnostic));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_cannot_be_switched_off() {
        let told = |code| Diagnostic::without_place(code, None, "m");
        let mut all = vec![told(Code::BadRegex), told(Code::UnusedSelection), told(Code::NotPortable)];
        Disabled::new([Code::BadRegex, Code::UnusedSelection]).filter(&mut all);
        assert_eq!(all.iter().map(|told| told.code).collect::<Vec<_>>(), [Code::BadRegex, Code::NotPortable]);
    }
}
