//! The ways in which the engine does less than all work, each of which a test may switch off.
//!
//! ```text
//! Shortcuts::ALL.without(Shortcut::Memo).without(Shortcut::Router)   ─▶   the same verdicts, more slowly
//! ```
//!
//! A shortcut may change what a verdict costs, never the verdict. With one of them switched off, a test finds out which
//! one is wrong, and a benchmark what it is worth. No user needs this: it stands in no documentation.

/// One way to do less work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[doc(hidden)]
pub enum Shortcut {
    /// Events are routed to partitions. Off: one partition with all rules.
    Router,
    /// Units wake by a witness. Off: all units decide on every event.
    Witnesses,
    /// Tests that wake nobody wait until a woken unit asks. Off: all tests are looked at at once.
    Rest,
    /// Alternatives of a rule are units of their own. Off: a unit for each form of a rule.
    Alternatives,
    /// Equal tests are one atom. Off: each is an atom of its own.
    SharedAtoms,
    /// Plain texts are literals. Off: each is a pattern that is tried.
    Literals,
    /// A test runs when its clauses hold. Off: on every value.
    Clauses,
    /// A test runs when its demand may be met. Off: on every value.
    Demands,
    /// Few or short needles are sought at every place, by vector instructions. Off: all a stride apart.
    Dense,
    /// Long lists are kept in little memory. Off: all are mixed with the other literals.
    LongLists,
    /// Shorter lists are mixed with the other literals. Off: every list is kept as long ones are.
    MixedLists,
    /// ASCII values meet expressions without other characters. Off: the whole expression.
    AsciiExpressions,
    /// The event is searched for any keyword before its values are. Off: always its values.
    KeywordSearch,
    /// Values are searched as they are written. Off: each is read, spelled and folded.
    InPlace,
    /// Effects of values are remembered. Off: every value is searched.
    Memo,
    /// Rules that an event meets are remembered for events with the same values. Off: each is looked at.
    Verdicts,
    /// The gaps before say which gap comes next. Off: each is looked up.
    GapGuesses,
    /// Gaps that were read are kept. Off: each is read byte by byte.
    GapLearning,
}

impl Shortcut {
    /// Every shortcut.
    pub const ALL: [Self; 18] = [
        Self::Router,
        Self::Witnesses,
        Self::Rest,
        Self::Alternatives,
        Self::SharedAtoms,
        Self::Literals,
        Self::Clauses,
        Self::Demands,
        Self::Dense,
        Self::LongLists,
        Self::MixedLists,
        Self::AsciiExpressions,
        Self::KeywordSearch,
        Self::InPlace,
        Self::Memo,
        Self::Verdicts,
        Self::GapGuesses,
        Self::GapLearning,
    ];
}

/// The shortcuts that are taken: all of them, unless a test says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[doc(hidden)]
pub struct Shortcuts {
    /// One bit for each that is not taken.
    off: u32,
}

impl Shortcuts {
    /// All of them.
    pub const ALL: Self = Self { off: 0 };

    /// All but those whose bits are set in `off`, in the order of [`Shortcut::ALL`]; further bits mean nothing.
    #[must_use]
    pub const fn all_but(off: u32) -> Self {
        Self { off }
    }

    /// The same without this one.
    #[must_use]
    pub const fn without(self, shortcut: Shortcut) -> Self {
        Self { off: self.off | 1 << shortcut as u32 }
    }

    /// Whether this one is taken.
    #[must_use]
    pub const fn has(self, shortcut: Shortcut) -> bool {
        self.off >> shortcut as u32 & 1 == 0
    }
}
