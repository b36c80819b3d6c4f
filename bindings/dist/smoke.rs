//! Uses the packaged crates: `smoke whoami.yml` writes the title of the one rule that matches, by both ways to scan.

use std::error::Error;
use tieline::{Compiler, Scanner};
use tieline_common::waist::{CompileOptions, RuleSet, ScanOptions};

const EVENT: &[u8] = br#"{"Image":"C:\\Windows\\System32\\whoami.exe"}"#;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("smoke RULES")?;
    let yaml = std::fs::read_to_string(&path)?;
    let rules = Compiler::new().rules(Some(&path), &yaml).build()?;
    let mut scanner = Scanner::new(&rules);
    let titles: Vec<String> = scanner.scan_json(EVENT)?.map(|found| found.rule().title().to_string()).collect();

    let set = RuleSet::load(&[path.into()], &CompileOptions::default())?;
    let scan = set.scan(EVENT, &ScanOptions::default())?;
    let same: Vec<String> = scan.hits.iter().filter_map(|hit| Some(set.rule(hit)?.title().to_string())).collect();
    if titles != same {
        return Err(format!("the core says {titles:?}, and the waist {same:?}").into());
    }
    println!("{}", titles.join(" "));
    Ok(())
}
