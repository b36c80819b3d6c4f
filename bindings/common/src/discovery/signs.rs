//! The tables by which events tell of assets, and what they say of one event.
//!
//! ```text
//! enip_enip_lir_name=*  layers.enip  source  model  enip_enip_lir_name  -  0.95
//! {"layers":{"enip":{"enip_enip_lir_name":"1756-ENBT/A"}}}   ─▶   the source: model 1756-ENBT/A
//! ```
//!
//! The form is told in `rules/ot/discovery/README.md`. Whom the ends stand for is not known here.

use std::collections::HashMap;
use tieline::{Event, JsonEvent};

/// Characters of a value that are kept.
const VALUE_CHARS_MAX: usize = 128;

/// Values that one sign may give for one object.
const VALUES_MAX: usize = 64;

/// Texts by which sensors and devices say nothing.
const NOTHING: &[&str] = &["", "-", "(empty)", "unknown", "n/a", "none", "null"];

/// Of whom a sign tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    Source,
    Destination,
    Host,
    Ip(Vec<String>),
    Mac(Vec<String>),
}

/// Who is meant by a sign in an event: an end of it, or an address that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Whom {
    Source,
    Destination,
    Host,
    Ip(String),
    Mac(String),
}

/// One thing that an event says of an asset.
#[derive(Debug, Clone)]
pub(super) struct Said<'t> {
    pub(super) of: Whom,
    pub(super) station: Option<String>,
    pub(super) tells: &'t str,
    pub(super) value: String,
    /// The field that says it.
    pub(super) field: &'t str,
    pub(super) weight: f64,
}

/// Where the names of the ends stand: addresses, MACs and host names.
#[derive(Debug, Default)]
pub(super) struct EndFields {
    pub(super) ip: Vec<String>,
    pub(super) mac: Vec<String>,
    pub(super) host: Vec<String>,
}

#[derive(Debug)]
struct Sign {
    when: Vec<(String, Vec<String>)>,
    end: End,
    station: Option<String>,
    tells: String,
    fields: Vec<String>,
    read: Read,
    weight: f64,
}

#[derive(Debug)]
enum Read {
    Text,
    List,
    Bytes,
    Name(String),
    At(String, String),
}

/// A row of the table of roles.
#[derive(Debug)]
pub(super) struct RoleSign {
    pub(super) sign: String,
    pub(super) least: usize,
    pub(super) role: String,
    pub(super) weight: f64,
}

/// All tables.
#[derive(Debug)]
pub(super) struct Tables {
    /// By where their objects stand.
    signs: Vec<(Option<String>, Vec<Sign>)>,
    names: HashMap<(String, String), String>,
    pub(super) roles: Vec<RoleSign>,
    pub(super) source: EndFields,
    pub(super) destination: EndFields,
    pub(super) host: EndFields,
}

/// The rows under the head of a table.
fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .skip(1)
        .map(|line| line.split('\t').collect())
}

fn split(text: &str, by: char) -> Vec<String> {
    text.split(by).map(str::to_owned).collect()
}

fn given(text: &str) -> Option<&str> {
    Some(text).filter(|text| *text != "-" && !text.is_empty())
}

impl Tables {
    /// Reads the shipped tables. A row that has not its form is left out; a test knows that none has not.
    pub(super) fn shipped() -> Self {
        Self::read(tieline_rules::discovery_signs(), tieline_rules::discovery_roles(), tieline_rules::discovery_names())
    }

    pub(super) fn read(signs: &str, roles: &str, names: &str) -> Self {
        let mut tables = Self {
            signs: Vec::new(),
            names: HashMap::new(),
            roles: Vec::new(),
            source: EndFields::default(),
            destination: EndFields::default(),
            host: EndFields::default(),
        };
        for row in rows(signs) {
            let [when, each, end, tells, field, read, weight] = row[..] else { continue };
            tables.sign([when, each, end, tells, field, read], weight.parse().ok());
        }
        for row in rows(roles) {
            let [sign, least, role, weight] = row[..] else { continue };
            if let (Ok(least), Ok(weight)) = (least.parse(), weight.parse()) {
                tables.roles.push(RoleSign { sign: sign.to_owned(), least, role: role.to_owned(), weight });
            }
        }
        for row in rows(names) {
            let [table, number, name] = row[..] else { continue };
            tables.names.insert((table.to_owned(), plain_number(number)), name.to_owned());
        }
        tables
    }

    /// The name of a number or a word in one of the tables of names.
    pub(super) fn name(&self, table: &str, of: &str) -> Option<&str> {
        self.names.get(&(table.to_owned(), plain_number(of))).map(String::as_str)
    }

