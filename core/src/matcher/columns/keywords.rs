//! In which rows a keyword may stand: rows that ask for the same keywords are searched together, and each code once.
//!
//! ```text
//! rows 64..128 of partition 17     Image: codes 3, 8 are new ─┐
//!                                  Payload: four texts ───────┴▶ "C:\\a.exe\ncmd /c\nwhoami\n..." ─▶ silent: so are all of them
//! ```
//!
//! A row that is not silent is looked at value by value; what stands in it is not decided here.

use super::Row;
use super::block::{Block, ROWS, ones};
use crate::event::Value;
use crate::event::columns::{Column, Columns, Dictionary, Values};
use crate::program::{Hearing, Matcher, Written};
use std::ops::Range;

/// Bytes of texts that are searched together, about.
const TEXT_BYTES: usize = 1 << 14;
/// Codes of all dictionaries and matchers together, at most; then values are searched row by row.
const CODES_MAX: usize = 1 << 24;
/// A whole column is searched at once when so many times the rows that asked are all of it.
// PERF: nearly always nothing stands in it, and nobody need ask again. Where few rows ask, theirs alone are cheaper.
const ROWS_TIMES: usize = 16;

/// Which rows of the table at hand are silent, for each matcher of keywords that was asked for.
#[derive(Debug, Default)]
pub(super) struct Keywords {
    heard: Vec<Heard>,
    /// How many codes there are in all that was heard.
    codes: usize,
    gathered: Gathered,
}

/// What a matcher of keywords has heard.
#[derive(Debug)]
struct Heard {
    matcher: u32,
    /// How its keywords can be sought in a text of several values, if they can.
    hearing: Option<Hearing>,
    /// The first row of the block that was searched last.
    start: usize,
    /// One bit for each row of it that was searched.
    known: u64,
    /// One bit for each of those that is not silent.
    loud: u64,
    /// Rows that were searched, in all blocks.
    rows: usize,
    /// The columns in which a keyword may stand, once all were searched.
    open: Option<Box<[u32]>>,
    /// For each column of codes whether a keyword may stand in any of its values, once all were searched.
    judged: Vec<Option<bool>>,
    /// What is known of the codes of each column.
    columns: Vec<Option<Codes>>,
    /// Whether any code is loud.
    has_loud: bool,
}

/// What is known of a column's codes.
#[derive(Debug)]
struct Codes {
    states: Box<[State]>,
    /// How many of them are unknown.
    unknown: usize,
    /// Rows that asked so far. When they are as many as codes, all codes are searched.
    rows: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Unknown,
    Silent,
    Loud,
}

/// Texts that are to be searched together.
#[derive(Debug, Default)]
struct Gathered {
    plain: Vec<u8>,
    /// The same as JSON spells them.
    spelled: Vec<u8>,
    /// Columns and codes whose values are among them.
    codes: Vec<(u32, u32)>,
    /// Whether a keyword may stand in a value that is known by no code.
    are_rows_loud: bool,
}

impl Keywords {
    /// Forgets all.
    pub(super) fn begin(&mut self) {
        self.heard.clear();
        self.codes = 0;
    }

    /// How much is remembered, in words of four bytes.
    pub(super) fn words(&self) -> usize {
        self.codes / 4
    }

    /// Forgets all but codes.
    pub(super) fn go_on(&mut self) {
        for heard in &mut self.heard {
            (heard.start, heard.known, heard.loud, heard.rows, heard.open) = (0, 0, 0, 0, None);
        }
    }

