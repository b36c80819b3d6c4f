//! One run: answers and times of everybody on every lane, as a report.
//!
//! ```text
//! lane ─▶ expected? reference? ─▶ rounds: parsers, tieline, rivals in turn ─▶ table with ratios
//! ```
//!
//! Slow rivals get an evenly spread part of the lane, so that a round stays short; a table says how many.

use crate::lanes::{self, Shape, Wanted};
use crate::options::Options;
use std::collections::BTreeMap;
use tieline_benches::answers::{self, Answer};
use tieline_benches::contenders::parsers::{self, Parser};
use tieline_benches::contenders::rsigma::{self, Rsigma};
use tieline_benches::contenders::sigma_rust::SigmaRust;
use tieline_benches::contenders::sigmars::Sigmars;
use tieline_benches::contenders::tieline::{self as own, Tieline};
use tieline_benches::contenders::{Contender, Kind};
use tieline_benches::corpus::RulePack;
use tieline_benches::lane::Lane;
use tieline_benches::report::{Table, grouped, short};
use tieline_benches::timing::{self, Runs};
use tieline_benches::{latency, loading, machine};

/// Contenders, and what each was measured to take.
type Times = Vec<(String, f64)>;

/// What a run says, and how many answers were wrong.
#[derive(Debug, Default)]
pub struct Report {
    /// Markdown.
    pub text: String,
    /// Answers that are not the expected ones.
    pub faults: usize,
    /// One row for each lane: its name, the number of events, and who needs how long for one.
    summary: Vec<(String, usize, Times)>,
}

impl Report {
    /// Adds text, and shows it while the run goes on.
    fn say(&mut self, text: &str) {
        println!("{text}");
        self.text.push_str(text);
        self.text.push('\n');
    }
}

/// Events on which engine and reference are compared.
const REFERENCE_EVENTS: usize = 100;
/// Events on which the verdicts of rivals are compared.
const DIFFERENCE_EVENTS: usize = 1000;

/// Runs all wanted lanes and the loading of rules.
pub fn all(options: &Options, has_corpus: bool, pack: &RulePack, lanes: &[Wanted]) -> Report {
    let mut report = Report::default();
    let mode = if options.full { "full" } else { "quick" };
    report.say(&format!("# Measured: {mode} run\n"));
    report.say(&format!("- Machine: {}; one thread, CPU time, unless said otherwise.", machine::describe()));
    report.say(&format!("- Rules: {} ({} files).", pack.name, pack.files.len()));
    report.say(&format!("- Versions: tieline {}, {}.", env!("CARGO_PKG_VERSION"), rivals()));
    if !has_corpus {
        report
            .say("- No corpus beside the checkout: generated events. These figures only say that the benchmark runs.");
    }
    let mut prepared: BTreeMap<&'static str, Vec<Box<dyn Contender>>> = BTreeMap::new();
    for wanted in lanes.iter().filter(|wanted| options.wants(&wanted.lane.name)) {
        let key = if wanted.shape == Shape::Flat { "flat" } else { "nested" };
        let rivals = prepared.entry(key).or_insert_with(|| rivals_for(pack, wanted.shape, options.full));
        lane(options, pack, wanted, rivals, &mut report);
    }
    drop(prepared);
    summary(&mut report);
    if options.wants("loading") {
        load(options, pack, &mut report);
    }
    report
}

fn rivals() -> String {
    let mut versions = Vec::new();
    let mut name = "";
    for line in include_str!("../../../Cargo.lock").lines() {
        if let Some(own) = line.strip_prefix("name = ") {
            name = own.trim_matches('"');
        } else if let Some(version) = line.strip_prefix("version = ")
            && ["rsigma-eval", "sigma-rust", "sigmars", "serde_json", "simd-json", "sonic-rs"].contains(&name)
        {
            versions.push(format!("{name} {}", version.trim_matches('"')));
        }
    }
    versions.join(", ")
}

