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

mod groups;
mod queue;
mod saved;
#[cfg(test)]
mod tests;

#[allow(unused_imports, reason = "who restores names it")]
pub(crate) use saved::Damage;

use super::alert::{Finding, FindingKind};
use super::correlator::Behaviour;
use super::links::Links;
use super::machine::Signal;
use super::sighting::{Missing, Sighting};
use super::values;
use groups::Groups;
use queue::{Held, Queue};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// How a table behaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TableOptions {
    /// How much older than the newest event one may be.
    pub(crate) lateness_ns: u64,
    /// How far an event may be ahead of all before it; a clock that jumps further is not believed.
    pub(crate) jump_ns_max: Option<u64>,
    /// Bytes for groups and signals held back.
    pub(crate) bytes_max: usize,
    pub(crate) missing: Missing,
    pub(crate) behaviour: Behaviour,
}

impl Default for TableOptions {
    fn default() -> Self {
        let (missing, behaviour) = (Missing::Skip, Behaviour::default());
        Self { lateness_ns: 0, jump_ns_max: None, bytes_max: 1 << 30, missing, behaviour }
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
pub struct Stats {
    /// Signals that were taken in, alerts that others build on among them.
    pub signals: u64,
    /// Alerts that were told.
    pub alerts: u64,
    /// Events older than the watermark.
    pub late: u64,
    /// Events further ahead than a clock may jump.
    pub ahead: u64,
    /// Signals without a value to group by: missing, or a list.
    pub ungrouped: u64,
    /// Signals without a value to count or to compute with: missing, a list, or text where a number belongs.
    pub unvalued: u64,
    /// Groups whose state was given up because memory was short.
    pub evicted: u64,
    /// Signals that were not held back as long as they should have been because memory was short.
    pub hurried: u64,
    /// Groups of saved state that no correlation asks for any more.
    pub dropped: u64,
    /// Groups that there are now.
    pub groups: u64,
    /// Signals that are held back now.
    pub waiting: u64,
    /// Bytes of both.
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
    alerts: Vec<Alert>,
    stats: Stats,
    /// Memory that is used again.
    found: Vec<Finding>,
    batch: Vec<Signal>,
    work: BinaryHeap<Reverse<(u32, u32, u64, Work)>>,
    made: Vec<Held>,
    sighting: Sighting,
}

/// A signal in the order of work, which is that of everything before it in the tuple.
#[derive(Debug)]
struct Work(Signal);

impl PartialEq for Work {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Work {}

impl PartialOrd for Work {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Work {
    fn cmp(&self, _: &Self) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
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
            alerts: Vec::new(),
            stats: Stats::default(),
            found: Vec::new(),
            batch: Vec::new(),
            work: BinaryHeap::new(),
            made: Vec::new(),
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
            bytes: (self.groups.bytes() + self.queue.bytes()) as u64,
            ..self.stats
        }
    }

    /// Takes the alerts that are complete.
    pub(crate) fn take(&mut self) -> Vec<Alert> {
        std::mem::take(&mut self.alerts)
    }

    /// Takes in what an event at a time in nanoseconds means. Its number is what alerts call it by; different events should
    /// have different numbers.
    pub(crate) fn push(&mut self, time: i64, sighting: &Sighting) -> Pushed {
        let time = time.clamp(i64::MIN + 1, i64::MAX - 1);
        if time < self.watermark {
            self.stats.late += 1;
            return Pushed::TooLate;
        }
        if let (Some(newest), Some(max)) = (self.newest, self.options.jump_ns_max)
            && time > newest.saturating_add_unsigned(max)
        {
            self.stats.ahead += 1;
            return Pushed::TooFarAhead;
        }
        self.take_in(sighting);
        self.hold(time);
        if self.newest.is_none_or(|newest| newest < time) {
            self.newest = Some(time);
            self.watermark = self.watermark.max(time.saturating_sub_unsigned(self.options.lateness_ns));
        }
        self.run(Until::Watermark);
        self.fit();
        Pushed::InTime
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

    /// Puts the signals that were made into the queue.
    fn hold(&mut self, time: i64) {
        for held in self.made.drain(..) {
            if let Some(group) = self.groups.get_mut(held.slot) {
                group.waiting += 1;
            }
            self.queue.push(time, held);
        }
    }

    /// Finds, or makes, the groups that signals are for.
    fn take_in(&mut self, sighting: &Sighting) {
        for keyed in &sighting.signals {
            let slot = self.groups.slot(keyed.correlation, sighting.key_of(keyed));
            self.made.push(Held { correlation: keyed.correlation, slot, signal: keyed.signal.clone() });
        }
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
        while let Some(Held { correlation, slot, signal }) = self.queue.take(time) {
            if let Some(group) = self.groups.get_mut(slot) {
                group.waiting -= 1;
            }
            if self.work.is_empty() && self.queue.next() != Some(time) {
                // Most times have one signal, which needs no order.
                self.batch.push(signal);
                self.feed(time, correlation, slot);
            } else {
                self.work.push(Reverse((correlation, slot, signal.event, Work(signal))));
            }
        }
        while let Some(Reverse((correlation, slot, _, Work(signal)))) = self.work.pop() {
            self.batch.push(signal);
            let is_same = |next: &Reverse<(u32, u32, u64, Work)>| (next.0.0, next.0.1) == (correlation, slot);
            if !self.work.peek().is_some_and(is_same) {
                self.feed(time, correlation, slot);
            }
        }
    }

    /// Feeds the batch to the machine of a group. What an alert means to others is part of the work of this time.
    fn feed(&mut self, time: i64, correlation: u32, slot: u32) {
        let (Some(link), Some(group)) = (self.links.links.get(correlation as usize), self.groups.get_mut(slot)) else {
            self.batch.clear();
            return;
        };
        let before = link.correlator.deadline(&group.state);
        link.correlator.update(&mut group.state, time, &mut self.batch, &mut self.found);
        let after = link.correlator.deadline(&group.state);
        self.batch.clear();
        self.settle(correlation, slot, before, after);
        self.report(correlation, slot);
        for Held { correlation, slot, signal } in self.made.drain(..) {
            self.work.push(Reverse((correlation, slot, signal.event, Work(signal))));
        }
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
                    link.correlator.expire(&mut group.state, time, &mut self.found);
                    let after = link.correlator.deadline(&group.state);
                    self.settle(correlation, slot, None, after);
                    self.report(correlation, slot);
                    self.hold(time);
                }
                Timer::Forget(correlation) => self.forget_idle(correlation, time),
            }
        }
    }

