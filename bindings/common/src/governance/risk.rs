//! Where risk concentrates: sums that a person can check.
//!
//! ```text
//! incident a, score 74: ews-1, plc-7     incident b, score 20: plc-7     ─▶   plc-7 94 = a 74 + b 20     ews-1 74 = a 74
//! ```
//!
//! An incident counts with its whole score for each asset and each zone in which something of it was found, once. What its score is made of are its own
//! named terms.

use super::assets::Rows;
use super::document::{LeftOut, Risk, RiskRow, RiskTerm, ZoneRow};
use super::traffic::cut;
use std::collections::{BTreeMap, BTreeSet};
use tieline::incidents::Incident;

/// Assets that are named.
const ASSETS_MAX: usize = 200;
/// Incidents that are named of each.
const TERMS_MAX: usize = 50;
/// What lies in no zone.
const OUTSIDE: &str = "outside";

pub(super) fn of(incidents: &[Incident], assets: &Rows, left_out: &mut Vec<LeftOut>) -> Risk {
    let (mut by_asset, mut by_zone) = (BTreeMap::new(), BTreeMap::new());
    for incident in incidents {
        let (mut names, mut zones) = (BTreeSet::new(), BTreeSet::new());
        for host in &incident.hosts {
            names.insert(assets.find(&host.name).map_or(host.name.as_str(), |row| &row.id));
            zones.insert(host.zone.as_deref().unwrap_or(OUTSIDE));
        }
        names.into_iter().for_each(|name| add(&mut by_asset, name, incident));
        zones.into_iter().for_each(|zone| add(&mut by_zone, zone, incident));
    }
    let mut risk = Risk { by_asset: sorted(by_asset), by_zone: sorted(by_zone) };
    cut(&mut risk.by_asset, ASSETS_MAX, "assets with less risk", left_out);
    risk
}

fn add<'n>(rows: &mut BTreeMap<&'n str, RiskRow>, name: &'n str, incident: &Incident) {
    let row = rows.entry(name).or_default();
    row.score += u64::from(incident.score.total);
    if row.terms.len() < TERMS_MAX {
        row.terms.push(RiskTerm { incident: incident.id.clone(), points: incident.score.total });
    }
}

fn sorted(rows: BTreeMap<&str, RiskRow>) -> Vec<RiskRow> {
    let named = |(name, row): (&str, RiskRow)| RiskRow { name: name.to_owned(), ..row };
    let mut rows: Vec<RiskRow> = rows.into_iter().map(named).filter(|row| row.score > 0).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.score));
    rows
}

pub(super) fn into_zones(risk: &Risk, zones: &mut [ZoneRow]) {
    for zone in zones {
        zone.risk = risk.by_zone.iter().find(|row| row.name == zone.name).map_or(0, |row| row.score);
    }
}