/// Rivals with their rules loaded. Tieline is loaded per lane, because its answers are checked there.
fn rivals_for(pack: &RulePack, shape: Shape, full: bool) -> Vec<Box<dyn Contender>> {
    let collection = rsigma::parse(pack);
    let options = rsigma::Options::default;
    let mut setups = vec![("rsigma-eval, plain", options())];
    let fast = rsigma::Options { simd: true, ..options() };
    if full {
        setups.push(("rsigma-eval, simd-json", fast));
        setups.push(("rsigma-eval, simd-json, Bloom", rsigma::Options { bloom: true, ..fast }));
        setups.push(("rsigma-eval, simd-json, cross-rule index", rsigma::Options { cross_rule: true, ..fast }));
        setups.push(("rsigma-eval, simd-json, product pruned", rsigma::Options { windows: true, ..fast }));
    }
    let routed = rsigma::Options { routed: true, ..fast };
    if shape == Shape::Flat {
        setups.push(("rsigma-eval, simd-json, engine per kind of event", routed));
        if full {
            let bloom = rsigma::Options { bloom: true, ..routed };
            setups.push(("rsigma-eval, simd-json, engine per kind of event, Bloom", bloom));
            setups.push(("rsigma-eval, simd-json, its Sysmon pipeline", rsigma::Options { sysmon: true, ..fast }));
        }
    }
    let mut all: Vec<Box<dyn Contender>> = Vec::new();
    for (name, options) in setups {
        all.push(Box::new(Rsigma::new(name, &collection, options)));
    }
    if full {
        all.push(Box::new(SigmaRust::new(pack)));
        all.push(Box::new(Sigmars::new(pack)));
    }
    all
}

/// One lane: answers, differences, times.
fn lane(options: &Options, pack: &RulePack, wanted: &Wanted, rivals: &mut [Box<dyn Contender>], report: &mut Report) {
    let lane = &wanted.lane;
    let mean = lane.bytes() as f64 / lane.len().max(1) as f64;
    report.say(&format!("\n## {}\n\n{} events, {mean:.0} bytes on average.\n", lane.name, grouped(lane.len() as f64)));
    let pipelines = lanes::pipelines(wanted.shape);
    let mut ours = vec![Tieline::new("tieline, routing off", own::compile(pack, &[]))];
    if !pipelines.is_empty() {
        ours.insert(0, Tieline::new("tieline, routing on", own::compile(pack, &pipelines)));
    }
    for own in &mut ours {
        if !check(options, own, lane, report) {
            return;
        }
    }
    let Some(routed) = ours.first_mut() else { return };
    let silent = silent(routed, lane);
    measure(options, lane, &mut ours, rivals, report);
    if options.full
        && let Some(routed) = ours.first_mut()
    {
        nothing_matches(options, routed, &silent, report);
        tails(routed, lane, report);
        threads(options, routed, lane, report);
    }
}

/// Whether the answers are the expected ones, and those of the reference evaluator.
fn check(options: &Options, own: &mut Tieline, lane: &Lane, report: &mut Report) -> bool {
    let answer = Answer::of(own, lane);
    let name = format!("{} {}", lane.name, own.name());
    let mut faults = answers::against_reference(own, &lane.thinned(REFERENCE_EVENTS));
    let mut verdict = "as expected";
    match Answer::expected(&name) {
        Some(expected) if !options.update_expected => faults.extend(answer.against(&expected)),
        _ => {
            verdict = "kept as expected from now on";
            if let Err(error) = answer.store(&name) {
                faults.push(format!("the expected answer cannot be stored: {error}"));
            }
        }
    }
    if faults.is_empty() {
        let (found, rules) = (grouped(answer.detections() as f64), answer.by_rule.len());
        let own = own.name();
        report.say(&format!("- {own}: {found} detections of {rules} rules, {verdict}; a sample equals the reference."));
        return true;
    }
    report.faults += faults.len();
    report.say(&format!("- {}: **wrong answers**, so no times:", own.name()));
    faults.iter().take(20).for_each(|fault| report.say(&format!("  - {fault}")));
    false
}

/// The events of the lane on which no rule matches.
fn silent(own: &mut Tieline, lane: &Lane) -> Lane {
    let mut ids = Vec::new();
    lane.filtered(|event| {
        own.verdict(event, &mut ids);
        ids.is_empty()
    })
}

struct Entry<'a> {
    contender: &'a mut dyn Contender,
    lane: Lane,
    runs: Runs,
    detections: usize,
    differs: String,
}

