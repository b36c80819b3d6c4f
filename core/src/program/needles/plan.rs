//! Which searches together find all needles for the least.
//!
//! ```text
//! "x" "-w h"  "rundll32" "\\temp\\a.exe"   ─▶   all at once  │  { "x" } { "-w h" } { the long ones a stride apart }  │  ...
//! ```
//!
//! Needles of similar length are kept together. Each way of sorting them is tried out on a page of what logs are full of,
//! by `windows`; this file only thinks of ways.

use super::HashMap;
use super::nibbles::{LENGTH_MAX, SHAPES};
use super::windows::{self, Chosen, NEEDLES_MAX, WindowsDraft, Witnesses};
use std::cell::OnceCell;
use std::ops::Range;

/// What it costs to begin a search, in instructions for each byte of a value of usual length.
const COST_OF_GROUP: f64 = 0.5;

/// In how many dense searches needles of similar length may be sought.
const PARTS: [usize; 4] = [1, 2, 4, 8];

/// Needles of a dense search below which it is not worth to make two of it.
const PART_MIN: usize = 12;

/// Needles from which on only few ways are tried.
const MANY: usize = 512;

/// Searches, and what they cost together.
#[derive(Debug, Default)]
struct Plan {
    searches: Vec<WindowsDraft>,
    cost: f64,
}

/// Finds the cheapest searches for needles with these numbers. Without `dense` all are sought a stride apart.
pub(super) fn cheapest(numbers: &[u32], texts: &[Box<[u8]>], dense: bool) -> Vec<WindowsDraft> {
    let planner = Planner { numbers, texts, dense, chosen: Default::default() };
    let cut = planner.cut();
    let apart: &[usize] = &[1, 2, 3, cut];
    // The more needles there are, the longer it takes to try and the less is won by keeping them together.
    let ways: &[&[usize]] = match numbers.len() {
        _ if !dense => &[apart],
        0..8 => &[&[1], &[1, 4]],
        8..MANY => &[&[1], &[1, 4], &[1, 8], &[1, 2, 4], &[1, 2, 4, 8], apart],
        _ => &[&[1, 2, 4, 8], apart],
    };
    let mut known: HashMap<Range<usize>, Plan> = HashMap::default();
    let mut best: Option<(f64, &[usize])> = None;
    for way in ways {
        let ranges = ranges(way);
        let cost = ranges.map(|range| known.entry(range.clone()).or_insert_with(|| planner.plan(range)).cost).sum();
        if best.is_none_or(|(least, _)| cost < least) {
            best = Some((cost, way));
        }
    }
    let chosen = best.into_iter().flat_map(|(_, way)| ranges(way));
    chosen.filter_map(|range| known.remove(&range)).flat_map(|plan| plan.searches).collect()
}

/// The ranges of lengths that begin at these.
fn ranges(starts: &[usize]) -> impl Iterator<Item = Range<usize>> {
    let ends = starts.iter().copied().skip(1).chain([usize::MAX]);
    starts.iter().copied().zip(ends).map(|(start, end)| start..end)
}

struct Planner<'t> {
    numbers: &'t [u32],
    texts: &'t [Box<[u8]>],
    dense: bool,
    /// For each length of a window less one, the window of each needle.
    chosen: [OnceCell<Vec<Option<Chosen>>>; LENGTH_MAX],
}

impl Planner<'_> {
    fn text(&self, number: u32) -> &[u8] {
        self.texts.get(number as usize).map_or(&[], |text| text)
    }

    /// The cheapest searches for needles of these lengths.
    fn plan(&self, lengths: Range<usize>) -> Plan {
        let is_own = |number: &u32| lengths.contains(&self.text(*number).len());
        let mut own: Vec<u32> = self.numbers.iter().copied().filter(is_own).collect();
        let Some(shortest) = own.iter().map(|number| self.text(*number).len()).min() else { return Plan::default() };
        let length = shortest.min(4);
        let mut best = Plan { cost: f64::INFINITY, searches: Vec::new() };
        if self.dense {
            // Those that begin alike are announced alike.
            own.sort_by_key(|number| self.text(*number));
            for parts in PARTS {
                let size = own.len().div_ceil(parts);
                if size > NEEDLES_MAX || (parts > 1 && size < PART_MIN) {
                    continue;
                }
                if let Some(plan) = self.dense_parts(own.chunks(size), shortest, best.cost) {
                    best = plan;
                }
            }
        }
        if windows::cost_of_steps(length, windows::stride(shortest, length)) + COST_OF_GROUP < best.cost
            && let Some(strided) = WindowsDraft::strided(length, &own, self.texts)
            && strided.cost + COST_OF_GROUP < best.cost
        {
            best = Plan { cost: strided.cost + COST_OF_GROUP, searches: vec![strided] };
        }
        best
    }

    /// A dense search for each part; `None` when they cost more than a limit.
    fn dense_parts<'p>(
        &self,
        parts: impl ExactSizeIterator<Item = &'p [u32]>,
        shortest: usize,
        limit: f64,
    ) -> Option<Plan> {
        let mut plan = Plan::default();
        let least = COST_OF_GROUP + SHAPES.first()?.cost();
        let mut others = parts.len() as f64;
        for part in parts {
            others -= 1.0;
            let search = self.dense(part, shortest, limit - plan.cost - others * least - COST_OF_GROUP)?;
            plan.cost += search.cost + COST_OF_GROUP;
            plan.searches.push(search);
        }
        Some(plan)
    }

    /// The cheapest dense search; `None` when it costs more than a limit.
    fn dense(&self, own: &[u32], shortest: usize, mut limit: f64) -> Option<WindowsDraft> {
        let mut best = None;
        let mut witnesses: [OnceCell<Option<Witnesses>>; LENGTH_MAX] = Default::default();
        for shape in SHAPES {
            let is_apt = shape.low <= shortest && shape.low * 2 >= shortest.min(8);
            if !is_apt || shape.cost() >= limit {
                continue;
            }
            let known = witnesses.get_mut(shape.low - 1)?;
            let witnesses = known.get_or_init(|| Witnesses::of(shape.low, own, self.chosen(shape.low))).as_ref()?;
            let draft = WindowsDraft::dense(shape, witnesses)?;
            if draft.cost < limit {
                limit = draft.cost;
                best = Some(draft);
            }
        }
        best
    }

    /// For each needle that is sought the window of so many bytes that says most of it.
    fn chosen(&self, length: usize) -> &[Option<Chosen>] {
        let choose = || {
            let mut chosen = vec![None; self.texts.len()];
            for number in self.numbers {
                if let Some(own) = chosen.get_mut(*number as usize) {
                    *own = Chosen::of(length, self.text(*number));
                }
            }
            chosen
        };
        self.chosen.get(length - 1).map_or(&[], |known| known.get_or_init(choose))
    }

    /// The length from which on needles are sought by windows of four bytes; shorter ones have smaller windows, which
    /// give more false alarms. Where the two groups together look at the fewest windows.
    fn cut(&self) -> usize {
        let lengths = || self.numbers.iter().map(|number| self.text(*number).len());
        let looked_at = |range: Range<usize>, window| -> usize {
            let own = lengths().filter(|length| range.contains(length));
            own.min().map_or(0, |shortest| 840 / windows::stride(shortest, window))
        };
        let cost = |cut: usize| {
            let few_bytes = lengths().filter(|length| *length < cut).count() * 2;
            looked_at(cut..usize::MAX, 4) + looked_at(3..cut, 3) + few_bytes
        };
        (7..=11).min_by_key(|cut| cost(*cut)).unwrap_or(7)
    }
}
