//! Whether a clock in the plant that is off is noticed, and put right when that is asked for.
//!
//! ```text
//! events of a story, those of the sensor in the plant seven minutes early ─▶ how far its clock is off ─▶ the same incidents as before
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::net::IpAddr;
use tieline::incidents::{Incident, IncidentOptions, Skew};
use tieline_common::incidents::Investigation;
use tieline_common::load::{RuleOptions, RulePack};
use tieline_common::source::{Plan, SourceChoice};
use tieline_scenarios::{Generated, Options, Story};

fn plan(made: &Generated) -> Plan {
    let packs = tieline_rules::packs().iter().filter(|(pack, _)| !matches!(*pack, "indicators"));
    let texts = packs
        .flat_map(|(pack, rules)| rules.iter().map(move |(file, text)| (format!("{pack}/{file}"), (*text).to_owned())));
    let plan = Plan::new(RulePack::from_texts(texts), RuleOptions::default(), &[], &SourceChoice::Auto).unwrap();
    plan.in_context(std::slice::from_ref(&made.plant)).unwrap()
}

/// The line of a network sensor that looks at the plant, with another time; nothing for those of others.
fn shifted(line: &str, plan: &Plan, off_s: i64) -> Option<String> {
    let event: serde_json::Value = serde_json::from_str(line).unwrap();
    event.get("_path")?;
    let to: IpAddr = event.get("id.resp_h")?.as_str()?.parse().ok()?;
    let zones = plan.context().unwrap().zones();
    let is_in_plant = zones.iter().any(|zone| {
        zone.purdue_level.is_some_and(|level| level.number() <= 3.0)
            && zone.networks.iter().any(|own| own.contains(&to))
    });
    let (head, rest) = line.split_once("\"ts\":")?;
    let digits = rest.find(|own: char| !own.is_ascii_digit() && own != ' ')?;
    let seconds: i64 = rest.get(..digits)?.trim().parse().ok()?;
    is_in_plant.then(|| format!("{head}\"ts\":{}{}", seconds + off_s, &rest[digits..]))
}

/// The incidents of a story and what is known of clocks, when the sensor in the plant has a clock that is off by so much, of which so much is known.
fn run(made: &Generated, off_s: i64, known_s: i64) -> (Vec<Incident>, Vec<Skew>) {
    let options =
        IncidentOptions { clock_offsets_s: [("ot.ndjson".to_owned(), known_s)].into(), ..IncidentOptions::default() };
    let plan = plan(made);
    let shifted: Vec<Option<String>> = made.events.iter().map(|event| shifted(&event.line, &plan, off_s)).collect();
    let mut investigation = Investigation::new(plan, &[], options).unwrap();
    for (number, (event, shifted)) in made.events.iter().zip(&shifted).enumerate() {
        let file = if shifted.is_some() { "ot" } else { "it" };
        let line = shifted.as_ref().unwrap_or(&event.line);
        investigation.push(line.as_bytes(), &format!("{file}.ndjson:{}", number + 1)).unwrap();
    }
    let incidents = investigation.finish().unwrap();
    (incidents.incidents(), incidents.skews())
}

/// By how much the clock of the sensor in the plant seems to be slow, against those of Windows hosts; nothing when they cannot be compared.
fn seems(skews: &[Skew]) -> Option<f64> {
    let of = |name: &str| {
        let own = skews.iter().find(|skew| skew.source == name).map(|skew| skew.offset_s);
        own.or_else(|| skews.iter().any(|skew| skew.against == name).then_some(0.0))
    };
    Some(of("ot.ndjson:zeek")? - of("it.ndjson:windows")?)
}

#[test]
fn a_clock_in_the_plant_that_is_off_is_told_and_put_right() {
    let mut estimated = 0;
    // In these two the sensor in the plant and others tell of little, and of enough, that is the same.
    for story in Story::all().filter(|story| matches!(story.name(), "remote-access" | "ransomware")) {
        let made = story.generate(&Options { seed: 23, hours: 4, density: 0.1, shuffle_s: 0 }).unwrap();
        let (expected, _) = run(&made, 0, 0);
        for off_s in [-420, 10_800] {
            let (_, skews) = run(&made, off_s, 0);
            println!("{} {off_s}: {skews:?}", story.name());
            if let Some(off) = seems(&skews) {
                estimated += 1;
                assert!((off + off_s as f64).abs() < 10.0, "{} {off_s}: {skews:?}", story.name());
            }
            let (all, skews) = run(&made, off_s, -off_s);
            assert!(all == expected, "{} {off_s}: incidents are those of right clocks", story.name());
            assert!(seems(&skews).is_none_or(|off: f64| off.abs() < 10.0), "{}: {skews:?}", story.name());
        }
    }
    assert!(estimated >= 1, "{estimated}");
}
