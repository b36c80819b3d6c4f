//! Long lists of plain texts as one test, in little memory.
//!
//! ```text
//! Hashes|contains|expand: '%bad_hashes%'   ─▶   List { anchor: Anywhere, texts: "0a1b…" "0c2d…" … }
//! ```
//!
//! A million indicators are one piece of memory, shared by all forms of the rule that pipelines make. Networks are kept so
//! as well. What is neither a network nor a plain text (wildcards, dashes, expressions) stands beside the list as a test of
//! its own. Short lists stay single tests.

use super::{Anchor, Part, Pattern, Test};
use crate::text::{self, Texts};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// From so many tests on, plain texts among them are kept as lists.
const TESTS_MIN: usize = 64;

/// Texts of which any will do, all at the same place of the value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct List {
    pub(crate) anchor: Anchor,
    pub(crate) cased: bool,
    pub(crate) texts: Arc<Texts>,
}

impl List {
    /// The texts as patterns.
    pub(crate) fn patterns(&self) -> impl Iterator<Item = Pattern> + '_ {
        self.texts.iter().map(|text| self.pattern(text))
    }

    pub(crate) fn pattern(&self, text: &str) -> Pattern {
        let mut pattern = Pattern { cased: self.cased, ..Pattern::literal(text) };
        if matches!(self.anchor, Anchor::End | Anchor::Anywhere) {
            pattern.open_start();
        }
        if matches!(self.anchor, Anchor::Start | Anchor::Anywhere) {
            pattern.open_end();
        }
        pattern
    }

    /// The texts that stand in `value` at their place.
    pub(crate) fn found_in(&self, value: &str) -> impl Iterator<Item = &str> {
        let case = |text: &str| if self.cased { text.to_owned() } else { text::folded(text) };
        let value = case(value);
        self.texts.iter().filter(move |text| self.anchor.holds(&value, &case(text)))
    }
}

/// Networks of which any will do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Networks(pub(crate) Arc<[IpNet]>);

impl Test {
    /// The single tests of a list; `None` when the test is none.
    pub(crate) fn listed(&self) -> Option<Box<dyn Iterator<Item = Self> + '_>> {
        match self {
            Self::List(list) => Some(Box::new(list.patterns().map(Self::Text))),
            Self::Networks(networks) => Some(Box::new(networks.0.iter().copied().map(Self::Cidr))),
            _ => None,
        }
    }

    /// How many single tests it stands for.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::AnyOf(tests) => tests.iter().map(Self::count).sum(),
            Self::List(list) => list.texts.len(),
            Self::Networks(networks) => networks.0.len(),
            _ => 1,
        }
    }

    /// Tests of which any will do, as one.
    pub(crate) fn any_of(tests: Vec<Self>) -> Self {
        let mut packer = Packer::default();
        tests.into_iter().for_each(|test| packer.push(test));
        packer.finish()
    }
}

/// Collects tests of which any will do.
#[derive(Debug, Default)]
pub(super) struct Packer {
    tests: Vec<Test>,
    lists: Vec<(Anchor, bool, Texts)>,
    networks: Vec<IpNet>,
    count: usize,
}

impl Packer {
    pub(super) fn push(&mut self, test: Test) {
        self.count += 1;
        if self.count == TESTS_MIN {
            let tests = std::mem::take(&mut self.tests);
            tests.into_iter().for_each(|test| self.pack(test));
        }
        if self.count < TESTS_MIN { self.tests.push(test) } else { self.pack(test) }
    }

    fn pack(&mut self, test: Test) {
        if let Test::Cidr(network) = test {
            return self.networks.push(network);
        }
        let plain = if let Test::Text(pattern) = &test { plain(pattern) } else { None };
        let Some((anchor, text)) = plain else { return self.tests.push(test) };
        let cased = matches!(&test, Test::Text(pattern) if pattern.cased);
        let is_own = |(own, own_cased, _): &&mut (Anchor, bool, Texts)| *own == anchor && *own_cased == cased;
        let added = match self.lists.iter_mut().find(is_own) {
            Some((_, _, texts)) => texts.push(text),
            None => {
                self.lists.push((anchor, cased, Texts::from_iter([text])));
                true
            }
        };
        if !added {
            self.tests.push(test);
        }
    }

    pub(super) fn finish(self) -> Test {
        let Self { mut tests, lists, networks, .. } = self;
        tests.extend((!networks.is_empty()).then(|| Test::Networks(Networks(networks.into()))));
        tests.extend(lists.into_iter().map(|(anchor, cased, mut texts)| {
            texts.shrink();
            Test::List(List { anchor, cased, texts: Arc::new(texts) })
        }));
        tests.shrink_to_fit();
        match tests.pop() {
            Some(only) if tests.is_empty() => only,
            last => {
                tests.extend(last);
                Test::AnyOf(tests)
            }
        }
    }
}

/// The text of a pattern that is nothing else, and where it must stand.
fn plain(pattern: &Pattern) -> Option<(Anchor, &str)> {
    Some(match pattern.parts.as_slice() {
        [Part::Text(text)] => (Anchor::Whole, text),
        [Part::Many, Part::Text(text)] => (Anchor::End, text),
        [Part::Text(text), Part::Many] => (Anchor::Start, text),
        [Part::Many, Part::Text(text), Part::Many] => (Anchor::Anywhere, text),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_plain_texts_become_lists_and_stay_what_they_were() {
        let texts = |count: usize| -> Vec<Test> {
            let pattern = |number: usize| {
                let mut pattern = Pattern::parse(&format!("a{number}{}", if number % 10 == 9 { "?" } else { "" }));
                if number.is_multiple_of(2) {
                    pattern.open_start();
                }
                Test::Text(Pattern { cased: number.is_multiple_of(3), ..pattern })
            };
            (0..count).map(pattern).collect()
        };
        assert_eq!(Test::any_of(texts(1)), texts(1)[0]);
        assert_eq!(Test::any_of(texts(63)), Test::AnyOf(texts(63)));
        let Test::AnyOf(packed) = Test::any_of(texts(200)) else { panic!("one of several kinds") };
        let mut unpacked: Vec<Test> = Vec::new();
        for test in packed {
            match test {
                Test::AnyOf(_) => panic!("lists are flat"),
                test if test.count() == 1 => unpacked.push(test),
                list => unpacked.extend(list.listed().unwrap()),
            }
        }
        let sorted = |mut tests: Vec<Test>| {
            tests.sort_by_key(|test| format!("{test:?}"));
            tests
        };
        assert_eq!(sorted(unpacked), sorted(texts(200)));
        for test in texts(63) {
            let Test::Text(pattern) = test else { continue };
            if let Some((anchor, text)) = plain(&pattern) {
                let list = List { anchor, cased: pattern.cased, texts: Arc::new(Texts::from_iter([text])) };
                for value in ["a1", "A3", "xa2", "xA6", "xa2y", "a"] {
                    assert_eq!(list.found_in(value).next().is_some(), pattern.matches(value), "{pattern:?} on {value}");
                }
            }
        }
    }
}
