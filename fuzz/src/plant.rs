//! What the targets `inventory`, `assets` and `report` do: plants that somebody wrote, plants that are seen, and what is told of both.
//!
//! ```text
//! inventory  text, events                   ─▶  findings with their places; assets that every form says alike; verdicts of `reference`
//! assets     events, forged state, plants   ─▶  assets, differences, inventories that can be read
//! report     events, a period, one before   ─▶  the document, Markdown, the page
//! ```
//!
//! Nothing fails, and what is refused changes nothing. Whether what is told is true is not known here.

use super::draw::Draw;
use super::joined::{BASE, PLANTS, RULES};
use super::{compare, forged, joined, operations};
use std::sync::LazyLock;
use tieline::context::{Context, InventoryForm};
use tieline::diagnostic::Source;
use tieline::{Compiler, Normaliser, Rules};
use tieline_common::discovery::{self, Discovery};
use tieline_common::governance::{self, Changes, Document, Past, Report, ReportOptions};
use tieline_common::load::{RuleOptions, RulePack};
use tieline_common::page;
use tieline_common::source::{Plan, SourceChoice};

/// Rules that ask for all that a plant says.
const ASKING: &str = "
title: a
logsource: {category: c}
detection: {s: {flow.crosses: true, source.zone|exists: true}, condition: s}
---
title: b
logsource: {category: c}
detection: {s: {flow.allowed: false}, condition: s}
---
title: c
logsource: {category: c}
detection: {s: {destination.purdue_level|lte: 1, source.asset.role: '*'}, condition: s}
---
title: d
logsource: {category: c}
detection: {s: {host.asset.id: '*', host.site: '*'}, condition: s}
---
title: e
logsource: {category: c}
detection: {s: {destination.asset.criticality: critical}, t: {flow.denied_by: '*'}, condition: s or t}
";
const EVENTS: &[&str] = &[
    r#"{"src_ip":"10.0.0.5","dest_ip":"10.0.3.5","hostname":"pc","t":"2026-11-24T07:00:00Z"}"#,
    r#"{"src_ip":"10.0.2.5","dest_ip":"10.0.3.5","hostname":"EWS.works.example","t":1795478400}"#,
    r#"{"src_ip":"fe80::1","dest_ip":"::ffff:10.0.0.5","hostname":"","source.mac":"00:1b:1b:00:00:05"}"#,
    r#"{"src_ip":["10.0.0.5","x"],"dest_ip":null,"hostname":["jump","plc"]}"#,
];
const FORMS: [InventoryForm; 4] =
    [InventoryForm::Yaml, InventoryForm::Csv, InventoryForm::NetBox, InventoryForm::CycloneDx];
const NAMES: [&str; 4] = ["plant.yml", "assets.csv", "bom.json", "netbox.csv"];
/// Of one input, so that it is quick.
const STEPS_MAX: usize = 24;

/// Rules that find something, in no plant and in two.
static PLANS: LazyLock<[Plan; 3]> = LazyLock::new(|| {
    ["", PLANTS[0], PLANTS[1]].map(|plant| {
        let context = Some(plant.to_owned()).filter(|plant| !plant.is_empty()).into_iter().collect();
        let pack = RulePack::from_texts([("rules.yml".to_owned(), RULES.to_owned())]);
        let options = RuleOptions { context, ..RuleOptions::default() };
        Plan::new(pack, options, &[], &SourceChoice::Auto).unwrap_or_else(|error| panic!("{error}"))
    })
});
/// A report that was made before.
static PAST: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut report =
        Report::new(PLANS[1].again(), &[], ReportOptions::default()).unwrap_or_else(|error| panic!("{error}"));
    let (bytes, mut minute) = ((0..=255).collect::<Vec<u8>>(), 0);
    let mut draw = Draw::new(&bytes);
    for number in 0..STEPS_MAX {
        drop(report.push(event(&mut draw, &mut minute).as_bytes(), &format!("before:{number}")));
    }
    told(&report.finish().unwrap_or_else(|error| panic!("{error}")))
});

/// Writes a document in every form, and gives its bytes.
fn told(document: &Document) -> Vec<u8> {
    let bytes = serde_json::to_vec(document).unwrap_or_else(|error| panic!("{error}"));
    assert!(governance::markdown(document).starts_with('#'));
    let mut page = Vec::new();
    page::page(&bytes, &mut page).unwrap_or_else(|error| panic!("{error}"));
    assert!(page.starts_with(b"<!doctype html>"));
    bytes
}

static ASKS: LazyLock<Rules> = LazyLock::new(|| {
    let built = Compiler::new().rules(None, ASKING).build();
    built.unwrap_or_else(|error| panic!("{error}"))
});