/// Interleaved rounds of everybody, and the table.
fn measure(
    options: &Options,
    lane: &Lane,
    ours: &mut [Tieline],
    rivals: &mut [Box<dyn Contender>],
    report: &mut Report,
) {
    let rounds = options.rounds.unwrap_or(if options.full { 5 } else { 3 });
    let budget = if options.full { 0.8 } else { 0.4 };
    let mut parsers = parsers::ALL;
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for rival in rivals.iter_mut().map(|rival| &mut **rival) {
        // Rivals that route are held against Tieline with routing, all others against Tieline without.
        let routes = rival.name().contains("kind of event") || rival.name().contains("pipeline");
        let against = if routes { ours.first_mut() } else { ours.last_mut() };
        let Some(against) = against else { continue };
        let trial = lane.thinned(64);
        let each = rival.pass(&trial).time.as_secs_f64() / trial.len().max(1) as f64;
        let affordable = ((budget / each) as usize).clamp(20, lane.len());
        let part = lane.thinned(affordable);
        let sample = lane.thinned(affordable.min(DIFFERENCE_EVENTS));
        let apart = answers::difference(against, rival, &sample);
        let differs = format!(
            "+{} -{} of {} ({} rules, {} events)",
            apart.only_other,
            apart.only_own,
            apart.both + apart.only_own,
            apart.rules.len(),
            apart.events
        );
        entries.push(Entry { contender: rival, lane: part, runs: Runs::default(), detections: 0, differs });
    }
    let plain =
        |contender| Entry { contender, lane: lane.clone(), runs: Runs::default(), detections: 0, differs: "-".into() };
    for own in ours.iter_mut().rev() {
        entries.insert(0, plain(own));
    }
    for parser in &mut parsers {
        entries.push(plain(parser));
    }
    for _ in 0..rounds {
        for entry in &mut entries {
            let pass = entry.contender.pass(&entry.lane);
            entry.runs.add(pass.time);
            entry.detections = pass.detections;
        }
    }
    table(&entries, rounds, report);
    let times = entries.iter().map(|entry| (entry.contender.name().to_owned(), each(entry))).collect();
    report.summary.push((lane.name.clone(), lane.len(), times));
}

/// Seconds for one event.
fn each(entry: &Entry<'_>) -> f64 {
    entry.runs.median() / entry.lane.len().max(1) as f64
}

/// All lanes in one table, in microseconds per event.
fn summary(report: &mut Report) {
    let head = [
        "us per event",
        "events",
        "tape",
        "routing on",
        "routing off",
        "rsigma, plain",
        "rsigma, best",
        "sigmars",
        "sigma-rust",
    ];
    let mut table = Table::new(&head);
    for (lane, events, times) in &report.summary {
        let of = |wanted: &str| times.iter().find(|(name, _)| name == wanted).map_or(f64::NAN, |(_, time)| *time);
        let rsigma = times.iter().filter(|(name, _)| name.starts_with("rsigma")).map(|(_, time)| *time);
        let figures = [
            of(Parser::SimdTape.name()),
            of("tieline, routing on"),
            of("tieline, routing off"),
            of("rsigma-eval, plain"),
            rsigma.fold(f64::NAN, f64::min),
            of("sigmars"),
            of("sigma-rust"),
        ];
        let cells = figures.iter().map(|seconds| match seconds * 1e6 {
            us if us >= 1000.0 => grouped(us),
            us => short(us),
        });
        table.row([format!("`{lane}`"), grouped(*events as f64)].into_iter().chain(cells).collect());
    }
    report.say(&format!("\n## All lanes\n\n{}", table.markdown()));
}

