//! What a reader of the stories may rely on: the same bytes every time, lines that parse and follow in time, a truth whose every
//! line exists and whose path is whole.
//!
//! Whether rules tell of the steps is asked in `detection.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tieline_scenarios::{DENSITY_MAX, DENSITY_MIN, Generated, HOURS_MAX, HOURS_MIN, Options, Story};

fn small(seed: u64) -> Options {
    Options { seed, hours: HOURS_MIN, density: 0.2, shuffle_s: 0 }
}

fn told(story: Story, options: &Options) -> Generated {
    story.generate(options).unwrap()
}

#[test]
fn the_same_options_give_the_same_bytes() {
    for story in Story::all() {
        assert!(told(story, &small(7)) == told(story, &small(7)), "{}", story.name());
        assert!(told(story, &small(7)).ndjson() != told(story, &small(8)).ndjson(), "{}", story.name());
    }
}

#[test]
fn eight_hours_have_the_promised_size() {
    for story in Story::all() {
        let made = told(story, &Options::default());
        assert!((20_000..=50_000).contains(&made.events.len()), "{}: {}", story.name(), made.events.len());
        assert_eq!(made.truth.events, made.events.len());
    }
}

#[test]
fn lines_parse_have_each_key_once_and_follow_in_time() {
    for story in Story::all() {
        let made = told(story, &small(1));
        let mut last = i64::MIN;
        for event in &made.events {
            assert!(last <= event.time_ns && event.time_ns < made.truth.end_ns, "{}", event.line);
            last = event.time_ns;
            // A map keeps one of two equal keys, so the lengths would differ.
            let parsed: BTreeMap<String, Value> = serde_json::from_str(&event.line).unwrap();
            assert_eq!(parsed.len(), keys(&event.line), "{}", event.line);
            let time = ["ts", "TimeCreated_SystemTime", "@timestamp"].iter().filter(|key| parsed.contains_key(**key));
            assert_eq!(time.count(), 1, "{}", event.line);
            assert!(!event.line.contains(story.name()) && !event.line.contains("truth"), "{}", event.line);
        }
    }
}

/// Keys of a flat object: texts that are followed by a colon.
fn keys(line: &str) -> usize {
    let mut count = 0;
    let (mut is_text, mut is_escaped) = (false, false);
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => {
                is_text = !is_text;
                count += usize::from(!is_text && line.as_bytes().get(at + 1) == Some(&b':'));
            }
            _ => {}
        }
    }
    count
}

#[test]
fn shuffled_events_come_late_by_no_more_than_asked() {
    let story = Story::named("remote-access").unwrap();
    let sorted = told(story, &small(3));
    let shuffled = told(story, &Options { shuffle_s: 120, ..small(3) });
    let mut newest = i64::MIN;
    for event in &shuffled.events {
        newest = newest.max(event.time_ns);
        assert!(newest - event.time_ns <= 120_000_000_000, "{}", event.line);
    }
    let lines = |made: &Generated| made.events.iter().map(|event| event.line.clone()).collect::<BTreeSet<_>>();
    assert!(sorted.events != shuffled.events && lines(&sorted) == lines(&shuffled));
    // The truth goes along: the same steps stand on other lines.
    for (left, right) in sorted.truth.steps.iter().zip(&shuffled.truth.steps) {
        let texts = |made: &Generated, lines: &[usize]| {
            lines.iter().map(|line| made.events[line - 1].line.clone()).collect::<BTreeSet<_>>()
        };
        assert_eq!(texts(&sorted, &left.lines), texts(&shuffled, &right.lines));
    }
}