    fn sign(&mut self, [when, each, end, tells, field, read]: [&str; 6], weight: Option<f64>) {
        let (end, station) = end.split_once('#').map_or((end, None), |(end, station)| (end, Some(station.to_owned())));
        let end = match end.split_once(':') {
            Some(("ip", fields)) => End::Ip(split(fields, '|')),
            Some(("mac", fields)) => End::Mac(split(fields, '|')),
            _ => match end {
                "source" => End::Source,
                "destination" => End::Destination,
                _ => End::Host,
            },
        };
        let fields = split(field, '|');
        let Some(weight) = weight else {
            // Without a weight it says where an end stands.
            let of = match end {
                End::Source => &mut self.source,
                End::Destination => &mut self.destination,
                _ => &mut self.host,
            };
            match tells {
                "ip" => of.ip = fields,
                "mac" => of.mac = fields,
                _ => of.host = fields,
            }
            return;
        };
        let condition = |part: &str| part.split_once('=').map(|(field, texts)| (field.to_owned(), split(texts, ',')));
        let when = given(when).map(|when| when.split(';').filter_map(condition).collect()).unwrap_or_default();
        let read = match read.split_at_checked(1) {
            Some(("@", rest)) => match rest.split_once('=') {
                Some((field, text)) => Read::At(field.to_owned(), text.to_owned()),
                None => Read::Text,
            },
            _ => match read {
                "list" => Read::List,
                "bytes" => Read::Bytes,
                _ => read.strip_prefix("name:").map_or(Read::Text, |table| Read::Name(table.to_owned())),
            },
        };
        let sign = Sign { when, end, station, tells: tells.to_owned(), fields, read, weight };
        let each = given(each).map(str::to_owned);
        match self.signs.iter_mut().find(|(own, _)| *own == each) {
            Some((_, signs)) => signs.push(sign),
            None => self.signs.push((each, vec![sign])),
        }
    }

    /// What an event says.
    pub(super) fn of<'t>(&'t self, event: &JsonEvent) -> Vec<Said<'t>> {
        let mut said = Vec::new();
        for (each, signs) in &self.signs {
            let mut read = |object: &dyn Event| {
                for sign in signs {
                    self.read_sign(sign, event, object, &mut said);
                }
            };
            match each {
                Some(path) => event.objects(path, &mut read),
                None => read(event),
            }
        }
        said
    }

    fn read_sign<'t>(&'t self, sign: &'t Sign, event: &JsonEvent, object: &dyn Event, said: &mut Vec<Said<'t>>) {
        if !sign.when.iter().all(|(field, texts)| holds(event, object, field, texts)) {
            return;
        }
        let Some((field, values)) = sign.fields.iter().find_map(|field| {
            let values = self.values(&sign.read, event, object, field);
            (!values.is_empty()).then_some((field, values))
        }) else {
            return;
        };
        let first = |fields: &[String]| fields.iter().find_map(|field| texts(event, object, field).into_iter().next());
        let of = match &sign.end {
            End::Source => Some(Whom::Source),
            End::Destination => Some(Whom::Destination),
            End::Host => Some(Whom::Host),
            End::Ip(fields) => first(fields).map(Whom::Ip),
            End::Mac(fields) => first(fields).map(Whom::Mac),
        };
        let Some(of) = of else { return };
        let station = match &sign.station {
            Some(field) => match texts(event, object, field).into_iter().next() {
                Some(station) => Some(station),
                // Whose slot it is cannot be said.
                None => return,
            },
            None => None,
        };
        for value in values.into_iter().take(VALUES_MAX) {
            let (of, station) = (of.clone(), station.clone());
            said.push(Said { of, station, tells: &sign.tells, value, field, weight: sign.weight });
        }
    }

    fn values(&self, read: &Read, event: &JsonEvent, object: &dyn Event, field: &str) -> Vec<String> {
        if let Some(constant) = field.strip_prefix('=') {
            return vec![constant.to_owned()];
        }
        if field.contains('{') {
            let at = match read {
                Read::At(other, wanted) => {
                    match all_texts(event, object, other).iter().position(|own| is_same(own, wanted)) {
                        Some(at) => Some(at),
                        None => return Vec::new(),
                    }
                }
                _ => None,
            };
            return made_of(event, object, field, at).into_iter().collect();
        }
        let found = texts(event, object, field);
        match read {
            Read::Text => found,
            Read::List => found.iter().flat_map(|text| text.split(',')).filter_map(clean).collect(),
            Read::Bytes => found.iter().filter_map(|text| two_bytes(text)).collect(),
            Read::Name(table) => found.iter().filter_map(|text| self.name(table, text)).map(str::to_owned).collect(),
            Read::At(other, wanted) => {
                let others = all_texts(event, object, other);
                let all = all_texts(event, object, field);
                if all.len() != others.len() {
                    return Vec::new();
                }
                let at = all.iter().zip(&others).filter(|(_, other)| is_same(other, wanted));
                at.filter_map(|(text, _)| clean(text)).collect()
            }
        }
    }
}

