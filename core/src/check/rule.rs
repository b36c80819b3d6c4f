//! The checked rule: what is meant, with names resolved and modifiers applied.
//!
//! ```text
//! Image|endswith: ['\a.exe', '\b.exe']   ─▶   Item { field: Image, join: Any,
//!                                               tests: [Text(*\a.exe), Text(*\b.exe)] }
//! ```
//!
//! Everything later works on this form: pipelines rewrite it, `compile` turns it into a program, and
//! `reference` evaluates it as it stands. It holds no literals, slots or automata.

use super::list::{List, Networks};
use super::pattern::{Part, Pattern};
use crate::diagnostic::{Source, Span};
use crate::number::{Number, Relation};
use crate::text::Anchor;
use crate::time::TimePart;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// A detection rule, ready to be mapped by pipelines and compiled.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Rule {
    pub(crate) meta: super::Metadata,
    pub(crate) logsource: super::LogSource,
    /// The rule holds when any of its branches does. There is one, unless a pipeline gives the rule a
    /// different form for each of several log sources.
    pub(crate) branches: Vec<Branch>,
    /// Where the rule was read, for diagnostics of later stages.
    #[serde(skip)]
    pub(crate) origin: Option<Origin>,
}

/// Where a rule was read.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) source: Source,
    pub(crate) span: Span,
}

/// Selections and the condition over them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Branch {
    /// What a pipeline calls this branch, for example `sysmon`; empty when there is only one.
    pub(crate) label: String,
    pub(crate) selections: Vec<Selection>,
    pub(crate) condition: Condition,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Selection {
    pub(crate) name: String,
    pub(crate) body: Body,
}

/// A selection as a tree of items.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Body {
    Item(Item),
    All(#[serde(deserialize_with = "super::nested::read")] Vec<Body>),
    Any(#[serde(deserialize_with = "super::nested::read")] Vec<Body>),
}

/// Tests on one field, or on every leaf of the event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Item {
    /// `None` for keywords.
    pub(crate) field: Option<String>,
    pub(crate) tests: Vec<Test>,
    pub(crate) join: Join,
    /// The item holds when the tests do not (`neq`).
    pub(crate) negated: bool,
    #[serde(skip)]
    pub(crate) span: Span,
}

/// How several tests of an item are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Join {
    Any,
    All,
}

/// One test on one value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Test {
    /// The whole text matches the pattern.
    Text(Pattern),
    Number(Number),
    Bool(bool),
    /// The field is missing or null.
    Null,
    /// The field is there, or is not.
    Exists(bool),
    Regex(Regex),
    Cidr(IpNet),
    Compare(Relation, Number),
    /// All of these bits are set.
    Bits(u64),
    Time(TimePart, Relation, Number),
    FieldRef(FieldRef),
    /// One written value that stands for several, any of which will do.
    AnyOf(#[serde(deserialize_with = "super::nested::read")] Vec<Test>),
    /// The same for many plain texts.
    List(List),
    /// The same for many networks.
    Networks(Networks),
}

/// A regular expression with the flags its modifiers gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Regex {
    pub(crate) pattern: String,
    pub(crate) insensitive: bool,
    pub(crate) multiline: bool,
    pub(crate) dot_all: bool,
    /// Whether `%name%` in the pattern is a placeholder that still needs its values.
    pub(crate) placeholders: bool,
}

/// A comparison with another field of the same event.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct FieldRef {
    pub(crate) field: String,
    pub(crate) anchor: Anchor,
    pub(crate) cased: bool,
}

/// A condition whose names are resolved to positions in the branch's selections.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Condition {
    Selection(usize),
    /// At least `count` of the selections hold; `written` is how the rule says it.
    Of {
        count: usize,
        selections: Vec<usize>,
        written: String,
    },
    Not(#[serde(deserialize_with = "super::nested::read")] Box<Condition>),
    And(#[serde(deserialize_with = "super::nested::read")] Vec<Condition>),
    Or(#[serde(deserialize_with = "super::nested::read")] Vec<Condition>),
}

impl Body {
    /// Calls `each` for every item of the tree.
    pub(crate) fn each_item<'a>(&'a self, each: &mut impl FnMut(&'a Item)) {
        match self {
            Self::Item(item) => each(item),
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.each_item(each)),
        }
    }

    /// Gives memory back that was only there to grow.
    pub(super) fn shrink(&mut self) {
        match self {
            Self::Item(item) => {
                item.tests.shrink_to_fit();
                item.tests.iter_mut().for_each(Test::shrink);
            }
            Self::All(parts) | Self::Any(parts) => {
                parts.shrink_to_fit();
                parts.iter_mut().for_each(Self::shrink);
            }
        }
    }

    fn each_test_mut(&mut self, each: &mut impl FnMut(&mut Test)) {
        match self {
            Self::Item(item) => item.tests.iter_mut().for_each(|test| test.each_mut(each)),
            Self::All(parts) | Self::Any(parts) => parts.iter_mut().for_each(|part| part.each_test_mut(each)),
        }
    }
}

impl Rule {
    /// Calls `each` for every item of every branch.
    pub(crate) fn each_item<'a>(&'a self, each: &mut impl FnMut(&'a Item)) {
        for selection in self.branches.iter().flat_map(|branch| &branch.selections) {
            selection.body.each_item(each);
        }
    }

    /// Whether any of its tests is on a field of some kind.
    pub(crate) fn asks_any(&self, is_one: impl Fn(&str) -> bool) -> bool {
        let mut asks = false;
        self.each_item(&mut |item| asks |= item.field.as_deref().is_some_and(&is_one));
        asks
    }

    /// Calls `each` for every test of every branch that is not a group of others.
    pub(crate) fn each_test_mut(&mut self, each: &mut impl FnMut(&mut Test)) {
        for selection in self.branches.iter_mut().flat_map(|branch| &mut branch.selections) {
            selection.body.each_test_mut(each);
        }
    }
}

impl Test {
    fn shrink(&mut self) {
        match self {
            Self::AnyOf(parts) => {
                parts.shrink_to_fit();
                parts.iter_mut().for_each(Self::shrink);
            }
            Self::Text(pattern) => {
                pattern.parts.shrink_to_fit();
                pattern.parts.iter_mut().for_each(|part| {
                    if let Part::Text(text) = part {
                        text.shrink_to_fit();
                    }
                });
            }
            _ => {}
        }
    }

    fn each_mut(&mut self, each: &mut impl FnMut(&mut Self)) {
        match self {
            Self::AnyOf(parts) => parts.iter_mut().for_each(|part| part.each_mut(each)),
            test => each(test),
        }
    }
}
