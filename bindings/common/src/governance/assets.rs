//! Assets and zones of a report: the inventory, what was seen of it, and what about an asset is of concern.
//!
//! ```text
//! declared plc-7, seen 10.1.7.2, findings, facts of traffic ─▶ plc-7: changed, 3 findings, "reached from outside the plant: rdp ..."
//! ```
//!
//! Whoever is only named by others and never heard is no asset here, and counted.

use super::document::{AssetRow, AssetStatus, ZoneRow};
use super::findings::Findings;
use super::traffic::{Fact, Kind, Traffic};
use super::words::counted;
use crate::coverage::Coverage;
use crate::discovery::{Difference, DifferenceKind, SeenAsset, Zones, compare, matches};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tieline::context::{Asset, Context, Zone};
use tieline::incidents::Incident;

/// Exposures that are told of one asset.
const EXPOSURES_MAX: usize = 12;
/// Roles of devices whose firmware should be on record.
const DEVICES: &[&str] = &["controller", "plc", "rtu", "ied", "relay", "drive", "gateway", "safety_controller"];

/// The rows, the most concerning first.
pub(super) struct Rows {
    pub(super) rows: Vec<AssetRow>,
    /// By ids, addresses and host names, where an asset stands in the rows.
    places: HashMap<String, usize>,
    pub(super) only_spoken_to: u64,
}

impl Rows {
    /// The row of a host of an incident.
    pub(super) fn find(&self, name: &str) -> Option<&AssetRow> {
        self.rows.get(*self.places.get(name)?)
    }
}

pub(super) fn rows(
    plant: Option<&Context>,
    seen: Vec<SeenAsset>,
    incidents: &[Incident],
    findings: &Findings,
    traffic: &Traffic,
) -> Rows {
    let declared = plant.map_or(&[][..], Context::assets);
    let differences = plant.map(|plant| compare(plant, &seen)).unwrap_or_default();
    let of = plant.map_or_else(|| vec![None; seen.len()], |plant| matches(plant, &seen));
    let home = Home::new(plant);
    let mut rows: Vec<AssetRow> = declared.iter().map(|asset| home.row(asset)).collect();
    let mut only_spoken_to = 0;
    for (one, declared_at) in seen.iter().zip(of) {
        match declared_at.and_then(|at| rows.get_mut(at)) {
            Some(row) => observe(row, one),
            None if one.heard => {
                let mut row = home.row(&one.asset);
                row.status = if declared.is_empty() { AssetStatus::Seen } else { AssetStatus::Unknown };
                observe(&mut row, one);
                rows.push(row);
            }
            None => only_spoken_to += 1,
        }
    }
    let mut places = HashMap::new();
    index(&rows, &mut places);
    for difference in &differences {
        let name = difference.declared.as_ref().or(difference.seen.as_ref());
        if let Some(row) = name.and_then(|name| rows.get_mut(*places.get(name)?)) {
            differ(row, difference);
        }
    }
    for row in &mut rows {
        finish(row, findings, declared.is_empty());
    }
    let at = |name: &str| places.get(name).copied();
    for incident in incidents {
        for host in incident.hosts.iter().filter_map(|host| at(&host.name)) {
            if let Some(row) = rows.get_mut(host)
                && row.incidents.last() != Some(&incident.id)
            {
                row.incidents.push(incident.id.clone());
            }
        }
    }
    tell(&mut rows, &at, findings, traffic);
    for row in rows.iter_mut().filter(|row| is_device(row) && row.firmware.is_none()) {
        row.exposures.push("no record of its firmware".to_owned());
    }
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|one, other| concern(rows.get(*other)).cmp(&concern(rows.get(*one))).then(one.cmp(other)));
    let mut all: Vec<Option<AssetRow>> = rows.into_iter().map(Some).collect();
    let rows: Vec<AssetRow> = order.into_iter().filter_map(|at| all.get_mut(at)?.take()).collect();
    places.clear();
    index(&rows, &mut places);
    Rows { rows, places, only_spoken_to }
}

/// What is of most concern comes first.
fn concern(row: Option<&AssetRow>) -> (usize, usize, u64, bool) {
    let is_odd = |row: &AssetRow| matches!(row.status, AssetStatus::Unknown | AssetStatus::Changed);
    row.map_or((0, 0, 0, false), |row| (row.incidents.len(), row.exposures.len(), row.findings, is_odd(row)))
}