/// Whether a field has one of some texts.
fn holds(event: &JsonEvent, object: &dyn Event, field: &str, wanted: &[String]) -> bool {
    let fits = |text: &str, wanted: &str| match (wanted.strip_suffix('*'), wanted.strip_prefix('*')) {
        (Some(beginning), _) => text.starts_with(beginning),
        (_, Some(end)) => text.ends_with(end),
        _ => text == wanted,
    };
    let mut holds = false;
    each_text(event, object, field, &mut |text| holds |= wanted.iter().any(|wanted| fits(text, wanted)));
    holds
}

/// Gives the texts of a field, also those that say nothing.
// PERF: most signs look for fields that an event has not, so nothing is put by for what is not found.
fn each_text(event: &JsonEvent, object: &dyn Event, field: &str, each: &mut dyn FnMut(&str)) {
    let (from, field): (&dyn Event, &str) = match field.strip_prefix('/') {
        Some(field) => (event, field),
        None => (object, field),
    };
    let mut count = 0;
    from.values(field, &mut |value| {
        if let Some(text) = value.text().filter(|_| count < VALUES_MAX) {
            count += 1;
            each(&text);
        }
    });
}

/// All texts of a field, also those that say nothing.
fn all_texts(event: &JsonEvent, object: &dyn Event, field: &str) -> Vec<String> {
    let mut found = Vec::new();
    each_text(event, object, field, &mut |text| found.push(text.to_owned()));
    found
}

/// The texts of a field that say something.
pub(super) fn texts(event: &JsonEvent, object: &dyn Event, field: &str) -> Vec<String> {
    let mut found = Vec::new();
    each_text(event, object, field, &mut |text| found.extend(clean(text)));
    found
}

/// A text without what surrounds it, when it says anything.
fn clean(text: impl AsRef<str>) -> Option<String> {
    let is_around = |c: char| c.is_whitespace() || c.is_control() || c == ',';
    let text = text.as_ref().trim_matches(is_around);
    let says = !NOTHING.iter().any(|nothing| text.eq_ignore_ascii_case(nothing));
    let end = text.char_indices().nth(VALUE_CHARS_MAX).map_or(text.len(), |(at, _)| at);
    says.then(|| text.get(..end).unwrap_or(text).to_owned())
}

/// Whether two texts are the same, or the same number.
fn is_same(one: &str, other: &str) -> bool {
    plain_number(one) == plain_number(other)
}

/// `{a}.{b:bytes}` with the first value of each, or that at some place; nothing when one is missing.
fn made_of(event: &JsonEvent, object: &dyn Event, form: &str, at: Option<usize>) -> Option<String> {
    let mut out = String::new();
    let mut rest = form;
    while let Some((before, behind)) = rest.split_once('{') {
        let (field, after) = behind.split_once('}')?;
        out.push_str(before);
        let (field, part) = field.split_once(':').map_or((field, None), |(field, part)| (field, Some(part)));
        let found = match at {
            Some(_) => all_texts(event, object, field),
            None => texts(event, object, field),
        };
        let value = found.get(at.unwrap_or(0))?;
        match part {
            Some("low") => out.push_str(&(plain_number(value).parse::<u16>().ok()? & 0xff).to_string()),
            Some(_) => out.push_str(&two_bytes(value)?),
            None => out.push_str(value),
        }
        rest = after;
    }
    out.push_str(rest);
    clean(&out)
}

/// A number in decimal digits, or the text in lower case.
fn plain_number(text: &str) -> String {
    let text = text.trim();
    let hex = text.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok());
    hex.or_else(|| text.parse().ok()).map_or_else(|| text.to_lowercase(), |number: u64| number.to_string())
}

/// `1027` is `4.3`.
fn two_bytes(text: &str) -> Option<String> {
    let number: u16 = plain_number(text).parse().ok()?;
    Some(format!("{}.{}", number >> 8, number & 0xff))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_its_form() {
        let tables = Tables::shipped();
        let of = |text: &'static str| rows(text).count();
        let signs: usize = tables.signs.iter().map(|(_, signs)| signs.len()).sum();
        assert_eq!(signs + 6, of(tieline_rules::discovery_signs()));
        assert_eq!(tables.roles.len(), of(tieline_rules::discovery_roles()));
        assert_eq!(tables.names.len(), of(tieline_rules::discovery_names()));
        let known = [
            "ip", "mac", "host", "vendor", "model", "firmware", "serial", "name", "os", "software", "role", "serves",
            "uses", "heard",
        ];
        for sign in tables.signs.iter().flat_map(|(_, signs)| signs) {
            assert!(known.contains(&&*sign.tells), "{sign:?}");
            assert!((0.0..=1.0).contains(&sign.weight), "{sign:?}");
            if let Read::Name(table) = &sign.read {
                assert!(tables.names.keys().any(|(own, _)| own == table), "{sign:?}");
            }
        }
        assert!([&tables.source, &tables.destination].iter().all(|end| !end.ip.is_empty() && !end.mac.is_empty()));
    }
}
