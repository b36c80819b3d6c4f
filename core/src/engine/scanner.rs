//! Scans events with a rule set, reusing its memory from event to event.
//!
//! ```text
//! let mut scanner = Scanner::new(&rules);
//! for line in lines { for detection in scanner.scan_json(line)? { ... } }
//! ```
//!
//! One scanner belongs to one thread at a time; rule sets are shared.

mod columns;

pub use columns::Detections;

use super::stream::sight::{Scanned, Sight};
use super::{Detection, Profile, RuleName, Rules, operations, profile};
use crate::check::LogSource;
use crate::context::{Lens, Seen};
use crate::correlation::sighting::Sighting;
use crate::event::Event;
use crate::event::JsonEvent;
use crate::event::json::EventError;
use crate::event::slots::Leaves;
use crate::intel::Hits;
use crate::matcher::Scratch;
use crate::ot::{Fill, Records};
use crate::program::RuleId;
use crate::shortcut::Shortcuts;

/// Scans events. Make one per thread; it is cheap compared to compiling rules.
#[derive(Debug)]
pub struct Scanner {
    rules: Rules,
    scratch: Scratch,
    source: Option<LogSource>,
    sight: Sight,
    /// The operations of the event at hand, what context says, and the rules that matched any of them.
    records: Records,
    seen: Seen,
    matched: Vec<RuleId>,
    /// The indicators that the event at hand holds.
    hits: Hits,
    /// Whether what context says is put into the slots only when it is needed, since it does not choose who looks at them.
    puts_late: bool,
    /// Whether rows of the table at hand may tell of operations, hold indicators, or have context.
    has_derived: bool,
}

impl Scanner {
    /// A scanner for a rule set.
    #[must_use]
    pub fn new(rules: &Rules) -> Self {
        Self::with_shortcuts(rules, Shortcuts::ALL)
    }

