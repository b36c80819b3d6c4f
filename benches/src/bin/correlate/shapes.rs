//! Shapes of correlations and their events: how many rules, how many groups, how full the windows.
//!
//! ```text
//! event_count x 1,000 groups: a tick of 10 s, an event of each group in it, a window of an hour
//! ```
//!
//! No event is exactly one timespan older than another of its group, and no two events of a group have one time: there
//! engines differ in what they mean, and here it is about what they cost. Conditions come true now and then.

use std::fmt::Write;
use tieline_benches::generated::Chance;

/// Correlations, with the rules they listen to, and events for them.
pub struct Shape {
    pub name: &'static str,
    pub rules: String,
    /// Events as JSON, with `time` in seconds since 1970.
    pub events: Vec<String>,
}

const BEGIN: u64 = 1_700_000_000;

/// All shapes.
pub fn all() -> Vec<Shape> {
    vec![
        one_group(),
        thousand_groups(),
        many_groups(),
        many_correlations(),
        temporal(),
        values(),
        percentile(),
        chain(),
    ]
}

/// Rules that look at nothing but the kind of an event.
fn rules_for(kinds: &[&str]) -> String {
    kinds.iter().fold(String::new(), |mut text, kind| {
        // Writing into a text cannot fail.
        let _ = write!(
            text,
            "title: {kind}\nid: {kind}\nname: {kind}\nlogsource: {{product: windows}}\ndetection: {{s: {{EventType: {kind}}}, \
             condition: s}}\n---\n"
        );
        text
    })
}

fn rules(kinds: &[&str], correlation: &str) -> String {
    format!("{}title: c\nid: c\ncorrelation: {{{correlation}}}\n", rules_for(kinds))
}

fn event(seconds: u64, kind: &str, user: usize, rest: &str) -> String {
    let time = BEGIN + seconds;
    format!(
        r#"{{"time":{time},"EventType":"{kind}","User":"user_{user:06}","CommandLine":"whoami /all","Image":"C:\\Windows\\System32\\whoami.exe"{rest}}}"#
    )
}

fn one_group() -> Shape {
    let (mut chance, mut now) = (Chance::new(1), 0);
    let mut next = || {
        now += 2 + 2 * chance.below(10) as u64;
        event(now, "a", 1, "")
    };
    Shape {
        name: "event_count, 1 group, 55 events in a window",
        rules: rules(&["a"], "type: event_count, rules: [a], group-by: [User], timespan: 601s, condition: {gte: 66}"),
        events: (0..100_000).map(|_| next()).collect(),
    }
}

/// As its benchmark of window modes: an event of each of 1,000 groups in every tick of 10 s.
fn ticks(count: usize, mut each: impl FnMut(u64, usize) -> String) -> Vec<String> {
    (0..count).map(|at| each((at / 1_000) as u64 * 10, at % 1_000)).collect()
}

fn thousand_groups() -> Shape {
    Shape {
        name: "event_count, 1,000 groups, 100 events in a window",
        rules: rules(&["a"], "type: event_count, rules: [a], group-by: [User], timespan: 3601s, condition: {gte: 90}"),
        events: ticks(100_000, |seconds, user| event(seconds, "a", user, "")),
    }
}

fn many_groups() -> Shape {
    let mut chance = Chance::new(2);
    Shape {
        name: "event_count, 100,000 groups, 2 events in a window",
        rules: rules(&["a"], "type: event_count, rules: [a], group-by: [User], timespan: 900001s, condition: {gte: 6}"),
        events: (0..200_000).map(|at| event(2 * at, "a", chance.below(100_000), "")).collect(),
    }
}

/// Twenty rules; each event matches one of them, and five correlations listen to it.
fn many_correlations() -> Shape {
    let kinds: Vec<String> = (0..20).map(|at| format!("kind_{at}")).collect();
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    let mut rules = rules_for(&kinds);
    for at in 0..100 {
        let field = ["User", "Host", "Image", "Service", "Target"].get(at / 20).unwrap_or(&"User");
        let (kind, span, least) = (at % 20, 601 + 20 * at, 10 + at % 7);
        let separator = if at == 0 { "" } else { "---\n" };
        let _ = write!(
            rules,
            "{separator}title: c{at}\nid: c{at}\ncorrelation: {{type: event_count, rules: [kind_{kind}], group-by: [{field}], \
             timespan: {span}s, condition: {{gte: {least}}}}}\n"
        );
    }
    let mut chance = Chance::new(3);
    let mut next = |at: u64| {
        let kind = kinds.get(chance.below(20)).copied().unwrap_or_default();
        let mut rest = String::new();
        for (field, values) in [("Host", 50), ("Service", 10), ("Target", 500)] {
            let _ = write!(rest, r#","{field}":"{field}_{}""#, chance.below(values));
        }
        event(2 * at, kind, chance.below(20), &rest)
    };
    Shape { name: "100 event_count, 5 for each event", rules, events: (0..50_000).map(&mut next).collect() }
}

fn temporal() -> Shape {
    let mut chance = Chance::new(4);
    let mut kind = || match chance.below(100) {
        0..2 => "b3",
        2..50 => "b2",
        _ => "b1",
    };
    Shape {
        name: "temporal, 3 rules, 1,000 groups",
        rules: rules(&["b1", "b2", "b3"], "type: temporal, rules: [b1, b2, b3], group-by: [User], timespan: 61s"),
        events: ticks(100_000, |seconds, user| event(seconds, kind(), user, "")),
    }
}

fn values() -> Shape {
    let mut chance = Chance::new(5);
    let mut value = || format!(r#","Target":"host-{}""#, chance.below(50));
    Shape {
        name: "value_count, 1,000 groups, 60 events in a window",
        rules: rules(
            &["a"],
            "type: value_count, rules: [a], group-by: [User], timespan: 601s, condition: {field: Target, gte: 42}",
        ),
        events: ticks(100_000, |seconds, user| event(seconds, "a", user, &value())),
    }
}

/// As its benchmark of percentiles: one group, and a condition that is out of reach.
fn percentile() -> Shape {
    let mut chance = Chance::new(6);
    let mut value = || format!(r#","latency":{}.5"#, chance.below(5_000));
    Shape {
        name: "value_percentile, 1 group, 5,000 events in a window",
        rules: rules(
            &["a"],
            "type: value_percentile, rules: [a], group-by: [User], timespan: 10001s, condition: {field: latency, \
             percentile: 95, gte: 1000000000}",
        ),
        events: (0..20_000).map(|at| event(2 * at, "a", 1, &value())).collect(),
    }
}

fn chain() -> Shape {
    let mut chance = Chance::new(7);
    let mut next = |at: u64| {
        let host = format!(r#","Host":"host-{}""#, chance.below(20));
        event(2 * at, "a", chance.below(50), &host)
    };
    let inner = "title: many\nid: many\ncorrelation: {type: event_count, rules: [a], group-by: [User, Host], timespan: \
                 20001s, condition: {gte: 14}}\n---\n";
    let outer = "type: event_count, rules: [many], group-by: [User], timespan: 20001s, condition: {gte: 3}";
    Shape {
        name: "event_count of event_count, 1,000 groups",
        rules: format!("{inner}{}", rules(&["a"], outer)),
        events: (0..100_000).map(&mut next).collect(),
    }
}
