//! Which slots records are read from, and which they fill.
//!
//! ```text
//! rules ask for ot.operation, ot.unit  ─▶  what rows, layouts and conditions need for these  ─▶  a slot for each such field
//! ```
//!
//! Fields of the tables that nobody needs get no slot, so the walk passes over them.

use super::conditions::Conditions;
use super::taxonomy::{From, Layout, Origin, PathId, Protocol, Taxonomy};
use super::{
    ADDRESS, CLASSES, CODE, DESTINATION, DIRECTION, DIRECTIONS, ERROR_CODE, ERROR_NAME, FIELDS, FLAG, InputId, NAME,
    NO_CLASS, OPERATION, OUTCOME, PREFIX, QUANTITY, SOURCE, SUBCODE, SUBNAME,
};
use crate::config::EVENT_DEPTH_MAX;
use crate::event::slots::{Parts, Slots};
use crate::program::SlotId;
use crate::text;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Whether a field is one of a record.
pub(crate) fn is_field(name: &str) -> bool {
    number_of(name).is_some()
}

fn number_of(name: &str) -> Option<InputId> {
    let name = name.strip_prefix(PREFIX)?;
    FIELDS.iter().position(|field| *field == name).and_then(|at| InputId::try_from(at).ok())
}

/// The tables, and the slots of one program.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(super) protocols: Vec<Protocol>,
    /// For each field of the tables its slot, if it has one.
    slots: Vec<Option<u32>>,
    /// For each field of the tables how many dots its name has.
    dots: Vec<u8>,
    /// The fields of a record that are filled, and their slots.
    pub(super) asked: Vec<(InputId, u32)>,
    /// For each protocol when it is that they can matter.
    wanted: Vec<Vec<Wanted>>,
    /// Layouts by their protocol and place in it; those that a slot may mean are a range of `triggers`.
    pub(super) layouts: Vec<(u16, u16)>,
    triggers: Vec<u16>,
    starts: Vec<u32>,
    /// What is filled object by object.
    parts: Vec<Part>,
}

/// What someone who asks for a field demands of the [`DECIDING`](super::DECIDING) ones: texts of which one must be there.
type Demand = Vec<Option<BTreeSet<String>>>;

/// A field of a record that is filled, and when it is.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Wanted {
    pub(super) field: InputId,
    pub(super) slot: u32,
    /// A bit for each class and direction.
    when: u128,
}

impl Wanted {
    /// When a demand may be met by a message of the protocol that it demands.
    fn when(demand: &Demand) -> u128 {
        let texts = |at: usize| demand.get(at).and_then(Option::as_ref);
        let is_class = |class: &str| texts(1).is_none_or(|texts| texts.contains(class));
        let is_direction = |direction: Option<&&str>| {
            texts(2).is_none_or(|texts| direction.is_some_and(|direction| texts.contains(*direction)))
        };
        let mut when = 0;
        let classes = (0..).zip(CLASSES).filter(|(_, class)| is_class(class)).map(|(class, _)| class);
        for class in classes.chain(texts(1).is_none().then_some(NO_CLASS)) {
            for direction in (0..=DIRECTIONS.len()).filter(|at| is_direction(DIRECTIONS.get(*at))) {
                when |= Self::bit(class, Some(direction));
            }
        }
        when
    }

    /// Whether the field can matter in messages with this bit.
    pub(super) fn is_for(&self, bit: u128) -> bool {
        self.when & bit != 0
    }

    /// The bit of a class and a direction, if messages have one.
    pub(super) fn bit(class: u8, direction: Option<usize>) -> u128 {
        let direction = direction.unwrap_or(DIRECTIONS.len());
        1_u128.checked_shl(u32::from(class) * (DIRECTIONS.len() as u32 + 1) + direction as u32).unwrap_or(0)
    }
}

/// A field that holds objects, and the fields in them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Part {
    slot: u32,
    path: String,
    /// The smallest part in which it lies, by its place among all.
    outer: Option<u32>,
    fields: Vec<(u32, String)>,
}

