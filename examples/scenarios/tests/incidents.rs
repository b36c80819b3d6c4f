//! Whether an intrusion becomes one incident with its true way, and ordinary work none of it.
//!
//! ```text
//! events of a story ─▶ incidents ─▶ every step in one of them, no labelled line, the way of the truth
//! ```
//!
//! All shipped packs are asked, in the plant of the story.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::cell::Cell;
use std::collections::BTreeSet;
use std::time::Duration;

use tieline::incidents::{Incident, IncidentOptions};
use tieline_common::incidents::Investigation;
use tieline_common::load::{RuleOptions, RulePack};
use tieline_common::source::{Plan, SourceChoice};
use tieline_scenarios::{Generated, Options, Story};

/// The incidents of a story, the one with most of its steps first.
fn incidents(made: &Generated, lateness_s: u64, keep: fn(u64) -> bool) -> Vec<Incident> {
    let packs = tieline_rules::packs().iter().filter(|(pack, _)| !matches!(*pack, "indicators"));
    let texts = packs
        .flat_map(|(pack, rules)| rules.iter().map(move |(file, text)| (format!("{pack}/{file}"), (*text).to_owned())));
    let plan = Plan::new(RulePack::from_texts(texts), RuleOptions::default(), &[], &SourceChoice::Auto).unwrap();
    let plan = plan.in_context(std::slice::from_ref(&made.plant)).unwrap();
    let options = IncidentOptions { lateness: Duration::from_secs(lateness_s), ..IncidentOptions::default() };
    let mut investigation = Investigation::new(plan, &[], options).unwrap();
    investigation.incidents().keep_findings(keep);
    for (number, event) in made.events.iter().enumerate() {
        investigation.push(event.line.as_bytes(), &format!("events.ndjson:{}", number + 1)).unwrap();
    }
    let mut all = investigation.finish().unwrap().incidents();
    let of_steps = steps(made);
    all.sort_by_key(|own| std::cmp::Reverse(lines(own).intersection(&of_steps).count()));
    all
}

/// Numbers of the lines that an incident is made of.
fn lines(incident: &Incident) -> BTreeSet<usize> {
    let events = incident.findings.iter().flat_map(|found| &found.events);
    events.filter_map(|at| at.rsplit_once(':')?.1.parse().ok()).collect()
}

fn steps(made: &Generated) -> BTreeSet<usize> {
    made.truth.steps.iter().flat_map(|step| step.lines.iter().copied()).collect()
}

/// The ends of the true way, and those of an incident.
fn ways(made: &Generated, incident: &Incident) -> (Vec<String>, Vec<String>) {
    let hops = &made.truth.path;
    let truth = hops.first().map(|hop| &hop.from).into_iter().chain(hops.iter().map(|hop| &hop.to));
    let found = &incident.path.hops;
    let told = found.first().map(|hop| &hop.from).into_iter().chain(found.iter().map(|hop| &hop.to));
    (truth.map(|node| node.id.clone()).collect(), told.cloned().collect())
}

fn check(story: Story, options: &Options) {
    let made = story.generate(options).unwrap();
    let all = incidents(&made, options.shuffle_s.into(), |_| true);
    let first = all.first().unwrap_or_else(|| panic!("{}: no incident", story.name()));
    let (own, of_steps) = (lines(first), steps(&made));
    for step in &made.truth.steps {
        let missing: Vec<_> = step.detected.iter().filter(|line| !own.contains(line)).collect();
        assert!(missing.is_empty(), "{}, step {}: {missing:?} are elsewhere", story.name(), step.number);
    }
    for other in all.iter().skip(1) {
        assert!(lines(other).is_disjoint(&of_steps), "{}: {} has a step as well", story.name(), other.title);
    }
    let strange: Vec<_> = first
        .findings
        .iter()
        .filter(|found| {
            found.events.iter().all(|at| {
                !at.rsplit_once(':').is_some_and(|(_, line)| line.parse().is_ok_and(|line| of_steps.contains(&line)))
            })
        })
        .map(|found| (&found.first, &found.title, &found.source, &found.target, &found.because))
        .collect();
    assert!(strange.len() * 50 <= first.findings.len(), "{}: ordinary: {strange:#?}", story.name());
    let (truth, told) = ways(&made, first);
    assert_eq!(told, truth, "{}", story.name());
    let reached: BTreeSet<&str> = first.spread.reached.iter().map(|reach| reach.host.as_str()).collect();
    for asset in &made.truth.spread.assets {
        assert!(reached.contains(asset.as_str()), "{}: {asset} was reached", story.name());
    }
}

