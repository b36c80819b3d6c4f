//! All correlations over one stream of signals.
//!
//! ```text
//! push(time, event, rules, fields) ─▶ queue ─▶ machines, in the order of time ─▶ alerts ─▶ take
//!                            │                    ▲            │
//!                            ▼                    └────────────┘ an alert is a signal of who refers to it
//!                 too late: counted          advance, flush: the watermark moves on without an event
//! ```
//!
//! The watermark is the largest time seen less the allowed lateness, or what the caller says. What is older than it is
//! too late; what is younger is held back until the watermark has passed it. So every machine sees its signals sorted,
//! and the order of arrival decides when something is reported, never what. No JSON is known here: a caller says which
//! rules matched and gives fields by their number in [`Table::fields`].

#[cfg(test)]
mod bounds_tests;
mod clocks;
mod groups;
mod key;
mod queue;
mod saved;
#[cfg(test)]
mod tests;

pub use saved::Restored;

use super::alert::{Finding, FindingKind};
use super::correlator::Behaviour;
use super::links::{Link, Links};
use super::machine::Signal;
use super::sighting::{Missing, Sighting};
use super::values;
use crate::config::{STATE_BYTES_MAX, STATE_GROUP_BYTES_MAX};
#[cfg(test)]
use crate::seal::Damage;
use clocks::Strangers;
use groups::Groups;
use queue::{Held, Queue};
use serde::{Deserialize, Serialize};
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// Times of events; what is beyond marks that there was none, or that none will come.
const TIME_MIN: i64 = i64::MIN + 1;
const TIME_MAX: i64 = i64::MAX - 1;

/// How a table behaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TableOptions {
    /// How much older than the newest event one may be.
    pub(crate) lateness_ns: u64,
    /// How far an event may be ahead of all before it; a clock that jumps further is not believed.
    pub(crate) jump_ns_max: Option<u64>,
    /// Bytes for groups, signals held back and timers.
    pub(crate) bytes_max: usize,
    /// Groups of one correlation; of more the one untouched for longest is given up.
    pub(crate) groups_max: Option<usize>,
    /// Bytes for the state of one group; of a larger one the oldest events are forgotten.
    pub(crate) group_bytes_max: usize,
    pub(crate) missing: Missing,
    pub(crate) behaviour: Behaviour,
}

impl Default for TableOptions {
    fn default() -> Self {
        let (missing, behaviour) = (Missing::Skip, Behaviour::default());
        let (bytes_max, group_bytes_max) = (STATE_BYTES_MAX, STATE_GROUP_BYTES_MAX);
        Self { lateness_ns: 0, jump_ns_max: None, bytes_max, groups_max: None, group_bytes_max, missing, behaviour }
    }
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// It counts, or no correlation asks for it.
    InTime,
    /// It is older than the watermark.
    TooLate,
    /// It is further ahead than a clock may jump.
    TooFarAhead,
}

/// What happened so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Stats {
    /// Events that were numbered, unreadable ones among them.
    pub events: u64,
    /// Events without a time.
    pub untimed: u64,
    /// Signals that were taken in, alerts that others build on among them.
    pub signals: u64,
    /// Alerts that were told.
    pub alerts: u64,
    /// Events older than the watermark.
    pub late: u64,
    /// Events further ahead than a clock may jump.
    pub ahead: u64,
    /// Times that all began anew because the events before had a wrong clock.
    pub set_back: u64,
    /// Signals without a value to group by: missing, or a list.
    pub ungrouped: u64,
    /// Signals without a value to count or to compute with: missing, a list, or text where a number belongs.
    pub unvalued: u64,
    /// Groups whose state was given up because memory was short.
    pub evicted: u64,
    /// Groups whose state was given up because their correlation had too many.
    pub crowded: u64,
    /// Events that a group forgot early because its state took too much; a state without a list of events counts as one.
    pub trimmed: u64,
    /// Signals that were not held back as long as they should have been because memory was short.
    pub hurried: u64,
    /// Groups of saved state that no correlation asks for any more.
    pub dropped: u64,
    /// Groups that there are now.
    pub groups: u64,
    /// Signals that are held back now.
    pub waiting: u64,
    /// Bytes of both, and of what is to be done at a time.
    pub bytes: u64,
}