fn table(entries: &[Entry<'_>], rounds: usize, report: &mut Report) {
    let of = |name: &str| entries.iter().find(|entry| entry.contender.name() == name).map_or(f64::NAN, each);
    let (tape, own) = (of(Parser::SimdTape.name()), entries.first().map_or(f64::NAN, each));
    let head = [
        "contender",
        "us per event",
        "events/s",
        "GB/s",
        "x tape",
        "x tieline",
        "spread",
        "events",
        "detections",
        "verdicts differ",
    ];
    let mut table = Table::new(&head);
    for entry in entries {
        let seconds = each(entry);
        let bytes = entry.lane.bytes() as f64 / entry.lane.len().max(1) as f64;
        let name = entry.contender.name();
        let is_own = entry.contender.kind() == Kind::Own;
        table.row(vec![
            if is_own { format!("**{name}**") } else { name.to_owned() },
            short(seconds * 1e6),
            grouped(1.0 / seconds),
            format!("{:.2}", bytes / seconds / 1e9),
            short(seconds / tape),
            short(seconds / own),
            format!("{:.0} %", entry.runs.spread() * 100.0),
            grouped(entry.lane.len() as f64),
            grouped(entry.detections as f64),
            entry.differs.clone(),
        ]);
    }
    report.say(&format!("\nMedians of {rounds} interleaved rounds.\n\n{}", table.markdown()));
}

/// The lane without the events on which anything matches.
fn nothing_matches(options: &Options, own: &mut Tieline, silent: &Lane, report: &mut Report) {
    let rounds = options.rounds.unwrap_or(5);
    let (mut ours, mut tape) = (Runs::default(), Runs::default());
    let mut parser = Parser::SimdTape;
    for _ in 0..rounds {
        let pass = own.pass(silent);
        assert_eq!(pass.detections, 0, "an event without detections has some");
        ours.add(pass.time);
        tape.add(parser.pass(silent).time);
    }
    let events = silent.len().max(1) as f64;
    report.say(&format!(
        "Where nothing matches ({} events): {} {} us per event, {} x the tape.",
        grouped(events),
        own.name(),
        short(ours.median() / events * 1e6),
        short(ours.median() / tape.median())
    ));
}

fn tails(own: &Tieline, lane: &Lane, report: &mut Report) {
    let latency = latency::measure(own.rules(), lane);
    let us = |time: std::time::Duration| short(time.as_secs_f64() * 1e6);
    report.say(&format!(
        "\nSingle events: p50 {} us, p99 {} us, p99.9 {} us, worst {} us (event {}, {} bytes).",
        us(latency.p50),
        us(latency.p99),
        us(latency.p999),
        us(latency.worst),
        latency.worst_at,
        grouped(latency.worst_bytes as f64)
    ));
}

/// `scan_batch` on one thread and on two, by the clock. The best round counts, because the second thread is the
/// first to suffer from other work on the machine.
fn threads(options: &Options, own: &Tieline, lane: &Lane, report: &mut Report) {
    let events: Vec<&[u8]> = lane.events().collect();
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let (Ok(one), Ok(two)) = (pool(1), pool(2)) else { return };
    let (mut single, mut double) = (Runs::default(), Runs::default());
    for _ in 0..options.rounds.unwrap_or(5) {
        let (time, first) = timing::wall(|| one.install(|| own.rules().scan_batch(&events, None)));
        single.add(time);
        let (time, second) = timing::wall(|| two.install(|| own.rules().scan_batch(&events, None)));
        double.add(time);
        assert_eq!(first, second, "two threads give another answer than one");
    }
    report.say(&format!(
        "\n`scan_batch`, best time on the clock: {} ms on one thread, {} ms on two: {} x.",
        short(single.least() * 1e3),
        short(double.least() * 1e3),
        short(single.least() / double.least())
    ));
}

/// Loading: times and memory.
fn load(options: &Options, pack: &RulePack, report: &mut Report) {
    report.say("\n## Loading\n");
    let rounds = options.rounds.unwrap_or(if options.full { 5 } else { 2 });
    let mut table = Table::new(&["what", "ms", "spread", "note"]);
    for loading in loading::times(pack, &lanes::pipelines(Shape::Flat), rounds) {
        let (median, spread) = (loading.runs.median(), loading.runs.spread());
        table.row(vec![loading.name.into(), short(median * 1e3), format!("{:.0} %", spread * 100.0), loading.note]);
    }
    report.say(&table.markdown());
    let mut table = Table::new(&["process that loads", "peak memory, MB", "stays, MB"]);
    for memory in loading::memory() {
        let megabytes = |bytes: u64| format!("{:.0}", bytes as f64 / 1e6);
        table.row(vec![memory.name.into(), megabytes(memory.peak), megabytes(memory.now)]);
    }
    report.say(&table.markdown());
}
