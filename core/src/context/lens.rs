//! Which slots context is read from, and what it puts into those that it fills.
//!
//! ```text
//! rules ask for destination.zone  ─▶  id.resp_h, DestinationIp, ... get slots          10.1.7.2 ─▶ destination.zone: cell-7
//! ```
//!
//! An end is named by an address, a MAC or a host name, in the fields of the usual sensors or in those of a record `ot.*`. What an
//! event says itself is never replaced.

use super::fields::{DESTINATION, Field, HOST, INPUTS, Input, OF_END, OF_FLOW, PLACES, SOURCE, field};
use super::flow::{Decision, Facts, reasons};
use super::index::{End, Named};
use super::memo::{Answer, Memo, Roles, TOLD};
use super::model::{Context, Level};
use crate::event::slots::{Kind, Slots};
use crate::program::SlotId;
use crate::time;
use crate::time::instant::{self, Bare};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::net::IpAddr;

/// Nanoseconds of a minute, by which hours are told.
const MINUTE: i64 = 60_000_000_000;

/// The slots of one program.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Lens {
    inputs: Vec<(Input, Vec<u32>)>,
    asked: Vec<(Field, u32)>,
    /// The names of the fields that are filled, with their slots.
    names: Vec<(String, u32)>,
    /// What slots are to what is told. The time of an event is not among them.
    roles: Roles,
    /// How bare numbers are read where the time may stand.
    bare: Bare,
    /// Whether it stands in the usual fields.
    has_usual_times: bool,
}