/// A correlation holds for a group.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Alert {
    /// Its position among the correlations that the table was made of.
    pub(crate) correlation: usize,
    /// The values of `group-by`; `None` where a missing value makes a group.
    pub(crate) group: Vec<Option<String>>,
    pub(crate) finding: Finding,
}

/// What is to be done at a time: first windows are judged, then groups are forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Close(u32),
    Forget(u32),
}

/// All correlations over one stream.
#[derive(Debug)]
pub(crate) struct Table {
    options: TableOptions,
    links: Links,
    groups: Groups,
    queue: Queue,
    timers: BinaryHeap<Reverse<(i64, Timer)>>,
    /// For each correlation whether a timer will forget its groups.
    forgetting: Vec<bool>,
    newest: Option<i64>,
    watermark: i64,
    /// Events that are too far from all others to be believed yet.
    strangers: Strangers,
    alerts: Vec<Alert>,
    stats: Stats,
    /// Memory that is used again.
    found: Vec<Finding>,
    batch: Vec<Signal>,
    work: Vec<Held>,
    chained: BinaryHeap<Reverse<Chained>>,
    sighting: Sighting,
}

/// A signal that an alert is to others at its own time, in the order of work.
#[derive(Debug)]
struct Chained(Held);

/// The order of work at one time: inner correlations first, then group by group.
fn order(held: &Held) -> (u32, u32, u64) {
    (held.correlation, held.slot, held.signal.event)
}

impl Ord for Chained {
    fn cmp(&self, other: &Self) -> Ordering {
        order(&self.0).cmp(&order(&other.0))
    }
}

impl PartialOrd for Chained {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Chained {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Chained {}

impl Stats {
    /// Whether all counts are such as can be counted.
    fn is_possible(&self) -> bool {
        let Self { signals, alerts, late, ahead, ungrouped, unvalued, .. } = *self;
        let Self { evicted, crowded, trimmed, hurried, dropped, .. } = *self;
        let counts = [signals, alerts, late, ahead, ungrouped, unvalued, evicted, crowded, trimmed, hurried, dropped];
        counts.iter().all(|count| *count < 1 << 62)
    }
}

impl Table {
    /// A table without any state.
    pub(crate) fn new(links: Links, options: TableOptions) -> Self {
        let len = links.links.len();
        Self {
            options,
            links,
            groups: Groups::new(len),
            queue: Queue::default(),
            timers: BinaryHeap::new(),
            forgetting: vec![false; len],
            newest: None,
            watermark: i64::MIN,
            strangers: Strangers::default(),
            alerts: Vec::new(),
            stats: Stats::default(),
            found: Vec::new(),
            batch: Vec::new(),
            work: Vec::new(),
            chained: BinaryHeap::new(),
            sighting: Sighting::new(options.missing),
        }
    }

    /// What is older than this is too late.
    pub(crate) fn watermark(&self) -> i64 {
        self.watermark
    }

    pub(crate) fn stats(&self) -> Stats {
        Stats {
            groups: self.groups.len() as u64,
            waiting: self.queue.len() as u64,
            bytes: self.bytes() as u64,
            ..self.stats
        }
    }

    fn bytes(&self) -> usize {
        self.groups.bytes() + self.queue.bytes() + self.timers.len() * size_of::<(i64, Timer)>()
    }

    /// Takes the alerts that are complete.
    pub(crate) fn take(&mut self) -> Vec<Alert> {
        std::mem::take(&mut self.alerts)
    }

    /// Takes in what an event at a time in nanoseconds means. Its number is what alerts call it by; different events should
    /// have different numbers.
    pub(crate) fn push(&mut self, time: i64, sighting: &Sighting) -> Pushed {
        let time = time.clamp(TIME_MIN, TIME_MAX);
        if let Some(pushed) = self.refuse(time) {
            return pushed;
        }
        self.take_in(time, sighting);
        if self.newest.is_none_or(|newest| newest < time) {
            self.newest = Some(time);
            self.watermark = self.watermark.max(time.saturating_sub_unsigned(self.options.lateness_ns));
        }
        self.run(Until::Watermark);
        self.fit();
        Pushed::InTime
    }

    /// Looks at the groups of several events that will be pushed next. One look does not wait for the other, so memory is
    /// waited for once and not for each of them.
    // PERF: with a million groups in random order this makes updates half as fast again.
    pub(crate) fn glance(&self, sightings: &[Sighting]) {
        let signals = sightings.iter().flat_map(|sighting| sighting.signals.iter().map(move |one| (sighting, one)));
        let looks = signals.map(|(sighting, keyed)| self.groups.glance(keyed.correlation, sighting.key_of(keyed)));
        std::hint::black_box(looks.fold(0, |all, one| all ^ one));
    }