    /// Whether surely nothing of what a matcher looks for stands in a row. When rows are searched, so are those of `others`.
    #[inline]
    pub(super) fn are_absent(
        &mut self,
        (matcher, id): (&Matcher<'_>, u32),
        row: Row<'_>,
        block: &Block,
        others: impl Fn(&Block) -> u64,
    ) -> bool {
        let at = self.heard.iter().position(|heard| heard.matcher == id).unwrap_or_else(|| {
            self.heard.push(Heard::new(matcher, id));
            self.heard.len() - 1
        });
        let Some(heard) = self.heard.get_mut(at) else { return false };
        let Some(hearing) = heard.hearing else { return false };
        let bit = block.bit(row.row);
        if heard.start != block.start() {
            (heard.start, heard.known, heard.loud) = (block.start(), 0, 0);
        }
        if heard.known & bit == 0 {
            let rows = bit | others(block) & !heard.known;
            let mut ear = Ear { matcher, hearing, gathered: &mut self.gathered, codes_left: CODES_MAX - self.codes };
            heard.listen(&mut ear, rows, block, row.table.columns);
            self.codes = CODES_MAX - ear.codes_left;
        }
        heard.loud & bit == 0
    }
}

impl Heard {
    fn new(matcher: &Matcher<'_>, id: u32) -> Self {
        let hearing = matcher.literals.hearing().filter(|_| matcher.has_only_literals());
        Self {
            matcher: id,
            hearing,
            start: 0,
            known: 0,
            loud: 0,
            rows: 0,
            open: None,
            judged: Vec::new(),
            columns: Vec::new(),
            has_loud: false,
        }
    }

    /// Searches these rows of a block.
    #[inline(never)]
    fn listen(&mut self, ear: &mut Ear<'_>, rows: u64, block: &Block, columns: &Columns<'_>) {
        self.known |= rows;
        self.rows += rows.count_ones() as usize;
        self.columns.resize_with(columns.all().len(), || None);
        self.open(ear, columns);
        let open = self.open.take();
        let (start, asked) = (block.start(), || block.columns(columns, open.as_deref(), rows));
        ear.gathered.are_rows_loud = false;
        for (number, column, bits) in asked() {
            match column {
                Column::Dictionary(dictionary) if self.knows_codes(ear, dictionary, number) => {
                    self.gather_codes(ear, (number, dictionary), bits, start);
                }
                Column::Values(values) if values.are_numbers() && !ear.hearing.has_numbers => {}
                Column::Values(values) if ear.hearing.is_plain => {
                    let others = block.present(number) & !rows;
                    if !runs(bits, others).all(|rows| ear.push_run(values, start, rows)) {
                        ones(bits).for_each(|at| column.each(start + at, &mut |value| ear.push(value, Spelling::Any)));
                    }
                }
                _ => ones(bits).for_each(|at| column.each(start + at, &mut |value| ear.push(value, Spelling::Any))),
            }
            if ear.gathered.bytes() > TEXT_BYTES {
                self.hear(ear, columns);
            }
        }
        self.hear(ear, columns);
        for (number, column, bits) in asked().filter(|_| self.has_loud) {
            if let (Column::Dictionary(dictionary), Some(Some(codes))) = (column, self.columns.get(number as usize)) {
                let is_loud = |at: &usize| codes.is_loud(dictionary.code(start + at));
                self.loud |= ones(bits).filter(is_loud).fold(0, |loud, at| loud | 1 << at);
            }
        }
        if ear.gathered.are_rows_loud {
            for at in ones(rows) {
                let own = asked().filter(|(number, _, bits)| bits >> at & 1 == 1 && !self.has_codes(*number));
                own.for_each(|(_, column, _)| column.each(start + at, &mut |value| ear.push(value, Spelling::Exact)));
                self.loud |= u64::from(!ear.is_silent(Spelling::Exact)) << at;
            }
        }
        self.open = open;
    }

    fn has_codes(&self, column: u32) -> bool {
        self.columns.get(column as usize).is_some_and(Option::is_some)
    }

    /// Searches all columns as a whole, once many of all rows have asked.
    fn open(&mut self, ear: &mut Ear<'_>, columns: &Columns<'_>) {
        if self.open.is_some() || self.rows.saturating_mul(ROWS_TIMES) < columns.rows() {
            return;
        }
        self.judged.resize(columns.all().len(), None);
        let numbered = (0..).zip(columns.all()).zip(&mut self.judged);
        let open = numbered.filter_map(|((number, column), judged)| {
            let may_hear = match (column, &judged) {
                (Column::Dictionary(_), Some(known)) => *known,
                _ => ear.may_hear(column, columns.rows()),
            };
            *judged = Some(may_hear);
            may_hear.then_some(number)
        });
        self.open = Some(open.collect());
    }

