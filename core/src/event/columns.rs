//! Events that are held column by column: a table, each row of which is an event.
//!
//! ```text
//! rows  EventID   Image (dictionary)              Data (lists)
//!  0    1         code 7 ─▶ "C:\\a.exe"           "x", "y"         {"EventID": 1, "Image": "C:\\a.exe", "Data": ["x", "y"]}
//!  1    3         -                               -                {"EventID": 3}
//! ```
//!
//! Columns are borrowed, and asked for a value only when a rule needs it. Names are those of whole paths (`a.b`): whoever holds
//! objects in a table gives each of their fields as a column. Nothing is known here of the memory behind a column.

use super::{Event, Value};
use hashbrown::HashMap;
use std::fmt;
use std::ops::Range;

/// Values, one for each row.
pub trait Values {
    /// The value in a row; `None` where the field is missing.
    fn value(&self, row: usize) -> Option<Value<'_>>;

    /// Calls `each` for every 64 rows with one bit for each that holds a value, the first one in the lowest bit.
    fn present(&self, rows: Range<usize>, each: &mut dyn FnMut(u64)) {
        bits(rows, |row| self.value(row).is_some(), each);
    }

    /// Calls `each` with bytes among which all texts of some rows stand, each of them whole; what else lies there does no harm.
    /// False where that is no quicker than one value after the other, or where the column has numbers.
    fn texts(&self, rows: Range<usize>, each: &mut dyn FnMut(&[u8])) -> bool {
        let _ = (rows, each);
        false
    }

    /// Brings the memory of some rows near, which soon are asked for one by one. It may do nothing.
    fn prefetch(&self, rows: Range<usize>) {
        let _ = rows;
    }

    /// Whether all values surely are numbers, so that nobody need look for a text in them.
    fn are_numbers(&self) -> bool {
        false
    }
}

/// Values that are told by their codes, because they repeat. Each distinct value is looked at once.
pub trait Dictionary {
    /// How many codes there are: they are less than this.
    fn distinct(&self) -> usize;

    /// The value of a code; `None` where that is a missing field.
    fn value(&self, code: u32) -> Option<Value<'_>>;

    /// The code in a row; `None` where the field is missing.
    fn code(&self, row: usize) -> Option<u32>;

    /// The same as [`Values::texts`], of all values.
    fn texts(&self, each: &mut dyn FnMut(&[u8])) -> bool {
        let _ = each;
        false
    }

    /// The codes of all rows, where they lie one behind the other; in rows where the field is missing stands anything.
    fn codes(&self) -> Option<&[u32]> {
        None
    }

    /// The same as [`Values::prefetch`], of the codes.
    fn prefetch(&self, rows: Range<usize>) {
        let _ = rows;
    }

    /// Calls `each` for every 64 rows with one bit for each that has a code, the first one in the lowest bit.
    fn present(&self, rows: Range<usize>, each: &mut dyn FnMut(u64)) {
        bits(rows, |row| self.code(row).is_some(), each);
    }
}

/// Lists of values, one for each row.
pub trait Lists {
    /// Calls `each` for every value in a row, in order: for an empty list with [`Value::Composite`], and never where the
    /// field is missing.
    fn values(&self, row: usize, each: &mut dyn FnMut(Value<'_>));

    /// Calls `each` for every 64 rows with one bit for each that may hold the field, the first one in the lowest bit.
    fn present(&self, rows: Range<usize>, each: &mut dyn FnMut(u64)) {
        bits(rows, |_| true, each);
    }
}

fn bits(rows: Range<usize>, is_set: impl Fn(usize) -> bool, each: &mut dyn FnMut(u64)) {
    for start in rows.clone().step_by(64) {
        let own = start..rows.end.min(start + 64);
        each(own.enumerate().fold(0, |bits, (at, row)| bits | u64::from(is_set(row)) << at));
    }
}

/// How a column holds its values.
#[derive(Clone, Copy)]
pub enum Column<'a> {
    /// One value for each row.
    Values(&'a dyn Values),
    /// One code for each row.
    Dictionary(&'a dyn Dictionary),
    /// One list for each row.
    Lists(&'a dyn Lists),
}

impl fmt::Debug for Column<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Values(_) => "Values",
            Self::Dictionary(_) => "Dictionary",
            Self::Lists(_) => "Lists",
        })
    }
}

