//! The machines of a stream in other hands: a runner that spreads keys over partitions says what the stream says.
//!
//! ```text
//!            ┌▶ Stream ─────────────────────────────────────────────┐
//! events ────┤                                                      ├▶ equal alerts
//!            └▶ signals ─▶ partition of their key ─▶ Machine ───────┘
//!                  ▲                                    │ states are kept as bytes from one round to the next
//!                  └────────────────────────────────────┘ alerts that others build on
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use proptest::prelude::*;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;
use std::time::Duration;
use tieline::stream::{Alert, KeyState, Machine, Mode, Signal, StreamOptions};
use tieline::{Compiler, Rules, Scanner, Stream};

const SECOND: i64 = 1_000_000_000;
const LATENESS: i64 = 5 * SECOND;
const PARTITIONS: usize = 3;

const RULES: &str = "
title: a
name: a
logsource: {category: c}
detection: {s: {r: a}, condition: s}
---
title: b
name: b
logsource: {category: c}
detection: {s: {r: b}, condition: s}
---
title: many
name: many
correlation: {type: event_count, rules: [a], group-by: [u], timespan: 6s, condition: {gte: 2}, generate: true}
---
title: few
name: few
correlation: {type: event_count, rules: [b], group-by: [u, v], timespan: 5s, condition: {lt: 2}, generate: true}
---
title: distinct
name: distinct
correlation: {type: value_count, rules: [a, b], group-by: [u], timespan: 9s, condition: {field: v, gte: 2}, generate: true}
---
title: sum
correlation: {type: value_sum, rules: [a], group-by: [v], timespan: 7s, condition: {field: n, gt: 3}}
---
title: unanswered
name: unanswered
correlation: {type: temporal, group-by: [u], timespan: 4s, condition: a and not b, generate: true}
---
title: in order
correlation: {type: temporal_ordered, rules: [a, b, a], group-by: [u], timespan: 8s}
---
title: chain
name: chain
correlation: {type: temporal, rules: [many, few], group-by: [u], timespan: 20s, generate: true}
---
title: chain of chains
correlation: {type: event_count, rules: [chain, unanswered], timespan: 40s, condition: {gte: 2}}
";

type Key = (u32, Box<[u8]>);

/// A worker that owns the state of some keys, as bytes.
#[derive(Default)]
struct Partition {
    states: BTreeMap<Key, Vec<u8>>,
    waiting: BTreeMap<Key, Vec<Signal>>,
}

impl Partition {
    fn take_in(&mut self, signal: Signal) {
        let signal = Signal::from_bytes(&signal.to_bytes()).unwrap();
        let (correlation, key) = signal.key();
        self.waiting.entry((correlation, key.into())).or_default().push(signal);
    }

    /// Brings all keys of one correlation up to the watermark.
    fn advance(&mut self, machine: &Machine, correlation: u32, watermark: i64) -> Vec<Alert> {
        let mut alerts = Vec::new();
        let of = |key: &&Key| key.0 == correlation;
        let keys: Vec<Key> = self.states.keys().chain(self.waiting.keys()).filter(of).cloned().collect();
        for key in keys {
            let mut signals = self.waiting.remove(&key).unwrap_or_default();
            let mut state = match (self.states.remove(&key), signals.first()) {
                (Some(bytes), _) => machine.from_bytes(&bytes).unwrap(),
                (None, Some(first)) => KeyState::new(first),
                (None, None) => continue,
            };
            signals.sort_by_key(Signal::time_ns);
            let ready = signals.partition_point(|signal| signal.time_ns() < watermark);
            let later = signals.split_off(ready);
            for batch in signals.chunk_by(|left, right| left.time_ns() == right.time_ns()) {
                alerts.extend(machine.update(&mut state, batch));
            }
            alerts.extend(machine.expire(&mut state, watermark));
            if machine.idle_ns(&state) > watermark {
                self.states.insert(key.clone(), machine.to_bytes(&state));
            }
            if !later.is_empty() {
                self.waiting.insert(key, later);
            }
        }
        alerts
    }
}

/// All partitions.
struct Runner {
    machine: Machine,
    correlations: u32,
    partitions: Vec<Partition>,
}