fn index(rows: &[AssetRow], places: &mut HashMap<String, usize>) {
    for (at, row) in rows.iter().enumerate() {
        places.insert(row.id.clone(), at);
    }
    // An id is never taken by an address of another.
    for (at, row) in rows.iter().enumerate() {
        for name in &row.addresses {
            places.entry(name.clone()).or_insert(at);
            if let Some((short, _)) = name.split_once('.').filter(|_| name.parse::<std::net::IpAddr>().is_err()) {
                places.entry(short.to_owned()).or_insert(at);
            }
        }
    }
}

/// Zones of assets.
struct Home<'p> {
    zones: &'p [Zone],
    networks: Zones<'p>,
}

impl<'p> Home<'p> {
    fn new(plant: Option<&'p Context>) -> Self {
        Self { zones: plant.map_or(&[][..], Context::zones), networks: Zones::new(plant) }
    }

    fn zone(&self, asset: &Asset) -> Option<String> {
        let by = |fits: &dyn Fn(&Zone) -> bool| self.zones.iter().find(|zone| fits(zone)).map(|zone| zone.name.clone());
        asset
            .zone
            .clone()
            .or_else(|| by(&|zone| zone.assets.contains(&asset.id)))
            .or_else(|| by(&|zone| asset.mac.iter().any(|mac| zone.macs.contains(mac))))
            .or_else(|| by(&|zone| asset.tags.iter().any(|tag| zone.tags.contains(tag))))
            .or_else(|| asset.ip.iter().find_map(|ip| self.networks.find(*ip, asset.site.as_deref())))
    }

    fn row(&self, asset: &Asset) -> AssetRow {
        let zone = self.zone(asset);
        let of_zone = zone.as_ref().and_then(|name| self.zones.iter().find(|zone| zone.name == *name));
        let mut row = AssetRow {
            id: asset.id.clone(),
            name: asset.name.clone(),
            role: asset.role.clone(),
            site: asset.site.clone(),
            level: of_zone.and_then(|zone| zone.purdue_level).map(|level| level.number()),
            zone,
            criticality: asset.criticality.clone(),
            owner: asset.owner.clone(),
            vendor: asset.vendor.clone(),
            model: asset.model.clone(),
            firmware: asset.firmware.clone(),
            ..AssetRow::default()
        };
        addresses(&mut row, asset);
        row
    }
}

fn addresses(row: &mut AssetRow, asset: &Asset) {
    let nat = asset.nat.values().flatten();
    let all = asset.ip.iter().chain(nat).map(ToString::to_string);
    for address in all.chain(asset.mac.iter().cloned()).chain(asset.host.iter().cloned()) {
        if !row.addresses.contains(&address) {
            row.addresses.push(address);
        }
    }
}

/// Adds what was seen of an asset.
fn observe(row: &mut AssetRow, seen: &SeenAsset) {
    addresses(row, &seen.asset);
    let own = &seen.asset;
    for (place, value) in [
        (&mut row.role, &own.role),
        (&mut row.vendor, &own.vendor),
        (&mut row.model, &own.model),
        (&mut row.firmware, &own.firmware),
    ] {
        if place.is_none() {
            place.clone_from(value);
        }
    }
    let protocols: BTreeSet<String> =
        row.protocols.drain(..).chain(seen.serves.iter().cloned()).chain(seen.uses.iter().cloned()).collect();
    row.protocols = protocols.into_iter().collect();
    let first = [row.first_seen.take(), seen.first.clone()];
    row.first_seen = first.into_iter().flatten().min();
    row.last_seen = row.last_seen.take().max(seen.last.clone());
}

fn differ(row: &mut AssetRow, difference: &Difference) {
    match difference.kind {
        DifferenceKind::Silent => row.status = AssetStatus::Silent,
        DifferenceKind::Unknown => row.status = AssetStatus::Unknown,
        DifferenceKind::Moved | DifferenceKind::Changed => {
            row.status = AssetStatus::Changed;
            let (was, is) = (difference.was.as_deref().unwrap_or("none"), difference.is.as_deref().unwrap_or("none"));
            let what = difference.what.unwrap_or("place");
            row.exposures.push(format!("its {what} is {is}, and {was} in the inventory"));
        }
    }
}

/// Whether it is a controller or another device with firmware.
pub(super) fn is_device(row: &AssetRow) -> bool {
    row.role.as_deref().is_some_and(|role| DEVICES.contains(&role))
}