impl Lens {
    /// Asks for slots for all that some fields need. `has_records` says whether fields `ot.*` are filled; the time of an event stands in
    /// one of `times`, or else in the usual fields.
    pub(crate) fn new<'n>(
        asked: impl IntoIterator<Item = &'n str>,
        has_records: bool,
        (times, bare): (Option<&[&str]>, Bare),
        mut slot: impl FnMut(&str) -> SlotId,
    ) -> Self {
        let mut filled = Vec::new();
        let mut names = Vec::new();
        for name in asked {
            if let Some(field) = field(name) {
                let slot = slot(name).0;
                filled.push((field, slot));
                names.push((name.to_owned(), slot));
            }
        }
        let of_flow = filled.iter().any(|(field, _)| matches!(field, Field::Flow(_)));
        let of_end = |end: usize| {
            filled.iter().any(|(field, _)| matches!(field, Field::End(own, _) if usize::from(*own) == end))
        };
        let is_needed = |input: &Input| match input {
            // An event of a host that names no destination has gone to the host.
            Input::Ip(HOST) | Input::Mac(HOST) | Input::Host(HOST) => of_end(HOST) || of_end(DESTINATION) || of_flow,
            Input::Ip(end) | Input::Mac(end) | Input::Host(end) => {
                of_end(*end) || of_flow || *end == SOURCE && of_end(DESTINATION)
            }
            Input::Unit | Input::Site | Input::Sensor => true,
            _ => of_flow,
        };
        let sites = [(Input::Site, PLACES.0), (Input::Sensor, PLACES.1), (Input::Time, times.unwrap_or(time::FIELDS))];
        let (mut inputs, mut of_records) = (Vec::new(), Vec::new());
        for (input, fields) in INPUTS.iter().chain(&sites).filter(|(input, _)| is_needed(input)) {
            if has_records && fields.first().is_some_and(|first| crate::ot::is_field(first)) {
                of_records.push(*input);
            }
            let fields = fields.iter().filter(|field| has_records || !crate::ot::is_field(field));
            let slots: Vec<u32> = fields.map(|field| slot(field).0).collect();
            if !slots.is_empty() {
                inputs.push((*input, slots));
            }
        }
        inputs.sort_unstable_by_key(|(input, _)| *input);
        let mut roles = Roles::default();
        for (place, (input, slots)) in inputs.iter().enumerate().filter(|(_, (input, _))| *input != Input::Time) {
            slots.iter().for_each(|slot| roles.set(SlotId(*slot), 1 << place));
            let record = slots.first().filter(|_| of_records.contains(input));
            roles.of_records.extend(record.map(|slot| (1 << place, *slot)));
        }
        filled.iter().for_each(|(_, slot)| roles.set(SlotId(*slot), TOLD));
        Self { inputs, asked: filled, names, roles, bare, has_usual_times: times.is_none() }
    }

    /// The fields of records that are read, if records are made.
    pub(crate) fn of_records() -> impl Iterator<Item = &'static str> {
        INPUTS.iter().flat_map(|(_, fields)| fields.iter().copied()).filter(|field| crate::ot::is_field(field))
    }

    /// Whether any field tells of a flow.
    pub(crate) fn is_about_flows<'n>(asked: impl IntoIterator<Item = &'n str>) -> bool {
        asked.into_iter().any(|name| matches!(field(name), Some(Field::Flow(_))))
    }

    /// The slots that are filled.
    pub(crate) fn told(&self) -> impl Iterator<Item = SlotId> {
        self.asked.iter().map(|(_, slot)| SlotId(*slot))
    }

    /// The slot that is filled for a field.
    pub(crate) fn filled(&self, name: &str) -> Option<SlotId> {
        self.names.iter().find(|(own, _)| own == name).map(|(_, slot)| SlotId(*slot))
    }

    /// The time of the event, in nanoseconds since 1970.
    fn time(&self, slots: &Slots, text: &str) -> Option<i64> {
        self.first(Input::Time, slots, text, |text| instant::of_text(&text, self.bare))
    }

    /// The same, by the clock of whoever collected it.
    fn time_of_collector(&self, slots: &Slots, text: &str) -> Option<i64> {
        if !self.has_usual_times {
            return self.time(slots, text);
        }
        let read = |slot: &u32| {
            let said = slots.values(SlotId(*slot), text).filter(|seen| seen.has_text());
            said.into_iter().find_map(|seen| instant::of_text(&seen.cow(), self.bare))
        };
        let fields = self.fields(Input::Time).iter().enumerate();
        time::collected(fields.filter_map(|(place, slot)| Some((place, read(slot)?))))
    }

    /// Slots by which events are known that may have context.
    pub(crate) fn triggers(&self) -> Vec<SlotId> {
        let is_end = |input: &Input| matches!(input, Input::Ip(_) | Input::Mac(_) | Input::Host(_));
        let of_ends = self.inputs.iter().filter(|(input, _)| is_end(input));
        of_ends.flat_map(|(_, slots)| slots.iter().map(|slot| SlotId(*slot))).collect()
    }

    /// The flow that the event in the slots tells of; of fields of flows some must be asked for.
    pub(crate) fn passing<'e>(&self, context: &Context, slots: &'e Slots, text: &'e str) -> Passing<'e> {
        let view = View::new(self, context, slots, text);
        let said = Said::read(self, self.is_answer(slots, text), slots, text);
        let [source, destination, host] = view.ends;
        let named = |number: usize, end: End| Party {
            ip: self.first(Input::Ip(number), slots, text, |text| address(&text)),
            mac: self.first(Input::Mac(number), slots, text, |text| super::read::mac(&text).map(Cow::into_owned)),
            host: self.value(Input::Host(number), slots, text).map(Cow::into_owned),
            end,
        };
        let host = named(HOST, host);
        let mut ends = [named(SOURCE, source), named(DESTINATION, destination)];
        if destination.is_there && destination == host.end && ends[DESTINATION].ip.is_none() {
            ends[DESTINATION] = host.clone();
        }
        if said.is_turned {
            ends.swap(SOURCE, DESTINATION);
        }
        let [from, to] = ends;
        let decision = view.flow.or_else(|| said.decide(context, &view.ends, || self.time(slots, text)));
        let (Said { protocol, port, operation, is_turned }, time) = (said, self.time_of_collector(slots, text));
        let sensor = self.value(Input::Sensor, slots, text);
        Passing { from, to, host, is_turned, protocol, port, operation, sensor, time, decision }
    }

    /// Whether the event is no question: units are behind whoever is asked, the receiver, unless it has answered.
    fn is_answer(&self, slots: &Slots, text: &str) -> bool {
        self.value(Input::Direction, slots, text).is_some_and(|direction| direction != "request")
    }

    /// The first value that an input has.
    fn value<'e>(&self, input: Input, slots: &'e Slots, text: &'e str) -> Option<Cow<'e, str>> {
        self.first(input, slots, text, Some)
    }

    /// The slots of the fields in which an input may stand.
    fn fields(&self, input: Input) -> &[u32] {
        let at = self.inputs.binary_search_by_key(&input, |(own, _)| *own).ok();
        at.and_then(|at| self.inputs.get(at)).map_or(&[], |(_, fields)| fields)
    }

    /// Whether what records say of their ends is enough, so that no other field was looked at for it.
    fn records_suffice(&self, slots: &Slots, text: &str) -> bool {
        self.roles.of_records.iter().all(|(place, slot)| {
            let input = self.inputs.get(place.trailing_zeros() as usize);
            let mut values = slots.values(SlotId(*slot), text).peekable();
            values.peek().is_none()
                || values.any(|seen| seen.has_text() && input.is_some_and(|(input, _)| stands(*input, &seen.cow())))
        })
    }

    /// The first value of an input that stands for something.
    fn first<'e, T>(
        &self,
        input: Input,
        slots: &'e Slots,
        text: &'e str,
        read: impl Fn(Cow<'e, str>) -> Option<T>,
    ) -> Option<T> {
        let values = self.fields(input).iter().flat_map(|slot| slots.values(SlotId(*slot), text));
        values.filter(|seen| seen.has_text()).find_map(|seen| read(seen.cow()))
    }
}

