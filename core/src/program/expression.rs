//! A regular expression that is compiled when it is first asked: of all that a rule set has, a stream of events
//! meets few.
//!
//! ```text
//! (?i)foo(bar|baz)\d+   ─▶   a text until a value holds "foo", from then on an automaton
//! ```

use regex_automata::meta;
use std::fmt;
use std::sync::OnceLock;

/// Bytes of states that an automaton keeps at most while it is built on the way.
const STATES_BYTES_MAX: usize = 1 << 20;

/// An expression in the syntax of the `regex` crates, known to be sound.
pub(crate) struct Expression {
    pattern: Box<str>,
    built: OnceLock<Option<Box<meta::Regex>>>,
}

impl Expression {
    pub(crate) fn new(pattern: String) -> Self {
        Self { pattern: pattern.into_boxed_str(), built: OnceLock::new() }
    }

    /// Compiles the expression now; false when that takes more than so many bytes.
    pub(crate) fn compiles_to(&self, bytes_max: usize) -> bool {
        self.built.get_or_init(|| self.build(Some(bytes_max))).is_some()
    }

    /// Whether the expression matches anywhere in the text.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        // INVARIANT: what was parsed before compiles when there is no limit.
        self.built.get_or_init(|| self.build(None)).as_ref().is_some_and(|regex| regex.is_match(text))
    }

    #[cold]
    fn build(&self, bytes_max: Option<usize>) -> Option<Box<meta::Regex>> {
        let config = meta::Config::new().nfa_size_limit(bytes_max).hybrid_cache_capacity(STATES_BYTES_MAX);
        meta::Builder::new().configure(config).build(&self.pattern).ok().map(Box::new)
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.pattern).finish()
    }
}
