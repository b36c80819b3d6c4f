//! Criterion benches of single operations: for a look at one change, not for comparisons.
//!
//! ```text
//! cargo bench --ignore-rust-version                    all of them
//! cargo bench --ignore-rust-version -- structured      one lane
//! ```
//!
//! The comparison with rivals is the program `compare`; its figures are the ones in the README.

#![allow(missing_docs)]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::time::Duration;
use tieline::{Rules, Scanner};
use tieline_benches::contenders::tieline::compile;
use tieline_benches::corpus::{self, RulePack};
use tieline_benches::generated;
use tieline_benches::lane::Lane;

fn rules() -> RulePack {
    corpus::rules(corpus::folder().as_deref()).unwrap_or_else(|error| panic!("rules cannot be read: {error}"))
}

fn lanes() -> Vec<Lane> {
    let mut lanes = vec![generated::lane(5_000)];
    if let Some(folder) = corpus::folder() {
        let names = ["windows_structured_10k", "windows_process_creation"];
        lanes.extend(names.iter().filter_map(|name| corpus::bench_lane(&folder, name).ok()));
    }
    lanes
}

fn scanning(criterion: &mut Criterion) {
    let rules = compile(&rules(), &[]);
    let mut group = criterion.benchmark_group("scan");
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    for lane in lanes() {
        group.throughput(Throughput::Bytes(lane.bytes() as u64));
        group.bench_function(&lane.name, |bencher| {
            bencher.iter_batched(
                || Scanner::new(&rules),
                |mut scanner| {
                    let found = lane.events().map(|event| scanner.scan_json(event).map_or(0, |found| found.len()));
                    black_box(found.sum::<usize>())
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

fn loading(criterion: &mut Criterion) {
    let pack = rules();
    let saved = compile(&pack, &[]).to_bytes();
    let mut group = criterion.benchmark_group("load");
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    group.bench_function("compile", |bencher| bencher.iter(|| black_box(compile(&pack, &[]).len())));
    group.bench_function("saved", |bencher| bencher.iter(|| black_box(Rules::from_bytes(&saved)).is_ok()));
    group.finish();
}

criterion_group!(benches, scanning, loading);
criterion_main!(benches);
