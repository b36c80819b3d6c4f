//! A row of a table: how the loop reads an event that is held column by column.
//!
//! ```text
//! slot Image ─▶ column 3 ─┬▶ code 7 ─▶ effects, found once for the table     (a dictionary)
//!                         └▶ text where it lies ─▶ memo or search            (one value for each row)
//! ```
//!
//! Nothing is filled beforehand: a column is asked for a value when the router, a look or a verdict needs it. Only what two
//! fields are compared by is copied. What rules ask for is not known here.

mod block;
mod codes;
mod effects;
mod filled;
mod follow;
mod keywords;
mod known;
mod routes;

use super::memo::Key;
use super::tally::Tally;
use super::{Buffers, Keywords, Place, Rules, Run, View, pair};
use crate::event::Value;
use crate::event::columns::{Column, Columns};
use crate::event::slots::{Kind, Reading, Seen, Slots};
use crate::number::Number;
use crate::program::{Fields, Matcher, Probe, Program, SlotId, Subject};
use crate::shortcut::{Shortcut, Shortcuts};
use block::{Block, Present, ROWS};
use filled::{Filled, List};
use follow::Asked;
use known::{Before, Known};

/// Columns, found by the slots that rules ask for.
#[derive(Debug)]
pub(crate) struct Table<'c> {
    pub(crate) columns: &'c Columns<'c>,
    by_slot: Vec<Option<Held<'c>>>,
}

/// A column that some slot means.
#[derive(Debug, Clone, Copy)]
struct Held<'c> {
    slot: SlotId,
    /// The number of the column.
    number: u32,
    column: Column<'c>,
    /// All codes are less: those of a dictionary, or small numbers. 0 where values have none.
    codes_end: usize,
    /// The codes of all rows, if they lie one behind the other.
    codes: Option<&'c [u32]>,
}

/// Numbers less than this are told by themselves.
const NUMBERS_END: usize = 1 << 16;

impl Held<'_> {
    /// The code in a row in which the column holds anything.
    #[inline]
    fn code(&self, row: usize) -> Option<u32> {
        let code = match (self.codes, self.column) {
            (Some(codes), _) => codes.get(row).copied(),
            (None, Column::Dictionary(dictionary)) => dictionary.code(row),
            (None, Column::Values(values)) if self.codes_end > 0 => match values.value(row) {
                Some(Value::Number(Number::Integer(number))) => u32::try_from(number).ok(),
                _ => None,
            },
            (None, Column::Values(_) | Column::Lists(_)) => None,
        };
        code.filter(|code| (*code as usize) < self.codes_end)
    }

    /// Codes for which there should be room where that of one is kept.
    fn places(&self, code: u32) -> usize {
        match self.column {
            Column::Dictionary(_) => self.codes_end,
            Column::Values(_) | Column::Lists(_) => (code as usize + 1).next_power_of_two(),
        }
    }
}

impl<'c> Table<'c> {
    pub(crate) fn new(columns: &'c Columns<'c>, fields: &Fields<'_>) -> Self {
        let held = |(slot, name): (usize, &str)| {
            let number = columns.number(name)?;
            let column = *columns.all().get(number)?;
            let (codes_end, codes) = match column {
                Column::Dictionary(dictionary) => (dictionary.distinct(), dictionary.codes()),
                Column::Values(values) if values.are_numbers() => (NUMBERS_END, None),
                Column::Values(_) | Column::Lists(_) => (0, None),
            };
            Some(Held { slot: SlotId(slot as u32), number: number as u32, column, codes_end, codes })
        };
        Self { columns, by_slot: fields.names().enumerate().map(held).collect() }
    }

    /// Those of the slots that have a column.
    pub(crate) fn held_of(&self, slots: &[SlotId]) -> Vec<SlotId> {
        slots.iter().copied().filter(|slot| self.held(*slot).is_some()).collect()
    }

    /// Brings near what rules may ask of the rows from one on.
    // PERF: many columns have a value in few rows, so only what lies between the first and the last of them.
    fn prefetch(&self, start: usize, present: &Present) {
        for held in self.by_slot.iter().flatten() {
            let own = present.rows(held.number);
            if own == 0 {
                continue;
            }
            let rows = start + own.trailing_zeros() as usize..start + ROWS - own.leading_zeros() as usize;
            match held.column {
                Column::Values(values) => values.prefetch(rows),
                Column::Dictionary(dictionary) => dictionary.prefetch(rows),
                Column::Lists(_) => {}
            }
        }
    }

