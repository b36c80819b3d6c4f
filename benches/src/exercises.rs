//! Recorded exercises: each is some lines of a piece, as the manifest of the recordings says.
//!
//! ```text
//! piece  first_line  lines  ...  dataset     ─▶   Exercise { number, name, hosts, text }, in the order in which they were held
//! ```

use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

/// One exercise.
#[derive(Debug, Clone)]
pub struct Exercise {
    /// Its place in the order in which they were held.
    pub number: usize,
    /// What the manifest calls it.
    pub name: String,
    /// How many hosts tell of it.
    pub hosts: usize,
    /// Its events, one a line.
    pub text: String,
    first: String,
}

/// What the recordings call hosts and times, in each of their forms.
#[derive(Deserialize)]
struct Head {
    #[serde(alias = "computer_name", alias = "Computer")]
    #[serde(rename = "Hostname")]
    host: Option<String>,
    #[serde(rename = "@timestamp")]
    stamp: Option<String>,
    #[serde(rename = "TimeCreated", alias = "EventTime")]
    time: Option<String>,
}

/// All exercises that are recorded as JSON.
///
/// # Errors
/// When a file cannot be read.
pub fn exercises(corpus: &Path) -> io::Result<Vec<Exercise>> {
    let folder = corpus.join("events/otrf");
    let manifest = fs::read_to_string(folder.join("manifest.tsv"))?;
    let mut pieces: BTreeMap<&str, Vec<(usize, usize, &str)>> = BTreeMap::new();
    for row in manifest.lines().skip(1) {
        let mut cells = row.split('\t');
        let (piece, first) = (cells.next().unwrap_or_default(), cells.next());
        let number = |cell: Option<&str>| cell.and_then(|cell| cell.parse::<usize>().ok());
        let (first, lines) = (number(first), number(cells.next()));
        let (Some(first), Some(lines), Some(name)) = (first, lines, cells.nth(1)) else {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("no exercise: `{row}`")));
        };
        if piece.ends_with(".gz") {
            pieces.entry(piece).or_default().push((first, lines, name));
        }
    }
    let mut all = Vec::new();
    for (piece, own) in pieces {
        let mut bytes = Vec::new();
        MultiGzDecoder::new(File::open(folder.join(piece))?).read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().collect();
        for (first, count, name) in own {
            let lines = lines.get(first - 1..first - 1 + count).unwrap_or_default();
            all.push(exercise(name, lines));
        }
    }
    all.sort_by(|one, other| (&one.first, &one.name).cmp(&(&other.first, &other.name)));
    (0..).zip(&mut all).for_each(|(number, own)| own.number = number);
    Ok(all)
}

fn exercise(name: &str, lines: &[&str]) -> Exercise {
    let (mut hosts, mut first) = (BTreeSet::new(), String::new());
    for head in lines.iter().filter_map(|line| serde_json::from_str::<Head>(line).ok()) {
        hosts.extend(head.host);
        if let Some(time) = head.stamp.or(head.time).map(|time| time.replace(' ', "T"))
            && (first.is_empty() || time < first)
        {
            first = time;
        }
    }
    let mut text = lines.join("\n");
    text.push('\n');
    Exercise { number: 0, name: name.to_owned(), hosts: hosts.len(), text, first }
}