    /// A scanner that takes only these shortcuts; for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn with_shortcuts(rules: &Rules, shortcuts: Shortcuts) -> Self {
        Self::with(rules, Scratch::new(rules.inner().program(), rules.len(), shortcuts))
    }

    /// A scanner that finds the same, and counts and times what each field, test and rule costs, for
    /// [`profile`](Self::profile). `clock` tells nanoseconds since any beginning; it is called several times for each
    /// event, so it has to be fast.
    #[must_use]
    pub fn profiled(rules: &Rules, clock: fn() -> u64) -> Self {
        Self::with(rules, Scratch::counted(rules.inner().program(), rules.len(), clock))
    }

    fn with(rules: &Rules, mut scratch: Scratch) -> Self {
        let inner = rules.inner();
        scratch.slots.ask_single(&inner.listening().slots());
        let mut told = inner.lens().into_iter().flat_map(Lens::told);
        let puts_late = told.all(|slot| !inner.program().router.asks(slot));
        Self {
            rules: rules.clone(),
            scratch,
            source: None,
            sight: Sight::default(),
            records: Records::default(),
            seen: Seen::default(),
            matched: Vec::new(),
            hits: Hits::default(),
            puts_late,
            has_derived: false,
        }
    }

    /// What scanning has cost so far; `None` unless the scanner was made by [`profiled`](Self::profiled). Takes a few
    /// milliseconds with thousands of rules.
    #[must_use]
    pub fn profile(&self) -> Option<Profile> {
        let inner = self.rules.inner();
        let name = |rule: u32| {
            let meta = inner.heading(rule as usize).map(|heading| &heading.meta);
            meta.map(|meta| RuleName { id: meta.id.clone(), title: meta.title.clone() }).unwrap_or_default()
        };
        self.scratch.counts().map(|counts| profile::profile(counts, inner.program(), self.rules.len(), &name))
    }

    /// Goes on with other rules.
    pub(super) fn change_rules(&mut self, rules: &Rules) {
        let source = self.source.take();
        *self = Self { source, ..Self::new(rules) };
    }

    /// Says from which log source the events to come are: rules whose log source contradicts it do not
    /// match. `None`, the beginning, lets every rule look at every event.
    pub fn set_source(&mut self, source: Option<LogSource>) {
        self.source = source;
    }

    /// Finds the rules that match one JSON object.
    ///
    /// # Errors
    /// When the bytes are not UTF-8, not JSON, not an object, or nested deeper than 127. The scanner can be
    /// used on.
    pub fn scan_json(&mut self, event: &[u8]) -> Result<impl ExactSizeIterator<Item = Detection<'_>>, EventError> {
        self.detect_json(event)?;
        Ok(self.detections())
    }

    /// Finds the rules that match one JSON object, and what it means to correlations, for
    /// [`Stream::push`](super::Stream::push). Alerts will call the event by `number`. Detections are those of all rules; of
    /// [`RuleInfo::alerts`](super::RuleInfo::alerts) it is told which are worth an alert of their own.
    ///
    /// # Errors
    /// As for [`scan_json`](Self::scan_json).
    pub fn sight_json(
        &mut self,
        event: &[u8],
        number: u64,
        sighting: &mut Sighting,
    ) -> Result<impl ExactSizeIterator<Item = Detection<'_>>, EventError> {
        self.detect_and_sight_json(event, number, sighting)?;
        Ok(self.detections())
    }

    /// The same for an event of any type.
    pub fn sight(
        &mut self,
        event: &dyn Event,
        number: u64,
        sighting: &mut Sighting,
    ) -> impl ExactSizeIterator<Item = Detection<'_>> {
        self.detect_and_sight(event, number, sighting);
        self.detections()
    }

    pub(super) fn detect_and_sight_json(
        &mut self,
        event: &[u8],
        number: u64,
        sighting: &mut Sighting,
    ) -> Result<(), EventError> {
        sighting.begin(number);
        self.read_json(event, Some(sighting))
    }

    pub(super) fn detect_and_sight(&mut self, event: &dyn Event, number: u64, sighting: &mut Sighting) {
        sighting.begin(number);
        self.detect(event, Some(sighting));
    }

    fn sight_scanned(&mut self, text: &str, sighting: &mut Sighting) {
        let Self { rules, scratch, sight, .. } = self;
        let listening = rules.inner().listening();
        sighting.pack = listening.pack;
        let bare = listening.bare(&rules.inner().clock);
        let scanned = Scanned { listening, slots: &scratch.slots, text, bare };
        sight.read(&scanned, scratch.matched.iter().map(|id| id.0), sighting);
    }

    /// Finds the rules that match one event of any type.
    pub fn scan(&mut self, event: &dyn Event) -> impl ExactSizeIterator<Item = Detection<'_>> {
        self.detect(event, None);
        self.detections()
    }

    fn detect(&mut self, event: &dyn Event, sighting: Option<&mut Sighting>) {
        let Self { rules, scratch, .. } = self;
        let program = rules.inner().program();
        scratch.begin();
        let leaves = if program.needs_leaves { Leaves::Kept } else { Leaves::Dropped };
        scratch.slots.fill_event(event, &program.fields, leaves);
        if let Some(plan) = rules.inner().plan() {
            operations::put_in_order(plan, &mut scratch.slots, event);
        }
        self.evaluate("", sighting);
    }

    /// Like [`scan_json`](Self::scan_json), but leaves the matches to be read as indices.
    pub(super) fn detect_json(&mut self, event: &[u8]) -> Result<(), EventError> {
        self.read_json(event, None)
    }

    fn read_json(&mut self, event: &[u8], sighting: Option<&mut Sighting>) -> Result<(), EventError> {
        let Self { rules, scratch, .. } = self;
        scratch.matched.clear();
        scratch.begin();
        let text = scratch.slots.fill_json(event, &rules.inner().program().fields)?;
        if let Some(plan) = rules.inner().plan()
            && scratch.slots.are_unordered()
        {
            operations::put_in_order(plan, &mut scratch.slots, &JsonEvent::parse(event)?);
        }
        self.evaluate(text, sighting);
        Ok(())
    }

    /// Finds the rules that match the event in the slots, written as `text`: any of its records with any of its indicators,
    /// when it has some.
    fn evaluate(&mut self, text: &str, mut sighting: Option<&mut Sighting>) {
        let Self { rules, scratch, records, hits, seen, .. } = self;
        seen.begin();
        let count = rules.inner().plan().map_or(0, |plan| records.read(plan, Fill::Wanted, &scratch.slots, text));
        if count == 0 && rules.watch().is_none_or(|watch| hits.read(&watch, &scratch.slots, text) == 0) {
            if self.rules.seen_in().is_some() {
                self.scratch.slots.derive(&[], "");
                self.see(text);
            }
            return self.evaluate_one(text, sighting);
        }
        let rules = rules.clone();
        let watch = rules.watch();
        self.matched.clear();
        for record in 0..count.max(1) {
            let (mut hit, mut found) = (0, 1);
            let signals = sighting.as_deref().map(Sighting::len);
            while hit < found {
                let Self { scratch, records, hits, .. } = self;
                // Without records this only takes back what the hit before has filled.
                records.put(record, &mut scratch.slots);
                if let Some(watch) = &watch {
                    if hit == 0 {
                        // What a record tells may be an indicator too.
                        found = hits.read(watch, &scratch.slots, text).max(1);
                    }
                    hits.put(hit, watch, &mut scratch.slots);
                }
                self.see(text);
                if let Some(sighting) = sighting.as_deref_mut() {
                    sighting.go_on_from(signals.filter(|_| hit > 0));
                }
                self.evaluate_one(text, sighting.as_deref_mut());
                self.matched.extend_from_slice(&self.scratch.matched);
                hit += 1;
            }
        }
        self.matched.sort_unstable();
        self.matched.dedup();
        std::mem::swap(&mut self.matched, &mut self.scratch.matched);
    }

    /// Adds to the slots what context says of the event or its record.
    fn see(&mut self, text: &str) {
        if let Some((lens, context)) = self.rules.seen_in() {
            self.seen.announce(lens, context, &mut self.scratch.slots, text);
            if !self.puts_late {
                self.seen.fill(&mut self.scratch.slots);
            }
        }
    }

    fn evaluate_one(&mut self, text: &str, sighting: Option<&mut Sighting>) {
        let inner = self.rules.inner();
        let seen = &mut self.seen;
        self.scratch.detect(inner.program(), &inner.clock, text, |slots| seen.fill(slots));
        self.keep_source();
        if let Some(sighting) = sighting {
            self.seen.fill(&mut self.scratch.slots);
            self.sight_scanned(text, sighting);
        }
    }

    pub(super) fn matched(&self) -> impl ExactSizeIterator<Item = u32> {
        self.scratch.matched.iter().map(|id| id.0)
    }

    fn detections(&self) -> impl ExactSizeIterator<Item = Detection<'_>> {
        self.scratch.matched.iter().map(|id| Detection::new(&self.rules, id.0 as usize))
    }

    /// Drops matches of rules whose log source contradicts that of the event. What is left is the answer.
    fn keep_source(&mut self) {
        if let Some(source) = &self.source {
            let inner = self.rules.inner();
            let may_be =
                |id: &RuleId| inner.heading(id.0 as usize).is_some_and(|heading| heading.logsource.may_be(source));
            self.scratch.matched.retain(may_be);
        }
        self.scratch.end();
    }
}