/// What an asset itself and its findings say.
fn finish(row: &mut AssetRow, findings: &Findings, is_alone: bool) {
    if row.status == AssetStatus::Unknown && !is_alone {
        row.exposures.insert(0, "not in the inventory".to_owned());
    }
    let names: BTreeSet<&str> =
        std::iter::once(row.id.as_str()).chain(row.addresses.iter().map(String::as_str)).collect();
    let all: Vec<_> = names.into_iter().filter_map(|name| findings.host(name)).collect();
    row.findings = all.iter().map(|own| own.findings).sum();
    let serious: u64 = all.iter().map(|own| own.serious).sum();
    if serious > 0 {
        row.exposures.push(format!("{} of level high or above", counted(serious, "finding")));
    }
}

/// Operations on a device: how many, which, what is missing, and where the first event stands.
type Unexplained<'f> = (u64, BTreeSet<&'f str>, BTreeSet<&'f str>, &'f str);

/// Tells of facts of traffic, and of operations that nothing explains.
fn tell(rows: &mut [AssetRow], at: &dyn Fn(&str) -> Option<usize>, findings: &Findings, traffic: &Traffic) {
    let mut by_device: BTreeMap<&str, Unexplained<'_>> = BTreeMap::new();
    for row in findings.unexplained_on() {
        let own = by_device.entry(&row.target).or_insert((0, BTreeSet::new(), BTreeSet::new(), &row.event));
        own.0 += row.count;
        own.1.insert(&row.operation);
        own.2.extend(row.missing.iter().map(String::as_str));
    }
    let join = |all: &BTreeSet<&str>| all.iter().copied().collect::<Vec<_>>().join(", ");
    for (device, (count, operations, missing, event)) in by_device {
        if let Some(row) = at(device).and_then(|at| rows.get_mut(at)) {
            let at = usize::from(row.status == AssetStatus::Unknown);
            row.exposures.insert(
                at.min(row.exposures.len()),
                format!(
                    "{} that nothing explains: {}; missing {} (first at {event})",
                    counted(count, "privileged operation"),
                    join(&operations),
                    join(&missing)
                ),
            );
        }
    }
    let mut left: BTreeMap<usize, usize> = BTreeMap::new();
    for (asset, kind, detail, fact) in traffic.facts() {
        let Some(place) = at(asset) else { continue };
        let Some(row) = rows.get_mut(place) else { continue };
        if row.exposures.len() >= EXPOSURES_MAX {
            *left.entry(place).or_default() += 1;
        } else {
            row.exposures.push(sentence(kind, detail, fact));
        }
    }
    for (place, count) in left {
        if let Some(row) = rows.get_mut(place) {
            row.exposures.push(format!("{count} more of this kind"));
        }
    }
}

fn sentence(kind: Kind, detail: &str, fact: &Fact) -> String {
    let (peers, count, first) = (fact.peers(), fact.count, &fact.first);
    let times = if count == 1 { "once".to_owned() } else { format!("{count} times") };
    match kind {
        Kind::Outside => format!("reached from outside the plant over {detail} by {peers}, {times} (first at {first})"),
        Kind::Remote => format!("used from another zone over {detail} by {peers}, {times} (first at {first})"),
        Kind::Plain => format!("spoken to in plain text over {detail} by {peers}, {times} (first at {first})"),
        Kind::Written => {
            format!("{detail}, which asks nobody who he is, by {peers}, {times} (first at {first})")
        }
        Kind::Denied => format!("the policy denies {detail} from {peers}, {times} (first at {first})"),
    }
}

pub(super) fn zones(plant: Option<&Context>, rows: &[AssetRow], coverage: &Coverage) -> Vec<ZoneRow> {
    let mut assets: HashMap<&str, u64> = HashMap::new();
    for zone in rows.iter().filter_map(|row| row.zone.as_deref()) {
        *assets.entry(zone).or_default() += 1;
    }
    let unseen: &[String] = coverage.data.as_ref().map_or(&[], |data| &data.zones_unseen);
    let row = |zone: &Zone| ZoneRow {
        name: zone.name.clone(),
        site: zone.site.clone(),
        level: zone.purdue_level.map(|level| level.number()),
        sl_t: zone.security_level,
        assets: assets.get(zone.name.as_str()).copied().unwrap_or(0),
        risk: 0,
        has_sensor: !unseen.contains(&zone.name),
    };
    plant.map_or(&[][..], Context::zones).iter().map(row).collect()
}