/// Texts of one plant, separated by NULs, each with a byte before it that says of what name.
pub fn inventory(data: &[u8]) {
    let texts = data.split(|byte| *byte == 0).take(3).filter_map(|part| part.split_first());
    let source = |(name, text): (&u8, &[u8])| {
        Source::new(Some(NAMES[usize::from(*name) % NAMES.len()]), String::from_utf8_lossy(text).into_owned())
    };
    let plant = Context::read(&texts.map(source).collect::<Vec<_>>());
    for told in plant.diagnostics() {
        assert!(told.line > 0 && !told.message.is_empty() && !told.render().is_empty(), "{told}");
    }
    for form in FORMS {
        let again = plant.write(form);
        let read = Context::read(&[Source::new(None, again.clone())]);
        assert_eq!(read.assets().len(), plant.assets().len(), "{form:?}\n{again}");
        let is_whole = matches!(form, InventoryForm::Yaml | InventoryForm::CycloneDx);
        assert!(!is_whole || read.assets() == plant.assets(), "{form:?}\n{again}");
    }
    let rules = ASKS.with_context(&plant);
    EVENTS.iter().for_each(|event| compare(&rules, event.as_bytes()));
}

static NORMALISER: LazyLock<Normaliser> =
    LazyLock::new(|| Normaliser::new(operations::shipped()).unwrap_or_else(|error| panic!("{error}")));

fn event(draw: &mut Draw<'_>, minute: &mut i64) -> String {
    match draw.below(2) {
        0 => joined::event(draw, minute),
        _ => operations::event(draw),
    }
}

/// Bytes as choices: what passive discovery is given, and asked.
pub fn assets(data: &[u8]) {
    let plants = &BASE.1;
    let mut draw = Draw::new(data);
    let plant = |draw: &mut Draw<'_>| plants.get(draw.below(3));
    let mut own = Discovery::new(NORMALISER.clone(), plant(&mut draw));
    let mut minute = 0;
    for _ in 0..draw.below(STEPS_MAX) {
        match draw.below(8) {
            0..5 => {
                let event = event(&mut draw, &mut minute);
                assert!(own.push(event.as_bytes()).is_ok(), "{event}");
            }
            5 => {
                let before = own.snapshot();
                if own.restore(&forged::state(&before, draw.rest(12))).is_err() {
                    assert!(own.snapshot() == before, "what is refused changes nothing");
                }
            }
            6 => own.reload(plant(&mut draw)),
            _ => drop(own.push(draw.rest(16))),
        }
    }
    let seen = own.assets();
    plants.iter().for_each(|plant| drop(discovery::compare(plant, &seen)));
    let assets: Vec<_> = seen.into_iter().map(|seen| seen.asset).collect();
    for form in FORMS {
        let read = Context::read(&[Source::new(None, form.write(&assets))]);
        assert_eq!(read.assets().len(), assets.len(), "{form:?}\n{}", form.write(&assets));
    }
    let again = own.snapshot();
    assert!(own.restore(&again).is_ok(), "what was taken can be saved and read again");
}

/// Bytes as choices: events of a report, its period, and changes of an earlier one.
pub fn report(data: &[u8]) {
    let mut draw = Draw::new(data);
    let second = |draw: &mut Draw<'_>| {
        (draw.below(8) == 0).then(|| 1_795_478_400_000_000_000 + draw.below(256) as i64 * 60_000_000_000)
    };
    let options = ReportOptions {
        from_ns: second(&mut draw),
        to_ns: second(&mut draw),
        incidents_max: [0, 1, 1_000][draw.below(3)],
        assets_max: [0, 2, 10_000][draw.below(3)],
        privileged_max: [0, 1, 1_000][draw.below(3)],
        ..ReportOptions::default()
    };
    let plan = &PLANS[draw.below(PLANS.len())];
    let mut own = Report::new(plan.again(), &[], options).unwrap_or_else(|error| panic!("{error}"));
    let mut minute = 0;
    for number in 0..draw.below(STEPS_MAX) {
        if draw.below(12) == 0 {
            let _ = own.push(draw.rest(16), "broken.ndjson");
            own.push_unreadable(1);
            continue;
        }
        let event = event(&mut draw, &mut minute);
        assert!(own.push(event.as_bytes(), &format!("log:{number}")).is_ok(), "{event}");
    }
    let mut forged = PAST.clone();
    for change in draw.rest(16).chunks_exact(4) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % forged.len();
        let end = (at + usize::from(change[3] % 8)).min(forged.len());
        forged.splice(at..end, [change[2]]);
    }
    let past = match Past::read(&forged) {
        Ok(past) => Some(past),
        Err(error) => {
            assert!(!error.to_string().is_empty());
            Past::read(&PAST).ok()
        }
    };
    let document = own.finish_since(past.as_ref()).unwrap_or_else(|error| panic!("{error}"));
    let written = told(&document);
    let again = Past::read(&written).unwrap_or_else(|error| panic!("{error}"));
    let changes = again.changes(&document);
    assert!(changes.policy.values().all(|more| *more == 0));
    let rest = Changes { since: None, policy: [].into(), ..changes };
    assert_eq!(rest, Changes::default(), "a report differs from itself");
}