#[test]
fn every_line_of_the_truth_exists_and_ordinary_work_is_no_step() {
    for story in Story::all() {
        for options in [small(2), Options { hours: 24, density: DENSITY_MIN, ..Options::default() }] {
            let truth = told(story, &options).truth;
            let steps: BTreeSet<usize> = truth.steps.iter().flat_map(|step| step.lines.clone()).collect();
            assert!(steps.iter().all(|line| (1..=truth.events).contains(line)));
            for step in &truth.steps {
                assert!(!step.detected.is_empty() && step.detected.iter().all(|line| step.lines.contains(line)));
                assert!(!step.techniques.is_empty() && !step.entities.assets.is_empty(), "{}", step.tells);
            }
            assert!(truth.steps.windows(2).all(|pair| pair[0].time_ns < pair[1].time_ns), "{}", story.name());
            for work in &truth.ordinary {
                assert!(work.lines.iter().all(|line| !steps.contains(line)), "{}", work.why);
            }
        }
    }
}

#[test]
fn paths_are_whole_follow_in_time_and_end_at_an_effect() {
    for story in Story::all() {
        let truth = told(story, &small(4)).truth;
        let steps: BTreeSet<usize> = truth.steps.iter().flat_map(|step| step.lines.clone()).collect();
        assert!(truth.path.windows(2).all(|pair| pair[0].to == pair[1].from), "{}", story.name());
        assert!(truth.path.windows(2).all(|pair| pair[0].time_ns <= pair[1].time_ns), "{}", story.name());
        for hop in &truth.path {
            assert!(!hop.lines.is_empty() && hop.lines.iter().all(|line| steps.contains(line)), "{}", story.name());
            let is_border = hop.from.zone != hop.to.zone && hop.from.kind != "account";
            assert_eq!(hop.crosses.is_some(), is_border, "{hop:?}");
        }
        let end = truth.path.last().unwrap();
        assert_eq!(end.to.id, truth.effects.iter().find(|effect| effect.asset == end.to.id).unwrap().asset);
        assert!(truth.effects.iter().all(|effect| truth.spread.assets.contains(&effect.asset)));
    }
}

#[test]
fn plants_have_nothing_to_complain_about() {
    for story in Story::all() {
        let context = tieline_common::context::read_context(&[told(story, &small(1)).plant]).unwrap();
        assert!(context.diagnostics().is_empty(), "{}: {:?}", story.name(), context.diagnostics());
    }
}

#[test]
fn what_lies_outside_the_limits_is_refused() {
    let story = Story::named("insider").unwrap();
    let refused = |options| story.generate(&options).unwrap_err().to_string();
    for hours in [HOURS_MIN - 1, HOURS_MAX + 1] {
        assert_eq!(refused(Options { hours, ..small(1) }), format!("`{hours}` hours are outside 4 to 72"));
    }
    for density in [0.0, DENSITY_MAX * 2.0, f64::NAN] {
        let told = refused(Options { density, ..small(1) });
        assert_eq!(told, format!("a density of `{density}` is outside 0.05 to 20"));
    }
    assert!(Story::named("nothing").is_none());
}

#[test]
fn the_program_writes_what_the_library_makes() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("scenarios");
    let run = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_tieline-scenarios"))
            .args(arguments)
            .arg("--out")
            .arg(&folder)
            .output()
            .unwrap()
    };
    let done = run(&["all", "--seed", "5", "--hours", "4", "--density", "0.2"]);
    assert!(done.status.success(), "{done:?}");
    for story in Story::all() {
        let made = told(story, &small(5));
        let read = |name: &str| std::fs::read_to_string(folder.join(story.name()).join(name)).unwrap();
        assert!(read("events.ndjson") == made.ndjson() && read("plant.yml") == made.plant);
        let truth: Value = serde_json::from_str(&read("truth.json")).unwrap();
        assert_eq!(truth, serde_json::to_value(&made.truth).unwrap());
    }
    for (arguments, told) in [
        (&["all", "--seed", "many"][..], "`--seed` needs a number, not `many`"),
        (&["flood"][..], "no story `flood`; there are `remote-access`"),
        (&["insider", "--hours", "1"][..], "`1` hours are outside 4 to 72"),
    ] {
        let refused = run(arguments);
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success() && said.contains(told), "{said}");
    }
}