#[test]
fn a_story_is_one_incident_with_its_way() {
    for story in Story::all() {
        check(story, &Options::default());
    }
}

#[test]
fn so_it_is_with_other_seeds_and_late_events() {
    for story in Story::all() {
        check(story, &Options { seed: 23, hours: 5, density: 0.3, shuffle_s: 300 });
        check(story, &Options { seed: 7, hours: 12, density: 0.5, shuffle_s: 0 });
    }
}

/// Whatever seeds are asked for, for figures on some that nobody looked at: `SEEDS="101 102" LOSSES=1 cargo test -p tieline-scenarios
/// --test incidents -- --ignored --nocapture`. Lengths, density and lateness follow from the seed; each story is tried with all findings,
/// and as often as is said without three of ten.
#[test]
#[ignore = "for figures: minutes"]
#[allow(clippy::print_stdout)]
fn what_holds_with_seeds_that_are_given() {
    let seeds = std::env::var("SEEDS").unwrap_or_else(|_| "101 102 103".to_owned());
    let losses: u64 = std::env::var("LOSSES").map_or(1, |count| count.parse().unwrap());
    let (mut all, mut held, mut found) = (0, 0, 0);
    for seed in seeds.split_whitespace().map(|seed| seed.parse::<u64>().unwrap()) {
        for story in Story::all() {
            let (hours, density) = (4 + (seed % 5) as u32 * 3, [0.3, 1.0, 0.5][seed as usize % 3]);
            let options = Options { seed, hours, density, shuffle_s: [0, 300, 60][seed as usize % 3] };
            let is_whole = std::panic::catch_unwind(|| check(story, &options)).is_ok();
            let made = story.generate(&options).unwrap();
            let lateness_s = options.shuffle_s.into();
            let holds = |lost: &u64| {
                std::panic::catch_unwind(|| check_with_fewer(story, &made, lateness_s, seed * losses + lost)).is_ok()
            };
            let with_fewer = (0..losses).filter(holds).count();
            all += 1;
            held += usize::from(is_whole);
            found += with_fewer;
            let says = if is_whole { "holds" } else { "does not hold" };
            println!("seed {seed}, {}: {says}, with fewer findings {with_fewer} of {losses} times", story.name());
        }
    }
    println!("{held} of {all} hold, with fewer findings {found} of {}", all as u64 * losses);
}

thread_local! {
    /// By which of all ways three of ten findings are lost.
    static LOST: Cell<u64> = const { Cell::new(0) };
}

/// Seven of ten findings, by their number: those whose hash says so (splitmix64).
fn is_kept(number: u64) -> bool {
    let mut hash = (number ^ LOST.get() << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash = (hash ^ hash >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ hash >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    (hash ^ hash >> 31) % 10 >= 3
}

fn check_with_fewer(story: Story, made: &Generated, lateness_s: u64, lost: u64) {
    LOST.set(lost);
    let all = incidents(made, lateness_s, is_kept);
    let of_steps = steps(made);
    let own = all.iter().filter(|own| !lines(own).is_disjoint(&of_steps));
    // When the first effect was not found, the way leads to another; and when no finding tells of it, the way goes on to it.
    let effects = || made.truth.effects.iter().map(|effect| effect.asset.as_str());
    let is_found = |own: &Incident| {
        let (truth, mut told) = ways(made, own);
        told.extend(own.path.onward.as_ref().map(|act| act.to.clone()));
        told.split_last()
            .zip(truth.split_last())
            .is_some_and(|((end, told), (_, truth))| told == truth && effects().any(|asset| asset == end.as_str()))
            || own.path.gap.is_some()
    };
    let ways: Vec<_> = own.clone().map(|own| ways(made, own).1).collect();
    assert!(own.clone().any(is_found), "{} {lost}: {ways:?}", story.name());
}

/// Without three of ten findings the way is found, or what is missing of it is said.
#[test]
fn with_fewer_findings_the_way_is_found_or_its_gap_is_named() {
    for story in Story::all() {
        let made = story.generate(&Options::default()).unwrap();
        for lost in 0..3 {
            check_with_fewer(story, &made, 0, lost);
        }
    }
}
