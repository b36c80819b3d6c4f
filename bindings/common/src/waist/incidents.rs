//! Which findings are one attack, as every language asks it.
//!
//! ```text
//!  push, push_lines, push_events, add ─▶ Incidents ─▶ advance, finish ─▶ incidents ─▶ [Incident]      take_changes ─▶ [Change]
//!                                                  └▶ snapshot ─▶ bytes ─▶ restore, reload
//! ```
//!
//! What belongs together, and what came before what, is a matter of the core.

use super::held::{Held, Place, Taken};
use super::normaliser::plant_of;
use super::options::{IncidentSettings, level, texts};
use super::{Error, Kind, RuleSet, threads};
use crate::incidents::Investigation;
use crate::indicators::moment;
use crate::load::find_taxonomy;
use crate::source::Plan;
use serde::Deserialize;
use std::collections::BTreeMap;
use tieline::incidents::{Change, EntityKind, Incident, IncidentForm, IncidentStats, Reported, Skew};
use tieline::stream::Restored;
use tieline::{EventError, Level};

/// Joins findings to incidents, and traces where they came from and how far they got.
///
/// ```
/// use tieline_common::waist::{CompileOptions, IncidentSettings, Incidents, RuleSet};
///
/// let rule = "title: Audit log cleared\nlogsource: {product: windows}\nlevel: high\ndetection: {s: {EventID: 1102}, condition: s}\n";
/// let rules = RuleSet::compile([("rule.yml".to_owned(), rule.to_owned())], &CompileOptions::default())?;
/// let incidents = Incidents::new(&rules, &IncidentSettings::default())?;
/// incidents.push(br#"{"EventID": 1102, "Channel": "Security", "Computer": "hmi-1"}"#, None)?;
/// incidents.finish()?;
/// assert_eq!(incidents.incidents()?[0].title, "Audit log cleared on hmi-1");
/// # Ok::<(), tieline_common::waist::Error>(())
/// ```
#[derive(Debug)]
pub struct Incidents {
    held: Held<Investigation>,
}

/// A finding that was made elsewhere, as a language gives it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Added {
    time: String,
    rule: String,
    title: Option<String>,
    level: Option<String>,
    #[serde(default, deserialize_with = "texts")]
    tags: Vec<String>,
    source: Option<String>,
    target: Option<String>,
    #[serde(default)]
    entities: BTreeMap<EntityKind, Names>,
    at: Option<String>,
}

