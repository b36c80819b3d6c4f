//! A long list of texts: is one of them the value, does it begin or end with one, does one stand in it?
//!
//! ```text
//! a million hashes, "MD5=9f86d081..."   ─▶   marks of eight bytes ─▶ one of them is filed ─▶ compared: true
//! ```
//!
//! Which text it is does not matter here: all of them mean the same. What is searched is the value as it is read, or its
//! folded copy where case does not count; this file does not fold.

use super::Place;
use super::affixes::{self, Affixes};
use super::marks::{self, Marks};
use super::tables::{Reader, Writer};
use crate::text::Texts;
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use std::sync::OnceLock;

/// A frozen list.
#[derive(Debug)]
pub(crate) struct Indicators<'a> {
    texts: Listed<'a>,
    place: Place,
    affixes: Affixes<'a>,
    marks: Marks<'a>,
    /// Texts that are too short to have a mark, and the search for them, built when the first value comes.
    short: &'a [u32],
    short_search: OnceLock<Option<AhoCorasick>>,
}

/// The texts of a list by their numbers.
#[derive(Debug)]
pub(super) struct Listed<'a> {
    all: &'a [u8],
    ends: &'a [u32],
}

impl<'a> Listed<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        Some(Self { all: reader.table()?, ends: reader.table()? })
    }

    #[inline]
    pub(super) fn get(&self, number: u32) -> Option<&'a [u8]> {
        let start = number.checked_sub(1).map_or(Some(0), |before| self.ends.get(before as usize).copied())?;
        self.all.get(start as usize..*self.ends.get(number as usize)? as usize)
    }
}

/// Writes a list; texts that are there twice only take room.
pub(crate) fn write(texts: &Texts, place: Place, writer: &mut Writer) {
    let (all, ends) = texts.parts();
    writer.table(all.as_bytes());
    writer.table(ends);
    if place == Place::Inside {
        let length = |number: &u32| texts.get(*number as usize).unwrap_or_default().len();
        let (long, short): (Vec<u32>, Vec<u32>) =
            (0..texts.len() as u32).partition(|number| length(number) >= marks::LENGTH_MIN);
        marks::write(&long, texts, writer);
        writer.table(&short);
    } else {
        affixes::write(texts.iter(), writer);
    }
}

impl<'a> Indicators<'a> {
    /// Reads what [`write`] wrote for this place.
    pub(crate) fn read(place: Place, reader: &mut Reader<'a>) -> Option<Self> {
        let texts = Listed::read(reader)?;
        let mut list = Self {
            texts,
            place,
            affixes: Affixes::default(),
            marks: Marks::default(),
            short: &[],
            short_search: OnceLock::new(),
        };
        if place == Place::Inside {
            list.marks = Marks::read(reader)?;
            list.short = reader.table()?;
        } else {
            list.affixes = Affixes::read(reader)?;
        }
        Some(list)
    }

    /// How many texts it holds.
    pub(crate) fn len(&self) -> usize {
        self.texts.ends.len()
    }

    /// Whether any of the texts stands in its place in the value.
    pub(crate) fn any_holds(&self, value: &str) -> bool {
        let bytes = value.as_bytes();
        match self.place {
            Place::Whole => self.affixes.has(bytes, &self.texts),
            Place::Start => self.affixes.has_start_of(bytes, &self.texts),
            Place::End => self.affixes.has_end_of(bytes, &self.texts),
            Place::Inside => self.has_short_in(value) || self.has_long_in(bytes),
        }
    }

    fn has_long_in(&self, value: &[u8]) -> bool {
        let mut has = false;
        self.marks.search(value, &self.texts, |_| has = true);
        has
    }

    fn has_short_in(&self, value: &str) -> bool {
        if self.short.is_empty() {
            return false;
        }
        let build = || {
            let texts = self.short.iter().map(|number| self.texts.get(*number).unwrap_or_default());
            // INVARIANT: texts of a few bytes are too few in number to exceed the numbers of states.
            AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(texts).ok()
        };
        self.short_search.get_or_init(build).as_ref().is_some_and(|search| search.is_match(value))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tables::tests::written;
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
                let holds = written(
                    |writer| write(&Texts::from_iter(&texts), place, writer),
                    |reader| Indicators::read(place, reader).unwrap().any_holds(&value),
                );
                prop_assert_eq!(holds, expected, "{:?}", place);
            }
        }
    }
}