    /// The number of the next event.
    pub(crate) fn number(&mut self) -> u64 {
        self.stats.events += 1;
        self.stats.events - 1
    }

    /// Counts an event that has no time.
    pub(crate) fn note_untimed(&mut self) {
        self.stats.untimed += 1;
    }

    /// Why an event of this time is not counted, if it is not.
    fn refuse(&mut self, time: i64) -> Option<Pushed> {
        let max = self.options.jump_ns_max.unwrap_or(u64::MAX);
        let is_far = self.newest.is_some_and(|newest| newest.abs_diff(time) > max);
        let (is_late, is_ahead) = (time < self.watermark, is_far && self.newest < Some(time));
        if !is_late && !is_ahead {
            self.strangers.note_counted();
            return None;
        }
        if !is_far {
            self.strangers.note_late();
        } else if self.strangers.note(time, max) && (is_ahead || self.strangers.may_be_right()) {
            if is_late {
                self.begin_anew();
            }
            self.strangers.note_counted();
            return None;
        }
        *(if is_late { &mut self.stats.late } else { &mut self.stats.ahead }) += 1;
        Some(if is_late { Pushed::TooLate } else { Pushed::TooFarAhead })
    }

    /// Drops all state, which a wrong clock has made.
    fn begin_anew(&mut self) {
        let (links, alerts) = (std::mem::take(&mut self.links), std::mem::take(&mut self.alerts));
        let stats = self.stats();
        let stats = Stats { dropped: stats.dropped + stats.groups, set_back: stats.set_back + 1, ..stats };
        *self = Self { alerts, stats, ..Self::new(links, self.options) };
    }

    /// Says that no event older than `watermark` will come any more.
    pub(crate) fn advance(&mut self, watermark: i64) {
        self.watermark = self.watermark.max(watermark);
        self.run(Until::Watermark);
        self.fit();
    }

    /// Judges all that was seen, and closes no window that would be open at that time.
    pub(crate) fn catch_up(&mut self) {
        if let Some(newest) = self.newest {
            self.advance(newest.saturating_add(1));
        }
    }

    /// Says that no event will come any more: everything is judged, all windows close.
    pub(crate) fn flush(&mut self) {
        self.watermark = i64::MAX;
        self.run(Until::End);
    }

    /// Finds, or makes, the groups that signals are for, and holds the signals back.
    fn take_in(&mut self, time: i64, sighting: &Sighting) {
        for keyed in &sighting.signals {
            let correlation = keyed.correlation;
            let slot = self.groups.slot(correlation, sighting.key_of(keyed));
            self.groups.wait(slot);
            self.queue.push(time, Held { correlation, slot, signal: keyed.signal.clone() });
        }
        self.count(sighting);
    }

    #[inline]
    fn count(&mut self, sighting: &Sighting) {
        self.stats.signals += sighting.signals.len() as u64;
        self.stats.ungrouped += sighting.ungrouped;
        self.stats.unvalued += sighting.unvalued;
    }

    /// Does all that the watermark allows, in the order of time.
    fn run(&mut self, until: Until) {
        loop {
            let batch = self.queue.next().filter(|time| until == Until::End || *time < self.watermark);
            let timer = self.timers.peek().map(|Reverse((time, _))| *time);
            let timer = timer.filter(|time| until == Until::End || *time <= self.watermark);
            let begin = self.alerts.len();
            match (batch, timer) {
                (batch, Some(timer)) if batch.is_none_or(|batch| timer <= batch) => self.timers(timer),
                (Some(batch), _) => self.batch(batch),
                (None, _) => break,
            }
            if let Some(new) = self.alerts.get_mut(begin..).filter(|new| new.len() > 1) {
                new.sort_by(|left, right| (left.correlation, &left.group).cmp(&(right.correlation, &right.group)));
            }
        }
    }

