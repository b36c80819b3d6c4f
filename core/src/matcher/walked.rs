//! An event whose values were noted by slot: how the loop reads it.
//!
//! ```text
//! slot 7 ─▶ values as they are written ─▶ memo or search        Leaves ─▶ the whole text first, then each scalar
//! ```
//!
//! What a value means is not for this file.

use super::memo::Key;
use super::tally::Tally;
use super::{Buffers, Keywords, Place, Rules, Run, View, pair};
use crate::event::slots::{Kind, Seen, Slots};
use crate::program::{ByValue, Probe, Router, Subject};

/// An event and the text in which its values lie.
#[derive(Clone, Copy)]
pub(super) struct Walked<'a> {
    pub(super) slots: &'a Slots,
    pub(super) text: &'a str,
}

impl Place<'_, Walked<'_>> {
    /// Whether the event surely has none of the keywords that the partition looks for first.
    pub(super) fn has_no_keyword(&self) -> bool {
        let mut probes = self.partition.probes.iter().filter(|probe| probe.subject.subject() == Subject::Leaves);
        probes.all(|probe| {
            let matcher = self.program.matchers.get(probe.matcher as usize);
            let event = self.event.slots.written(self.event.text);
            matcher.zip(event).is_some_and(|(matcher, event)| matcher.is_silent_on(&event))
        })
    }
}

impl View for Walked<'_> {
    #[inline(always)]
    fn route<T: Tally>(_: &mut Run<T>, rules: &Rules<'_>, event: Self, buffers: &mut Buffers, found: &mut Vec<u32>) {
        route(&rules.program.router, event, buffers, found);
    }

    #[inline(always)]
    fn look<T: Tally>(run: &mut Run<T>, at: &Place<'_, Self>, probe: Probe) {
        let Place { program, clock, event: Walked { slots, text }, .. } = *at;
        let rules = Rules { program, clock };
        let matcher = || program.matchers.get(probe.matcher as usize);
        match probe.subject.subject() {
            Subject::Slot(slot) => {
                let mut values = slots.values(slot, text);
                let mut next = values.next();
                if next.is_none() {
                    return;
                }
                let Some(matcher) = matcher() else { return };
                run.truth.add(program, matcher.present);
                while let Some(seen) = next {
                    match seen.kind {
                        Kind::Composite => {}
                        Kind::Null => run.truth.add(program, matcher.null),
                        _ => run.look_at_value(rules, matcher, probe.matcher, &seen),
                    }
                    next = values.next();
                }
            }
            Subject::Pair(number) => {
                let Some(matcher) = matcher() else { return };
                let pair = program.pairs.get(number as usize);
                if pair.is_some_and(|pair| pair::holds(pair, slots, text, &mut run.pair)) {
                    run.truth.add(program, matcher.present);
                }
            }
            Subject::Leaves => {
                let Some(matcher) = matcher() else { return };
                // One search over the whole event instead of one for each leaf.
                if slots.written(text).is_some_and(|event| matcher.is_silent_on(&event)) {
                    run.hits.tally.searched(probe.matcher, text.len());
                } else {
                    slots.each_leaf(text, |seen| run.look_at_value(rules, matcher, probe.matcher, &seen));
                }
            }
        }
    }

    #[inline(always)]
    fn look_first<T: Tally>(run: &mut Run<T>, at: &Place<'_, Self>, keywords: Keywords) {
        at.partition.probes.iter().for_each(|probe| run.look_unless_absent(at, keywords, *probe));
    }

    #[inline(always)]
    fn key<T: Tally>(run: &mut Run<T>, at: &Place<'_, Self>) -> Option<Key> {
        run.verdicts.key(at)
    }
}

/// Finds the partitions for an event. A field with several values may lead to several.
fn route(router: &Router<'_>, event: Walked<'_>, buffers: &mut Buffers, partitions: &mut Vec<u32>) {
    match router {
        Router::Partition(id) => {
            if !partitions.contains(id) {
                partitions.push(*id);
            }
        }
        Router::Slots { slots: asked, by_value, otherwise } => {
            let mut known = false;
            for slot in *asked {
                for seen in event.slots.values(*slot, event.text) {
                    if let Some(next) = step(by_value, &seen, buffers) {
                        known = true;
                        route(next, event, buffers, partitions);
                    }
                }
            }
            if !known {
                route(otherwise, event, buffers, partitions);
            }
        }
    }
}

/// Where a value leads, if anything asks for it.
#[inline]
pub(super) fn step<'r, 'a>(
    by_value: &'r ByValue<'a>,
    seen: &Seen<'_>,
    buffers: &mut Buffers,
) -> Option<&'r Router<'a>> {
    let value = seen.has_text().then(|| seen.text(&mut buffers.unescaped))?;
    if value.is_ascii() {
        return by_value.get(value);
    }
    buffers.folded.clear();
    crate::text::push_folded(value, &mut buffers.folded);
    by_value.get(&buffers.folded)
}
