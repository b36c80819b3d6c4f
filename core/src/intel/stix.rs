//! Bundles of STIX 2.1.
//!
//! ```text
//! indicator: id, name, pattern, valid_from, valid_until, confidence, revoked   ─▶   values, and what is said about them
//! relationship: indicator indicates attack-pattern T1071                       ─▶   tag attack.t1071
//! ```
//!
//! Of several versions of an object the latest counts. Objects of other types are passed over.

use super::pattern;
use super::read::{Reader, Told, tag_of};
use crate::diagnostic::Code;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    modified: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Indicator<'a> {
    id: Option<String>,
    name: Option<String>,
    #[serde(borrow)]
    pattern: Option<&'a RawValue>,
    #[serde(borrow)]
    pattern_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    valid_from: Option<Cow<'a, str>>,
    #[serde(borrow)]
    valid_until: Option<Cow<'a, str>>,
    #[serde(default)]
    revoked: bool,
    confidence: Option<u8>,
    #[serde(default)]
    labels: Vec<String>,
    #[serde(default)]
    indicator_types: Vec<String>,
    #[serde(default)]
    kill_chain_phases: Vec<Phase>,
}

#[derive(Deserialize)]
struct Phase {
    #[serde(default)]
    kill_chain_name: String,
    #[serde(default)]
    phase_name: String,
}

#[derive(Deserialize)]
struct Relationship {
    relationship_type: String,
    source_ref: String,
    target_ref: String,
}

/// What an indicator may indicate.
#[derive(Deserialize)]
struct Threat {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    external_references: Vec<Reference>,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(default)]
    external_id: String,
}

/// Reads the objects of a bundle.
pub(super) fn read<'a>(reader: &mut Reader<'a>, objects: &[&'a RawValue]) {
    let before = reader.added();
    let mut latest: HashMap<Cow<'a, str>, (Cow<'a, str>, &'a RawValue)> = HashMap::new();
    let mut order = Vec::new();
    let (mut links, mut threats): (HashMap<String, Vec<String>>, HashMap<String, Vec<String>>) = Default::default();
    for raw in objects {
        let Ok(head) = serde_json::from_str::<Head<'_>>(raw.get()) else {
            reader.refuse(None, reader.place(raw), "this is no STIX object");
            continue;
        };
        match head.kind.as_deref() {
            Some("indicator") => {
                let modified = head.modified.unwrap_or_default();
                let id = head.id.unwrap_or_else(|| Cow::Owned(format!("without id {}", order.len())));
                match latest.get_mut(&id) {
                    None => {
                        order.push(id.clone());
                        latest.insert(id, (modified, raw));
                    }
                    // Times of one form are in the order of their texts.
                    Some(own) if modified >= own.0 => *own = (modified, raw),
                    Some(_) => {}
                }
            }
            Some("relationship") => {
                if let Ok(link) = serde_json::from_str::<Relationship>(raw.get())
                    && link.relationship_type == "indicates"
                {
                    links.entry(link.source_ref).or_default().push(link.target_ref);
                }
            }
            Some("attack-pattern" | "malware" | "tool" | "intrusion-set" | "campaign" | "threat-actor") => {
                if let Ok(threat) = serde_json::from_str::<Threat>(raw.get()) {
                    let (id, tags) = tags_of(threat);
                    threats.insert(id, tags);
                }
            }
            Some(_) => {}
            None => reader.refuse(None, reader.place(raw), "a STIX object needs a `type`"),
        }
    }
    for (_, raw) in order.iter().filter_map(|id| latest.get(id)) {
        indicator(reader, raw, &links, &threats);
    }
    if order.is_empty() && reader.added() == before {
        reader.tell(Code::IndicatorList, None, "the bundle holds no object of the type `indicator`");
    }
}

fn tags_of(threat: Threat) -> (String, Vec<String>) {
    let technique =
        threat.external_references.iter().map(|own| tag_of(&own.external_id)).find(|tag| tag.starts_with("attack."));
    let tag = technique.or_else(|| Some(threat.name).filter(|name| !name.is_empty()));
    (threat.id, tag.into_iter().collect())
}

fn indicator<'a>(
    reader: &mut Reader<'a>,
    raw: &'a RawValue,
    links: &HashMap<String, Vec<String>>,
    threats: &HashMap<String, Vec<String>>,
) {
    let place = reader.place(raw);
    let own: Indicator<'_> = match serde_json::from_str(raw.get()) {
        Ok(own) => own,
        Err(error) => return reader.refuse(None, place, &format!("this is no STIX indicator: {error}")),
    };
    if own.revoked {
        return;
    }
    let id = own.id.as_deref();
    if let Some(kind) = own.pattern_type.as_deref().filter(|kind| *kind != "stix") {
        let message = format!("its pattern is of type `{kind}`; only `stix` is read");
        return reader.refuse(id, place, &message);
    }
    let Some(written) = own.pattern else { return reader.refuse(id, place, "an indicator needs a `pattern`") };
    let place = reader.place(written);
    let Ok(text) = serde_json::from_str::<String>(written.get()) else {
        return reader.refuse(id, place, "`pattern` must be a text");
    };
    let mut tags: Vec<String> = own.kill_chain_phases.iter().filter_map(phase).collect();
    let targets = id.and_then(|id| links.get(id)).into_iter().flatten();
    tags.extend(targets.filter_map(|target| threats.get(target)).flatten().cloned());
    tags.extend(own.labels.iter().chain(&own.indicator_types).map(|label| tag_of(label)));
    let told = Told {
        id: own.id.clone(),
        name: own.name.filter(|name| !name.trim().is_empty()).map(Arc::from),
        confidence: own.confidence.map(|confidence| confidence.min(100)),
        tags: tags.into(),
        ..reader.told()
    };
    let times = [("valid_from", own.valid_from.as_deref()), ("valid_until", own.valid_until.as_deref())];
    let Some(told) = reader.with_times(told, times, reader.place(raw)) else { return };
    // Within a text without escapes, every character stands where it is written.
    let at = |offset: usize, length: usize| {
        if written.get().contains('\\') { place } else { (place.0 + 1 + offset, length) }
    };
    match pattern::parse(&text) {
        Ok(terms) => terms.into_iter().for_each(|term| add(reader, &told, &term, &at)),
        Err(fault) => reader.refuse(id, at(fault.at, fault.length), &fault.message),
    }
}

/// Adds one way in which a pattern can hold: a value, or several that must be seen together.
fn add(reader: &mut Reader<'_>, told: &Told, term: &[pattern::Atom], at: &dyn Fn(usize, usize) -> (usize, usize)) {
    let mut values = Vec::new();
    for atom in term {
        let place = at(atom.at, atom.length);
        // Without one of them the others would mean something else.
        let Some(value) = reader.value(told, atom.kind, &atom.value, place) else { return };
        if !values.iter().any(|(own, _)| *own == value) {
            values.push((value, place));
        }
    }
    let group = (values.len() > 1).then(|| reader.into.new_group(values.len() as u32));
    for (part, (value, place)) in (0..).zip(values) {
        reader.add_read(told, value, group.map(|group| (group, part)), place);
    }
}

fn phase(phase: &Phase) -> Option<String> {
    let is_attack = phase.kill_chain_name.contains("attack") && !phase.phase_name.is_empty();
    is_attack.then(|| format!("attack.{}", phase.phase_name))
}
