//! Which units can match which event: a small decision tree over the fields that tell log sources apart.
//!
//! ```text
//! Channel = "security"  ─▶  EventID = 4624 ─▶ partition 7     otherwise ─▶ partition 8
//! otherwise             ─▶  partition 0
//! ```
//!
//! The fields are found, not known: those for which most units demand one of a few exact values. A unit goes
//! into every partition in which its demands can be met, so none is ever lost.

use super::atoms::{Ask, Atoms, Question};
use super::expr::Expr;
use crate::program::{ByValue, GlobPart as Piece, Router, SlotId, Subject, UnitId};
use std::collections::{BTreeSet, HashMap};

/// Fields that are asked one after the other at most. A third one makes many partitions that differ little.
const DEPTH_MAX: usize = 2;
/// With fewer units it does not pay to ask.
const UNITS_MIN: usize = 8;
/// Partitions at most; beyond that, what is left stays together.
const PARTITIONS_MAX: usize = 4096;

/// The units of one partition and the slots by which it was chosen.
#[derive(Debug)]
pub(super) struct Members {
    pub(super) units: Vec<UnitId>,
    pub(super) routed: Vec<SlotId>,
}

/// The exact values of which a unit demands one, by slot.
type Demands = HashMap<SlotId, BTreeSet<String>>;

/// Builds the tree and the members of each partition.
pub(super) fn build(exprs: &[Expr], atoms: &Atoms) -> (Router, Vec<Members>) {
    let demands: Vec<Demands> = exprs.iter().map(|expr| demands(expr, atoms)).collect();
    let mut builder = Builder { demands: &demands, members: Vec::new(), known: HashMap::new() };
    let all: Vec<u32> = (0..exprs.len() as u32).collect();
    let router = builder.node(all, &mut Vec::new());
    (router, builder.members)
}

struct Builder<'a> {
    demands: &'a [Demands],
    members: Vec<Members>,
    known: HashMap<(Vec<u32>, Vec<SlotId>), u32>,
}

impl Builder<'_> {
    fn node(&mut self, units: Vec<u32>, routed: &mut Vec<SlotId>) -> Router {
        let best = if routed.len() < DEPTH_MAX && units.len() >= UNITS_MIN && self.members.len() < PARTITIONS_MAX {
            self.discriminator(&units, routed)
        } else {
            None
        };
        let Some(slot) = best else { return Router::Partition(self.partition(units, routed)) };
        let mut by_value: HashMap<&str, Vec<u32>> = HashMap::new();
        let mut undemanding = Vec::new();
        for unit in &units {
            match self.demands.get(*unit as usize).and_then(|demands| demands.get(&slot)) {
                Some(values) => values.iter().for_each(|value| by_value.entry(value).or_default().push(*unit)),
                None => undemanding.push(*unit),
            }
        }
        routed.push(slot);
        let mut values: Vec<_> = by_value.into_iter().collect();
        values.sort_unstable();
        let mut routers = ByValue::default();
        for (value, mut units) in values {
            units.extend(&undemanding);
            units.sort_unstable();
            routers.insert(value, self.node(units, routed));
        }
        let otherwise = Box::new(self.node(undemanding, routed));
        routed.pop();
        Router::Slot { slot, by_value: routers, otherwise }
    }

    /// The slot for which the most units demand a value, if it tells enough of them apart.
    fn discriminator(&self, units: &[u32], routed: &[SlotId]) -> Option<SlotId> {
        let mut counts: HashMap<SlotId, usize> = HashMap::new();
        for demands in units.iter().filter_map(|unit| self.demands.get(*unit as usize)) {
            // A long list of values is a list of indicators, not a kind of log.
            for slot in demands.iter().filter(|(_, values)| values.len() <= 32).map(|(slot, _)| slot) {
                *counts.entry(*slot).or_default() += 1;
            }
        }
        let (slot, count) = counts
            .into_iter()
            .filter(|(slot, _)| !routed.contains(slot))
            .max_by_key(|(slot, count)| (*count, std::cmp::Reverse(*slot)))?;
        (count * 4 >= units.len()).then_some(slot)
    }

    fn partition(&mut self, units: Vec<u32>, routed: &[SlotId]) -> u32 {
        let next = self.members.len() as u32;
        let id = *self.known.entry((units.clone(), routed.to_vec())).or_insert(next);
        if id == next {
            let units = units.into_iter().map(UnitId).collect();
            self.members.push(Members { units, routed: routed.to_vec() });
        }
        id
    }
}

/// What an expression demands: for each slot, values of which one must be there when it is true.
fn demands(expr: &Expr, atoms: &Atoms) -> Demands {
    match expr {
        Expr::Atom(id) => match atoms.get(*id) {
            Some((Subject::Slot(slot), Question::AnyOf(asks))) => {
                let values: Option<BTreeSet<String>> = asks.iter().map(exact).collect();
                values.map(|values| Demands::from([(*slot, values)])).unwrap_or_default()
            }
            _ => Demands::new(),
        },
        Expr::Not(_) | Expr::AtLeast(..) => Demands::new(),
        Expr::And(parts) => {
            let mut all = Demands::new();
            for (slot, values) in parts.iter().flat_map(|part| demands(part, atoms)) {
                // Either demand is a true one; the shorter says more.
                match all.get_mut(&slot) {
                    Some(own) if own.len() <= values.len() => {}
                    Some(own) => *own = values,
                    None => drop(all.insert(slot, values)),
                }
            }
            all
        }
        Expr::Or(parts) => {
            let mut parts = parts.iter().map(|part| demands(part, atoms));
            let Some(mut all) = parts.next() else { return Demands::new() };
            for part in parts {
                all.retain(|slot, values| match part.get(slot) {
                    Some(more) => {
                        values.extend(more.iter().cloned());
                        true
                    }
                    None => false,
                });
            }
            all
        }
    }
}

/// The folded text that a test demands as the whole value.
fn exact(ask: &Ask) -> Option<String> {
    let Ask::Text(pieces) = ask else { return None };
    match pieces.parts.as_slice() {
        [] => Some(String::new()),
        [Piece::Text(text)] => Some(crate::text::folded(text)),
        _ => None,
    }
}
