//! Techniques of ATT&CK: which one a tag means, and what is known of it.
//!
//! ```text
//! attack.t0855, attack.ics.t0855, attack.t1692.001  ─▶  ICS T0855, in version 19 T1692.001
//! attack.t1021.001                                  ─▶  Enterprise T1021.001
//! ```
//!
//! The matrices are data of `tieline-rules`. Of Enterprise any id is taken as it is written, also one that is not in its matrix.

use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// The version of ATT&CK whose ids for ICS are told.
pub const VERSION: &str = "18.1";

/// A matrix of ATT&CK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Domain {
    /// Industrial control systems.
    Ics,
    /// Enterprise.
    Enterprise,
}

/// Where a technique shows, if anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Shows {
    /// In network logs whose protocols are parsed.
    Network,
    /// There, but only in part.
    Partly,
    /// In logs of hosts.
    Host,
    /// Nowhere by itself: it follows from others over time.
    Outcome,
    /// In no event.
    Nowhere,
}

impl Shows {
    fn of(text: &str) -> Option<Self> {
        Some(match text {
            "network" => Self::Network,
            "partly" => Self::Partly,
            "host" => Self::Host,
            "outcome" => Self::Outcome,
            "nowhere" => Self::Nowhere,
            _ => return None,
        })
    }

    /// Why there may be no rule, in a few words.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Network => "shows in network logs",
            Self::Partly => "shows only in part",
            Self::Host => "needs logs of hosts",
            Self::Outcome => "an outcome, told only by others over time",
            Self::Nowhere => "not observable in events",
        }
    }
}

/// A technique of ATT&CK for ICS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IcsTechnique {
    /// The id in version 18.
    pub id: &'static str,
    /// The name.
    pub name: &'static str,
    /// The tactics, by their short names.
    pub tactics: Vec<&'static str>,
    /// Where it shows.
    pub shows: Shows,
    /// By what it shows.
    pub by: &'static str,
    /// The id in version 19, where that is another one.
    pub v19: Option<&'static str>,
}

/// What a tag means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meant {
    /// A technique for ICS, by its place in the matrix.
    Ics(usize),
    /// An id that is about ICS, and in no row of the matrix: of version 19 only, or unknown.
    OtherIcs(String),
    /// An id of Enterprise.
    Enterprise(String),
}

struct Matrix {
    techniques: Vec<IcsTechnique>,
    /// By ids of version 18 and 19.
    places: BTreeMap<&'static str, usize>,
    /// Names of the ids of version 19 that are in no row.
    later: BTreeMap<&'static str, &'static str>,
}

/// The rows of a table: without remarks, and without the names of columns.
pub(super) fn rows(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines().filter(|line| !line.starts_with('#')).skip(1).map(|line| line.split('\t').collect())
}

static MATRIX: LazyLock<Matrix> = LazyLock::new(|| {
    let technique = |row: Vec<&'static str>| match *row.as_slice() {
        [id, name, tactics, shows, by] => {
            let (tactics, shows) = (tactics.split(',').collect(), Shows::of(shows)?);
            Some(IcsTechnique { id, name, tactics, shows, by, v19: None })
        }
        _ => None,
    };
    let mut techniques: Vec<IcsTechnique> = rows(tieline_rules::attack_ics()).filter_map(technique).collect();
    let mut places: BTreeMap<_, _> = techniques.iter().enumerate().map(|(at, technique)| (technique.id, at)).collect();
    let mut later = BTreeMap::new();
    for row in rows(tieline_rules::attack_ics_v19()) {
        let &[v19, name, v18] = row.as_slice() else { continue };
        match places.get(v18).copied() {
            None => drop(later.insert(v19, name)),
            Some(at) => {
                places.insert(v19, at);
                // What only became a parent keeps its id.
                let is_moved = v19.split('.').next() != Some(v18);
                if let Some(technique) = techniques.get_mut(at).filter(|_| is_moved) {
                    technique.v19 = Some(v19);
                }
            }
        }
    }
    Matrix { techniques, places, later }
});

/// All techniques of ATT&CK for ICS, in the order of their ids.
#[must_use]
pub fn ics() -> &'static [IcsTechnique] {
    &MATRIX.techniques
}

/// A technique of ATT&CK for Enterprise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EnterpriseTechnique {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) tactics: Vec<&'static str>,
}

static ENTERPRISE: LazyLock<Vec<EnterpriseTechnique>> = LazyLock::new(|| {
    let technique = |row: Vec<&'static str>| match *row.as_slice() {
        [id, name, tactics] => Some(EnterpriseTechnique { id, name, tactics: tactics.split(',').collect() }),
        _ => None,
    };
    rows(tieline_rules::attack_enterprise()).filter_map(technique).collect()
});

/// The tactics of both matrices.
static TACTICS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
    let of_enterprise = ENTERPRISE.iter().flat_map(|own| &own.tactics);
    MATRIX.techniques.iter().flat_map(|own| &own.tactics).chain(of_enterprise).copied().collect()
});

/// All techniques of ATT&CK for Enterprise, in the order of their ids.
pub(crate) fn enterprise() -> &'static [EnterpriseTechnique] {
    &ENTERPRISE
}

/// The tactics of a technique by its id, by their short names; none of one that is in neither matrix.
fn tactics(id: &str) -> &'static [&'static str] {
    let of_ics = MATRIX.places.get(id).and_then(|at| MATRIX.techniques.get(*at)).map(|own| &own.tactics);
    let of_enterprise = || {
        let at = ENTERPRISE.binary_search_by_key(&id, |own| own.id).ok()?;
        ENTERPRISE.get(at).map(|own| &own.tactics)
    };
    of_ics.or_else(of_enterprise).map_or(&[], Vec::as_slice)
}

