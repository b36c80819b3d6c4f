//! Small words as numbers, as tables keep them.
//!
//! ```text
//! Anchor::End ─▶ 2      Relation::Less ─▶ 1      4624 ─▶ 0 4624 0 0 0
//! ```
//!
//! A number that stands for no word gives `None`.

use super::tables::{Reader, Writer};
use crate::number::{Number, Relation};
use crate::text::Anchor;
use crate::time::TimePart;

const ANCHORS: [Anchor; 4] = [Anchor::Whole, Anchor::Start, Anchor::End, Anchor::Anywhere];

const RELATIONS: [Relation; 5] =
    [Relation::Equal, Relation::Less, Relation::LessOrEqual, Relation::Greater, Relation::GreaterOrEqual];

const PARTS: [TimePart; 6] =
    [TimePart::Minute, TimePart::Hour, TimePart::Day, TimePart::Week, TimePart::Month, TimePart::Year];

/// The number of a word in its list.
fn number_of<T: PartialEq>(words: &[T], word: &T) -> u32 {
    words.iter().position(|own| own == word).map_or(u32::MAX, |at| at as u32)
}

pub(super) fn of_anchor(anchor: Anchor) -> u32 {
    number_of(&ANCHORS, &anchor)
}

pub(super) fn anchor(number: u32) -> Option<Anchor> {
    ANCHORS.get(number as usize).copied()
}

pub(super) fn of_relation(relation: Relation) -> u32 {
    number_of(&RELATIONS, &relation)
}

pub(super) fn relation(number: u32) -> Option<Relation> {
    RELATIONS.get(number as usize).copied()
}

pub(super) fn of_part(part: TimePart) -> u32 {
    number_of(&PARTS, &part)
}

pub(super) fn part(number: u32) -> Option<TimePart> {
    PARTS.get(number as usize).copied()
}

/// Writes a number of a rule.
pub(super) fn write(number: Number, writer: &mut Writer) {
    let (kind, bits) = match number {
        Number::Integer(value) => (0, value.cast_unsigned()),
        Number::Float(value) => (1, value.to_bits().into()),
    };
    writer.word(kind);
    [0, 32, 64, 96].into_iter().for_each(|shift| writer.word((bits >> shift) as u32));
}

/// Reads what [`write`] wrote.
pub(super) fn read(reader: &mut Reader<'_>) -> Option<Number> {
    let kind = reader.word()?;
    let mut bits = 0;
    for shift in [0, 32, 64, 96] {
        bits |= u128::from(reader.word()?) << shift;
    }
    if kind == 0 { Some(Number::Integer(bits.cast_signed())) } else { Number::from_f64(f64::from_bits(bits as u64)) }
}