/// A flow that an event tells of, from the end that began it.
#[derive(Debug, Clone)]
pub(crate) struct Passing<'e> {
    pub(crate) from: Party,
    pub(crate) to: Party,
    /// Where the event happened.
    pub(crate) host: Party,
    /// Whether the event names the ends the other way round.
    pub(crate) is_turned: bool,
    pub(crate) protocol: Option<Cow<'e, str>>,
    pub(crate) port: Option<u16>,
    pub(crate) operation: Option<Cow<'e, str>>,
    /// The sensor that saw it, as it calls itself.
    pub(crate) sensor: Option<Cow<'e, str>>,
    /// Nanoseconds since 1970.
    pub(crate) time: Option<i64>,
    pub(crate) decision: Option<Decision>,
}

/// An end of a flow: what the event calls it, and what the plant knows of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Party {
    pub(crate) ip: Option<IpAddr>,
    pub(crate) mac: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) end: End,
}

/// What context says of the event at hand.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    answer: Answer,
    memo: Memo,
    /// The number of the answer that was announced and is not in the slots yet.
    announced: Option<u64>,
}

impl Seen {
    /// Says that other values stand in the slots than before, and not only other records and indicators.
    pub(crate) fn begin(&mut self) {
        self.memo.begin();
    }

    /// Looks up the ends of the event in the slots and fills those that are asked for; the event's own values stay.
    pub(crate) fn put(&mut self, lens: &Lens, context: &Context, slots: &mut Slots, text: &str) {
        self.announce(lens, context, slots, text);
        self.fill(slots);
    }

    /// Fills the slots that were announced, and says how many values that were.
    #[inline]
    pub(crate) fn fill(&mut self, slots: &mut Slots) -> usize {
        let Some(answer) = self.announced.take().and_then(|number| self.memo.get(number)) else { return 0 };
        slots.derive_announced(&answer.entries, &answer.texts);
        answer.entries.len()
    }

    /// The same as [`put`](Self::put), but an answer that is known may only be announced: whoever reads the slots themselves has them
    /// [filled](Self::fill) first.
    pub(crate) fn announce(&mut self, lens: &Lens, context: &Context, slots: &mut Slots, text: &str) {
        self.announced = None;
        let is_asked = self.memo.ask(slots, text, &lens.roles);
        let minute = || lens.time(slots, text).map(|time| time.div_euclid(MINUTE));
        self.announced = is_asked.then(|| self.memo.answer(minute)).flatten();
        if let Some((known, number)) = self.announced.and_then(|number| self.memo.get(number).zip(Some(number))) {
            return slots.announce(&known.entries, number);
        }
        self.answer.entries.clear();
        self.answer.texts.clear();
        let view = View::new(lens, context, slots, text);
        for (field, slot) in &lens.asked {
            let slot = SlotId(*slot);
            if slots.values(slot, text).next().is_none() {
                view.tell(*field, &mut |kind, value| self.answer.push(slot, kind, value));
            }
        }
        let is_timed = view.flow.is_some_and(|flow| flow.is_timed);
        let is_learned = is_asked && lens.records_suffice(slots, text);
        if is_learned {
            let number = self.memo.learn(&self.answer, is_timed.then(minute));
            slots.announce(&self.answer.entries, number);
            slots.derive_announced(&self.answer.entries, &self.answer.texts);
        } else {
            slots.derive_more(&self.answer.entries, &self.answer.texts);
        }
    }
}