impl Plan {
    /// Asks for slots for all that is needed for some fields of records, each with what those demand who ask for it. `slot`
    /// gives the slot of a field.
    pub(crate) fn new(
        taxonomy: &Taxonomy,
        asked: &[(String, Vec<Demand>)],
        mut slot: impl FnMut(&str) -> SlotId,
    ) -> Self {
        let mut wanted = vec![Vec::new(); taxonomy.protocols.len()];
        for (name, demands) in asked {
            let Some(field) = number_of(name) else { continue };
            let demands: Vec<_> = demands.iter().map(|demand| (demand.first(), Wanted::when(demand))).collect();
            for (protocol, wanted) in taxonomy.protocols.iter().zip(&mut wanted) {
                let is_of = |texts: &Option<BTreeSet<String>>| {
                    texts.as_ref().is_none_or(|texts| protocol.names().any(|own| texts.contains(&text::folded(own))))
                };
                let demands = demands.iter().filter(|(protocols, _)| protocols.is_none_or(is_of));
                let when = demands.fold(0, |when, (_, own)| when | own);
                wanted.push(Wanted { field, slot: slot(name).0, when });
            }
        }
        let asked: BTreeMap<InputId, u32> =
            asked.iter().filter_map(|(name, _)| Some((number_of(name)?, slot(name).0))).collect();
        let mut needs = Needs { taxonomy, slots: vec![None; taxonomy.paths.len()], slot: &mut slot };
        let mut layouts = Vec::new();
        let mut triggers: BTreeMap<u32, BTreeSet<u16>> = BTreeMap::new();
        let mut parts: BTreeMap<u32, Part> = BTreeMap::new();
        for (at, protocol) in taxonomy.protocols.iter().enumerate() {
            for (number, layout) in protocol.layouts.iter().enumerate() {
                let own = layouts.len() as u16;
                layouts.push((at as u16, number as u16));
                for slot in needs.layout(protocol, layout, asked.keys().copied()) {
                    triggers.entry(slot).or_default().insert(own);
                }
                needs.part(layout, &mut parts);
            }
        }
        let slots = needs.slots;
        let last = triggers.keys().last().map_or(0, |slot| slot + 1);
        let (mut flat, mut starts) = (Vec::new(), Vec::new());
        for slot in 0..last {
            starts.push(flat.len() as u32);
            flat.extend(triggers.get(&slot).into_iter().flatten());
        }
        starts.push(flat.len() as u32);
        let mut parts: Vec<Part> = parts.into_values().collect();
        for at in 0..parts.len() {
            let outer = parts
                .iter()
                .enumerate()
                .filter(|(_, other)| parts.get(at).is_some_and(|part| below(&part.path, &other.path).is_some()));
            let outer = outer.max_by_key(|(_, other)| other.path.len()).map(|(outer, _)| outer as u32);
            parts.get_mut(at).into_iter().for_each(|part| part.outer = outer);
        }
        let dots = taxonomy.paths.iter().map(|path| path.bytes().filter(|byte| *byte == b'.').count() as u8).collect();
        Self {
            protocols: taxonomy.protocols.clone(),
            slots,
            dots,
            asked: asked.into_iter().collect(),
            wanted,
            layouts,
            triggers: flat,
            starts,
            parts,
        }
    }

    /// Whether reading a record comes to an end, whatever the event; no other plan is made, but one may be forged.
    pub(crate) fn is_sound(&self) -> bool {
        let is_shallow = |part: &Part| part.path.split('.').count() <= EVENT_DEPTH_MAX;
        let mut layouts = self.protocols.iter().flat_map(|protocol| &protocol.layouts);
        self.parts.iter().all(is_shallow) && layouts.all(|layout| layout.leading_back().is_none())
    }

    #[inline]
    pub(super) fn slot(&self, path: PathId) -> Option<SlotId> {
        self.slots.get(path as usize).copied().flatten().map(SlotId)
    }

    /// The fields of a record of a protocol, by its number.
    pub(super) fn wanted(&self, protocol: u16) -> &[Wanted] {
        self.wanted.get(usize::from(protocol)).map_or(&[], Vec::as_slice)
    }

    /// Whether the values of a field stand in the objects of another, when the event has such objects.
    #[inline]
    pub(super) fn are_inside(&self, slots: &Slots, path: PathId, objects: PathId) -> bool {
        let dots = self.dots.get(objects as usize).map_or(0, |dots| dots.saturating_add(1));
        self.slot(path).is_none_or(|slot| slots.are_inside(slot, dots))
    }