    /// Takes in all signals of one time, inner correlations first.
    fn batch(&mut self, time: i64) {
        // PERF: most times have one signal, which is taken in where it lies: 700 instead of 1,100 instructions.
        if let Some(Held { correlation, slot, signal }) = self.queue.only(time) {
            let (correlation, slot) = (*correlation, *slot);
            let (links, groups) = (&self.links.links, &mut self.groups);
            let fed = feed(links, groups, time, (correlation, slot), std::slice::from_mut(signal), &mut self.found);
            self.queue.drop_only();
            self.settle(correlation, slot, fed);
            self.report(correlation, slot, None);
            if !self.chained.is_empty() {
                self.work(time);
            }
            return;
        }
        while let Some(held) = self.queue.take(time) {
            self.work.push(held);
        }
        self.work.sort_unstable_by_key(order);
        self.work(time);
    }

    /// Takes in the work of one time, in order. What an alert means to others is part of it.
    fn work(&mut self, time: i64) {
        let mut work = std::mem::take(&mut self.work);
        let mut rest = work.drain(..).peekable();
        loop {
            let next = [rest.peek(), self.chained.peek().map(|Reverse(Chained(held))| held)];
            let Some((correlation, slot, _)) = next.into_iter().flatten().map(order).min() else { break };
            let is_next = |held: &Held| (held.correlation, held.slot) == (correlation, slot);
            while let Some(held) = rest.next_if(is_next) {
                self.batch.push(held.signal);
            }
            while self.chained.peek().is_some_and(|Reverse(Chained(held))| is_next(held)) {
                self.batch.extend(self.chained.pop().map(|Reverse(Chained(held))| held.signal));
            }
            let (links, groups) = (&self.links.links, &mut self.groups);
            let fed = feed(links, groups, time, (correlation, slot), &mut self.batch, &mut self.found);
            self.batch.clear();
            self.settle(correlation, slot, fed);
            self.report(correlation, slot, None);
        }
        drop(rest);
        self.work = work;
    }

    /// Judges windows that close and forgets what is idle.
    fn timers(&mut self, time: i64) {
        while let Some(Reverse((next, timer))) = self.timers.peek().copied()
            && next == time
        {
            self.timers.pop();
            match timer {
                Timer::Close(slot) => {
                    let Some(group) = self.groups.get_mut(slot) else { continue };
                    let correlation = group.correlation;
                    let Some(link) = self.links.links.get(correlation as usize) else { continue };
                    // The slot may have another group by now, or its window was dropped.
                    if link.correlator.deadline(&group.state) != Some(time) {
                        continue;
                    }
                    let before = Before { bytes: group.state.bytes(), timed: None };
                    link.correlator.expire(&mut group.state, time, &mut self.found);
                    self.settle(correlation, slot, before);
                    self.report(correlation, slot, Some(time));
                }
                Timer::Forget(correlation) => self.forget_idle(correlation, time),
            }
        }
    }

    fn forget_idle(&mut self, correlation: u32, time: i64) {
        let Some(link) = self.links.links.get(correlation as usize) else { return };
        while let Some((slot, group)) = self.groups.oldest(correlation) {
            let idle = link.correlator.idle_at(&group.state);
            if idle > time {
                self.timers.push(Reverse((idle, Timer::Forget(correlation))));
                return;
            }
            self.groups.forget(slot);
        }
        if let Some(forgetting) = self.forgetting.get_mut(correlation as usize) {
            *forgetting = false;
        }
    }

    /// Counts the memory of a group that has changed, and sets its timers.
    fn settle(&mut self, correlation: u32, slot: u32, before: Before) {
        let (Some(link), Some(group)) = (self.links.links.get(correlation as usize), self.groups.get_mut(slot)) else {
            return;
        };
        let mut bytes = group.state.bytes();
        if bytes > self.options.group_bytes_max {
            self.stats.trimmed += group.state.trim(self.options.group_bytes_max);
            bytes = group.state.bytes();
        }
        if let Some(close) = link.correlator.deadline(&group.state).filter(|close| Some(*close) != before.timed) {
            self.timers.push(Reverse((close, Timer::Close(slot))));
        }
        if let Some(forgetting) = self.forgetting.get_mut(correlation as usize).filter(|forgetting| !**forgetting) {
            *forgetting = true;
            self.timers.push(Reverse((link.correlator.idle_at(&group.state), Timer::Forget(correlation))));
        }
        self.groups.touch(slot, before.bytes, bytes);
        if self.options.groups_max.is_some_and(|max| self.groups.len_of(correlation) > max.max(1))
            && let Some((oldest, _)) = self.groups.oldest(correlation)
        {
            self.groups.forget(oldest);
            self.stats.crowded += 1;
        }
        if self.timers.len() > 2 * (self.groups.len() + self.forgetting.len()) + 64 {
            self.sweep();
        }
    }