/// Takes techniques away from tactics that are not theirs, where a tactic that is theirs has them too: a rule names both, and does not say
/// which belongs to which. Tactics of later versions of the matrices keep all.
pub(crate) fn sort_stages(stages: &mut [(String, Vec<String>)]) {
    let is_own = |tactic: &str, id: &str| tactics(id).contains(&&*tactic.replace('_', "-"));
    let is_known = |tactic: &str| TACTICS.contains(&*tactic.replace('_', "-"));
    let owned: BTreeSet<String> = stages
        .iter()
        .flat_map(|(tactic, own)| own.iter().filter(|id| is_own(tactic, id)).cloned().collect::<Vec<_>>())
        .collect();
    for (tactic, techniques) in stages.iter_mut().filter(|(tactic, _)| is_known(tactic)) {
        techniques.retain(|id| is_own(tactic, id) || !owned.contains(id));
    }
}

/// The name of an id of version 19 that has none in version 18.
pub(super) fn later_name(id: &str) -> Option<&'static str> {
    MATRIX.later.get(id).copied()
}

/// The technique that a tag means; `None` for tactics, groups and all else.
pub(super) fn meant(tag: &str) -> Option<Meant> {
    let tag = tag.to_ascii_lowercase();
    let id = tag.strip_prefix("attack.")?;
    let (is_ics, id) = id.strip_prefix("ics.").map_or((false, id), |id| (true, id));
    let id = id.to_ascii_uppercase();
    if !is_id(&id) {
        return None;
    }
    let matrix = &*MATRIX;
    Some(match matrix.places.get(id.as_str()) {
        Some(at) => Meant::Ics(*at),
        None if is_ics || id.starts_with("T0") || matrix.later.contains_key(id.as_str()) => Meant::OtherIcs(id),
        None => Meant::Enterprise(id),
    })
}

/// `T` and four digits, with three more behind a dot or without.
fn is_id(id: &str) -> bool {
    let digits = |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(rest) = id.strip_prefix('T') else { return false };
    match rest.split_once('.') {
        None => digits(rest, 4),
        Some((technique, sub)) => digits(technique, 4) && digits(sub, 3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENTS: usize = 211;

    #[test]
    fn the_matrix_is_complete() {
        let matrix = ics();
        assert_eq!(matrix.len(), 83);
        assert!(matrix.is_sorted_by_key(|technique| technique.id));
        let mut tactics: Vec<&str> = matrix.iter().flat_map(|technique| technique.tactics.clone()).collect();
        tactics.sort_unstable();
        tactics.dedup();
        assert_eq!(tactics.len(), 12, "{tactics:?}");
        assert_eq!(matrix.iter().filter(|technique| technique.v19.is_some()).count(), 9);
        assert!(matrix.iter().all(|technique| !technique.by.is_empty()));
    }

    #[test]
    fn the_matrix_of_enterprise_is_complete() {
        let matrix = enterprise();
        assert_eq!(matrix.iter().filter(|own| !own.id.contains('.')).count(), PARENTS);
        assert!(matrix.is_sorted_by_key(|own| own.id) && matrix.iter().all(|own| is_id(own.id)));
        let names: BTreeSet<&str> = matrix.iter().flat_map(|own| own.tactics.clone()).collect();
        assert_eq!(names.len(), 14, "{names:?}");
    }

    #[test]
    fn techniques_stand_under_tactics_that_are_theirs() {
        let stage = |tactic: &str, ids: &[&str]| (tactic.to_owned(), ids.iter().map(|id| (*id).to_owned()).collect());
        let both = ["T0843", "T1021.001", "T9999"];
        let mut stages = [
            stage("lateral-movement", &both),
            stage("persistence", &both),
            stage("defense-impairment", &both),
            stage("impact", &["T1021.002"]),
        ];
        sort_stages(&mut stages);
        let expected = [
            stage("lateral-movement", &both),
            stage("persistence", &["T9999"]),
            stage("defense-impairment", &both),
            stage("impact", &["T1021.002"]),
        ];
        assert_eq!(
            stages, expected,
            "T0843 is lateral movement in ICS, and so is T1021.001; what is under no tactic of its own stays"
        );
    }

    #[test]
    fn tags_mean_techniques_by_ids_of_both_versions() {
        let ics = |tag: &str| match meant(tag) {
            Some(Meant::Ics(at)) => ics()[at].id.to_owned(),
            other => format!("{other:?}"),
        };
        for tag in ["attack.t0855", "attack.ics.t0855", "attack.T0855", "attack.t1692.001", "attack.ics.t1692.001"] {
            assert_eq!(ics(tag), "T0855", "{tag}");
        }
        assert_eq!(ics("attack.t0843.002"), "T0843");
        assert_eq!(meant("attack.t1692"), Some(Meant::OtherIcs("T1692".to_owned())));
        assert_eq!(later_name("T1692"), Some("Unauthorized Message"));
        assert_eq!(meant("attack.t0999"), Some(Meant::OtherIcs("T0999".to_owned())));
        assert_eq!(meant("attack.t1021.001"), Some(Meant::Enterprise("T1021.001".to_owned())));
        for tag in ["attack.execution", "attack.g0032", "attack.t10210", "attack.t1021.1", "cve.2020.1", "t0855"] {
            assert_eq!(meant(tag), None, "{tag}");
        }
    }
}