    fn forget_idle(&mut self, correlation: u32, time: i64) {
        let Some(link) = self.links.links.get(correlation as usize) else { return };
        while let Some((slot, group)) = self.groups.oldest(correlation as usize) {
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

    /// Sets the timers of a group that has changed.
    fn settle(&mut self, correlation: u32, slot: u32, before: Option<i64>, after: Option<i64>) {
        self.groups.touch(slot);
        if let Some(close) = after.filter(|_| after != before) {
            self.timers.push(Reverse((close, Timer::Close(slot))));
        }
        let Some(forgetting) = self.forgetting.get_mut(correlation as usize).filter(|forgetting| !**forgetting) else {
            return;
        };
        if let (Some(link), Some(group)) = (self.links.links.get(correlation as usize), self.groups.get(slot)) {
            *forgetting = true;
            self.timers.push(Reverse((link.correlator.idle_at(&group.state), Timer::Forget(correlation))));
        }
    }

    /// Hands on what a machine has found: to the caller, and to who listens.
    fn report(&mut self, correlation: u32, slot: u32) {
        if self.found.is_empty() {
            return;
        }
        let Some(key) = self.groups.get(slot).map(|group| values::read(&group.key)) else { return };
        let mut found = std::mem::take(&mut self.found);
        for finding in found.drain(..) {
            let Some(link) = self.links.links.get(correlation as usize) else { continue };
            let (index, alerts) = (link.index, link.alerts);
            if finding.kind == FindingKind::Alert && !link.listeners.is_empty() {
                let mut sighting = std::mem::take(&mut self.sighting);
                self.links.sight_alert(link, &key, &finding, &mut sighting);
                self.take_in(&sighting);
                self.sighting = sighting;
            }
            if alerts {
                self.stats.alerts += u64::from(finding.kind == FindingKind::Alert);
                self.alerts.push(Alert { correlation: index, group: key.clone(), finding });
            }
        }
        self.found = found;
    }

    /// Gives up state until it fits the budget: the groups untouched for longest first, then what is held back.
    fn fit(&mut self) {
        let max = self.options.bytes_max;
        while self.groups.bytes() + self.queue.bytes() > max {
            // A little more than needed, so that the next event does not begin all over again.
            let enough = max - max / 64;
            let age = |this: &Self, correlation: usize| {
                this.groups.oldest(correlation).map(|(_, group)| Reverse((group.state.last(), correlation)))
            };
            let mut oldest: BinaryHeap<_> =
                (0..self.groups.correlations()).filter_map(|correlation| age(self, correlation)).collect();
            let none = oldest.is_empty();
            while self.groups.bytes() + self.queue.bytes() > enough
                && let Some(Reverse((_, correlation))) = oldest.pop()
            {
                if let Some((slot, _)) = self.groups.oldest(correlation) {
                    self.groups.forget(slot);
                    self.stats.evicted += 1;
                }
                oldest.extend(age(self, correlation));
            }
            if none {
                let Some(next) = self.queue.next() else { return };
                let before = self.queue.len();
                self.watermark = self.watermark.max(next + 1);
                self.run(Until::Watermark);
                self.stats.hurried += before.saturating_sub(self.queue.len()) as u64;
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    Watermark,
    End,
}