    /// Hands on what a machine has found: to the caller, and to who listens, for whom it is held back until a time or
    /// else part of the work.
    #[inline]
    fn report(&mut self, correlation: u32, slot: u32, held: Option<i64>) {
        if !self.found.is_empty() {
            self.report_all(correlation, slot, held);
        }
    }

    fn report_all(&mut self, correlation: u32, slot: u32, held: Option<i64>) {
        let Some(key) = self.groups.get(slot).map(|group| values::read(&group.key)) else { return };
        let mut found = std::mem::take(&mut self.found);
        for finding in found.drain(..) {
            let Some(link) = self.links.links.get(correlation as usize) else { continue };
            let (index, alerts) = (link.index, link.alerts);
            if finding.kind == FindingKind::Alert && !link.listeners.is_empty() {
                let mut sighting = std::mem::take(&mut self.sighting);
                self.links.sight_alert(link, &key, &finding, &mut sighting);
                match held {
                    // A window may close at the end of all time, behind which no watermark can be.
                    Some(time) => self.take_in(time.min(TIME_MAX), &sighting),
                    None => self.chain(&sighting),
                }
                self.sighting = sighting;
            }
            if alerts {
                self.stats.alerts += u64::from(finding.kind == FindingKind::Alert);
                self.alerts.push(Alert { correlation: index, group: key.clone(), finding });
            }
        }
        self.found = found;
    }

    /// Makes signals part of the work of this time.
    fn chain(&mut self, sighting: &Sighting) {
        for keyed in &sighting.signals {
            let correlation = keyed.correlation;
            let slot = self.groups.slot(correlation, sighting.key_of(keyed));
            self.groups.wait(slot);
            self.chained.push(Reverse(Chained(Held { correlation, slot, signal: keyed.signal.clone() })));
        }
        self.count(sighting);
    }

    /// Gives up state until it fits the budget: the groups untouched for longest first, then what is held back.
    #[inline]
    fn fit(&mut self) {
        if self.bytes() > self.options.bytes_max {
            self.shrink();
        }
    }

    fn shrink(&mut self) {
        while self.bytes() > self.options.bytes_max {
            if self.evict() {
                continue;
            }
            if let Some(next) = self.queue.next() {
                let before = self.queue.len();
                self.watermark = self.watermark.max(next + 1);
                self.run(Until::Watermark);
                self.stats.hurried += before.saturating_sub(self.queue.len()) as u64;
            } else {
                return;
            }
        }
    }

    /// Gives up the group that was untouched for longest; `false` when there is none.
    fn evict(&mut self) -> bool {
        let Some(slot) = self.groups.eldest() else { return false };
        self.groups.forget(slot);
        self.stats.evicted += 1;
        true
    }

    /// Drops the timers of windows that are no longer open. Called when they are the most: a group has one window, and a
    /// correlation one timer to forget groups.
    fn sweep(&mut self) {
        let (groups, links) = (&self.groups, &self.links.links);
        self.timers.retain(|Reverse((time, timer))| match timer {
            Timer::Forget(_) => true,
            Timer::Close(slot) => groups.get(*slot).is_some_and(|group| {
                let link = links.get(group.correlation as usize);
                link.is_some_and(|link| link.correlator.deadline(&group.state) == Some(*time))
            }),
        });
    }
}

/// What was true of a state before it changed: how many bytes it took, and when a timer was set for.
#[derive(Debug, Clone, Copy, Default)]
struct Before {
    bytes: usize,
    timed: Option<i64>,
}

/// Feeds all signals of one time to the machine of a group.
#[inline]
fn feed(
    links: &[Link],
    groups: &mut Groups,
    time: i64,
    (correlation, slot): (u32, u32),
    batch: &mut [Signal],
    found: &mut Vec<Finding>,
) -> Before {
    let (Some(link), Some(group)) = (links.get(correlation as usize), groups.get_mut(slot)) else {
        return Before::default();
    };
    // From now on the group may be given up.
    group.waiting = group.waiting.saturating_sub(batch.len() as u32);
    let before = Before { bytes: group.state.bytes(), timed: link.correlator.deadline(&group.state) };
    link.correlator.update(&mut group.state, time, batch, found);
    before
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    Watermark,
    End,
}
