//! Diagnostics as text: one line for logs, several with a caret for people.
//!
//! Long lines are cut around the place, so a rule in one line of a megabyte stays readable. No colours
//! here: whoever owns the terminal adds them.

use super::Diagnostic;
use std::fmt::{self, Write as _};

/// Characters of a source line that are shown at most.
const WIDTH_MAX: usize = 160;

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "{path}:")?;
        }
        if self.line > 0 {
            write!(f, "{}:{}:", self.line, self.column)?;
        }
        if self.path.is_some() || self.line > 0 {
            f.write_char(' ')?;
        }
        write!(f, "{}[{}]: {}", self.severity.as_str(), self.code, self.message)
    }
}

impl Diagnostic {
    /// The form for people: message, place, source line with a caret, help.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out = format!("{}[{}]: {}\n", self.severity.as_str(), self.code, self.message);
        if self.line == 0 {
            if let Some(path) = &self.path {
                let _ = writeln!(out, "  --> {path}");
            }
        } else {
            let margin = self.line.to_string().len();
            let path = self.path.as_deref().unwrap_or("rule");
            let _ = writeln!(out, "{:margin$}--> {path}:{}:{}", "", self.line, self.column);
            self.caret(&mut out, margin);
        }
        if let Some(rule) = &self.rule {
            let _ = writeln!(out, "   = rule: {rule}");
        }
        if let Some(help) = &self.help {
            let _ = writeln!(out, "   = help: {help}");
        }
        out
    }

    fn caret(&self, out: &mut String, margin: usize) {
        let start = (self.column as usize).saturating_sub(1);
        let skipped = start.saturating_sub(WIDTH_MAX / 2);
        // Tabs become one blank each, so that the caret stands below its character.
        let shown: String =
            self.snippet.chars().skip(skipped).take(WIDTH_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect();
        let length = shown.chars().count();
        let end = if self.end_line == self.line { self.end_column as usize - 1 } else { skipped + length };
        let indent = start - skipped;
        let carets = end.saturating_sub(start).clamp(1, length.saturating_sub(indent).max(1));
        let _ = writeln!(out, "{:margin$} |", "");
        let _ = writeln!(out, "{} | {shown}", self.line);
        let _ = writeln!(out, "{:margin$} | {:indent$}{}", "", "", "^".repeat(carets));
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::{Code, Diagnostic, Source, Span};

    #[test]
    fn a_caret_stands_below_its_place() {
        let source = Source::new(Some("a.yml"), "one\n\tImage|startwith: x\n");
        let span = Span { line: 2, column: 2, end_line: 2, end_column: 17 };
        let text = Diagnostic::new(Code::UnknownModifier, &source, span, "unknown modifier `startwith`")
            .help("did you mean `startswith`?")
            .render();
        assert_eq!(
            text,
            "error[TL0010]: unknown modifier `startwith`\n --> a.yml:2:2\n  |\n2 |  Image|startwith: x\n  |  ^^^^^^^^^^^^^^^\n   = help: did you mean `startswith`?\n"
        );
    }

    #[test]
    fn a_very_long_line_is_cut_around_the_place() {
        let source = Source::new(None, "x".repeat(100_000));
        let span = Span { line: 1, column: 50_000, end_line: 1, end_column: 50_003 };
        let text = Diagnostic::new(Code::YamlSyntax, &source, span, "m").render();
        assert!(text.len() < 600, "{}", text.len());
        assert!(text.contains("^^^"));
    }
}
