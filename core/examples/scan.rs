//! Times loading and scanning.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]
use std::io::Read;
use std::time::Instant;
fn main() {
    let root = std::env::args().nth(1).unwrap();
    let lane = std::env::args().nth(2).unwrap();
    let t = Instant::now();
    let mut c = tieline::Compiler::new();
    let mut stack = vec![std::path::PathBuf::from(root)];
    let mut n = 0;
    while let Some(p) = stack.pop() {
        for e in std::fs::read_dir(p).unwrap() {
            let p = e.unwrap().path();
            if p.is_dir() {
                stack.push(p)
            } else if p.extension().is_some_and(|e| e == "yml") {
                n += 1;
                c = c.rules(p.to_str(), std::fs::read_to_string(&p).unwrap());
            }
        }
    }
    for p in std::env::args().skip(3) {
        c = c.pipeline(Some(&p), std::fs::read_to_string(&p).unwrap());
    }
    let rules = c.build().unwrap();
    println!("{n} files, {} rules in {:?}", rules.len(), t.elapsed());
    let mut bytes = Vec::new();
    flate2::read::MultiGzDecoder::new(std::fs::File::open(lane).unwrap()).read_to_end(&mut bytes).unwrap();
    let events: Vec<&[u8]> = bytes.split(|b| *b == b'\n').filter(|l| !l.is_empty()).collect();
    for _ in 0..3 {
        let mut s = tieline::Scanner::new(&rules);
        let t = Instant::now();
        let mut hits = 0;
        for e in &events {
            hits += s.scan_json(e).unwrap().len();
        }
        println!("{hits} hits, {:.2} us/event", t.elapsed().as_secs_f64() * 1e6 / events.len() as f64);
    }
}
