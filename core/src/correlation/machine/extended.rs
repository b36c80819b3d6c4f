//! The machines of the extensions: which of them a group has, and when each is asked.
//!
//! ```text
//! plan Absence ─▶ Wait      NewValue ─▶ Known      RareValue ─▶ Shares      RateChange ─▶ Rate
//! ```
//!
//! Each decides by itself when to alert and when to be quiet, so the phases of the other machines mean nothing here.

use super::absence::Wait;
use super::held::{Detail, Held};
use super::new_value::Known;
use super::rare::Shares;
use super::rate::Rate;
use super::{Signal, State};
use crate::correlation::alert::{Finding, FindingKind};
use crate::correlation::correlator::{Correlator, Plan};
use crate::number::Number;

/// What an extension remembers of a group.
#[derive(Debug, Clone)]
pub(super) enum Own {
    Wait(Wait),
    Known(Known),
    Shares(Shares),
    Rate(Rate),
}

/// A finding without what is the same for all machines.
pub(super) struct Told {
    pub(super) kind: FindingKind,
    pub(super) time: i64,
    pub(super) last: i64,
    pub(super) value: Number,
    pub(super) detail: Detail,
}

impl Own {
    /// An empty one for the plan; `None` when it is not that of an extension.
    fn new(plan: &Plan, time: i64, span: u64) -> Option<Self> {
        Some(match plan {
            Plan::Absence { .. } => Self::Wait(Wait::default()),
            Plan::NewValue { .. } => Self::Known(Known::new(time)),
            Plan::RareValue { .. } => Self::Shares(Shares::new(time)),
            Plan::RateChange => Self::Rate(Rate::new(time, span)),
            _ => return None,
        })
    }

    pub(super) fn deadline(&self, span: u64) -> Option<i64> {
        match self {
            Self::Wait(wait) => wait.look,
            Self::Rate(rate) => rate.deadline(span),
            Self::Known(_) | Self::Shares(_) => None,
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let own = match self {
            Self::Wait(wait) => wait.bytes(),
            Self::Known(known) => known.bytes(),
            Self::Shares(shares) => shares.bytes(),
            Self::Rate(rate) => rate.bytes(),
        };
        size_of::<Self>() + own
    }
}

impl Correlator {
    /// Takes in all signals of one time, in the order of their events; what is over by then was judged.
    pub(super) fn extended(&self, state: &mut State, time: i64, batch: &[Signal], found: &mut Vec<Finding>) {
        if self.idle_at(state) <= time {
            // Whoever keeps the groups may not have come to forget it yet.
            *state = State::default();
        }
        state.last = time;
        self.carry(state, time, batch);
        if !matches!(state.held, Held::Own(_)) {
            let Some(own) = Own::new(&self.plan, time, self.span) else { return };
            state.held = Held::Own(Box::new(own));
        }
        let Held::Own(own) = &mut state.held else { return };
        let mut told = Vec::new();
        match (&mut **own, &self.plan) {
            (Own::Wait(wait), Plan::Absence { is_alone }) => wait.update(time, batch, *is_alone, self.span),
            (Own::Known(known), Plan::NewValue { cap }) => {
                told.extend(known.update(time, batch, self.span, *cap, &self.learning));
            }
            (Own::Shares(shares), Plan::RareValue { cap }) => self.rare(shares, time, batch, *cap, &mut told),
            (Own::Rate(rate), _) => self.count_rate(rate, time, batch),
            _ => {}
        }
        self.tell(state, told, found);
    }

    /// Judges what is over at the watermark.
    pub(super) fn expire_extended(&self, state: &mut State, watermark: i64, found: &mut Vec<Finding>) {
        let Held::Own(own) = &mut state.held else { return };
        let mut told = Vec::new();
        match &mut **own {
            Own::Wait(wait) => told.extend(wait.expire(watermark, self.span)),
            Own::Rate(rate) => self.close_buckets(rate, watermark, &mut told),
            Own::Known(_) | Own::Shares(_) => {}
        }
        self.tell(state, told, found);
    }

    fn tell(&self, state: &State, told: Vec<Told>, found: &mut Vec<Finding>) {
        found.extend(told.into_iter().map(|Told { kind, time, last, value, detail }| Finding {
            last_ns: last,
            ..self.finding(state, kind, time, detail, value)
        }));
    }
}