    /// The layouts that an event may have in which a slot is filled.
    #[inline]
    pub(super) fn triggered(&self, slot: SlotId) -> &[u16] {
        let at = |index: usize| self.starts.get(index).map_or(self.triggers.len(), |start| *start as usize);
        self.triggers.get(at(slot.index())..at(slot.index() + 1)).unwrap_or_default()
    }

    /// The slot that records fill for a field.
    pub(crate) fn filled(&self, name: &str) -> Option<SlotId> {
        self.filling(number_of(name)?)
    }

    pub(super) fn filling(&self, field: InputId) -> Option<SlotId> {
        let at = self.asked.binary_search_by_key(&field, |(own, _)| *own).ok()?;
        self.asked.get(at).map(|(_, slot)| SlotId(*slot))
    }

    /// Slots by which events are known that may have records.
    pub(crate) fn triggers(&self) -> Vec<SlotId> {
        (0..self.starts.len() as u32).map(SlotId).filter(|slot| self.may_read(*slot)).collect()
    }

    /// Whether any slot between these means that the event may have records.
    pub(crate) fn may_read(&self, slot: SlotId) -> bool {
        !self.triggered(slot).is_empty()
    }

    /// The fields that hold objects in an event.
    pub(super) fn holders<'p>(&'p self, slots: &Slots, text: &str) -> impl Iterator<Item = &'p Part> {
        self.parts.iter().filter(|part| slots.objects(SlotId(part.slot), text).next().is_some())
    }

    /// Whether the values of a field stand beside the objects of another that has it, by a key of the whole way. Objects win.
    pub(super) fn are_beside(&self, slots: &Slots, path: PathId, holder: &Part) -> bool {
        let dots = holder.path.bytes().filter(|byte| *byte == b'.').count() as u8;
        let is_in = |slot: SlotId| holder.fields.iter().any(|(own, _)| *own == slot.0);
        self.slot(path).is_some_and(|slot| is_in(slot) && !slots.are_inside(slot, dots.saturating_add(1)))
    }

    /// What has to be filled object by object.
    pub(crate) fn parts(&self) -> Vec<Parts<'_>> {
        self.parts_in(None)
    }

    /// The objects that stand in those of another field, and in none between.
    fn parts_in(&self, outer: Option<u32>) -> Vec<Parts<'_>> {
        let around = outer.and_then(|outer| self.parts.get(outer as usize)).map(|part| &*part.path);
        let inner = self.parts.iter().enumerate().filter(|(_, part)| part.outer == outer);
        inner
            .filter_map(|(at, part)| {
                Some(Parts {
                    slot: SlotId(part.slot),
                    path: around.map_or(Some(&*part.path), |around| below(&part.path, around))?,
                    whole: &part.path,
                    fields: part.fields.iter().map(|(slot, name)| (SlotId(*slot), &**name)).collect(),
                    inner: self.parts_in(Some(at as u32)),
                })
            })
            .collect()
    }
}

struct Needs<'a> {
    taxonomy: &'a Taxonomy,
    slots: Vec<Option<u32>>,
    slot: &'a mut dyn FnMut(&str) -> SlotId,
}

