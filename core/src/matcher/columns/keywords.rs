//! In which rows a keyword may stand: the columns of 64 rows are searched at once, and each dictionary only once.
//!
//! ```text
//! rows 64..128   Image: silent in all of its codes     CommandLine: "cmd /c\nwhoami\n..." ─▶ silent     Payload: row 70 is not
//! ```
//!
//! A row that is not silent is looked at value by value; what stands in it is not decided here.

use super::Row;
use crate::event::Value;
use crate::event::columns::{Column, Dictionary};
use crate::program::{Matcher, Written};
use std::ops::Range;

/// A dictionary is searched as a whole when it has at most so many codes for each row.
const CODES_PER_ROW_MAX: usize = 2;

/// Which rows of the table at hand are silent, for each matcher of keywords that was asked for.
#[derive(Debug, Default)]
pub(super) struct Keywords {
    heard: Vec<Heard>,
    text: String,
}

/// What a matcher of keywords has heard.
#[derive(Debug)]
struct Heard {
    matcher: u32,
    /// How its keywords can be sought in a text of several values, if they can.
    hearing: Option<Hearing>,
    /// The rows that were searched last.
    block: Range<usize>,
    /// One bit for each of them that is not silent.
    loud: u64,
    columns: Vec<Codes>,
}

/// How texts are put together for a search.
#[derive(Debug, Clone, Copy)]
struct Hearing {
    /// Whether a keyword holds what JSON escapes.
    has_escapes: bool,
    /// Whether a keyword may stand in a number.
    has_numbers: bool,
}

/// What is known of a column's codes.
#[derive(Debug)]
enum Codes {
    /// Nothing, or it has none.
    Unknown,
    Silent,
    /// One bit for each code that is not silent.
    Loud(Box<[u64]>),
    /// There are too many to search them all.
    TooMany,
}

impl Keywords {
    /// Forgets all.
    pub(super) fn begin(&mut self) {
        self.heard.clear();
    }

    /// Whether surely nothing of what a matcher looks for stands in a row.
    #[inline]
    pub(super) fn are_absent(&mut self, matcher: &Matcher<'_>, id: u32, row: Row<'_>) -> bool {
        let Self { heard, text } = self;
        let at = heard.iter().position(|heard| heard.matcher == id).unwrap_or_else(|| {
            heard.push(Heard::new(matcher, id));
            heard.len() - 1
        });
        let Some(heard) = heard.get_mut(at) else { return false };
        let Some(hearing) = heard.hearing else { return false };
        if !heard.block.contains(&row.row) {
            heard.listen(&mut Ear { matcher, hearing, text }, row);
        }
        heard.loud >> (row.row - heard.block.start) & 1 == 0
    }
}

impl Heard {
    fn new(matcher: &Matcher<'_>, id: u32) -> Self {
        let hearing = matcher.literals.hears().filter(|_| matcher.has_only_literals());
        let hearing = hearing.map(|(has_escapes, has_numbers)| Hearing { has_escapes, has_numbers });
        Self { matcher: id, hearing, block: 0..0, loud: 0, columns: Vec::new() }
    }

    /// Searches the block of rows in which a row stands.
    #[inline(never)]
    fn listen(&mut self, ear: &mut Ear<'_>, row: Row<'_>) {
        let columns = row.table.columns;
        let start = row.row / 64 * 64;
        let rows = start..columns.rows().min(start + 64);
        self.columns.resize_with(columns.all().len(), || Codes::Unknown);
        self.loud = 0;
        for (column, codes) in columns.all().iter().zip(&mut self.columns) {
            self.loud |= match column {
                Column::Values(values) => {
                    let present = values.present(rows.clone());
                    let run = if present == 0 || ear.hearing.has_escapes { None } else { values.run(rows.clone()) };
                    if present == 0 || run.is_some_and(|run| ear.is_silent(run)) {
                        continue;
                    }
                    ear.loud(present, |at| values.value(start + at))
                }
                Column::Dictionary(dictionary) => ear.loud_codes(*dictionary, codes, rows.clone(), columns.rows()),
                Column::Lists(lists) => {
                    let row_is_loud = |at: &usize| {
                        ear.text.clear();
                        lists.values(start + at, &mut |value| push(value, ear.hearing, ear.text));
                        !ear.is_silent_on_own()
                    };
                    (0..rows.len()).filter(row_is_loud).fold(0, |loud, at| loud | 1 << at)
                }
            };
        }
        self.block = rows;
    }
}

