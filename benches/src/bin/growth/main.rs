//! How costs grow: with rules, with indicators, with the size of hostile events.
//!
//! ```text
//! cargo growth rules | lists | attacks     each writes results/<what>.md; `rules` draws results/growth.svg as well
//! cargo growth memo                        prints the last table of `attacks` only
//! ```

mod chart;

use std::io;
use std::path::Path;
use std::process::ExitCode;
use tieline::Rules;
use tieline_benches::adversary::ATTACKS;
use tieline_benches::contenders::tieline::{Pipeline, compile};
use tieline_benches::corpus::{self, RulePack};
use tieline_benches::growth::{self, Figures};
use tieline_benches::indicators::KINDS;
use tieline_benches::lane::Lane;
use tieline_benches::report::{Table, grouped, short};
use tieline_benches::{generated, machine, memo};

/// How many times the real rules.
const TIMES: [usize; 5] = [1, 3, 10, 30, 100];
/// Values of a list.
const VALUES: usize = 1_000_000;
/// Bytes of an event that an attack makes.
const BYTES: [usize; 3] = [6_400, 64_000, 640_000];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> io::Result<()> {
    let folder = corpus::folder();
    let pack = corpus::rules(folder.as_deref())?;
    let lane = || {
        folder
            .as_deref()
            .map_or_else(|| Ok(generated::lane(10_000)), |it| corpus::bench_lane(it, "windows_structured_10k"))
    };
    let number = |text: &str| text.parse().map_err(io::Error::other);
    match arguments {
        ["--child", "rules", times] => growth::rules(number(times)?, &pack, &pipelines()?, &lane()?),
        ["--child", "list", kind, count] => {
            let kind = KINDS.get(number(kind)?).copied().ok_or_else(|| io::Error::other("no such kind"))?;
            growth::list(kind, number(count)?, &pack, &pipelines()?, &lane()?);
        }
        ["rules"] => rules(&lane()?)?,
        ["lists"] => lists()?,
        ["attacks"] => attacks(&pack)?,
        ["memo"] => println!("{}", memory_for_values(&compile(&pack, &pipelines()?)).markdown()),
        _ => return Err(io::Error::other("write `growth rules`, `growth lists`, `growth attacks` or `growth memo`")),
    }
    Ok(())
}

fn pipelines() -> io::Result<Vec<Pipeline>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules/pipelines");
    let read = |name: &str| Ok((name.to_owned(), std::fs::read_to_string(folder.join(format!("{name}.yml")))?));
    ["windows-logsources", "windows"].into_iter().map(read).collect()
}

fn results(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("results").join(name)
}

fn write(name: &str, title: &str, table: &Table) -> io::Result<()> {
    write_all(name, title, &table.markdown())
}

fn write_all(name: &str, title: &str, tables: &str) -> io::Result<()> {
    let text = format!("# {title}\n\n{}.\n\n{tables}", machine::describe());
    println!("{text}");
    std::fs::write(results(name), text)
}

fn rules(lane: &Lane) -> io::Result<()> {
    let mut table = Table::new(&[
        "rule files",
        "times",
        "load, s",
        "peak, MB",
        "stays, MB",
        "us per event",
        "best pass",
        "x",
        "detections",
    ]);
    let mut all: Vec<(usize, Figures)> = Vec::new();
    for times in TIMES {
        let Some(own) = growth::child(&["rules", &times.to_string()]) else { continue };
        all.push((times, own));
        let first = all.first().map_or(own, |(_, first)| *first);
        table.row(vec![
            grouped(own.loaded),
            times.to_string(),
            short(own.load_ms / 1e3),
            grouped(own.peak_mb),
            grouped(own.stays_mb),
            short(own.event_us),
            short(own.event_us_least),
            format!("{:.2}", own.event_us_least / first.event_us_least),
            grouped(own.detections),
        ]);
    }
    chart::draw(&results("growth.svg"), &all).map_err(|error| io::Error::other(error.to_string()))?;
    write("growth.md", &format!("Real rules and variants of them, {}", lane.name), &table)
}

fn lists() -> io::Result<()> {
    let mut table =
        Table::new(&["list", "values", "load, s", "bytes per value, peak", "stays", "us per event", "without", "x"]);
    for (at, kind) in KINDS.iter().enumerate() {
        let run = |count: usize| growth::child(&["list", &at.to_string(), &count.to_string()]);
        let (Some(without), Some(with)) = (run(0), run(VALUES)) else { continue };
        let bytes = |with: f64, without: f64| grouped((with - without) * 1e6 / VALUES as f64);
        table.row(vec![
            kind.name.to_owned(),
            grouped(with.loaded),
            short((with.load_ms - without.load_ms) / 1e3),
            bytes(with.peak_mb, without.peak_mb),
            bytes(with.stays_mb, without.stays_mb),
            short(with.event_us_least),
            short(without.event_us_least),
            format!("{:.2}", with.event_us_least / without.event_us_least),
        ]);
    }
    write("lists.md", "One rule with a list of a million values, beside all real rules", &table)
}

fn attacks(pack: &RulePack) -> io::Result<()> {
    let rules = compile(pack, &pipelines()?);
    let head: Vec<String> = BYTES.iter().map(|bytes| format!("{} bytes", grouped(*bytes as f64))).collect();
    let head: Vec<&str> = std::iter::once("attack, ns per byte").chain(head.iter().map(String::as_str)).collect();
    let mut table = Table::new(&head);
    for attack in &ATTACKS {
        let cells = BYTES.iter().map(|bytes| short(growth::attack(attack, *bytes, &rules)));
        table.row(std::iter::once(attack.name.to_owned()).chain(cells).collect());
    }
    let memo = memory_for_values(&rules);
    let tables = format!("{}\n## Values that do not repeat\n\n{}", table.markdown(), memo.markdown());
    write_all("attacks.md", "Events made to be slow", &tables)
}

/// With and without the memo, in turns.
fn memory_for_values(rules: &Rules) -> Table {
    let mut table = Table::new(&["values, us per event", "with the memo", "without", "ratio"]);
    for values in &memo::KINDS {
        let (with, without) = memo::with_and_without(values, rules);
        table.row(vec![values.name.to_owned(), short(with), short(without), format!("{:.3}", with / without)]);
    }
    table
}
