//! Steps in order: how far each group has come, and since when.
//!
//! ```text
//! rules a b c          time 1 2 3 4      step 1: 3      the latest start of "a"
//! span 10              rule a b a c      step 2: 1      ... of "a b"
//!                                        step 3: 1      ... of "a b c": all within 10 of now, so it fires
//! ```
//!
//! Of all ways to come to a step only the one that started last is kept, since it is the last to grow old. Events of one
//! and the same time satisfy any order, but each takes one step only, so a batch is matched to steps as people to chairs.

use super::{Mask, Signal};
use crate::correlation::alert::REFERENCES_MAX;

/// Marks a step that was never reached.
pub(super) const NEVER: i64 = i64::MIN;

/// Steps to take one after the other, and rules that must not match meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) steps: Vec<u16>,
    pub(crate) nots: Mask,
    /// Where the state of this order begins in that of all orders.
    pub(crate) from: usize,
}

impl Order {
    /// Words that the state of `steps` steps takes: for each its start and the events on the way.
    pub(crate) fn words(steps: usize) -> usize {
        (1..=steps).map(|step| 1 + step.min(REFERENCES_MAX)).sum()
    }

    /// Where the state of this order ends.
    pub(super) fn end(&self) -> usize {
        self.from + Self::words(self.steps.len())
    }

    /// Where the state of a step, from 1 on, begins, and how many events it has.
    fn place(&self, step: usize) -> (usize, usize) {
        (self.from + Self::words(step - 1), step.min(REFERENCES_MAX))
    }

    /// The latest start of a way to `step`.
    pub(super) fn start(&self, words: &[u64], step: usize) -> i64 {
        let (at, _) = self.place(step);
        words.get(at).map_or(NEVER, |word| word.cast_signed())
    }

    /// The latest start of a way through all steps.
    pub(super) fn done(&self, words: &[u64]) -> i64 {
        self.start(words, self.steps.len())
    }

    /// The last events of the way through all steps.
    pub(super) fn events<'a>(&self, words: &'a [u64]) -> &'a [u64] {
        let (at, len) = self.place(self.steps.len());
        words.get(at + 1..at + 1 + len).unwrap_or_default()
    }

    /// Takes the steps that the events of one time allow.
    pub(super) fn update(&self, words: &mut Vec<u64>, time: i64, batch: &[Signal]) {
        match batch {
            [only] => self.one(words, time, only),
            _ => self.several(words, time, batch),
        }
    }

    fn one(&self, words: &mut Vec<u64>, time: i64, signal: &Signal) {
        let rules = signal.rules();
        // From the last step to the first, so that the event takes no two.
        for step in (1..=self.steps.len()).rev() {
            if self.steps.get(step - 1).is_some_and(|rule| rules.has(*rule)) {
                let start = if step == 1 { time } else { self.start(words, step - 1) };
                self.reach(words, None, step, step - 1, start, &[signal.event]);
            }
        }
    }

    /// Notes a way to `step` that goes on from `base`, as `old` had it, by `events`.
    fn reach(&self, words: &mut Vec<u64>, old: Option<&[u64]>, step: usize, base: usize, start: i64, events: &[u64]) {
        if start == NEVER || start < self.start(words, step) {
            return;
        }
        let (at, len) = self.place(step);
        if words.len() < at + 1 + len {
            words.reserve_exact(at + 1 + len - words.len());
            let mut next = words.len();
            while next < at + 1 + len {
                words.push(NEVER.cast_unsigned());
                next += 1;
            }
        }
        let (before, before_len) = if base == 0 { (0, 0) } else { self.place(base) };
        let total = before_len + events.len();
        for position in 0..len {
            // The last `len` of what was before and what is new.
            let from = total - len + position;
            let event = if from < before_len {
                old.unwrap_or(words).get(before + 1 + from).copied()
            } else {
                events.get(from - before_len).copied()
            };
            if let (Some(word), Some(event)) = (words.get_mut(at + 1 + position), event) {
                *word = event;
            }
        }
        if let Some(word) = words.get_mut(at) {
            *word = start.cast_unsigned();
        }
    }

    fn several(&self, words: &mut Vec<u64>, time: i64, batch: &[Signal]) {
        let mut seats = Seats::new(&self.steps, batch);
        let old = words.clone();
        // `base` is the smallest for which all steps behind it, up to `step`, have an event of their own.
        let mut base = 0;
        for step in 1..=self.steps.len() {
            while base < step && !seats.seat(step - 1) {
                base += 1;
                if base < step {
                    seats.free(base - 1);
                }
            }
            if base < step {
                let start = if base == 0 { time } else { self.start(&old, base) };
                let events: Vec<u64> = (base..step).filter_map(|step| seats.event(step)).collect();
                self.reach(words, Some(&old), step, base, start, &events);
            }
        }
    }
}