/// The ends of one event, and the flow between them.
struct View<'a> {
    context: &'a Context,
    ends: [End; 3],
    flow: Option<Decision>,
}

impl<'a> View<'a> {
    fn new(lens: &Lens, context: &'a Context, slots: &Slots, text: &str) -> Self {
        let plant = &*context.plant;
        let site = lens.value(Input::Site, slots, text).and_then(|name| plant.index.site_names.get(&*name).copied());
        let by_sensor =
            || lens.value(Input::Sensor, slots, text).and_then(|name| plant.index.sensors.get(&*name).copied());
        let site = site.or_else(by_sensor).or(context.here);
        let unit = lens.value(Input::Unit, slots, text);
        let is_answer = lens.is_answer(slots, text);
        let mut ends = [SOURCE, DESTINATION, HOST].map(|number| {
            let ip = lens.first(Input::Ip(number), slots, text, |text| address(&text));
            let mac = lens.value(Input::Mac(number), slots, text);
            let host = lens.value(Input::Host(number), slots, text);
            let has_unit = number == if is_answer { SOURCE } else { DESTINATION };
            let unit = unit.as_deref().filter(|_| has_unit);
            plant.index.end(&plant.assets, &Named { ip, mac: mac.as_deref(), host: host.as_deref(), unit }, site)
        });
        let [source, destination, host] = &mut ends;
        if source.is_there
            && !destination.is_there
            && lens.first(Input::Ip(DESTINATION), slots, text, |_| Some(())).is_none()
        {
            *destination = *host;
        }
        let has_flow = lens.asked.iter().any(|(field, _)| matches!(field, Field::Flow(_)));
        let said = has_flow.then(|| Said::read(lens, is_answer, slots, text));
        let flow = said.and_then(|said| said.decide(context, &ends, || lens.time(slots, text)));
        Self { context, ends, flow }
    }

    fn tell(&self, field: Field, put: &mut dyn FnMut(Kind, &str)) {
        match field {
            Field::End(end, what) => {
                if let (Some(end), Some(what)) = (self.ends.get(usize::from(end)), OF_END.get(usize::from(what))) {
                    self.tell_end(end, what, put);
                }
            }
            Field::Flow(what) => {
                if let Some(what) = OF_FLOW.get(usize::from(what)) {
                    self.tell_flow(what, put);
                }
            }
        }
    }

    fn tell_end(&self, end: &End, what: &str, put: &mut dyn FnMut(Kind, &str)) {
        let plant = &*self.context.plant;
        let asset = end.asset.and_then(|asset| plant.assets.get(asset as usize));
        let zone = end.zone.and_then(|zone| plant.zones.get(zone as usize));
        let mut number = |value: Option<String>| value.iter().for_each(|value| put(Kind::Number, value));
        match what {
            "purdue_level" => number(zone.and_then(|zone| zone.purdue_level).map(|level| level.to_string())),
            "security_level" => number(zone.and_then(|zone| zone.security_level).map(|level| level.to_string())),
            "zone" => zone.iter().for_each(|zone| put(Kind::Text, &zone.name)),
            "site" => {
                let site = end.site.filter(|_| end.is_there).and_then(|site| plant.sites.get(site as usize));
                site.iter().for_each(|site| put(Kind::Text, &site.name));
            }
            "asset.known" if end.is_there => put(Kind::Bool, if asset.is_some() { "true" } else { "false" }),
            _ => {
                let Some(asset) = asset else { return };
                if what == "asset.tag" {
                    return asset.tags.iter().for_each(|tag| put(Kind::Text, tag));
                }
                let value = match what {
                    "asset.id" => Some(&asset.id),
                    "asset.name" => asset.name.as_ref(),
                    "asset.role" => asset.role.as_ref(),
                    "asset.vendor" => asset.vendor.as_ref(),
                    "asset.model" => asset.model.as_ref(),
                    "asset.firmware" => asset.firmware.as_ref(),
                    "asset.owner" => asset.owner.as_ref(),
                    "asset.criticality" => asset.criticality.as_ref(),
                    _ => None,
                };
                value.into_iter().for_each(|value| put(Kind::Text, value));
            }
        }
    }

