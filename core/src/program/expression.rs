//! A regular expression that is compiled when it is first asked: of all that a rule set has, a stream of events
//! meets few.
//!
//! ```text
//! (?i)\bfoo\w+   ─▶   a text until a value holds "foo"; then, as nearly all values are ASCII, [fF][oO][oO][0-9A-Z_a-z]+
//! ```
//!
//! What an expression says about characters beyond ASCII makes its automaton many times larger. So there are two: one
//! without all that for values that are ASCII, where both mean the same, and the whole one for all others.

use regex_automata::meta;
use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Look};
use std::fmt;
use std::sync::OnceLock;

/// Bytes of states that an automaton keeps at most while it is built on the way.
const STATES_BYTES_MAX: usize = 1 << 20;

/// An expression in the syntax of the `regex` crates.
pub(crate) struct Expression<'a> {
    pattern: &'a str,
    bytes_max: usize,
    has_ascii: bool,
    whole: OnceLock<Option<Box<meta::Regex>>>,
    ascii: OnceLock<Option<Box<meta::Regex>>>,
}

impl<'a> Expression<'a> {
    /// An expression whose automaton may take so many bytes.
    pub(crate) fn new(pattern: &'a str, bytes_max: usize) -> Self {
        Self { pattern, bytes_max, has_ascii: true, whole: OnceLock::new(), ascii: OnceLock::new() }
    }

    /// Compiles the expression now; false when that takes more bytes than it may.
    pub(crate) fn compiles(&self) -> bool {
        self.build(|hir| hir).is_some()
    }

    /// The expression as text.
    pub(crate) fn pattern(&self) -> &str {
        self.pattern
    }

    /// The same, but ASCII values meet the whole expression as well; for tests.
    pub(super) fn only_whole(self) -> Self {
        Self { has_ascii: false, ..self }
    }

    /// Whether the expression matches anywhere in the text.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        // INVARIANT: rules whose expressions do not compile are refused, so only forged ones never match.
        let built = if self.has_ascii && text.is_ascii() {
            self.ascii.get_or_init(|| self.build(only_ascii))
        } else {
            self.whole.get_or_init(|| self.build(|hir| hir))
        };
        built.as_ref().is_some_and(|regex| regex.is_match(text))
    }

    #[cold]
    fn build(&self, change: fn(Hir) -> Hir) -> Option<Box<meta::Regex>> {
        let hir = change(regex_syntax::parse(self.pattern).ok()?);
        // Where words may have other letters than ASCII's, a lazy automaton gives up at the first of them, which takes
        // memory, and everything begins again without it.
        let has_automaton = !hir.properties().look_set().contains_word_unicode();
        let config = meta::Config::new().nfa_size_limit(Some(self.bytes_max)).hybrid_cache_capacity(STATES_BYTES_MAX);
        let config = config.hybrid(has_automaton).dfa(has_automaton);
        meta::Builder::new().configure(config).build_from_hir(&hir).ok().map(Box::new)
    }
}

/// What an expression means in a text that is ASCII.
fn only_ascii(hir: Hir) -> Hir {
    let all = |parts: Vec<Hir>| parts.into_iter().map(only_ascii).collect();
    match hir.into_kind() {
        HirKind::Empty => Hir::empty(),
        HirKind::Literal(literal) if literal.0.is_ascii() => Hir::literal(literal.0),
        HirKind::Literal(_) => Hir::fail(),
        HirKind::Class(Class::Unicode(mut class)) => {
            class.intersect(&ClassUnicode::new([ClassUnicodeRange::new('\0', '\x7F')]));
            Hir::class(Class::Unicode(class))
        }
        HirKind::Class(Class::Bytes(mut class)) => {
            class.intersect(&ClassBytes::new([ClassBytesRange::new(0, 0x7F)]));
            Hir::class(Class::Bytes(class))
        }
        HirKind::Look(look) => Hir::look(ascii_look(look)),
        HirKind::Repetition(mut repetition) => {
            repetition.sub = Box::new(only_ascii(*repetition.sub));
            Hir::repetition(repetition)
        }
        HirKind::Capture(capture) => only_ascii(*capture.sub),
        HirKind::Concat(parts) => Hir::concat(all(parts)),
        HirKind::Alternation(parts) => Hir::alternation(all(parts)),
    }
}

/// Where words begin and end in a text that is ASCII.
fn ascii_look(look: Look) -> Look {
    match look {
        Look::WordUnicode => Look::WordAscii,
        Look::WordUnicodeNegate => Look::WordAsciiNegate,
        Look::WordStartUnicode => Look::WordStartAscii,
        Look::WordEndUnicode => Look::WordEndAscii,
        Look::WordStartHalfUnicode => Look::WordStartHalfAscii,
        Look::WordEndHalfUnicode => Look::WordEndHalfAscii,
        other => other,
    }
}

impl fmt::Debug for Expression<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.pattern).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pattern() -> impl Strategy<Value = String> {
        let parts = [
            "a",
            "k",
            "é",
            "-",
            r"\w",
            r"\W",
            r"\s",
            r"\d",
            r"\b",
            r"\B",
            ".",
            "^",
            "$",
            "[^a]",
            "[a-é]",
            r"\P{L}",
            "(?i:ks)",
            r"\b{start}",
            r"\b{end-half}",
            "(?s:.)",
            "(?m:^b$)",
            "|",
        ];
        let many = prop_oneof![Just(""), Just("*"), Just("+?"), Just("{2}")];
        let part = (prop::sample::select(parts.to_vec()), many)
            .prop_map(|(part, many)| if part == "|" { part.to_owned() } else { format!("(?:{part}){many}") });
        prop::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        #[test]
        fn without_other_characters_an_expression_means_the_same(pattern in pattern(), text in "[abkKsS_ \n\u{1}7-]{0,8}") {
            let whole = meta::Regex::new(&pattern).unwrap();
            prop_assert_eq!(Expression::new(&pattern, 1 << 22).is_match(&text), whole.is_match(&text), "{}", pattern);
        }
    }
}
