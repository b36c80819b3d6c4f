//! Which lanes a run goes over, and with which pipelines.
//!
//! ```text
//! quick: the 10k lane, process creation once      full: all of it, repeated to 100,000 events
//! ```
//!
//! Without a corpus there is one lane, generated, for the rules of `rules/it`.

use std::fs;
use std::io;
use std::path::Path;
use tieline_benches::contenders::tieline::Pipeline;
use tieline_benches::corpus;
use tieline_benches::generated;
use tieline_benches::lane::Lane;

/// The shape of the events of a lane, which decides on the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Flat names.
    Flat,
    /// Nested, as `evtx_dump` writes.
    Nested,
}

/// A lane and its shape.
#[derive(Debug)]
pub struct Wanted {
    /// The lane.
    pub lane: Lane,
    /// Its shape.
    pub shape: Shape,
}

/// The lanes of a mode.
///
/// # Errors
/// When a file of the corpus cannot be read.
pub fn all(corpus: Option<&Path>, full: bool) -> io::Result<Vec<Wanted>> {
    let flat = |lane| Wanted { lane, shape: Shape::Flat };
    let Some(corpus) = corpus else { return Ok(vec![flat(generated::lane(if full { 100_000 } else { 10_000 }))]) };
    let processes = corpus::bench_lane(corpus, "windows_process_creation")?;
    if !full {
        return Ok(vec![flat(corpus::bench_lane(corpus, "windows_structured_10k")?), flat(processes)]);
    }
    let otrf = corpus::events_lane(corpus, "otrf", 12 << 20)?;
    let nested = corpus::events_lane(corpus, "evtx_attack_samples", u64::MAX)?;
    let repeated = processes.repeated(100_000).named("bench/windows_process_creation, repeated and shuffled");
    Ok(vec![
        flat(corpus::bench_lane(corpus, "windows_structured_10k")?),
        flat(corpus::bench_lane(corpus, "windows_structured")?),
        flat(processes),
        flat(repeated),
        flat(otrf.named("events/otrf, raw with Message")),
        Wanted { lane: nested.named("events/evtx_attack_samples, nested"), shape: Shape::Nested },
    ])
}

/// The shipped pipelines for a shape; none when they are not there.
#[must_use]
pub fn pipelines(shape: Shape) -> Vec<Pipeline> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules/pipelines");
    let form = match shape {
        Shape::Flat => "windows",
        Shape::Nested => "windows-evtx",
    };
    let read = |name: &str| {
        let text = fs::read_to_string(folder.join(format!("{name}.yml"))).ok()?;
        Some((name.to_owned(), text))
    };
    ["windows-logsources", form].into_iter().map(read).collect::<Option<Vec<_>>>().unwrap_or_default()
}