/// How many steps of a list were taken in order, when nothing grows old meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Longest {
    /// For each step the most steps that can be taken up to it.
    pub(super) most: Vec<u16>,
}

impl Longest {
    pub(super) fn update(&mut self, steps: &[u16], batch: &[Signal]) {
        let old = self.most.clone();
        for base in 0..steps.len() {
            let before = base.checked_sub(1).map_or(0, |at| old.get(at).copied().unwrap_or(0));
            let mut seats = Seats::new(steps, batch);
            let mut taken = 0;
            for step in base..steps.len() {
                taken += u16::from(seats.seat(step));
                if let Some(most) = self.most.get_mut(step) {
                    *most = (*most).max(before + taken);
                }
            }
        }
    }

    pub(super) fn count(&self) -> u16 {
        self.most.last().copied().unwrap_or(0)
    }
}

/// Who takes which step: a matching that is enlarged one step at a time.
struct Seats<'a> {
    steps: &'a [u16],
    events: Vec<(Mask, u64)>,
    /// For each event the step it takes.
    taken: Vec<Option<usize>>,
}

impl<'a> Seats<'a> {
    /// Of events that match the same rules no more are needed than there are steps.
    fn new(steps: &'a [u16], batch: &[Signal]) -> Self {
        let mut events: Vec<(Mask, u64)> = batch.iter().map(|signal| (signal.rules(), signal.event)).collect();
        events.sort_unstable();
        let mut same = 0;
        let mut last = None;
        events.retain(|(rules, _)| {
            same = if last == Some(*rules) { same + 1 } else { 0 };
            last = Some(*rules);
            same < steps.len()
        });
        let taken = vec![None; events.len()];
        Self { steps, events, taken }
    }

    /// Finds an event for a step, moving others if need be.
    fn seat(&mut self, step: usize) -> bool {
        let mut tried = vec![false; self.events.len()];
        self.place(step, &mut tried)
    }

    fn place(&mut self, step: usize, tried: &mut [bool]) -> bool {
        let Some(rule) = self.steps.get(step).copied() else { return false };
        for at in 0..self.events.len() {
            let fits = self.events.get(at).is_some_and(|(rules, _)| rules.has(rule));
            let Some(seen) = tried.get_mut(at).filter(|seen| fits && !**seen) else { continue };
            *seen = true;
            let free = match self.taken.get(at).copied().flatten() {
                None => true,
                // As deep as there are steps, of which there are a few hundred at most.
                Some(other) => self.place(other, tried),
            };
            if free && let Some(taken) = self.taken.get_mut(at) {
                *taken = Some(step);
                return true;
            }
        }
        false
    }

    fn free(&mut self, step: usize) {
        self.taken.iter_mut().filter(|taken| **taken == Some(step)).for_each(|taken| *taken = None);
    }

    fn event(&self, step: usize) -> Option<u64> {
        self.taken
            .iter()
            .position(|taken| *taken == Some(step))
            .and_then(|at| self.events.get(at))
            .map(|(_, event)| *event)
    }
}