    /// Makes room for the codes of a column, and says whether there is any.
    fn knows_codes(&mut self, ear: &mut Ear<'_>, dictionary: &dyn Dictionary, column: u32) -> bool {
        let Some(codes) = self.columns.get_mut(column as usize) else { return false };
        if codes.is_none() {
            let distinct = dictionary.distinct();
            let Some(left) = ear.codes_left.checked_sub(distinct) else { return false };
            ear.codes_left = left;
            let states = vec![State::Unknown; distinct].into();
            *codes = Some(Codes { states, unknown: distinct, rows: 0 });
        }
        true
    }

    /// Gathers the values of codes that are new.
    fn gather_codes(
        &mut self,
        ear: &mut Ear<'_>,
        (number, dictionary): (u32, &dyn Dictionary),
        bits: u64,
        start: usize,
    ) {
        let Some(Some(codes)) = self.columns.get_mut(number as usize) else { return };
        if codes.unknown == 0 {
            return;
        }
        codes.rows += bits.count_ones() as usize;
        let mut gather = |code: u32| {
            if let Some(state @ State::Unknown) = codes.states.get_mut(code as usize) {
                *state = State::Silent;
                codes.unknown -= 1;
                dictionary.value(code).into_iter().for_each(|value| ear.push(value, Spelling::Any));
                ear.gathered.codes.push((number, code));
            }
        };
        if codes.rows >= dictionary.distinct() {
            (0..dictionary.distinct() as u32).for_each(gather);
        } else {
            match dictionary.codes() {
                Some(own) => ones(bits).filter_map(|at| own.get(start + at).copied()).for_each(&mut gather),
                None => ones(bits).filter_map(|at| dictionary.code(start + at)).for_each(&mut gather),
            }
        }
    }

    /// Searches what was gathered, and if a keyword may stand in it, each code that is among it.
    fn hear(&mut self, ear: &mut Ear<'_>, columns: &Columns<'_>) {
        let mut gathered = std::mem::take(&mut ear.gathered.codes);
        if !ear.is_silent(Spelling::Any) {
            ear.gathered.are_rows_loud = true;
            for (number, code) in &gathered {
                let Some(Column::Dictionary(dictionary)) = columns.all().get(*number as usize) else { continue };
                dictionary.value(*code).into_iter().for_each(|value| ear.push(value, Spelling::Exact));
                let is_silent = ear.is_silent(Spelling::Exact);
                if let (false, Some(Some(codes))) = (is_silent, self.columns.get_mut(*number as usize)) {
                    codes.states.get_mut(*code as usize).into_iter().for_each(|state| *state = State::Loud);
                    self.has_loud = true;
                }
            }
        }
        gathered.clear();
        ear.gathered.codes = gathered;
    }
}

impl Gathered {
    fn bytes(&self) -> usize {
        self.plain.len() + self.spelled.len()
    }
}

impl Codes {
    fn is_loud(&self, code: Option<u32>) -> bool {
        code.and_then(|code| self.states.get(code as usize)) == Some(&State::Loud)
    }
}

/// How texts are gathered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spelling {
    /// As it is cheapest; the search may find too much.
    Any,
    /// So that nothing is found that is not there.
    Exact,
}

/// A search for the keywords of a matcher.
struct Ear<'a> {
    matcher: &'a Matcher<'a>,
    hearing: Hearing,
    gathered: &'a mut Gathered,
    /// How many more codes may be remembered.
    codes_left: usize,
}

