//! A long list of texts: is one of them the value, does it begin or end with one, does one stand in it?
//!
//! ```text
//! a million hashes, "MD5=9f86d081..."   ─▶   marks of eight bytes ─▶ one of them is filed ─▶ compared: true
//! ```
//!
//! Which text it is does not matter here: all of them mean the same. What is searched is the value as it is read, or its
//! folded copy where case does not count; this file does not fold.

use super::Place;
use super::affixes::Affixes;
use super::marks::{self, Marks};
use crate::text::Texts;
use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// A frozen list.
#[derive(Debug)]
pub(crate) struct Indicators {
    texts: Texts,
    place: Place,
    affixes: Affixes,
    marks: Marks,
    /// Texts that are too short to have a mark.
    short: Option<AhoCorasick>,
}

impl Indicators {
    /// Builds the list; texts that are there twice only take room.
    pub(crate) fn new(texts: Texts, place: Place) -> Self {
        let numbers: Vec<u32> = (0..texts.len() as u32).collect();
        let mut list = Self { texts, place, affixes: Affixes::default(), marks: Marks::default(), short: None };
        if place == Place::Inside {
            let text = |number: &u32| list.texts.get(*number as usize).unwrap_or_default();
            let (long, short): (Vec<u32>, Vec<u32>) =
                numbers.iter().partition(|number| text(number).len() >= marks::LENGTH_MIN);
            list.marks = Marks::new(&long, &list.texts);
            if !short.is_empty() {
                let builder =
                    AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(short.iter().map(text));
                // INVARIANT: texts of a few bytes are too few in number to exceed the numbers of states.
                list.short = builder.ok();
            }
        } else {
            list.affixes = Affixes::new(&numbers, &list.texts);
        }
        list
    }

    /// How many texts it holds.
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether any of the texts stands in its place in the value.
    pub(crate) fn any_holds(&self, value: &str) -> bool {
        let bytes = value.as_bytes();
        let mut holds = false;
        match self.place {
            Place::Whole => holds = self.affixes.get(bytes, &self.texts).is_some(),
            Place::Start => self.affixes.starts(bytes, &self.texts, |_| holds = true),
            Place::End => self.affixes.ends(bytes, &self.texts, |_| holds = true),
            Place::Inside => {
                holds = self.short.as_ref().is_some_and(|short| short.is_match(value));
                if !holds {
                    self.marks.search(bytes, &self.texts, |_| holds = true);
                }
            }
        }
        holds
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn a_list_holds_where_one_of_its_texts_does(
            texts in prop::collection::vec("[ab\\\\é]{0,12}", 1..20),
            value in "[ab\\\\é]{0,24}",
        ) {
            let any = |test: &dyn Fn(&str) -> bool| texts.iter().any(|text| test(text));
            for (place, expected) in [
                (Place::Whole, any(&|text| value == text)),
                (Place::Start, any(&|text| value.starts_with(text))),
                (Place::End, any(&|text| value.ends_with(text))),
                (Place::Inside, any(&|text| value.contains(text))),
            ] {
                prop_assert_eq!(Indicators::new(Texts::from_iter(&texts), place).any_holds(&value), expected, "{:?}", place);
            }
        }
    }
}
