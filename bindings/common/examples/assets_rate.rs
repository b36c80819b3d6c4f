//! How fast records are read of lines of JSON, assets are learned from them, and operations are judged.
//!
//! ```text
//! cargo run --release -p tieline-common --example assets_rate -- EVENTS.ndjson [PLANT.yml]
//! ```

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::time::Instant;
use tieline::context::Context;
use tieline::diagnostic::Source;
use tieline::trust::Trust;
use tieline::{Compiler, Learner, Normaliser};
use tieline_common::discovery::Discovery;
use tieline_common::load::{with_logons, with_taxonomy};

/// Times each way is gone; the fastest counts.
const ROUNDS: usize = 3;

fn main() {
    let mut names = std::env::args().skip(1);
    let text = std::fs::read(names.next().unwrap()).unwrap();
    let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    let plant = names.next().map(|name| std::fs::read_to_string(name).unwrap());
    let context = Context::read(&plant.map(|plant| Source::new(Some("plant"), plant)).into_iter().collect::<Vec<_>>());
    let compiler = || with_taxonomy(Compiler::new(), &[]);
    let took = |what: &str, own: &mut dyn FnMut() -> String| {
        let one = |_| {
            let started = Instant::now();
            let said = own();
            (started.elapsed(), said)
        };
        let (best, said) = (0..ROUNDS).map(one).min().unwrap();
        let each = best.as_secs_f64() * 1e6 / lines.len() as f64;
        println!("{what:12} {:7.3} s  {each:7.2} us each  {said}", best.as_secs_f64());
    };
    took("normaliser", &mut || {
        let mut own = Normaliser::new(compiler()).unwrap();
        let records: usize = lines.iter().map(|line| own.records_json(line).map_or(0, |records| records.len())).sum();
        format!("{records} records")
    });
    took("discovery", &mut || {
        let mut own = Discovery::new(Normaliser::new(compiler()).unwrap(), Some(&context));
        lines.iter().for_each(|line| drop(own.push(line)));
        format!("{} events", own.events())
    });
    took("assets", &mut || {
        let mut own = Discovery::new(Normaliser::new(compiler()).unwrap(), Some(&context));
        lines.iter().for_each(|line| drop(own.push(line)));
        format!("{} assets", own.assets().len())
    });
    took("trust", &mut || {
        let mut own = Trust::new(with_logons(Compiler::new(), &[]), &context).unwrap();
        lines.iter().for_each(|line| drop(own.push_json(line, "")));
        own.finish();
        format!("{} judged", own.take().len())
    });
    took("learner", &mut || {
        let mut own = Learner::new(compiler(), &context).unwrap();
        lines.iter().for_each(|line| drop(own.push_json(line)));
        format!("{} bytes of a proposal", own.proposal().len())
    });
}