impl Needs<'_> {
    /// Takes slots for what a layout needs, and says by which of them its events are known.
    fn layout(&mut self, protocol: &Protocol, layout: &Layout, asked: impl Iterator<Item = InputId>) -> Vec<u32> {
        let mut inputs = BTreeSet::from([OPERATION, CODE, SUBCODE]);
        inputs.extend(asked);
        inputs.extend(read_by(&layout.when));
        // What is needed for something may need something else.
        loop {
            let more: Vec<InputId> = inputs.iter().flat_map(|input| needed_for(*input, protocol, layout)).collect();
            let before = inputs.len();
            inputs.extend(more);
            if inputs.len() == before {
                break;
            }
        }
        for input in inputs {
            for origin in layout.origins(input) {
                match origin.from {
                    From::Part(path) | From::Event(path) | From::Outer(path) => {
                        self.take(path);
                    }
                    From::Beside(beside, path) => {
                        self.take(beside);
                        self.take(path);
                    }
                    From::Text(_) | From::Number(_) => {}
                }
            }
        }
        if let Some((path, _)) = &layout.accompanied {
            self.take(*path);
        }
        let needs: Vec<u32> = layout.needs.iter().map(|path| self.take(*path)).collect();
        let mut triggers: Vec<u32> = needs.first().copied().into_iter().collect();
        triggers.extend(layout.log.as_ref().map(|(path, _)| self.take(*path)));
        if let Some(each) = layout.each {
            if let Some(outer) = layout.outer {
                self.take(outer);
            }
            triggers.push(self.take(each));
            // Whoever has flattened the event has left no objects.
            triggers.extend(layout.origins(CODE).iter().filter_map(|origin| match &origin.from {
                From::Part(path) => Some(self.take(*path)),
                _ => None,
            }));
        }
        triggers
    }

    fn take(&mut self, path: PathId) -> u32 {
        let name = self.taxonomy.paths.get(path as usize).map_or("", |name| name);
        match self.slots.get_mut(path as usize) {
            Some(slot) => *slot.get_or_insert_with(|| (self.slot)(name).0),
            None => u32::MAX,
        }
    }

    /// Notes which slots of a layout belong to its objects, to those around them and to those beside them.
    fn part(&self, layout: &Layout, parts: &mut BTreeMap<u32, Part>) {
        let name = |path: PathId| self.taxonomy.paths.get(path as usize).map_or("", |name| &**name);
        let slot = |path: PathId| self.slots.get(path as usize).copied().flatten();
        let mut put = |holder: Option<PathId>, field: Option<PathId>| {
            let Some((path, own)) = holder.and_then(|path| Some((name(path), slot(path)?))) else { return };
            let part = parts.entry(own).or_insert_with(|| Part {
                slot: own,
                path: path.to_owned(),
                outer: None,
                fields: Vec::new(),
            });
            if let Some(field) = field
                && let Some(slot) = slot(field)
                && let Some(rest) = name(field).strip_prefix(path).and_then(|rest| rest.strip_prefix('.'))
                && part.fields.iter().all(|(known, _)| *known != slot)
            {
                part.fields.push((slot, rest.to_owned()));
            }
        };
        put(layout.outer.filter(|_| layout.each.is_some()), None);
        put(layout.each, layout.accompanied.as_ref().map(|(path, _)| *path));
        for origin in &layout.inputs.origins {
            match origin.from {
                From::Part(path) => put(layout.each, Some(path)),
                From::Outer(path) => put(layout.outer, Some(path)),
                From::Beside(beside, path) => put(Some(beside), Some(path)),
                From::Event(_) | From::Text(_) | From::Number(_) => {}
            }
        }
    }
}

/// The rest of a path that lies below another.
fn below<'p>(path: &'p str, outer: &str) -> Option<&'p str> {
    path.strip_prefix(outer).and_then(|rest| rest.strip_prefix('.'))
}

/// The inputs that conditions ask.
fn read_by(conditions: &Conditions) -> impl Iterator<Item = InputId> {
    conditions.0.iter().map(|(input, _)| *input)
}

/// What one input needs others for.
fn needed_for(input: InputId, protocol: &Protocol, layout: &Layout) -> Vec<InputId> {
    let mut needed: Vec<InputId> =
        layout.origins(input).iter().map(|origin: &Origin| &origin.when).flat_map(read_by).collect();
    let cases = match input {
        OPERATION => {
            needed.extend(protocol.rows.iter().map(|row| &row.when).flat_map(read_by));
            return needed;
        }
        DIRECTION => &protocol.direction,
        OUTCOME => &protocol.outcome,
        FLAG => {
            if layout.is_consecutive {
                needed.extend([ADDRESS, QUANTITY]);
            }
            &protocol.flags
        }
        NAME | SUBNAME => {
            needed.extend([OPERATION, CODE, SUBCODE]);
            return needed;
        }
        ERROR_NAME => {
            needed.push(ERROR_CODE);
            return needed;
        }
        ADDRESS if layout.is_consecutive => {
            needed.push(QUANTITY);
            return needed;
        }
        _ if SOURCE.contains(&input) || DESTINATION.contains(&input) => {
            needed.extend(layout.swap.iter().flat_map(read_by));
            if layout.swap.is_some() {
                needed.extend(SOURCE.iter().chain(&DESTINATION));
            }
            return needed;
        }
        _ => return needed,
    };
    needed.extend(cases.iter().map(|case| &case.when).flat_map(read_by));
    needed
}