impl Ear<'_> {
    /// Whether texts are spelled as in JSON.
    fn is_spelled(&self, spelling: Spelling) -> bool {
        self.hearing.has_escapes && (spelling == Spelling::Exact || !self.hearing.is_plain)
    }

    /// Whether no keyword stands in what was gathered with that spelling; nothing is gathered any longer.
    fn is_silent(&mut self, spelling: Spelling) -> bool {
        let is_spelled = self.is_spelled(spelling);
        let Gathered { plain, spelled, .. } = self.gathered;
        let is_silent = match is_spelled {
            true => str::from_utf8(spelled)
                .is_ok_and(|all| all.is_empty() || self.matcher.is_silent_on(&Written::spelled(all))),
            false => plain.is_empty() || self.matcher.is_silent_on_plain(plain),
        };
        plain.clear();
        spelled.clear();
        is_silent
    }

    /// Whether a keyword may stand in any row of a column.
    fn may_hear(&mut self, column: &Column<'_>, rows: usize) -> bool {
        let (mut is_loud, matcher) = (false, self.matcher);
        let mut hear = |texts: &[u8]| is_loud = is_loud || !matcher.is_silent_on_plain(texts);
        let are_heard = match column {
            Column::Values(values) if values.are_numbers() && !self.hearing.has_numbers => return false,
            Column::Dictionary(dictionary) if dictionary.distinct() > rows => return true,
            _ if !self.hearing.is_plain => false,
            Column::Values(values) => values.texts(0..rows, &mut hear),
            Column::Dictionary(dictionary) => dictionary.texts(&mut hear),
            Column::Lists(_) => false,
        };
        if are_heard {
            return is_loud;
        }
        let values = match column {
            Column::Dictionary(dictionary) => dictionary.distinct(),
            Column::Values(_) | Column::Lists(_) => rows,
        };
        for start in (0..values).step_by(ROWS) {
            let own = start..values.min(start + ROWS);
            match column {
                Column::Dictionary(dictionary) => own.for_each(|code| {
                    dictionary.value(code as u32).into_iter().for_each(|value| self.push(value, Spelling::Any));
                }),
                _ => column.present(own, &mut |bits| {
                    ones(bits).for_each(|at| column.each(start + at, &mut |value| self.push(value, Spelling::Any)));
                }),
            }
            if self.gathered.bytes() > TEXT_BYTES && !self.is_silent(Spelling::Any) {
                return true;
            }
        }
        !self.is_silent(Spelling::Any)
    }

    /// Adds the texts of some rows of a block, and perhaps what lies among them.
    fn push_run(&mut self, values: &dyn Values, start: usize, rows: Range<usize>) -> bool {
        values.texts(start + rows.start..start + rows.end, &mut |texts| {
            self.gathered.plain.extend_from_slice(texts);
            self.gathered.plain.push(b'\n');
        })
    }

    /// Adds a value and a line end, which no keyword holds as it is.
    fn push(&mut self, value: Value<'_>, spelling: Spelling) {
        let own = match value {
            Value::Null | Value::Composite => return,
            Value::Number(_) if !self.hearing.has_numbers => return,
            value => value.text().unwrap_or_default(),
        };
        let is_spelled = self.is_spelled(spelling);
        let Gathered { plain, spelled, .. } = self.gathered;
        if is_spelled {
            crate::text::push_spelled(&own, spelled);
            spelled.push(b'\n');
        } else {
            plain.extend_from_slice(own.as_bytes());
            plain.push(b'\n');
        }
    }
}

/// Rows in which bits are set: all from the first to the last where few `others` lie between them, else run by run.
fn runs(mut bits: u64, others: u64) -> impl Iterator<Item = Range<usize>> {
    let end = 64 - bits.leading_zeros();
    let between =
        u64::MAX.checked_shl(bits.trailing_zeros()).unwrap_or(0) & u64::MAX.checked_shr(64 - end).unwrap_or(0);
    let is_one = (others & between).count_ones() < bits.count_ones();
    std::iter::from_fn(move || {
        let start = bits.trailing_zeros();
        let cut = if is_one { end } else { start + (!bits).checked_shr(start)?.trailing_zeros().min(64 - start) };
        bits &= u64::MAX.checked_shl(cut).unwrap_or(0);
        (start < 64).then_some(start as usize..cut as usize)
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn runs_are_all_bits_that_are_set() {
        for bits in [0, 1, 0b1101, u64::MAX, 1 << 63, u64::MAX << 60, u64::MAX >> 1, 0xF0F0_0000_0000_000F] {
            let found = |others| super::runs(bits, others).flatten().fold(0, |all, at| all | 1_u64 << at);
            assert_eq!(found(!bits) & bits, bits);
            assert_eq!(found(0) & bits, bits);
            assert!(super::runs(bits, 0).count() <= 1);
        }
        assert_eq!(super::runs(0b1101, !0b1101).collect::<Vec<_>>(), std::iter::once(0..4).collect::<Vec<_>>());
        assert!(super::runs(0b11_0001, !0b11_0001).eq([0..1, 4..6]));
    }
}