impl Column<'_> {
    /// Calls `each` for every 64 rows with one bit for each that may hold the field, the first one in the lowest bit.
    pub(crate) fn present(&self, rows: Range<usize>, each: &mut dyn FnMut(u64)) {
        match self {
            Self::Values(values) => values.present(rows, each),
            Self::Dictionary(dictionary) => dictionary.present(rows, each),
            Self::Lists(lists) => lists.present(rows, each),
        }
    }

    /// Calls `each` for every value in a row.
    pub(crate) fn each(&self, row: usize, each: &mut dyn FnMut(Value<'_>)) {
        match self {
            Self::Values(values) => values.value(row).into_iter().for_each(each),
            Self::Dictionary(dictionary) => {
                let code = dictionary.code(row).filter(|code| (*code as usize) < dictionary.distinct());
                code.and_then(|code| dictionary.value(code)).into_iter().for_each(each);
            }
            Self::Lists(lists) => lists.values(row, each),
        }
    }
}

/// A table of events.
///
/// ```
/// use tieline::columns::{Column, Columns, Values};
/// use tieline::{Compiler, Scanner, Value};
///
/// struct Texts(Vec<Option<String>>);
///
/// impl Values for Texts {
///     fn value(&self, row: usize) -> Option<Value<'_>> {
///         self.0.get(row)?.as_deref().map(Value::Text)
///     }
/// }
///
/// let rules = Compiler::new()
///     .rules(None, "title: t\nlogsource: {}\ndetection: {s: {Image|endswith: '.exe'}, condition: s}")
///     .build()?;
/// let images = Texts(vec![Some("a.dll".into()), None, Some("b.exe".into())]);
/// let columns = Columns::new(3).with("Image", Column::Values(&images));
/// let mut rows = Vec::new();
/// Scanner::new(&rules).scan_columns(&columns, |row, detections| rows.push((row, detections.len())));
/// assert_eq!(rows, [(2, 1)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Columns<'a> {
    rows: usize,
    kin: Option<u128>,
    columns: Vec<Column<'a>>,
    by_name: HashMap<&'a str, usize, foldhash::fast::RandomState>,
}

impl<'a> Columns<'a> {
    /// So many events without any field.
    #[must_use]
    pub fn new(rows: usize) -> Self {
        Self { rows, ..Self::default() }
    }

    /// The same with one more column, unless there is one of that name already.
    #[must_use]
    pub fn with(mut self, name: &'a str, column: Column<'a>) -> Self {
        self.by_name.entry(name).or_insert_with(|| {
            self.columns.push(column);
            self.columns.len() - 1
        });
        self
    }

    /// Says that this table is one of several, cut from one or told after each other: all that bear this number have the same columns in the
    /// same order, and in dictionaries the same value behind each code. So a scanner looks at each value once for all of them; it remembers
    /// the last few numbers, and of dictionaries with more than some millions of values in all only those of the table at hand. Numbers
    /// that are not true lead to wrong verdicts.
    #[must_use]
    pub fn kin(mut self, number: u128) -> Self {
        self.kin = Some(number);
        self
    }

    /// The number of tables that share dictionaries with this one.
    pub(crate) fn of_kin(&self) -> Option<u128> {
        self.kin
    }

    /// How many events there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Whether there is a column of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// One event, to be explained or scanned alone. A row that is not there has no fields.
    #[must_use]
    pub fn event(&self, row: usize) -> impl Event + '_ {
        RowEvent { columns: self, row: (row < self.rows).then_some(row) }
    }

    /// The number of a column.
    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// All columns, by their numbers.
    pub(crate) fn all(&self) -> &[Column<'a>] {
        &self.columns
    }
}

/// One row.
struct RowEvent<'c> {
    columns: &'c Columns<'c>,
    row: Option<usize>,
}

impl Event for RowEvent<'_> {
    fn values(&self, field: &str, each: &mut dyn FnMut(Value<'_>)) {
        let column = self.columns.number(field).and_then(|number| self.columns.all().get(number));
        if let (Some(column), Some(row)) = (column, self.row) {
            column.each(row, each);
        }
    }

    fn leaves(&self, each: &mut dyn FnMut(Value<'_>)) {
        if let Some(row) = self.row {
            self.columns.all().iter().for_each(|column| column.each(row, each));
        }
    }

    fn is_list(&self, field: &str) -> bool {
        let column = self.columns.number(field).and_then(|number| self.columns.all().get(number));
        let mut has_value = false;
        if let (Some(column @ Column::Lists(_)), Some(row)) = (column, self.row) {
            column.each(row, &mut |_| has_value = true);
        }
        has_value
    }
}
