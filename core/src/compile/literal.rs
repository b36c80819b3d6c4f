//! The literals that must stand in a value before a costly test can hold.
//!
//! ```text
//! regex (?i)foo(bar|baz)\d+   ─▶   any of { "foo" }          pattern a*bcd?   ─▶   { "bcd" }
//! ```
//!
//! Literals are folded, and they are looked for in the folded value, so they announce too often rather than
//! too seldom. `None` means that no literal is certain and the test has to run on every value.

use super::atoms::Pieces;
use crate::program::GlobPart as Piece;
use crate::text;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Alternatives that one expression may need; with more, it simply runs on every value.
const ALTERNATIVES_MAX: usize = 64;

/// The longest text of a pattern, folded.
pub(super) fn of_pattern(pieces: &Pieces) -> Option<String> {
    let texts = pieces
        .parts
        .iter()
        .filter_map(|piece| if let Piece::Text(text) = piece { Some(text::folded(text)) } else { None });
    texts.max_by_key(String::len)
}

/// Texts of which at least one stands, folded, in every value that the expression matches.
pub(super) fn of_regex(hir: &Hir) -> Option<Vec<String>> {
    let mut finder = Finder { run: String::new(), best: None };
    finder.visit(hir);
    finder.end_run();
    finder.best.filter(|texts| texts.iter().all(|text| text.len() >= 2))
}

struct Finder {
    /// The certain characters that stand next to each other right now.
    run: String,
    best: Option<Vec<String>>,
}

impl Finder {
    fn end_run(&mut self) {
        let run = std::mem::take(&mut self.run);
        if !run.is_empty() {
            self.offer(vec![run]);
        }
    }

    /// Keeps the set whose shortest text is longest; among equals, the smaller set.
    fn offer(&mut self, texts: Vec<String>) {
        let worth = |texts: &[String]| (texts.iter().map(String::len).min().unwrap_or(0), usize::MAX - texts.len());
        if self.best.as_deref().is_none_or(|best| worth(best) < worth(&texts)) {
            self.best = Some(texts);
        }
    }

    fn visit(&mut self, hir: &Hir) {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
                Ok(text) => text::push_folded(text, &mut self.run),
                Err(_) => self.end_run(),
            },
            HirKind::Class(class) => match one_letter(class) {
                Some(letter) => self.run.push(letter),
                None => self.end_run(),
            },
            HirKind::Capture(capture) => self.visit(&capture.sub),
            HirKind::Concat(parts) => parts.iter().for_each(|part| self.visit(part)),
            HirKind::Repetition(repetition) => {
                self.end_run();
                if repetition.min > 0 {
                    self.visit(&repetition.sub);
                    self.end_run();
                }
            }
            HirKind::Alternation(parts) => {
                self.end_run();
                let each: Option<Vec<Vec<String>>> = parts.iter().map(of_regex_any_length).collect();
                let all: Vec<String> = each.unwrap_or_default().into_iter().flatten().collect();
                if !all.is_empty() && all.len() <= ALTERNATIVES_MAX {
                    self.offer(all);
                }
            }
        }
    }
}

fn of_regex_any_length(hir: &Hir) -> Option<Vec<String>> {
    let mut finder = Finder { run: String::new(), best: None };
    finder.visit(hir);
    finder.end_run();
    finder.best
}

/// The one folded letter of a class such as `[Aa]`.
fn one_letter(class: &Class) -> Option<char> {
    let Class::Unicode(class) = class else { return None };
    let mut letters = class.ranges().iter().flat_map(|range| range.start()..=range.end()).take(8);
    let first = text::fold_char(letters.next()?);
    let few = class.ranges().iter().map(regex_syntax::hir::ClassUnicodeRange::len).sum::<usize>() <= 4;
    (few && letters.all(|letter| text::fold_char(letter) == first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn literals(pattern: &str) -> Option<Vec<String>> {
        of_regex(&regex_syntax::parse(pattern).unwrap())
    }

    #[test]
    fn certain_texts_are_found() {
        let one = |text: &str| Some(vec![text.to_owned()]);
        assert_eq!(literals("(?i)FooBar"), one("foobar"));
        assert_eq!(literals(r"a\d+Longer.*x"), one("longer"));
        assert_eq!(literals("(foo|barbaz)"), Some(vec!["foo".into(), "barbaz".into()]));
        assert_eq!(literals("(ab)?c"), None);
        assert_eq!(literals("^hello$"), one("hello"));
        assert_eq!(literals(r"\w+"), None);
        assert_eq!(literals("(?i)ſk"), one("sk"));
    }

    proptest! {
        /// A literal may announce too often, never too seldom.
        #[test]
        fn every_match_holds_a_literal(pattern in "(\\(\\?i\\))?[abK(|)?*+.\\[\\]s]{1,10}", value in "[abkKsSſ]{0,12}") {
            if let Ok(hir) = regex_syntax::parse(&pattern)
                && let Some(texts) = of_regex(&hir)
            {
                let regex = regex_automata::meta::Builder::new().build_from_hir(&hir).unwrap();
                if regex.is_match(&value) {
                    let folded = text::folded(&value);
                    prop_assert!(texts.iter().any(|text| folded.contains(text.as_str())), "{:?} in {}", texts, folded);
                }
            }
        }
    }
}
