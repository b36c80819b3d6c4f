//! The state of one group as bytes.
//!
//! ```text
//! State  ─▶  last time, phase, entries │ numbers │ values │ steps, carried values   (postcard)
//! ```
//!
//! Only what cannot be computed is written; tools are built anew. What is read must fit the correlation: times that
//! fall, or entries of another machine, are refused.

use super::absence::Wait;
use super::distinct::{Item, Many, Sample};
use super::extended::Own;
use super::held::{Held, Way};
use super::new_value::{Known, Values, generation};
use super::rare::{self, Shares};
use super::rate::Rate;
use super::sketch::Sketch;
use super::steps::{Longest, NEVER};
use super::window::Numbers;
use super::{Entry, Phase, Run, State};
use crate::correlation::correlator::{Correlator, Plan};
use crate::number::Number;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Saved {
    last: i64,
    phase: Phase,
    held: SavedHeld,
    runs: Option<Vec<Run>>,
}

#[derive(Serialize, Deserialize)]
enum SavedHeld {
    Nothing,
    Events(Vec<Entry>),
    Numbers(Vec<(Entry, Number)>),
    Values { kept: u32, counted: u32, since: i64, items: Vec<([u8; 16], Entry)> },
    Rules(Vec<Entry>),
    Words(Vec<i64>),
    Longest { most: Vec<u16>, first: i64, events: Vec<u64>, count: u64 },
    Wait(Wait),
    Known { began: i64, seen: u64, items: Vec<(u128, Entry)> },
    Sketch { began: i64, seen: u64, sketch: Sketch },
    Shares(rare::Saved),
    Rate(Rate),
}

impl State {
    /// The state as bytes, for [`from_bytes`](Self::from_bytes) with a correlator of the same content.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        // INVARIANT: writing plain data into memory cannot fail.
        postcard::to_stdvec(&self.saved()).unwrap_or_default()
    }

    /// What is written of it, for [`read`](Self::read) with a correlator of the same content.
    pub(crate) fn saved(&self) -> impl Serialize {
        let held = match &self.held {
            Held::Nothing => SavedHeld::Nothing,
            Held::One(entry) => SavedHeld::Events(vec![*entry]),
            Held::Two(both) => SavedHeld::Events(both.to_vec()),
            Held::Events(events) => SavedHeld::Events(events.iter().copied().collect()),
            Held::Numbers(numbers) => SavedHeld::Numbers(numbers.entries.iter().copied().collect()),
            Held::Value(item) => SavedHeld::values([item], Sample::default()),
            Held::Few(few) => SavedHeld::values(few, Sample::default()),
            Held::Distinct(many) => SavedHeld::values(many.items(), many.sample),
            Held::Rules(latest) => SavedHeld::Rules(latest.to_vec()),
            Held::Words(words) => SavedHeld::Words(words.iter().map(|word| word.cast_signed()).collect()),
            Held::Longest(way) => SavedHeld::Longest {
                most: way.longest.most.clone(),
                first: way.first,
                events: way.events.iter().copied().collect(),
                count: way.count,
            },
            Held::Own(own) => SavedHeld::own(own),
        };
        let runs = self.runs.as_deref().cloned();
        Saved { last: self.last, phase: self.phase.clone(), held, runs }
    }
}

impl SavedHeld {
    fn own(own: &Own) -> Self {
        match own {
            Own::Wait(wait) => Self::Wait(wait.clone()),
            Own::Known(Known { began, seen, values }) => {
                let items: Vec<(u128, Entry)> = match values {
                    Values::Few(few) => few.iter().map(|item| (item.hash(), item.entry)).collect(),
                    Values::Many(many) => many.items().map(|item| (item.hash(), item.entry)).collect(),
                    Values::Sketch(sketch) => {
                        return Self::Sketch { began: *began, seen: *seen, sketch: Sketch::clone(sketch) };
                    }
                };
                Self::Known { began: *began, seen: *seen, items }
            }
            Own::Shares(shares) => Self::Shares(shares.to_saved()),
            Own::Rate(rate) => Self::Rate(rate.clone()),
        }
    }

    fn values<'a>(items: impl IntoIterator<Item = &'a Item>, sample: Sample) -> Self {
        let items = items.into_iter().map(|item| (item.hash().to_le_bytes(), item.entry)).collect();
        Self::Values { kept: sample.kept, counted: sample.counted, since: sample.since, items }
    }
}

impl State {
    /// A state from bytes; `None` when they are none of this correlation.
    pub(crate) fn from_bytes(correlator: &Correlator, mut bytes: &[u8]) -> Option<Self> {
        let state = Self::read(correlator, &mut bytes).ok()??;
        bytes.is_empty().then_some(state)
    }

    /// Reads a state, and goes on to the bytes behind it; `None` when it is none of this correlation.
    pub(crate) fn read(correlator: &Correlator, bytes: &mut &[u8]) -> postcard::Result<Option<Self>> {
        let (saved, rest) = postcard::take_from_bytes::<Saved>(bytes)?;
        *bytes = rest;
        Ok(Self::of(correlator, saved))
    }