    #[inline]
    fn held(&self, slot: SlotId) -> Option<&Held<'c>> {
        self.by_slot.get(slot.index())?.as_ref()
    }
}

/// One event of a table.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) table: &'a Table<'a>,
    pub(super) row: usize,
}

/// What is known of the table at hand.
#[derive(Debug)]
pub(super) struct Memory {
    block: Block,
    filled: Filled,
    known: Known,
    before: Before,
    effects: Vec<u32>,
    /// The two fields of a comparison.
    pair: Slots,
    remembers: bool,
}

impl Memory {
    pub(super) fn new(shortcuts: Shortcuts) -> Self {
        Self {
            block: Block::default(),
            filled: Filled::default(),
            known: Known::default(),
            before: Before::default(),
            effects: Vec::new(),
            pair: Slots::new(shortcuts),
            remembers: shortcuts.has(Shortcut::Memo),
        }
    }

    /// Goes on to another table.
    pub(super) fn begin(&mut self, program: &Program<'_>, kin: Option<u128>) {
        self.block.begin();
        self.filled.begin();
        self.before.next(&mut self.known, program, kin);
    }

    /// Whether surely nothing of what a matcher looks for stands in a row. A matcher that the partition asks for every event is
    /// asked for all rows that go there.
    #[inline]
    fn have_no_keyword(&mut self, (matcher, id): (&Matcher<'_>, u32), at: &Place<'_, Row<'_>>) -> bool {
        let row = at.event.row;
        let others = |block: &Block| {
            if at.partition.probes.iter().any(|probe| probe.matcher == id) { block.alike(row) } else { 0 }
        };
        self.known.keywords.are_absent((matcher, id), at.event, &self.block, others)
    }
}

impl View for Row<'_> {
    #[inline]
    fn route<T: Tally>(run: &mut Run<T>, rules: &Rules<'_>, event: Self, buffers: &mut Buffers, found: &mut Vec<u32>) {
        let Memory { block, known: Known { routes, .. }, .. } = &mut run.columns;
        let router = &rules.program.router;
        let route = block.route(event, |rows, found| routes.find(router, rows, buffers, found));
        found.extend(routes.partitions(route).iter());
    }

