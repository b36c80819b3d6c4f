//! From rule texts to an engine: time, memory, and what a saved program saves.
//!
//! ```text
//! texts in memory ─▶ parse, check, compile       child process ─▶ VmHWM, VmRSS after loading
//! ```
//!
//! Memory is measured in a process of its own for each contender, because a peak never goes down again.

use crate::contenders::rsigma::{self, Options};
use crate::contenders::sigma_rust::SigmaRust;
use crate::contenders::sigmars::Sigmars;
use crate::contenders::tieline::{self, Pipeline};
use crate::corpus::RulePack;
use crate::machine;
use crate::timing::{self, Runs};
use ::tieline::Rules;
use std::hint::black_box;
use std::process::Command;

/// What a child process can be asked to load.
pub const LOADERS: [&str; 6] = ["texts only", "tieline", "tieline, saved", "rsigma-eval", "sigma-rust", "sigmars"];

/// Time to load, per contender.
#[derive(Debug)]
pub struct Loading {
    /// Who, and what is loaded.
    pub name: &'static str,
    /// CPU time.
    pub runs: Runs,
    /// What else there is to say.
    pub note: String,
}

/// Peak and present resident memory after loading.
#[derive(Debug)]
pub struct Memory {
    /// Who.
    pub name: &'static str,
    /// `VmHWM` in bytes.
    pub peak: u64,
    /// `VmRSS` in bytes.
    pub now: u64,
}

/// Times loading for everyone, turn by turn.
#[must_use]
pub fn times(pack: &RulePack, pipelines: &[Pipeline], rounds: usize) -> Vec<Loading> {
    let loading = |name| Loading { name, runs: Runs::default(), note: String::new() };
    let mut all = [
        "tieline: parse, check, compile",
        "tieline: the same with pipeline",
        "tieline: load a saved program",
        "rsigma-eval: parse, compile",
        "rsigma-eval: load its cache",
        "sigma-rust: parse",
        "sigmars: parse",
    ]
    .map(loading);
    for _ in 0..rounds {
        let (own, rules) = timing::cpu(|| tieline::compile(pack, &[]));
        let (mapped, _) = timing::cpu(|| black_box(tieline::compile(pack, pipelines)));
        let saved = rules.to_bytes();
        let saved_bytes = saved.len();
        let (load, loaded) = timing::cpu(|| Rules::from_owner(saved));
        assert!(loaded.is_ok(), "a saved program does not load");
        let (rsigma, engine) = timing::cpu(|| rsigma::engine(&rsigma::parse(pack), Options::default()));
        let (cache, cache_bytes) = rsigma_cache(pack);
        let (sigma_rust, loose) = timing::cpu(|| SigmaRust::new(pack));
        let (sigmars, collection) = timing::cpu(|| Sigmars::new(pack));
        let count = rules.len();
        let notes = [
            format!("{count} of {} rules", pack.files.len()),
            format!("{count} rules, {} pipelines", pipelines.len()),
            format!("{:.1} MB", saved_bytes as f64 / 1e6),
            format!("{} rules", engine.rule_count()),
            format!("{:.1} MB", cache_bytes as f64 / 1e6),
            format!("refuses {}", loose.refused()),
            format!("refuses {}", collection.refused()),
        ];
        let times = [own, mapped, load, rsigma, cache, sigma_rust, sigmars];
        for ((loading, time), note) in all.iter_mut().zip(times).zip(notes) {
            loading.runs.add(time);
            loading.note = note;
        }
    }
    all.into()
}

/// Loading `rsigma-eval`'s own restart cache.
fn rsigma_cache(pack: &RulePack) -> (std::time::Duration, usize) {
    let mut engine = rsigma_eval::Engine::new();
    engine.set_retain_hir(true);
    drop(engine.add_rules(&rsigma::parse(pack).rules));
    let Ok(bytes) = engine.save_hir() else { return (std::time::Duration::ZERO, 0) };
    let (time, loaded) = timing::cpu(|| {
        let mut fresh = rsigma_eval::Engine::new();
        let loaded = fresh.load_hir(&bytes).is_ok();
        black_box(fresh);
        loaded
    });
    (if loaded { time } else { std::time::Duration::ZERO }, bytes.len())
}

/// Starts a child for each loader and reads what it says about its memory.
#[must_use]
pub fn memory() -> Vec<Memory> {
    let Ok(program) = std::env::current_exe() else { return Vec::new() };
    let child = |name: &&'static str| {
        let output = Command::new(&program).args(["--child", name]).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let (peak, now) = text.trim().split_once(' ')?;
        Some(Memory { name, peak: peak.parse().ok()?, now: now.parse().ok()? })
    };
    LOADERS.iter().filter_map(child).collect()
}

/// The work of such a child: loads, and says `peak now` in bytes.
pub fn child(name: &str, pack: RulePack) {
    let say = || {
        if let Some((peak, now)) = machine::memory() {
            println!("{peak} {now}");
        }
    };
    // The texts are given up as an application would: what counts is what stays.
    match name {
        "tieline" => {
            let rules = tieline::compile(&pack, &[]);
            drop(pack);
            say();
            black_box(rules);
        }
        "tieline, saved" => {
            let path = std::env::temp_dir().join(format!("tieline-bench-{}.saved", std::process::id()));
            let written = Command::new(std::env::current_exe().unwrap_or_default())
                .args(["--save", &path.to_string_lossy()])
                .status()
                .is_ok_and(|status| status.success());
            drop(pack);
            if written && let Ok(bytes) = std::fs::read(&path) {
                let rules = Rules::from_owner(bytes);
                say();
                drop(black_box(rules));
            }
            drop(std::fs::remove_file(&path));
        }
        "rsigma-eval" => {
            let engine = rsigma::engine(&rsigma::parse(&pack), Options::default());
            drop(pack);
            say();
            drop(black_box(engine));
        }
        "sigma-rust" => {
            let rules = SigmaRust::new(&pack);
            drop(pack);
            say();
            black_box(rules);
        }
        "sigmars" => {
            let rules = Sigmars::new(&pack);
            drop(pack);
            say();
            black_box(rules);
        }
        _ => say(),
    }
}
