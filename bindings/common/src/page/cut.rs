//! Makes a report document short enough for a page.
//!
//! ```text
//! 500,000 assets ─▶ the 20,000 that matter most, in the order in which they stood; "left_out": [{"what": "assets", "count": 480000}]
//! ```
//!
//! Parts are looked at as text and only what is ranked is read, so that a document of many assets costs little more than itself.

use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io;

/// How many of each list a page holds. Of assets and incidents those that matter most are kept, of others the first.
const LISTS: &[(&str, usize)] = &[
    ("assets", 20_000),
    ("incidents", 5_000),
    ("rules", 20_000),
    ("privileged", 10_000),
    ("blind_spots", 5_000),
    ("zones", 5_000),
    ("conduits", 5_000),
    ("timeline", 2_000),
];
/// How many of each list of one incident a page holds; of findings the worst are kept, of others the first.
const OF_INCIDENT: &[(&str, usize)] = &[("findings", 500), ("hosts", 1_000), ("accounts", 500), ("hints", 200)];
/// The same of what it has reached and can reach.
const OF_SPREAD: &[(&str, usize)] = &[("reached", 1_000), ("next", 300)];
/// An incident of fewer bytes is within all of its limits that matter.
const INCIDENT_BYTES: usize = 32_768;

type Parts<'a> = BTreeMap<String, &'a RawValue>;

/// The document with lists cut to their limits, divided by `parts`, and with what is left out told.
pub(super) fn cut(document: &[u8], parts: usize) -> io::Result<Vec<u8>> {
    // INVARIANT: what is borrowed from `text` outlives all that borrows it.
    let text = String::from_utf8_lossy(document);
    let whole: Parts<'_> = serde_json::from_str(&text)?;
    let mut made: BTreeMap<&str, Box<RawValue>> = BTreeMap::new();
    let mut left_out: Vec<Value> =
        whole.get("left_out").and_then(|told| serde_json::from_str(told.get()).ok()).unwrap_or_default();
    for (name, value) in &whole {
        let most = LISTS.iter().find(|(list, _)| list == name).map(|(_, most)| (most / parts).max(1));
        let list: Option<Vec<&RawValue>> = most.and_then(|_| serde_json::from_str(value.get()).ok());
        let (Some(most), Some(list)) = (most, list) else {
            made.insert(name, (*value).to_owned());
            continue;
        };
        let kept = keep(&list, most, |one| weight(name, one));
        tell(&mut left_out, name, list.len() - kept.len());
        if name == "incidents" {
            let short: Vec<Box<RawValue>> = kept.iter().map(|one| incident(one, parts, &mut left_out)).collect();
            made.insert(name, to_raw_value(&short)?);
        } else {
            made.insert(name, to_raw_value(&kept)?);
        }
    }
    if !left_out.is_empty() {
        made.insert("left_out", to_raw_value(&left_out)?);
    }
    Ok(serde_json::to_vec(&made)?)
}

/// Adds to what is left out.
fn tell(left_out: &mut Vec<Value>, what: &str, count: usize) {
    if count == 0 {
        return;
    }
    let same = left_out.iter_mut().find(|told| told.get("what").and_then(Value::as_str) == Some(what));
    match same.and_then(|told| told.get_mut("count")) {
        Some(number) => *number = json!(number.as_u64().unwrap_or(0).saturating_add(count as u64)),
        None => left_out.push(json!({ "what": what, "count": count })),
    }
}

/// The heaviest, in the order in which they stood.
fn keep<T: Copy, W: Ord>(list: &[T], most: usize, weight: impl Fn(T) -> W) -> Vec<T> {
    if list.len() <= most {
        return list.to_vec();
    }
    let mut order: Vec<(W, usize, T)> =
        list.iter().enumerate().map(|(at, one)| (weight(*one), list.len() - at, *one)).collect();
    order.sort_by(|one, other| (&other.0, other.1).cmp(&(&one.0, one.1)));
    order.truncate(most);
    order.sort_by_key(|(_, from_end, _)| std::cmp::Reverse(*from_end));
    order.into_iter().map(|(_, _, one)| one).collect()
}

/// What an asset is ranked by.
#[derive(Default, Deserialize)]
#[serde(default)]
struct AssetWeight<'a> {
    #[serde(borrow)]
    incidents: Vec<&'a RawValue>,
    criticality: Option<String>,
    findings: Option<u64>,
    #[serde(borrow)]
    exposures: Vec<&'a RawValue>,
}

/// What an incident is ranked by.
#[derive(Default, Deserialize)]
#[serde(default)]
struct IncidentWeight {
    score: ScoreWeight,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ScoreWeight {
    total: f64,
}

fn weight(list: &str, one: &RawValue) -> (u64, u64, u64) {
    match list {
        "assets" => {
            let asset: AssetWeight<'_> = serde_json::from_str(one.get()).unwrap_or_default();
            let (incidents, exposures) = (asset.incidents.len() as u64, asset.exposures.len() as u64);
            (incidents * 4 + severity(asset.criticality.as_deref()), asset.findings.unwrap_or(0), exposures)
        }
        "incidents" => {
            let incident: IncidentWeight = serde_json::from_str(one.get()).unwrap_or_default();
            (incident.score.total.max(0.0) as u64, 0, 0)
        }
        _ => (0, 0, 0),
    }
}

fn severity(word: Option<&str>) -> u64 {
    match word {
        Some("critical") => 4,
        Some("high") => 3,
        Some("medium") => 2,
        Some("low") => 1,
        _ => 0,
    }
}

/// One incident with its lists cut, which it tells itself too.
fn incident(raw: &RawValue, parts: usize, left_out: &mut Vec<Value>) -> Box<RawValue> {
    if raw.get().len() <= (INCIDENT_BYTES / parts).max(4_096) {
        return raw.to_owned();
    }
    let Ok(mut incident) = serde_json::from_str::<Map<String, Value>>(raw.get()) else { return raw.to_owned() };
    let mut own = Vec::new();
    for (name, most) in OF_INCIDENT {
        shorten(&mut incident, name, (most / parts).max(10), &mut own);
    }
    if let Some(Value::Object(spread)) = incident.get_mut("spread") {
        for (name, most) in OF_SPREAD {
            shorten(spread, name, (most / parts).max(10), &mut own);
        }
    }
    for told in &own {
        let what = told.get("what").and_then(Value::as_str).unwrap_or_default();
        let count = told.get("count").and_then(Value::as_u64).unwrap_or(0);
        tell(left_out, &format!("{what} of single incidents"), usize::try_from(count).unwrap_or(usize::MAX));
    }
    if !own.is_empty() {
        incident.insert("left_out".to_owned(), Value::Array(own));
    }
    to_raw_value(&incident).unwrap_or_else(|_| raw.to_owned())
}

fn shorten(of: &mut Map<String, Value>, name: &str, most: usize, left_out: &mut Vec<Value>) {
    let Some(Value::Array(list)) = of.get_mut(name) else { return };
    let count = list.len();
    let all: Vec<&Value> = list.iter().collect();
    let kept: Vec<Value> =
        keep(&all, most, |one| severity(one.get("level").and_then(Value::as_str))).into_iter().cloned().collect();
    let what = match name {
        "reached" => "hosts that were reached",
        "next" => "hosts that can be reached next",
        other => other,
    };
    tell(left_out, what, count - kept.len());
    *list = kept;
}
