//! The indicators that an event holds, from its slots and into its slots.
//!
//! ```text
//! slot of DestinationIp: "198.51.100.7"   ─▶   hit: indicator 12, field DestinationIp   ─▶   indicator.level: high, ...
//! ```
//!
//! Each hit is put into the slots by itself, so all tests of a rule are about one of them. Memory is kept from event to event.

use super::lens::Lens;
use super::model::{Indicator, IndicatorKind, Indicators};
use super::table::Class;
use super::value;
use crate::config::INDICATOR_HITS_MAX;
use crate::event::slots::{Derived, Kind, Slots};
use crate::program::SlotId;
use crate::text;
use crate::time::instant::Bare;
use std::net::IpAddr;
use std::ops::Range;

/// What is looked for, and where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watch<'a> {
    pub(crate) lens: &'a Lens,
    pub(crate) indicators: &'a Indicators,
    /// How numbers are read where the time of an event may stand.
    pub(crate) bare: Bare,
}

/// The hits of the event at hand.
#[derive(Debug, Default)]
pub(crate) struct Hits {
    found: Vec<Found>,
    /// What was seen, one value behind the other.
    seen: String,
    entries: Vec<(SlotId, Derived)>,
    texts: String,
    buffer: String,
    folded: String,
}

/// An indicator, and what held it: the watched field by its slot and place among those of the slot.
#[derive(Debug, Clone, PartialEq)]
struct Found {
    indicator: u32,
    slot: SlotId,
    field: usize,
    seen: Range<usize>,
}

/// An indicator that an event holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Hit<'a> {
    pub(crate) indicator: &'a Indicator,
    pub(crate) field: &'a str,
    pub(crate) seen: &'a str,
}

impl Hits {
    /// Finds the indicators that the event in the slots holds and that are valid at its time, and says how many there are.
    /// None, when it has fields of a hit already: then somebody else has looked.
    pub(crate) fn read(&mut self, watch: &Watch<'_>, slots: &Slots, text: &str) -> usize {
        let Self { found, seen, buffer, folded, .. } = self;
        found.clear();
        seen.clear();
        let Watch { lens, indicators, bare } = *watch;
        for slot in slots.filled() {
            for (field, (_, class, _)) in lens.watched(*slot).iter().enumerate() {
                for value in slots.values(*slot, text).filter(|value| value.kind == Kind::Text) {
                    let value = value.text(buffer);
                    let mut place = None;
                    look(indicators, *class, value, folded, &mut |indicator| {
                        let seen = place.get_or_insert_with(|| {
                            let start = seen.len();
                            seen.push_str(value);
                            start..seen.len()
                        });
                        // A slot that two ways lead to is filled twice, and a name may stand in several lists.
                        let is_there = |own: &Found| own.indicator == indicator && own.slot == *slot;
                        if found.len() < INDICATOR_HITS_MAX && !found.iter().any(is_there) {
                            found.push(Found { indicator, slot: *slot, field, seen: seen.clone() });
                        }
                    });
                }
            }
        }
        if found.is_empty() {
            return 0;
        }
        let is_asked = |slot: &SlotId| lens.asked.iter().any(|(_, own)| *own == slot.0);
        if slots.filled().iter().any(is_asked) {
            found.clear();
        }
        self.keep(indicators, || lens.time(slots, text, bare));
        self.found.len()
    }

    /// Drops what does not count at the time of the event, and parts of groups of which not all are there.
    fn keep(&mut self, indicators: &Indicators, time: impl Fn() -> Option<i64>) {
        let mut known = None;
        let mut time = || *known.get_or_insert_with(&time);
        self.found.retain(|found| {
            indicators.get(found.indicator).is_some_and(|indicator| indicators.counts(indicator, &mut time))
        });
        if !indicators.has_groups() {
            return;
        }
        let parts: Vec<Option<(u32, u32)>> = self.found.iter().map(|found| indicators.group(found.indicator)).collect();
        if parts.iter().any(Option::is_some) {
            let is_whole = |group: u32| {
                let mut own: Vec<u32> =
                    parts.iter().flatten().filter(|part| part.0 == group).map(|part| part.1).collect();
                own.sort_unstable();
                own.dedup();
                own.len() as u32 >= indicators.group_len(group)
            };
            let mut part = parts.iter();
            self.found.retain(|_| part.next().copied().flatten().is_none_or(|(group, _)| is_whole(group)));
        }
    }