    fn tell_flow(&self, what: &str, put: &mut dyn FnMut(Kind, &str)) {
        let Some(flow) = &self.flow else { return };
        let plant = &*self.context.plant;
        let mut yes = |value: bool| put(Kind::Bool, if value { "true" } else { "false" });
        match what {
            "crosses" => yes(flow.crosses),
            "allowed" => yes(flow.denied == 0),
            "denied_by" => reasons(flow.denied).for_each(|reason| put(Kind::Text, reason)),
            "conduit" => {
                let conduit = flow.conduit.and_then(|conduit| plant.conduits.get(conduit as usize));
                conduit.iter().for_each(|conduit| put(Kind::Text, &conduit.name));
            }
            _ => {
                let level = |end: &End| plant.zones.get(end.zone? as usize)?.purdue_level;
                if let (Some(one), Some(other)) = (level(&self.ends[SOURCE]), level(&self.ends[DESTINATION])) {
                    put(Kind::Number, &Level::steps(one, other).to_string());
                }
            }
        }
    }
}

/// What an event says of a flow.
struct Said<'e> {
    protocol: Option<Cow<'e, str>>,
    port: Option<u16>,
    operation: Option<Cow<'e, str>>,
    /// Whether the destination began it.
    is_turned: bool,
}

impl<'e> Said<'e> {
    fn read(lens: &Lens, is_answer: bool, slots: &'e Slots, text: &'e str) -> Self {
        let port = |input: Input| lens.first(input, slots, text, |text| port(&text));
        let (from_port, to_port) = (port(Input::SourcePort), port(Input::Port));
        let operation = lens.value(Input::Operation, slots, text);
        // Of a packet that is no operation only its ports say who was called: services have the lower ones.
        let is_packet = operation.is_none() && lens.value(Input::Direction, slots, text).is_none();
        let is_return = is_packet && from_port.zip(to_port).is_some_and(|(from, to)| from < to);
        let is_turned = is_answer || is_return;
        let protocol = lens.first(Input::Protocol, slots, text, |text| is_protocol(&text).then_some(text));
        Self { protocol, port: if is_turned { from_port } else { to_port }, operation, is_turned }
    }

    /// Decides on the flow, from the end that began it. The time is only read when it may matter.
    fn decide(&self, context: &Context, ends: &[End; 3], time: impl FnOnce() -> Option<i64>) -> Option<Decision> {
        let (from, to) = match self.is_turned {
            true => (&ends[DESTINATION], &ends[SOURCE]),
            false => (&ends[SOURCE], &ends[DESTINATION]),
        };
        let (protocol, operation) = (self.protocol.as_deref(), self.operation.as_deref());
        let decide = |time| context.plant.decide(from, to, &Facts { protocol, port: self.port, operation, time });
        let decision = decide(None)?;
        if decision.is_timed { decide(time()) } else { Some(decision) }
    }
}

/// Whether a text is one that an input takes, so that no further one is asked.
fn stands(input: Input, text: &str) -> bool {
    match input {
        Input::Ip(_) => address(text).is_some(),
        Input::Port | Input::SourcePort => port(text).is_some(),
        Input::Protocol => is_protocol(text),
        _ => true,
    }
}

fn port(text: &str) -> Option<u16> {
    text.parse().ok()
}

/// Sensors write a word of their own where they know none.
fn is_protocol(text: &str) -> bool {
    !matches!(text, "" | "-" | "failed")
}

/// An address as logs write it: also an IPv4 address in the form of IPv6, without the zone of an interface.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.split_once('%').map_or(text, |(address, _)| address);
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}
