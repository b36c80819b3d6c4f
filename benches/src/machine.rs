//! What the figures were measured on, and what a process has used of it.
//!
//! ```text
//! /proc/cpuinfo ─▶ model      /proc/self/status ─▶ VmHWM (peak), VmRSS (now)
//! ```
//!
//! Only Linux tells all this; elsewhere the figures are missing, not wrong.

use std::fs;

/// The processor and its cores, as one line.
#[must_use]
pub fn describe() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':').map(|(_, name)| name));
    let megahertz = cpuinfo.lines().find_map(|line| line.strip_prefix("cpu MHz")?.split_once(':').map(|(_, mhz)| mhz));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let model = model.unwrap_or("unknown processor").trim();
    let megahertz = megahertz.and_then(|text| text.trim().parse::<f64>().ok());
    match megahertz {
        Some(megahertz) => format!("{model}, {:.1} GHz, {cores} cores", megahertz / 1000.0),
        None => format!("{model}, {cores} cores"),
    }
}

/// Peak and present resident memory of this process in bytes.
#[must_use]
pub fn memory() -> Option<(u64, u64)> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key))?;
        line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()
    };
    Some((kilobytes("VmHWM:")? * 1024, kilobytes("VmRSS:")? * 1024))
}
