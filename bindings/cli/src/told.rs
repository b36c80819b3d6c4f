//! Diagnostics on the screen: with a caret, the first few of a kind, each once.
//!
//! ```text
//! error[TL0014]: look-around cannot run in linear time
//!  --> rules/a.yml:14:33
//!   |
//! 14 |         CommandLine|re: '(?<!x)y'
//!   |                          ^^^^^
//! 37 more of TL0014 (regex-unsupported); `tieline check` shows all
//! ```
//!
//! What the diagnostics say is written in `tieline`.

use crate::screen::{Painted, RED, Screen, YELLOW, counted, visible};
use anstyle::Style;
use std::collections::{BTreeMap, HashSet};
use tieline::diagnostic::{Code, Diagnostic, Severity};

/// Diagnostics of one code that are shown.
pub(crate) const SHOWN_MAX: usize = 20;

/// What makes a diagnostic another one.
type Key = (Code, Option<String>, u32, u32, String);

/// What was told so far.
#[derive(Default)]
pub(crate) struct Told {
    seen: HashSet<Key>,
    /// What was told of the rules before these.
    before: HashSet<Key>,
    counts: BTreeMap<Code, usize>,
}

impl Told {
    /// Whether it was not told before; counts it then.
    fn is_new(&mut self, told: &Diagnostic) -> bool {
        let key = (told.code, told.path.clone(), told.line, told.column, told.message.clone());
        let new = !self.before.contains(&key) && !self.seen.contains(&key);
        self.seen.insert(key);
        if new {
            *self.counts.entry(told.code).or_default() += 1;
        }
        new
    }

    /// Rules were read anew: what is still wrong with them was told, what was mended may be told again.
    pub(crate) fn renew(&mut self) {
        self.before = std::mem::take(&mut self.seen);
    }

    /// Shows errors on standard error, the first few of each code; warnings are only counted.
    pub(crate) fn show<'a>(&mut self, found: impl IntoIterator<Item = &'a Diagnostic>, screen: &Screen) {
        for told in found {
            if self.is_new(told) && told.is_error() && self.counts.get(&told.code).copied() <= Some(SHOWN_MAX) {
                screen.note(painted(told, |style, text| screen.paint_err(style, text)).trim_end());
            }
        }
    }

    /// Only says how many errors there are, where these are not what the command is about.
    pub(crate) fn mention<'a>(&mut self, found: impl IntoIterator<Item = &'a Diagnostic>, screen: &Screen) {
        for told in found {
            self.is_new(told);
        }
        for (what, errors) in self.counts_of(|severity| severity == Severity::Error) {
            screen.warning(&format!("{} in {what}; `tieline check` shows them", counted(errors as u64, "error")));
        }
    }

    /// Says how many there were beyond those shown.
    pub(crate) fn conclude(&self, screen: &Screen) {
        for (code, count) in &self.counts {
            if code.severity() == Severity::Error && *count > SHOWN_MAX {
                let more = count - SHOWN_MAX;
                screen.note(&format!("{more} more of {code} ({}); `tieline check` shows all", code.name()));
            }
        }
        for (what, warnings) in self.counts_of(|severity| severity != Severity::Error) {
            let number = counted(warnings as u64, "warning");
            screen.note(&format!("{number} about {what}; `tieline check` shows them"));
        }
    }

    /// How many there are about rules, and about what else is given.
    fn counts_of(&self, of: impl Fn(Severity) -> bool) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for (code, count) in self.counts.iter().filter(|(code, _)| of(code.severity())) {
            *counts.entry(about(*code)).or_default() += count;
        }
        counts
    }
}

/// What a code is about.
fn about(code: Code) -> &'static str {
    match code {
        Code::ContextSyntax | Code::ContextContradiction | Code::ContextMisspelling => "the plant",
        Code::TaxonomySyntax => "tables of protocols",
        Code::IndicatorList | Code::IndicatorFields | Code::IndicatorRefused | Code::IndicatorDoubtful => "indicators",
        _ => "rules",
    }
}

/// A diagnostic with its caret, in colours.
pub(crate) fn painted(told: &Diagnostic, paint: impl Fn(Style, String) -> Painted<String>) -> String {
    let style = style_of(told.severity);
    let mut out = String::new();
    for (number, line) in told.render().lines().enumerate() {
        let line = visible(line);
        let line = match (number, line.split_once(": "), line.split_once("| ")) {
            (0, Some((head, rest)), _) => format!("{}: {rest}", paint(style, head.to_owned())),
            (_, _, Some((margin, carets))) if is_carets(carets) => {
                format!("{margin}| {}", paint(style, carets.to_owned()))
            }
            _ => line.clone().into_owned(),
        };
        out.push_str(&line);
        out.push('\n');
    }
    out
}

fn is_carets(text: &str) -> bool {
    text.contains('^') && text.chars().all(|c| c == '^' || c == ' ')
}

fn style_of(severity: Severity) -> Style {
    match severity {
        Severity::Error => RED,
        Severity::Warning => YELLOW,
        Severity::Note => Style::new().bold(),
    }
}