    /// Puts a hit into the slots, behind what is there.
    pub(crate) fn put(&mut self, number: usize, watch: &Watch<'_>, slots: &mut Slots) {
        let Self { entries, texts, .. } = self;
        let (mut entries, mut texts) = (std::mem::take(entries), std::mem::take(texts));
        entries.clear();
        texts.clear();
        if let Some(hit) = self.get(number, watch) {
            for (field, slot) in &watch.lens.asked {
                let name = super::FIELDS.get(usize::from(*field)).copied().unwrap_or_default();
                hit.each(name, &mut |kind, text| {
                    let start = texts.len();
                    texts.push_str(text);
                    entries.push((SlotId(*slot), Derived::text(kind, start..texts.len())));
                });
            }
        }
        slots.derive_more(&entries, &texts);
        (self.entries, self.texts) = (entries, texts);
    }

    /// A hit by its number.
    pub(crate) fn get<'h>(&'h self, number: usize, watch: &Watch<'h>) -> Option<Hit<'h>> {
        let found = self.found.get(number)?;
        let indicator = watch.indicators.get(found.indicator)?;
        let field = watch.lens.watched(found.slot).get(found.field).map_or("", |(_, _, name)| name);
        Some(Hit { indicator, field, seen: self.seen.get(found.seen.clone()).unwrap_or_default() })
    }
}

impl Hit<'_> {
    /// Calls `each` with every value of a field of the hit.
    fn each(&self, name: &str, each: &mut dyn FnMut(Kind, &str)) {
        let Indicator { id, name: own, kind, value, list, level, confidence, tags, .. } = self.indicator;
        match name {
            "kind" => each(Kind::Text, kind.as_str()),
            "value" => each(Kind::Text, value),
            "id" => each(Kind::Text, id),
            "name" => own.iter().for_each(|own| each(Kind::Text, own)),
            "list" => each(Kind::Text, list),
            "level" => each(Kind::Text, level.as_str()),
            "confidence" => confidence.iter().for_each(|own| each(Kind::Number, itoa::Buffer::new().format(*own))),
            "tag" => tags.iter().for_each(|tag| each(Kind::Text, tag)),
            "field" => each(Kind::Text, self.field),
            "seen" => each(Kind::Text, self.seen),
            _ => {}
        }
    }
}

/// Looks for the indicators that a value of some class holds. `folded` is memory.
fn look(indicators: &Indicators, class: Class, text: &str, folded: &mut String, each: &mut dyn FnMut(u32)) {
    // An address needs no folding, and most that is watched is one.
    if class == Class::Address {
        return look_address(indicators, text, each);
    }
    if class == Class::Domain && look_host(indicators, text, each) {
        return;
    }
    if !indicators.has_names() && class != Class::Url {
        return;
    }
    folded.clear();
    text::push_folded(text.trim(), folded);
    let folded = folded.as_str();
    let mut find = |kind, folded: &str| indicators.find(kind, folded, each);
    match class {
        Class::Address => {}
        Class::Domain => look_name(indicators, folded, each),
        Class::Url => {
            find(IndicatorKind::Url, &value::with_path(folded));
            if let Some(host) = value::host_of(folded)
                && !look_host(indicators, host, each)
            {
                look_name(indicators, host, each);
            }
        }
        Class::Hash => find(IndicatorKind::Hash, folded),
        Class::Imphash => find(IndicatorKind::Imphash, folded),
        Class::Hashes => {
            for part in folded.split([',', ';', ' ']) {
                let (name, digits) = part.split_once(['=', ':']).unwrap_or(("", part));
                find(if name == "imphash" { IndicatorKind::Imphash } else { IndicatorKind::Hash }, digits);
            }
        }
        Class::FileName | Class::FilePath => {
            find(IndicatorKind::FilePath, folded);
            find(IndicatorKind::FileName, folded.rsplit(['/', '\\']).next().unwrap_or(folded));
        }
        Class::Email => find(IndicatorKind::Email, value::mailbox(folded)),
    }
}

fn look_address(indicators: &Indicators, text: &str, each: &mut dyn FnMut(u32)) {
    look_host(indicators, text, each);
}

/// Looks for an address; false when the text is none.
fn look_host(indicators: &Indicators, text: &str, each: &mut dyn FnMut(u32)) -> bool {
    // PERF: few names begin with a digit, and only addresses of v6 have colons.
    if !text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains(':') {
        return false;
    }
    match text.parse::<IpAddr>() {
        Ok(address) => {
            indicators.find_address(address.to_canonical(), each);
            true
        }
        Err(_) => false,
    }
}

/// Looks for a name and for all names above it.
fn look_name(indicators: &Indicators, folded: &str, each: &mut dyn FnMut(u32)) {
    let mut rest = folded.trim_end_matches('.');
    // The host of a field may have its port with it.
    if let Some((host, port)) = rest.rsplit_once(':')
        && port.bytes().all(|byte| byte.is_ascii_digit())
    {
        rest = host;
    }
    loop {
        let Some((_, above)) = rest.split_once('.') else { return };
        indicators.find(IndicatorKind::Domain, rest, each);
        rest = above;
    }
}