    #[inline]
    fn look<T: Tally>(run: &mut Run<T>, at: &Place<'_, Self>, probe: Probe) {
        let Place { program, clock, event: Row { table, row }, .. } = *at;
        let matcher = || program.matchers.get(probe.matcher as usize);
        match probe.subject.subject() {
            Subject::Slot(slot) => {
                let Some(held) = table.held(slot) else { return };
                if run.columns.block.present(held.number) & run.columns.block.bit(row) == 0 {
                    return;
                }
                let Some(matcher) = matcher() else { return };
                let asked = Asked { matcher, id: probe.matcher, clock };
                run.truth.add(program, run.columns.effects_in(&mut run.hits, asked, held, row));
            }
            Subject::Pair(number) => {
                let Some((matcher, pair)) = matcher().zip(program.pairs.get(number as usize)) else { return };
                let (slots, event) = (&mut run.columns.pair, table.columns.event(row));
                slots.fill_some(&event, &program.fields, &[pair.left, pair.right]);
                if pair::holds(pair, slots, "", &mut run.pair) {
                    run.truth.add(program, matcher.present);
                }
            }
            Subject::Leaves => {
                let Some(matcher) = matcher() else { return };
                if run.columns.have_no_keyword((matcher, probe.matcher), at) {
                    return run.hits.tally.searched(probe.matcher, 0);
                }
                let block = std::mem::take(&mut run.columns.block);
                let rules = Rules { program, clock };
                let mut each = |value: Value<'_>| {
                    with_seen(value, |seen| {
                        if seen.has_text() {
                            run.look_at_value(rules, matcher, probe.matcher, seen);
                        }
                    });
                };
                block
                    .columns(table.columns, None, block.bit(row))
                    .for_each(|(_, column, _)| column.each(row, &mut each));
                run.columns.block = block;
            }
        }
    }

    fn look_first<T: Tally>(run: &mut Run<T>, at: &Place<'_, Self>, keywords: Keywords) {
        let Memory { block, filled, .. } = &mut run.columns;
        let number = filled.of(at, block);
        let Some(List { slots, others, effects, .. }) = filled.list(number) else { return };
        let (mut probes, effects) = (others.clone(), *effects);
        if keywords == Keywords::Absent {
            // Of rows that are worth to be remembered many are known, so those that follow need not be looked at.
            probes.start = slots.start;
        } else {
            let first = effects.unwrap_or_else(|| run.follow(at, number));
            let Memory { block, filled, .. } = &run.columns;
            filled
                .effects
                .of(first + at.event.row - block.start())
                .for_each(|effect| run.truth.add(at.program, &[effect]));
        }
        for at_probe in probes {
            if let Some(probe) = run.columns.filled.get(at_probe) {
                run.look_unless_absent(at, keywords, probe);
            }
        }
    }

    fn key<T: Tally>(run: &mut Run<T>, at: &Place<'_, Self>) -> Option<Key> {
        let (Run { verdicts, columns, .. }, id) = (run, at.id);
        if !verdicts.are_worth(at) {
            return None;
        }
        let mut probes = at.partition.probes.iter().filter(|probe| probe.subject.subject() == Subject::Leaves);
        let mut is_absent = |probe: &Probe| {
            let matcher = at.program.matchers.get(probe.matcher as usize);
            matcher.is_some_and(|matcher| columns.have_no_keyword((matcher, probe.matcher), at))
        };
        if !probes.all(&mut is_absent) {
            verdicts.forgo(id);
            return None;
        }
        let reads = columns.known.reads.get_mut(id as usize)?;
        let reads = reads.get_or_insert_with(|| at.event.table.held_of(&verdicts.slots_of(id)).into());
        let read = verdicts.begin_key();
        // The number of the table tells its codes from those of others, and both from slots.
        read.push(&(1 << 63 | columns.known.number).to_ne_bytes());
        let (block, bit) = (&columns.block, columns.block.bit(at.event.row));
        let held = reads
            .iter()
            .filter_map(|slot| at.event.table.held(*slot))
            .filter(|held| block.present(held.number) & bit != 0);
        held.for_each(|held| at.event.push(held, read));
        verdicts.end_key(id)
    }
}

/// What stands in a key instead of a [`Kind`].
const CODE: u64 = 6;
const SMALL: u64 = 7;

impl Row<'_> {
    /// Adds to a key what the row holds in a column.
    #[inline]
    fn push(self, held: &Held<'_>, key: &mut Reading) {
        let slot = u64::from(held.slot.0) << 40;
        let mut push = |value: Value<'_>| match value {
            Value::Number(Number::Integer(number @ 0..0x1_0000_0000)) => {
                key.push(&(slot | SMALL << 32 | number as u64).to_ne_bytes());
            }
            value => with_seen(value, |seen| {
                let head = slot | (seen.kind as u64) << 32 | seen.raw.len() as u64;
                key.push(&head.to_ne_bytes());
                key.push(seen.raw.as_bytes());
            }),
        };
        match held.column {
            Column::Values(values) => values.value(self.row).into_iter().for_each(push),
            Column::Lists(lists) => lists.values(self.row, &mut push),
            Column::Dictionary(_) => {
                if let Some(code) = held.code(self.row) {
                    key.push(&(slot | CODE << 32 | u64::from(code)).to_ne_bytes());
                }
            }
        }
    }
}

/// A value as the loop reads it.
#[inline]
fn with_seen<R>(value: Value<'_>, read: impl FnOnce(&Seen<'_>) -> R) -> R {
    let seen = |kind, raw| Seen { kind, is_written: false, is_spelled: false, raw };
    let (mut integer, float);
    let seen = match value {
        Value::Text(text) => seen(Kind::Text, text),
        Value::Number(Number::Integer(number)) => {
            integer = itoa::Buffer::new();
            seen(Kind::Number, integer.format(number))
        }
        Value::Number(number) => {
            float = number.text();
            seen(Kind::Number, &float)
        }
        Value::Bool(value) => seen(Kind::Bool, if value { "true" } else { "false" }),
        Value::Null => seen(Kind::Null, ""),
        Value::Composite => seen(Kind::Composite, ""),
    };
    read(&seen)
}