    fn of(correlator: &Correlator, saved: Saved) -> Option<Self> {
        let carries = saved.runs.as_ref().is_none_or(|runs| runs.len() == correlator.carried);
        let last = saved.last;
        let begun = match &saved.phase {
            Phase::Open(start) => *start <= last,
            Phase::Pending(pending) => pending.start <= pending.complete && pending.complete <= last,
            Phase::Idle | Phase::Quiet(_) => true,
        };
        if !carries || !begun {
            return None;
        }
        let held = correlator.held(saved.held, last)?;
        Some(Self { last, phase: saved.phase, held, runs: saved.runs.map(Box::new) })
    }
}

impl Correlator {
    fn held(&self, saved: SavedHeld, last: i64) -> Option<Held> {
        Some(match (saved, &self.plan) {
            (SavedHeld::Nothing, _) => Held::Nothing,
            (SavedHeld::Events(events), Plan::Events) if rising(events.iter(), last) => match *events {
                [] => Held::Nothing,
                [one] => Held::One(one),
                [one, two] => Held::Two([one, two]),
                _ => Held::Events(events.into()),
            },
            (SavedHeld::Numbers(entries), Plan::Numbers(aggregate))
                if rising(entries.iter().map(|(entry, _)| entry), last) =>
            {
                let mut numbers = Numbers::new(*aggregate);
                // A float that is an integer has another form, which only the constructor gives.
                let sound =
                    |number| if let Number::Float(float) = number { Number::from_f64(float) } else { Some(number) };
                for (entry, number) in entries {
                    numbers.add(entry, sound(number)?, *aggregate);
                }
                Held::Numbers(Box::new(numbers))
            }
            (SavedHeld::Values { kept, counted, since, items }, Plan::Distinct { .. })
                if kept <= counted && counted < 128 && rising(items.iter().map(|(_, entry)| entry), last) =>
            {
                let items: Vec<Item> =
                    items.into_iter().map(|(hash, entry)| Item::new(u128::from_le_bytes(hash), entry)).collect();
                match items.as_slice() {
                    [] => Held::Nothing,
                    [one] if counted == 0 => Held::Value(*one),
                    few if few.len() <= super::distinct::FEW_MAX && counted == 0 => Held::Few(items),
                    many => Held::Distinct(Box::new(Many::new(many, Sample::saved(kept, counted, since)))),
                }
            }
            (SavedHeld::Rules(latest), Plan::Rules { rules }) if latest.len() == *rules => {
                latest.iter().all(|entry| entry.time <= last).then(|| Held::Rules(latest.into()))?
            }
            (SavedHeld::Words(words), Plan::Steps { orders, watched }) => {
                let end = orders.last().map_or(watched.len(), super::Order::end);
                let fits = (watched.len()..=end).contains(&words.len());
                fits.then(|| Held::Words(words.into_iter().map(i64::cast_unsigned).collect()))?
            }
            (SavedHeld::Longest { most, first, events, count }, Plan::Longest { steps })
                if most.len() == steps.len() =>
            {
                Held::Longest(Box::new(Way { longest: Longest { most }, first, events: events.into(), count }))
            }
            (saved, _) => Held::Own(Box::new(self.own(saved, last)?)),
        })
    }

    fn own(&self, saved: SavedHeld, last: i64) -> Option<Own> {
        Some(match (saved, &self.plan) {
            (SavedHeld::Wait(wait), Plan::Absence { .. }) if wait.is_sound(last, self.span) => Own::Wait(wait),
            (SavedHeld::Known { began, seen, items }, Plan::NewValue { .. })
                if began <= last && rising(items.iter().map(|(_, entry)| entry), last) =>
            {
                let items: Vec<Item> = items.into_iter().map(|(hash, entry)| Item::new(hash, entry)).collect();
                let values = if items.len() <= super::distinct::FEW_MAX {
                    Values::Few(items)
                } else {
                    Values::Many(Box::new(Many::new(&items, Sample::default())))
                };
                Own::Known(Known { began, seen, values })
            }
            (SavedHeld::Sketch { began, seen, sketch }, Plan::NewValue { cap })
                if began <= last && sketch.is_sound(*cap, generation(last, self.span)) =>
            {
                Own::Known(Known { began, seen, values: Values::Sketch(Box::new(sketch)) })
            }
            (SavedHeld::Shares(shares), Plan::RareValue { .. }) => Own::Shares(Shares::from_saved(shares, last)?),
            (SavedHeld::Rate(rate), Plan::RateChange) if rate.is_sound(last, self.span) => Own::Rate(rate),
            _ => return None,
        })
    }
}

/// Whether no time falls, and none is behind the last batch.
fn rising<'a>(entries: impl Iterator<Item = &'a Entry>, last: i64) -> bool {
    let mut before = NEVER;
    entries.map(|entry| entry.time).all(|time| {
        let rises = before <= time && time <= last;
        before = time;
        rises
    })
}
