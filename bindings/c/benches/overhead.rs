//! What `tl_scan_json` adds to an event, in one process with the scanner of the core.
//!
//! ```text
//!  events ─▶ Scanner::scan_json ─┐
//!         └▶ tl_scan_json       ─┴▶ the same hits, then the time of each in turn, block by block
//! ```
//!
//! The first argument is a file with one event a line, the second a directory of rules, the third a source.

#![allow(missing_docs, unsafe_code, clippy::unwrap_used, clippy::print_stdout, clippy::panic)]

use std::hint::black_box;
use std::path::PathBuf;
use std::ptr::{null, null_mut};
use std::time::Instant;
use tieline_c::{tl_scan_json, tl_scanner, tl_scanner_new};
use tieline_common::waist::{CompileOptions, RuleSet};

/// Events that are timed together; they take less time than a thread has at a stretch.
const BLOCK: usize = 50;

const ROUNDS: usize = 25;

fn main() {
    let given: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let [events, rules, source] = given.as_slice() else {
        println!("give a file of events, a directory of rules, and a source");
        return;
    };
    let text = std::fs::read(events).unwrap();
    let events: Vec<&[u8]> = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    let options = CompileOptions { source: Some(source.clone()), ..CompileOptions::default() };
    let rules = RuleSet::load(&[PathBuf::from(rules)], &options).unwrap();
    let bytes = rules.to_bytes();
    let mut own = tieline::Scanner::new(rules.rules());
    let mut handle = null_mut();
    let mut scanner: *mut tl_scanner = null_mut();
    let saved = tieline_c::tl_bytes { ptr: bytes.as_ptr(), len: bytes.len() };
    // SAFETY: the bytes are there, and the places too.
    unsafe {
        assert_eq!(tieline_c::tl_rules_from_bytes(saved, &raw mut handle), 0);
        assert_eq!(tl_scanner_new(handle, null(), &raw mut scanner), 0);
    }
    let mut by_core = |events: &[&[u8]]| -> usize {
        events.iter().map(|event| black_box(own.scan_json(event).unwrap().count())).sum()
    };
    let by_c = |events: &[&[u8]]| -> usize {
        let one = |event: &&[u8]| {
            let (mut hits, mut len) = (null(), 0);
            // SAFETY: the event is there, and the places too.
            let status = unsafe { tl_scan_json(scanner, event.as_ptr(), event.len(), &raw mut hits, &raw mut len) };
            assert_eq!(status, 0);
            black_box(len)
        };
        events.iter().map(one).sum()
    };
    assert_eq!(by_core(&events), by_c(&events));
    // The least time of each block, so that what else the machine does is not measured.
    let mut least: Vec<[f64; 2]> = events.chunks(BLOCK).map(|_| [f64::MAX; 2]).collect();
    for round in 0..ROUNDS {
        for (block, least) in events.chunks(BLOCK).zip(&mut least) {
            for way in [round % 2, (round + 1) % 2] {
                let begin = Instant::now();
                black_box(if way == 0 { by_core(block) } else { by_c(block) });
                least[way] = least[way].min(begin.elapsed().as_nanos() as f64);
            }
        }
    }
    let [core, c] = [0, 1].map(|way| least.iter().map(|least| least[way]).sum::<f64>() / events.len() as f64);
    println!("{} events: core {core:.1} ns, C {c:.1} ns, {:+.1} ns for each", events.len(), c - core);
}