/// Names of entities.
#[derive(Debug, Deserialize)]
struct Names(#[serde(deserialize_with = "texts")] Vec<String>);

impl Incidents {
    /// Nothing has been seen yet. The plant is that of the settings, else that of the rules, else none.
    ///
    /// # Errors
    /// When a setting is wrong, a file cannot be read, or holds something broken; then the diagnostics say where.
    pub fn new(rules: &RuleSet, settings: &IncidentSettings) -> Result<Self, Error> {
        let (options, taxonomy) = (settings.options()?, find_taxonomy(&settings.taxonomy)?);
        let plan = plan_of(rules, &settings.context)?;
        let own = threads::on_all(|| Investigation::new(plan, &taxonomy, options))??;
        Ok(Self { held: Held::new("incidents object", own) })
    }

    /// Takes in one event, a JSON object. `at` says where it stands, for incidents to name it; without it that is its number, from 0.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn push(&self, event: &[u8], at: Option<&str>) -> Result<(), Error> {
        self.held.push(event, |own, event, place| match at {
            Some(at) => take(own, event, at),
            None => take(own, event, &place.number.to_string()),
        })
    }

    /// Takes in a text with one JSON object a line. Where events stand is told as `name:line`, or as their numbers without a name.
    ///
    /// # Errors
    /// When the text is no such text at all. An event that cannot be read is told in the answer.
    pub fn push_lines(&self, text: &[u8], name: Option<&str>) -> Result<Taken, Error> {
        self.held.push_lines(text, |own, event, Place { number, line }| match name {
            Some(name) => take(own, event, &format!("{name}:{line}")),
            None => take(own, event, &number.to_string()),
        })
    }

    /// Takes in events that are JSON objects of their own.
    ///
    /// # Errors
    /// In a fork of the process.
    pub fn push_events(&self, events: &[&[u8]]) -> Result<Taken, Error> {
        self.held.push_all((0..).zip(events.iter().copied()), |own, event, place| {
            take(own, event, &place.number.to_string())
        })
    }

    /// Takes in a finding that was made elsewhere, such as an alert of another product: a JSON object with `time` (RFC 3339) and `rule`, and
    /// maybe `title`, `level`, `tags`, `source` and `target` (hosts), `entities` (names by kind, such as `account`), and `at`, where it stands.
    ///
    /// # Errors
    /// When it is no such object.
    pub fn add(&self, finding: &[u8]) -> Result<(), Error> {
        let fault = |why: String| Error::new(Kind::Event, format!("finding: {why}"));
        if finding.trim_ascii_start().first() != Some(&b'{') {
            return Err(fault("a finding must be a JSON object".to_owned()));
        }
        let own: Added = serde_json::from_slice(finding).map_err(|error| fault(error.to_string()))?;
        let time_ns = moment(&own.time).map_err(fault)?;
        let level = own.level.as_deref().map_or(Ok(Level::Medium), level).map_err(|error| fault(error.to_string()))?;
        let tags: Vec<&str> = own.tags.iter().map(String::as_str).collect();
        let names = own.entities.iter().flat_map(|(kind, names)| names.0.iter().map(|name| (*kind, name.as_str())));
        let entities: Vec<_> = names.collect();
        let reported = Reported {
            time_ns,
            at: own.at.as_deref().unwrap_or(&own.rule),
            rule: &own.rule,
            title: own.title.as_deref().unwrap_or(&own.rule),
            level,
            tags: &tags,
            source: own.source.as_deref(),
            target: own.target.as_deref(),
            entities: &entities,
        };
        self.held.with(|own| own.incidents().add(&reported))
    }

    /// Says that no event older than this will come any more, in nanoseconds since 1970.
    ///
    /// # Errors
    /// In a fork of the process.
    pub fn advance(&self, time_ns: i64) -> Result<(), Error> {
        self.held.with(|own| own.incidents().advance(time_ns))
    }

    /// Takes all that still waits.
    ///
    /// # Errors
    /// When the rules could not be compiled for a source that was met.
    pub fn finish(&self) -> Result<(), Error> {
        self.held.with(|own| own.finish().map(drop))??;
        Ok(())
    }

    /// All incidents so far, the highest score first. Ways, scores and spread are worked out now.
    ///
    /// # Errors
    /// In a fork of the process.
    pub fn incidents(&self) -> Result<Vec<Incident>, Error> {
        self.held.with(|own| own.told())
    }

    /// Incidents in a form for other programs (`ndjson`, `ocsf`, `ecs`, `stix`, `graphml`, `json-graph`, ...): all, or the one of an id.
    ///
    /// # Errors
    /// When there is no such form, or no such incident.
    pub fn export(&self, form: &str, id: Option<&str>) -> Result<String, Error> {
        let wrong = || {
            let names = IncidentForm::ALL.map(IncidentForm::name).join(", ");
            Error::new(Kind::Argument, format!("`form` is `{form}`; write one of {names}"))
        };
        let form = IncidentForm::named(form).ok_or_else(wrong)?;
        let mut incidents = self.incidents()?;
        if let Some(id) = id {
            incidents.retain(|own| own.id == id);
            if incidents.is_empty() {
                return Err(Error::new(Kind::Argument, format!("there is no incident `{id}`")));
            }
        }
        Ok(form.write(&incidents))
    }

    /// What became of incidents since this was asked last.
    ///
    /// # Errors
    /// In a fork of the process.
    pub fn take_changes(&self) -> Result<Vec<Change>, Error> {
        self.held.with(|own| own.incidents().take_changes())
    }

    /// What was seen so far, and what had to be given up.
    ///
    /// # Errors
    /// In a fork of the process.
    pub fn stats(&self) -> Result<IncidentStats, Error> {
        self.held.with(|own| own.incidents().stats())
    }

    /// How far clocks of sources seem to be apart, beyond the offsets of the settings. It is only told; nothing is corrected by it.
    ///
    /// # Errors
    /// In a fork of the process.
    pub fn skews(&self) -> Result<Vec<Skew>, Error> {
        self.held.with(|own| own.incidents().skews())
    }

    /// All state as bytes.
    ///
    /// # Errors
    /// In a fork of the process.
    pub fn snapshot(&self) -> Result<Vec<u8>, Error> {
        self.held.with(|own| own.incidents().snapshot())
    }

    /// Goes on with the state that a snapshot holds, and says what became of its correlations. Nothing changes when it is refused.
    ///
    /// # Errors
    /// When the bytes are no such state, are damaged, or come from another version.
    pub fn restore(&self, bytes: &[u8]) -> Result<Restored, Error> {
        let restored = self.held.with(|own| own.incidents().restore(bytes))?;
        restored.map_err(|error| Error::new(Kind::State, error.to_string()))
    }

    /// Goes on with other rules, and over another plant: that of `context`, else that of the rules, else none.
    ///
    /// # Errors
    /// As for [`new`](Self::new); then nothing changes.
    pub fn reload(&self, rules: &RuleSet, context: &[String]) -> Result<Restored, Error> {
        let plan = plan_of(rules, context)?;
        Ok(self.held.with(|own| threads::on_all(|| own.reload(plan)))???)
    }
}

/// The rules over a plant.
pub(super) fn plan_of(rules: &RuleSet, context: &[String]) -> Result<Plan, Error> {
    Ok(match plant_of(context)? {
        Some(_) => rules.plan().in_context(context)?,
        None => rules.plan().again(),
    })
}

/// Takes in an event with the rules as they are mapped to its source.
fn take(own: &mut Investigation, event: &[u8], at: &str) -> Result<(), EventError> {
    let id = own.choose(event);
    if own.plan().rules(id).is_none() {
        // What goes wrong here goes wrong again below, and is told at the end.
        drop(threads::on_all(|| own.plan().compile(id)));
    }
    own.push_as(id, event, at)
}
