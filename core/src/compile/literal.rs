//! The literals that must stand in a value before a costly test can hold.
//!
//! ```text
//! regex (?i)foo(bar|baz)\d+   ─▶   any of { "foo" }          pattern a*bcd?   ─▶   { "bcd" }
//! ```
//!
//! Literals are folded, and they are looked for in the folded value, so they announce too often rather than
//! too seldom. Without any clause no literal is certain, and the test has to run on every value.

use super::atoms::Pieces;
use crate::program::GlobPart as Piece;
use crate::text;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Alternatives that one expression may need; with more, it simply runs on every value.
const ALTERNATIVES_MAX: usize = 64;
/// Clauses of one test that are looked for.
const CLAUSES_MAX: usize = 8;

/// Texts of which one stands in every value that passes a test, all folded.
pub(super) type Clause = Vec<String>;

/// The texts of a pattern: each is a clause of its own.
pub(super) fn of_pattern(pieces: &Pieces) -> Vec<Clause> {
    let texts = pieces
        .parts
        .iter()
        .filter_map(|piece| if let Piece::Text(text) = piece { Some(text::folded(text)) } else { None });
    worthwhile(texts.map(|text| vec![text]).collect())
}

/// The clauses of an expression.
pub(super) fn of_regex(hir: &Hir) -> Vec<Clause> {
    worthwhile(sets(hir))
}

/// The clauses that say something: short texts stand everywhere. Repeated and surplus ones are left out.
fn worthwhile(mut clauses: Vec<Clause>) -> Vec<Clause> {
    clauses.sort_by(|left, right| worth(right).cmp(&worth(left)).then_with(|| left.cmp(right)));
    clauses.dedup();
    // The best one may be short; others are cheap only when they are longer.
    let mut is_first = true;
    clauses.retain(|texts| {
        let shortest = worth(texts).0;
        shortest > 3 || (std::mem::take(&mut is_first) && shortest > 1)
    });
    clauses.truncate(CLAUSES_MAX);
    clauses
}

/// A set is worth more the longer its shortest text, and among equals the fewer its texts.
fn worth(texts: &[String]) -> (usize, usize) {
    (texts.iter().map(String::len).min().unwrap_or(0), usize::MAX - texts.len())
}

/// Sets of texts, of each of which one stands in every value that matches.
fn sets(hir: &Hir) -> Vec<Vec<String>> {
    let mut finder = Finder::default();
    finder.visit(hir);
    finder.end_run();
    finder.sets
}

#[derive(Default)]
struct Finder {
    /// The certain characters that stand next to each other right now.
    run: String,
    sets: Vec<Vec<String>>,
}

impl Finder {
    fn end_run(&mut self) {
        let run = std::mem::take(&mut self.run);
        if !run.is_empty() {
            self.sets.push(vec![run]);
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
                // Each branch gives its best set; one of the branches matches, so one text of all of them stands.
                let best = |part: &Hir| sets(part).into_iter().max_by_key(|texts| worth(texts));
                let each: Option<Vec<Vec<String>>> = parts.iter().map(best).collect();
                let all: Vec<String> = each.unwrap_or_default().into_iter().flatten().collect();
                if !all.is_empty() && all.len() <= ALTERNATIVES_MAX {
                    self.sets.push(all);
                }
            }
        }
    }
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

    fn literals(pattern: &str) -> Option<Clause> {
        of_regex(&regex_syntax::parse(pattern).unwrap()).into_iter().next()
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
            if let Ok(hir) = regex_syntax::parse(&pattern) {
                let clauses = of_regex(&hir);
                let regex = regex_automata::meta::Builder::new().build_from_hir(&hir).unwrap();
                if regex.is_match(&value) {
                    let folded = text::folded(&value);
                    for texts in &clauses {
                        prop_assert!(texts.iter().any(|text| folded.contains(text.as_str())), "{:?} in {}", texts, folded);
                    }
                }
            }
        }
    }
}