impl Runner {
    fn new(rules: &Rules, options: &StreamOptions) -> Self {
        let partitions = std::iter::repeat_with(Partition::default).take(PARTITIONS).collect();
        Self { machine: Machine::new(rules, options), correlations: rules.correlations().len() as u32, partitions }
    }

    fn route(&mut self, signals: Vec<Signal>) {
        for signal in signals {
            let mut hasher = DefaultHasher::new();
            signal.key().hash(&mut hasher);
            let at = hasher.finish() as usize % PARTITIONS;
            self.partitions[at].take_in(signal);
        }
    }

    /// Inner correlations first, so that those further out have all their signals.
    fn advance(&mut self, watermark: i64) -> Vec<Alert> {
        let mut all = Vec::new();
        for correlation in 0..self.correlations {
            let machine = &self.machine;
            let alerts: Vec<Alert> = std::thread::scope(|scope| {
                let run =
                    |partition| scope.spawn(move || Partition::advance(partition, machine, correlation, watermark));
                let threads: Vec<_> = self.partitions.iter_mut().map(run).collect();
                threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
            });
            for alert in alerts {
                self.route(self.machine.signals_of(&alert));
                if alert.rule().alerts() {
                    all.push(alert);
                }
            }
        }
        all
    }
}

fn sorted(alerts: Vec<Alert>) -> Vec<String> {
    let show = |alert: Alert| {
        let group: Vec<_> = alert.group().collect();
        let times = [alert.time_ns(), alert.first_ns(), alert.last_ns()].map(|time| time / SECOND);
        let (title, kind, count) = (alert.rule().title(), alert.kind(), alert.count());
        format!("{times:?} {title} {group:?} {kind:?} {count} {} {:?}", alert.value(), alert.events())
    };
    let mut shown: Vec<String> = alerts.into_iter().map(show).collect();
    shown.sort();
    shown
}

/// Time in seconds, rules, and values of fields.
type Row = (i64, u8, u8, u8, i64);

fn event((_, rules, u, v, n): Row) -> String {
    let rules = [r#"["a"]"#, r#"["b"]"#, r#"["a","b"]"#, "[]"][usize::from(rules)];
    format!(r#"{{"r": {rules}, "u": "u{u}", "v": "v{v}", "n": {n}}}"#)
}

fn same(rows: &[Row], mode: Mode) -> Result<(), TestCaseError> {
    static COMPILED: LazyLock<Rules> = LazyLock::new(|| Compiler::new().rules(None, RULES).build().unwrap());
    let rules: &Rules = &COMPILED;
    prop_assert!(rules.diagnostics().iter().all(|told| !told.is_error()));
    let lateness = Duration::from_nanos(LATENESS as u64);
    let options = StreamOptions { lateness, mode, ..StreamOptions::default() };
    let (mut stream, mut runner) = (Stream::new(rules, options), Runner::new(rules, &options));
    let (mut scanner, mut sighting) = (Scanner::new(rules), stream.sighting());
    let (mut watermark, mut found) = (i64::MIN, Vec::new());
    for (number, row) in rows.iter().enumerate() {
        let (time, event) = (row.0 * SECOND, event(*row));
        stream.scan_json_at(event.as_bytes(), Some(time)).unwrap().count();
        scanner.sight_json(event.as_bytes(), number as u64, &mut sighting).unwrap().count();
        if time >= watermark {
            runner.route(runner.machine.signals(&sighting.clone().at(Some(time))));
            watermark = watermark.max(time - LATENESS);
        }
        if number % 3 == 0 {
            found.extend(runner.advance(watermark));
        }
    }
    stream.finish();
    found.extend(runner.advance(i64::MAX));
    prop_assert_eq!(sorted(stream.take_alerts()), sorted(found));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    #[test]
    fn partitions_say_what_the_stream_says(
        rows in prop::collection::vec((0_i64..60, 0_u8..4, 0_u8..3, 0_u8..3, -1_i64..4), 0..80),
        mode in prop::sample::select(vec![Mode::Suppress, Mode::Repeat, Mode::Update]),
        is_sorted: bool,
    ) {
        let mut rows = rows;
        if is_sorted {
            rows.sort();
        }
        same(&rows, mode)?;
    }
}