/// A search for the keywords of a matcher.
struct Ear<'a> {
    matcher: &'a Matcher<'a>,
    hearing: Hearing,
    text: &'a mut String,
}

impl Ear<'_> {
    fn is_silent(&self, text: &str) -> bool {
        if self.hearing.has_escapes {
            return self.matcher.is_silent_on(&Written::spelled(text));
        }
        self.matcher.is_silent_on_plain(text)
    }

    fn is_silent_on_own(&self) -> bool {
        self.text.is_empty() || self.is_silent(self.text)
    }

    /// Which of up to 64 values, of those whose bits are set, are not silent.
    fn loud<'v>(&mut self, present: u64, value: impl Fn(usize) -> Option<Value<'v>>) -> u64 {
        let values = || ones(present).filter_map(|at| Some((at, value(at)?)));
        self.text.clear();
        values().for_each(|(_, value)| push(value, self.hearing, self.text));
        if self.is_silent_on_own() {
            return 0;
        }
        let mut loud = 0;
        for (at, value) in values() {
            self.text.clear();
            push(value, self.hearing, self.text);
            loud |= u64::from(!self.is_silent_on_own()) << at;
        }
        loud
    }

    /// The same for rows of a dictionary, of a table with so many rows.
    fn loud_codes(&mut self, dictionary: &dyn Dictionary, codes: &mut Codes, rows: Range<usize>, all: usize) -> u64 {
        if matches!(codes, Codes::Unknown) {
            *codes = self.listen_to(dictionary, all);
        }
        let start = rows.start;
        match codes {
            Codes::Silent => 0,
            Codes::Loud(words) => ones(dictionary.present(rows))
                .filter(|at| {
                    let code = dictionary.code(start + at).map_or(usize::MAX, |code| code as usize);
                    words.get(code / 64).is_some_and(|word| word >> (code % 64) & 1 == 1)
                })
                .fold(0, |loud, at| loud | 1 << at),
            Codes::Unknown | Codes::TooMany => {
                let code = |at| dictionary.code(start + at).filter(|code| (*code as usize) < dictionary.distinct());
                self.loud(dictionary.present(rows), |at| dictionary.value(code(at)?))
            }
        }
    }

    /// Searches the values of all codes.
    fn listen_to(&mut self, dictionary: &dyn Dictionary, rows: usize) -> Codes {
        let distinct = dictionary.distinct();
        if distinct > CODES_PER_ROW_MAX * rows {
            return Codes::TooMany;
        }
        let word = |first: usize| {
            let present = if distinct - first < 64 { (1 << (distinct - first)) - 1 } else { u64::MAX };
            self.loud(present, |at| dictionary.value((first + at) as u32))
        };
        let words: Box<[u64]> = (0..distinct).step_by(64).map(word).collect();
        if words.iter().all(|word| *word == 0) { Codes::Silent } else { Codes::Loud(words) }
    }
}

/// Adds a value and a line end, which no keyword holds as it is.
fn push(value: Value<'_>, hearing: Hearing, text: &mut String) {
    match value {
        Value::Null | Value::Composite => return,
        Value::Number(_) if !hearing.has_numbers => return,
        Value::Text(own) if hearing.has_escapes => crate::text::push_spelled(own, text),
        Value::Text(own) => text.push_str(own),
        value => text.push_str(&value.text().unwrap_or_default()),
    }
    text.push('\n');
}

/// The places of the bits that are set.
fn ones(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let at = bits.trailing_zeros() as usize;
        bits &= bits.wrapping_sub(1);
        (at < 64).then_some(at)
    })
}
