//! Which units can match which event: a small decision tree over the fields that tell log sources apart.
//!
//! ```text
//! Channel = "security"  ─▶  EventID = 4624 ─▶ partition 7     otherwise ─▶ partition 8
//! otherwise             ─▶  partition 0
//! ```
//!
//! The fields are found, not known: those for which most units demand one of a few exact values. A demand may be met by
//! any of several fields (`EventID` or `EventID.#text`). A unit goes into every partition in which its demands can be
//! met, so none is ever lost.

use super::atoms::{Ask, Atoms, Question};
use super::expr::Expr;
use crate::program::{GlobPart as Piece, RouterDraft as Router, SlotId, Subject, UnitId};
use crate::shortcut::{Shortcut, Shortcuts};
use std::collections::{BTreeSet, HashMap};

/// Steps that are taken one after the other at most. A third one makes many partitions that differ little.
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

/// The exact values of which a unit demands one, by the slots of which one must hold it; those in ascending order.
type Demands = HashMap<Vec<SlotId>, BTreeSet<String>>;
/// Slots of which one must hold a value, at most.
const GROUP_MAX: usize = 4;

/// Builds the tree and the members of each partition.
pub(super) fn build(exprs: &[Expr], atoms: &Atoms, shortcuts: Shortcuts) -> (Router, Vec<Members>) {
    let demands: Vec<Demands> = exprs.iter().map(|expr| demands(expr, atoms)).collect();
    let depth_max = if shortcuts.has(Shortcut::Router) { DEPTH_MAX } else { 0 };
    let mut builder = Builder { demands: &demands, members: Vec::new(), known: HashMap::new(), depth_max };
    let all: Vec<u32> = (0..exprs.len() as u32).collect();
    let router = builder.node(all, &mut Vec::new(), 0);
    (router, builder.members)
}

struct Builder<'a> {
    demands: &'a [Demands],
    members: Vec<Members>,
    known: HashMap<(Vec<u32>, Vec<SlotId>), u32>,
    depth_max: usize,
}

impl Builder<'_> {
    fn node(&mut self, units: Vec<u32>, routed: &mut Vec<SlotId>, depth: usize) -> Router {
        let best = if depth < self.depth_max && units.len() >= UNITS_MIN && self.members.len() < PARTITIONS_MAX {
            self.discriminator(&units, routed)
        } else {
            None
        };
        let Some(slots) = best else { return Router::Partition(self.partition(units, routed)) };
        let mut by_value: HashMap<&str, Vec<u32>> = HashMap::new();
        let mut undemanding = Vec::new();
        for unit in &units {
            match self.demands.get(*unit as usize).and_then(|demands| demanded(demands, &slots)) {
                Some(values) => values.iter().for_each(|value| by_value.entry(value).or_default().push(*unit)),
                None => undemanding.push(*unit),
            }
        }
        let before = routed.len();
        routed.extend(&slots);
        let mut values: Vec<_> = by_value.into_iter().collect();
        values.sort_unstable();
        let mut routers = Vec::new();
        for (value, mut units) in values {
            units.extend(&undemanding);
            units.sort_unstable();
            routers.push((value.to_owned(), self.node(units, routed, depth + 1)));
        }
        let otherwise = Box::new(self.node(undemanding, routed, depth + 1));
        routed.truncate(before);
        Router::Slots { slots, by_value: routers, otherwise }
    }

    /// The slots for which the most units demand a value, if it tells enough of them apart.
    fn discriminator(&self, units: &[u32], routed: &[SlotId]) -> Option<Vec<SlotId>> {
        let mut counts: HashMap<&[SlotId], usize> = HashMap::new();
        for demands in units.iter().filter_map(|unit| self.demands.get(*unit as usize)) {
            // A long list of values is a list of indicators, not a kind of log.
            for (slots, _) in demands.iter().filter(|(_, values)| values.len() <= 32) {
                *counts.entry(slots).or_default() += 1;
            }
        }
        let is_new = |slots: &[SlotId]| !slots.iter().any(|slot| routed.contains(slot));
        let all = |slots: &[SlotId]| counts.iter().filter(|(own, _)| is_part(own, slots)).map(|(_, count)| count).sum();
        let groups = counts.keys().filter(|slots| is_new(slots)).map(|slots| (*slots, all(slots)));
        let (slots, count): (&[SlotId], usize) =
            groups.max_by_key(|(slots, count)| (*count, std::cmp::Reverse((slots.len(), *slots))))?;
        (count * 4 >= units.len()).then(|| slots.to_vec())
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

/// Whether all slots of one group are in another.
fn is_part(own: &[SlotId], of: &[SlotId]) -> bool {
    own.iter().all(|slot| of.contains(slot))
}

/// What an expression demands of each of some slots: texts of which one must be there when it is true; `None`: any, or none.
pub(super) fn demands_of(expr: &Expr, atoms: &Atoms, slots: &[Option<SlotId>]) -> Vec<Option<BTreeSet<String>>> {
    let mut demands = demands(expr, atoms);
    slots.iter().map(|slot| demands.remove([(*slot)?].as_slice())).collect()
}

/// The values of which one must stand in one of the slots.
fn demanded<'d>(demands: &'d Demands, slots: &[SlotId]) -> Option<&'d BTreeSet<String>> {
    let own = demands.iter().filter(|(own, _)| is_part(own, slots));
    own.min_by_key(|(own, values)| (values.len(), *own)).map(|(_, values)| values)
}

/// What an expression demands: for each slot, values of which one must be there when it is true.
fn demands(expr: &Expr, atoms: &Atoms) -> Demands {
    match expr {
        Expr::Atom(id) => match atoms.get(*id) {
            Some((Subject::Slot(slot), Question::AnyOf(asks))) => {
                let values: Option<BTreeSet<String>> = asks.iter().map(exact).collect();
                values.map(|values| Demands::from([(vec![*slot], values)])).unwrap_or_default()
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
        Expr::Or(parts) => any_of(&parts.iter().map(|part| demands(part, atoms)).collect::<Vec<_>>()),
    }
}

/// What is demanded when one of several demands must be met.
fn any_of(parts: &[Demands]) -> Demands {
    let Some((first, others)) = parts.split_first() else { return Demands::new() };
    let mut all = first.clone();
    for part in others {
        all.retain(|slots, values| part.get(slots).inspect(|more| values.extend(more.iter().cloned())).is_some());
    }
    if !all.is_empty() {
        return all;
    }
    // Where each part demands something else, the fields are taken together.
    let mut together = (BTreeSet::new(), BTreeSet::new());
    for part in parts {
        let Some((slots, values)) = part.iter().next().filter(|_| part.len() == 1) else { return Demands::new() };
        together.0.extend(slots);
        together.1.extend(values.iter().cloned());
    }
    let (slots, values) = together;
    if slots.len() > GROUP_MAX { Demands::new() } else { Demands::from([(slots.into_iter().collect(), values)]) }
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
