//! Indicators that were seen: a table for people, a bundle of STIX for programs.
//!
//! ```text
//! LEVEL         SEEN  INDICATOR
//! high             3  198.51.100.7  address  Beacon of a known dropper
//!                     ENG02  2026-11-23 09:00:01 to 09:04:10  DestinationIp  windows.ndjson:22817  feed.csv
//! ```
//!
//! An event in which several rules find the same indicator counts once.

use super::json::tell;
use super::ranked::{self, INDENT, fit};
use super::summary::{Summary, to_second};
use super::{Printer, short_host};
use crate::exit::Failure;
use crate::screen::{DIM, Screen, visible};
use std::collections::BTreeMap;
use std::io::Write as _;
use tieline::{Indicator, IndicatorSeen};
use tieline_common::indicators::SightingBundle;
use tieline_common::record::Found;
use tieline_common::waist::now;

/// The indicators of the event at hand, each once.
#[derive(Default)]
struct Once {
    place: (String, u64),
    seen: Vec<(String, String)>,
}

impl Once {
    /// The indicators behind a detection that were not told for its event yet.
    fn new_ones<'f>(&mut self, found: &'f Found<'_>) -> Vec<&'f IndicatorSeen> {
        if (self.place.0.as_str(), self.place.1) != (found.file, found.line) {
            self.place = (found.file.to_owned(), found.line);
            self.seen.clear();
        }
        let all = found.evidence.iter().flat_map(|evidence| &evidence.indicators);
        let mut new = Vec::new();
        for own in all {
            let key = (own.indicator.list.to_string(), own.indicator.id.clone());
            if !self.seen.contains(&key) {
                self.seen.push(key);
                new.push(own);
            }
        }
        new
    }
}

/// An indicator that was seen.
struct Row {
    indicator: Indicator,
    count: u64,
    first: Option<String>,
    last: Option<String>,
    host: Option<String>,
    field: String,
    place: String,
}

/// The table.
pub(super) struct Table {
    top: usize,
    once: Once,
    rows: BTreeMap<(String, String), Row>,
}

impl Table {
    pub(super) fn new(top: usize) -> Self {
        Self { top, once: Once::default(), rows: BTreeMap::new() }
    }
}

impl Printer for Table {
    fn found(&mut self, found: &Found<'_>, _: &mut Screen) -> Result<(), Failure> {
        for own in self.once.new_ones(found) {
            let key = (own.indicator.list.to_string(), own.indicator.id.clone());
            let row = self.rows.entry(key).or_insert_with(|| Row {
                indicator: own.indicator.clone(),
                count: 0,
                first: None,
                last: None,
                host: found.host.map(str::to_owned),
                field: own.field.clone(),
                place: format!("{}:{}", found.file, found.line),
            });
            row.count += 1;
            if let Some(time) = found.time.map(to_second) {
                if row.first.as_ref().is_none_or(|first| time < *first) {
                    row.first = Some(time.clone());
                }
                if row.last.as_ref().is_none_or(|last| time > *last) {
                    row.last = Some(time);
                }
            }
        }
        Ok(())
    }

    fn end(&mut self, summary: &Summary, screen: &mut Screen) -> Result<(), Failure> {
        let mut rows: Vec<&Row> = self.rows.values().collect();
        rows.sort_by_key(|row| (std::cmp::Reverse(row.indicator.level), std::cmp::Reverse(row.count)));
        let head = ranked::Head { number: "SEEN", title: "INDICATOR", row: "indicator" };
        ranked::print(&head, &rows, self.top, summary, screen, |row, screen| print(row, screen))
    }

    fn streams(&self) -> bool {
        false
    }
}

fn print(row: &Row, screen: &mut Screen) -> Result<(), Failure> {
    let Indicator { name, kind, value, list, level, .. } = &row.indicator;
    let name = name.as_deref().map(|name| format!("  {name}")).unwrap_or_default();
    ranked::print_title(Some(*level), row.count, &format!("{value}  {}{name}", kind.as_str()), screen)?;
    let when = match (&row.first, &row.last) {
        (Some(first), Some(last)) if first != last => Some(format!("{first} to {last}")),
        (first, _) => first.clone(),
    };
    let host = row.host.as_deref().map(|host| short_host(host).to_owned());
    let parts = [host, when, Some(row.field.clone()), Some(row.place.clone()), Some(list.to_string())];
    let place = parts.into_iter().flatten().collect::<Vec<_>>().join("  ");
    let place = screen.paint(DIM, fit(&visible(&place), screen)).to_string();
    Ok(writeln!(screen.out(), "{:INDENT$}{place}", "")?)
}

/// The bundle.
#[derive(Default)]
pub(super) struct Stix {
    once: Once,
    bundle: SightingBundle,
}

impl Printer for Stix {
    fn found(&mut self, found: &Found<'_>, _: &mut Screen) -> Result<(), Failure> {
        self.once.new_ones(found).into_iter().for_each(|own| self.bundle.add(own, found.time));
        Ok(())
    }

    fn end(&mut self, summary: &Summary, screen: &mut Screen) -> Result<(), Failure> {
        serde_json::to_writer_pretty(screen.out(), &self.bundle.to_json(now())).map_err(std::io::Error::from)?;
        writeln!(screen.out())?;
        tell(summary, screen)
    }

    fn streams(&self) -> bool {
        false
    }
}
