//! What follows from the values of columns: for one row, and for all rows of a block that are routed alike.
//!
//! ```text
//! Image     rows 3, 9, 12: codes 7, 2, 7  ─▶  effects of 7 and of 2, found once for the table
//! EventID   rows 3, 9, 12: 1, 1, 5        ─▶  the same: small numbers are their own codes
//! Details   row 9: "C:\\a.exe"            ─▶  memo or search
//! ```

use super::codes::NOTHING;
use super::{Held, Known, Memory, Place, Row, Run, block, with_seen};
use crate::event::Value;
use crate::event::columns::Column;
use crate::matcher::probe::Hits;
use crate::matcher::tally::Tally;
use crate::program::{Matcher, Subject};
use crate::time::Clock;

/// Effects of a list from which on it is looked whether they repeat: a list may be as long as it likes.
const EFFECTS: usize = 1 << 10;

/// A matcher whose tests are asked for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) matcher: &'a Matcher<'a>,
    pub(super) id: u32,
    pub(super) clock: &'a Clock,
}

impl Memory {
    /// The effects of what a row holds in a column; what has a code is looked at once.
    #[inline]
    pub(super) fn effects_in<T: Tally>(
        &mut self,
        hits: &mut Hits<T>,
        asked: Asked<'_>,
        held: &Held<'_>,
        row: usize,
    ) -> &[u32] {
        let code = held.code(row);
        let start = code.and_then(|code| self.known.codes.starts(asked.id, held.number).get(code as usize).copied());
        match start {
            Some(start @ NOTHING..) => {
                hits.tally.remembered(asked.id);
                self.known.codes.effects(start)
            }
            _ => self.effects_of_new(hits, asked, held, (row, code)),
        }
    }

    #[inline(never)]
    fn effects_of_new<T: Tally>(
        &mut self,
        hits: &mut Hits<T>,
        asked: Asked<'_>,
        held: &Held<'_>,
        (row, code): (usize, Option<u32>),
    ) -> &[u32] {
        let Self { effects, known, remembers, .. } = self;
        effects.clear();
        match held.column {
            // Of the first table no value was seen before that has another code.
            Column::Dictionary(dictionary) => {
                let value = code.and_then(|code| dictionary.value(code));
                value.into_iter().for_each(|value| add(effects, hits, asked, (value, known.number == 1)));
            }
            Column::Values(values) => {
                values.value(row).into_iter().for_each(|value| add(effects, hits, asked, (value, false)));
            }
            Column::Lists(lists) => {
                let mut many = EFFECTS;
                lists.values(row, &mut |value| {
                    add(effects, hits, asked, (value, false));
                    if effects.len() > many {
                        effects.sort_unstable();
                        effects.dedup();
                        many = EFFECTS + 2 * effects.len();
                    }
                });
            }
        }
        if let Some(code) = code.filter(|_| *remembers) {
            known.codes.put((asked.id, held.number), (code, held.places(code)), effects);
        }
        effects
    }
}

/// Adds the effects of a value to those of values before it in the same row.
#[inline]
fn add<T: Tally>(
    effects: &mut Vec<u32>,
    hits: &mut Hits<T>,
    Asked { matcher, id, clock }: Asked<'_>,
    (value, is_new): (Value<'_>, bool),
) {
    if effects.is_empty() {
        effects.extend_from_slice(matcher.present);
    }
    match value {
        Value::Composite => {}
        Value::Null => effects.extend_from_slice(matcher.null),
        value => with_seen(value, |seen| {
            effects.extend_from_slice(match is_new {
                true => hits.new_value(matcher, id, seen, clock),
                false => hits.value(matcher, id, seen, clock),
            });
        }),
    }
}

impl<T: Tally> Run<T> {
    /// Notes for all rows of a list what follows from their values, and says where that of the block's first row stands.
    // PERF: one row after the other, a scan of dictionaries that were seen before took 1.1 times as long.
    #[inline(never)]
    pub(super) fn follow(&mut self, at: &Place<'_, Row<'_>>, list: usize) -> usize {
        let Place { program, clock, event: Row { table, .. }, .. } = *at;
        let mut filled = std::mem::take(&mut self.columns.filled);
        let first = filled.begin_effects(list);
        let (slots, rows) = filled.list(list).map_or((0..0, 0), |list| (list.slots.clone(), list.rows));
        for number in slots {
            let Some(probe) = filled.get(number) else { continue };
            let (Subject::Slot(slot), id) = (probe.subject.subject(), probe.matcher) else { continue };
            let (Some(held), Some(matcher)) = (table.held(slot), program.matchers.get(id as usize)) else { continue };
            self.hits.tally.look();
            let Memory { block, known: Known { codes, .. }, .. } = &self.columns;
            let (start, mut new) = (block.start(), block.present(held.number) & rows);
            let starts = codes.starts(id, held.number);
            if !starts.is_empty() {
                for row in block::ones(new) {
                    let place = held.code(start + row).and_then(|code| starts.get(code as usize).copied());
                    if let Some(place @ NOTHING..) = place {
                        self.hits.tally.remembered(id);
                        new &= !(1 << row);
                        if place != NOTHING {
                            filled.effects.note(first + row, codes.effects(place));
                        }
                    }
                }
            }
            let asked = Asked { matcher, id, clock };
            for row in block::ones(new) {
                let effects = self.columns.effects_in(&mut self.hits, asked, held, start + row);
                filled.effects.note(first + row, effects);
            }
            self.hits.tally.looked(id);
        }
        self.columns.filled = filled;
        first
    }
}
