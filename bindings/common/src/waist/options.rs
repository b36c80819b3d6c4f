//! Options as plain records, with the names and values of the command line.
//!
//! ```text
//!  {"source": "windows", "time_unit": "ms", "lateness": "5m"}  ─▶  CompileOptions, StreamSettings  ─▶  what the core takes
//! ```
//!
//! A language gives a record, or JSON. Names that are not known and values that are not allowed are errors that say what is.

use super::{Error, Kind, RuleSet};
use crate::governance::ReportOptions;
use crate::indicators::{Lists, moment};
use crate::load::{PipelineText, RuleOptions, find_taxonomy, read_pipeline};
use crate::scan::Select;
use crate::source::{SourceChoice, known_sources};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tieline::diagnostic::Code;
use tieline::incidents::IncidentOptions;
use tieline::stream::{Missing, MissingTime, Mode, StreamOptions};
use tieline::{Level, LogSource, TimeOptions, TimeUnit};

/// How rules are compiled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CompileOptions {
    /// Processing pipelines in order: names of shipped ones, paths, or YAML texts (of more than one line).
    #[serde(deserialize_with = "texts")]
    pub pipelines: Vec<String>,
    /// Where events come from: `auto` finds out by their fields, `none` leaves rules as they are, else a shipped source. Without
    /// it, `auto`; `none` with pipelines.
    pub source: Option<String>,
    /// The values that `%name%` stands for under `expand`.
    pub placeholders: BTreeMap<String, Vec<String>>,
    /// The zone for `hour`, `day` and the like: an IANA name or an offset. Without it, UTC.
    pub timezone: Option<String>,
    /// The unit of times that are bare numbers: `s`, `ms`, `us`, or `ns`.
    pub time_unit: Option<String>,
    /// Fields that hold the time of an event. None are the usual ones.
    #[serde(deserialize_with = "texts")]
    pub time_fields: Vec<String>,
    /// Indicators to be looked for: paths of lists and of directories, or the lists themselves (STIX 2.1 or MISP as JSON, CSV
    /// of more than one line). Rules about them come along.
    #[serde(deserialize_with = "texts")]
    pub indicators: Vec<String>,
    /// The time that counts for events without one when indicators are looked for: `now`, or a date. Without it, any
    /// indicator counts for them.
    pub indicators_at: Option<String>,
    /// More fields in which indicators are looked for: paths of tables, or YAML texts (of more than one line).
    #[serde(deserialize_with = "texts")]
    pub indicator_fields: Vec<String>,
    /// The plant that events are seen in: inventories, zones and conduits as paths, or YAML texts (of more than one line).
    #[serde(deserialize_with = "texts")]
    pub context: Vec<String>,
    /// Warnings that are switched off, by code or name.
    #[serde(deserialize_with = "texts")]
    pub allow: Vec<String>,
    /// Whether a broken rule is an error; else it is left out and told by the diagnostics.
    pub strict: Option<bool>,
    /// Tables of OT protocols in place of the shipped ones: paths, or YAML texts (of more than one line).
    #[serde(deserialize_with = "texts")]
    pub taxonomy: Vec<String>,
}

/// How OT operations are read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NormaliserOptions {
    /// Tables of OT protocols in place of the shipped ones: paths, or YAML texts (of more than one line).
    #[serde(deserialize_with = "texts")]
    pub taxonomy: Vec<String>,
    /// The plant that events are seen in: inventories, zones and conduits as paths, or YAML texts (of more than one line).
    #[serde(deserialize_with = "texts")]
    pub context: Vec<String>,
}

/// How operations on controllers are judged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrustOptions {
    /// Tables of OT protocols in place of the shipped ones: paths, or YAML texts (of more than one line).
    #[serde(deserialize_with = "texts")]
    pub taxonomy: Vec<String>,
    /// The plant, with its policy: inventories, zones and conduits as paths, or YAML texts (of more than one line).
    #[serde(deserialize_with = "texts")]
    pub context: Vec<String>,
    /// How much older than the newest event one may be and still be judged in its order; without it all waits until the end.
    pub lateness: Option<Span>,
}

/// How incidents are made of findings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IncidentSettings {
    /// Tables of OT protocols in place of the shipped ones: paths, or YAML texts (of more than one line).
    #[serde(deserialize_with = "texts")]
    pub taxonomy: Vec<String>,
    /// The plant, in place of that of the rules: inventories, zones and conduits as paths, or YAML texts (of more than one line).
    #[serde(deserialize_with = "texts")]
    pub context: Vec<String>,
    /// How much later than others an event may come; without it, not at all.
    pub lateness: Option<Span>,
    /// After this time without a finding an incident is over; without it 24 hours, and `"off"` is never.
    pub quiet: Option<Span>,
    /// A host that deals with more others than this joins little; without it 16.
    pub hub_peers: Option<u32>,
    /// A group is an incident when a finding of it has at least this level; without it medium.
    pub level: Option<String>,
    /// Findings that are kept; when there are more, what has been quiet for longest is forgotten.
    pub findings_max: Option<u64>,
    /// Spans of contacts that are kept; when there are more, the oldest are forgotten.
    pub contacts_max: Option<u64>,
    /// Seconds that are added to the times of a source, by its name: a sensor of the plant, or a file and kind (`ot.ndjson:zeek`), or either.
    pub clock_offsets_s: BTreeMap<String, i64>,
}

/// How a report is made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReportSettings {
    /// How findings become incidents; these options stand beside those below.
    #[serde(flatten)]
    pub incidents: IncidentSettings,
    /// The paths that rules were read from, by which packs are named.
    #[serde(deserialize_with = "texts")]
    pub packs: Vec<String>,
    /// Events before this time (RFC 3339, or a day) are left out. Those without a time never are.
    pub from_time: Option<String>,
    /// Events at this time or later are left out.
    pub to_time: Option<String>,
    /// Incidents that the document names, the highest scores; without it 1,000.
    pub incidents_max: Option<u64>,
    /// Assets that it names, those of most concern; without it 10,000.
    pub assets_max: Option<u64>,
    /// Privileged operations that it names, those first that nothing explains; without it 1,000.
    pub privileged_max: Option<u64>,
}

/// Which rules are asked, and what is told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScanOptions {
    /// Threads: 1, the default, is the calling one; 0 is one for each core.
    pub threads: Option<u32>,
    /// Only rules of this level or above.
    pub level: Option<String>,
    /// Only rules with one of these tags, or one below it.
    #[serde(deserialize_with = "texts")]
    pub tags: Vec<String>,
    /// Only the rules of these ids, names or titles; it is an error when no rule has any of them.
    #[serde(deserialize_with = "texts")]
    pub rules: Vec<String>,
    /// The log source of all events; rules of another one are not asked.
    pub logsource: Option<LogSourceRecord>,
    /// Whether the selections and fields that held are told.
    pub evidence: bool,
}

/// A list of texts, or one.
pub(super) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a text or a list of texts")]
    enum Texts {
        One(String),
        Many(Vec<String>),
    }
    // Saved options are lists; their form does not say what comes.
    if !deserializer.is_human_readable() {
        return Vec::deserialize(deserializer);
    }
    Ok(match Texts::deserialize(deserializer)? {
        Texts::One(text) => vec![text],
        Texts::Many(texts) => texts,
    })
}

/// A log source, as a rule names it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogSourceRecord {
    /// For example `process_creation`.
    pub category: Option<String>,
    /// For example `windows`.
    pub product: Option<String>,
    /// For example `security`.
    pub service: Option<String>,
}

/// How files are scanned, beside what [`ScanOptions`] says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FileOptions {
    /// The format of all files: `ndjson`, `json`, `evtx`, `zeek`, `csv`. Without it, found out.
    pub format: Option<String>,
    /// Whether records carry their event.
    pub event: bool,
    /// Whether files are read on as they grow.
    pub follow: bool,
    /// With `follow`: the scan ends when nothing came for so long.
    pub follow_idle: Option<Span>,
    /// The file in which the state of correlations is kept.
    pub state: Option<String>,
}

/// How a stream behaves.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StreamSettings {
    /// How much older than the newest event one may be and still count.
    pub lateness: Option<Span>,
    /// How far an event may be ahead of all before it; `"off"`, the default, is any length.
    pub clock_jump: Option<Span>,
    /// What becomes of an event without a time: `skip`, `arrival`, or `error`.
    pub missing_time: Option<String>,
    /// What becomes of an event that lacks a field of `group-by`: `skip` or `group`.
    pub missing_group: Option<String>,
    /// How often a correlation tells that it holds for a group: `once`, `repeat`, or `update`.
    pub alerts: Option<String>,
    /// Memory for all state, in MiB.
    pub state_memory: Option<u64>,
    /// Groups of one correlation.
    pub groups_max: Option<u64>,
}

/// A length of time: text as in rules (`"5m"`), or a number of seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Span {
    /// Seconds.
    Seconds(f64),
    /// A number and one of `ms s m h d w`, or `off`.
    Text(String),
}

impl Span {
    pub(super) fn read(&self, name: &str) -> Result<Option<Duration>, Error> {
        let read = match self {
            Self::Text(text) if text == "off" => return Ok(None),
            Self::Text(text) => timespan(text),
            Self::Seconds(seconds) => Duration::try_from_secs_f64(*seconds)
                .map_err(|_| "write seconds of at least 0, or a text such as 5m".to_owned()),
        };
        read.map(Some).map_err(|fault| Error::new(Kind::Argument, format!("`{name}`: {fault}")))
    }
}

/// A number and a unit, as in rules.
///
/// # Errors
/// What to write instead.
pub fn timespan(text: &str) -> Result<Duration, String> {
    const UNITS: [(&str, f64); 6] =
        [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86_400.0), ("w", 604_800.0)];
    let fault = || "write a number and one of ms, s, m, h, d, w, such as 5m".to_owned();
    let cut = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(cut);
    let number: f64 = digits.parse().map_err(|_| fault())?;
    let seconds = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, seconds)| seconds);
    let unit = seconds.or((unit.is_empty() && number == 0.0).then_some(&1.0)).ok_or_else(fault)?;
    Duration::try_from_secs_f64(number * unit).map_err(|_| fault())
}

/// Nanoseconds since 1970.
#[must_use]
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// One of several names.
fn one_of<T: Copy>(name: &str, given: Option<&str>, default: T, known: &[(&str, T)]) -> Result<T, Error> {
    let Some(given) = given else { return Ok(default) };
    known.iter().find(|(own, _)| *own == given).map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(own, _)| *own).collect();
        Error::new(Kind::Argument, format!("`{name}` is `{given}`; write one of {}", names.join(", ")))
    })
}

/// A level by its name.
pub(super) fn level(text: &str) -> Result<Level, Error> {
    Level::from_str(&text.to_ascii_lowercase()).map_err(|_| {
        let message = format!("`level` is `{text}`; write one of informational, low, medium, high, critical");
        Error::new(Kind::Argument, message)
    })
}

/// Options that stand in a JSON text; an empty text gives none.
///
/// # Errors
/// When it is no JSON object, or holds a name or value that is not known.
pub fn from_json<T: Default + Serialize + serde::de::DeserializeOwned>(json: &str) -> Result<T, Error> {
    if json.trim().is_empty() {
        return Ok(T::default());
    }
    serde_json::from_str(json).map_err(|error| {
        let mut message = format!("options: {error}");
        // Where options of two kinds stand side by side, their names are not told.
        if message.contains("unknown field")
            && !message.contains("expected")
            && let Ok(serde_json::Value::Object(known)) = serde_json::to_value(T::default())
        {
            let names: Vec<String> = known.keys().map(|name| format!("`{name}`")).collect();
            message = format!("{message}; expected one of {}", names.join(", "));
        }
        Error::new(Kind::Argument, message)
    })
}

impl CompileOptions {
    pub(super) fn choice(&self) -> SourceChoice {
        match self.source.as_deref() {
            None if self.pipelines.is_empty() => SourceChoice::Auto,
            None | Some("none") => SourceChoice::None,
            Some("auto") => SourceChoice::Auto,
            Some(name) => SourceChoice::Named(name.to_owned()),
        }
    }

    /// The lists of indicators, read; `None` when none are given.
    pub(super) fn lists(&self) -> Result<Option<Lists>, Error> {
        if self.indicators.is_empty() { Ok(None) } else { self.lists_of(&self.indicators).map(Some) }
    }

    /// Reads lists that take the place of those that the options name.
    pub(super) fn lists_of(&self, given: &[String]) -> Result<Lists, Error> {
        let fault = |name: &str, why: String| Error::new(Kind::Argument, format!("`{name}`: {why}"));
        let at_ns = self.indicators_at.as_deref().map(moment).transpose();
        let at_ns = at_ns.map_err(|why| fault("indicators_at", why))?;
        Lists::of_paths_and_texts(given, at_ns).map_err(|error| fault("indicators", error.to_string()))
    }

    pub(super) fn names_known_source(&self) -> bool {
        match self.choice() {
            SourceChoice::Named(name) => known_sources().iter().any(|known| known.name() == name),
            SourceChoice::Auto | SourceChoice::None => true,
        }
    }

    pub(super) fn rule_options(&self) -> Result<RuleOptions, Error> {
        use TimeUnit::{Microseconds, Milliseconds, Nanoseconds, Seconds};
        let units = [("s", Seconds), ("ms", Milliseconds), ("us", Microseconds), ("ns", Nanoseconds)];
        let unit = match self.time_unit.as_deref() {
            None => None,
            given => Some(one_of("time_unit", given, Seconds, &units)?),
        };
        let time = TimeOptions { zone: self.timezone.clone(), unit, fields: self.time_fields.clone() };
        let code = |text: &String| {
            let fault = |()| {
                Error::new(Kind::Argument, format!("`allow`: there is no code `{text}`; write one such as TL0012"))
            };
            Code::from_str(text).map_err(fault)
        };
        let allow = self.allow.iter().map(code).collect::<Result<_, _>>()?;
        let placeholders = self.placeholders.iter().map(|(name, values)| (name.clone(), values.clone())).collect();
        let table = |text: &String| {
            if text.contains('\n') {
                return Ok(PipelineText { name: "indicator_fields".to_owned(), yaml: text.clone() });
            }
            read_pipeline(Path::new(text))
                .map_err(|error| Error::new(Kind::Argument, format!("`indicator_fields`: {error}")))
        };
        let indicator_fields = self.indicator_fields.iter().map(table).collect::<Result<_, _>>()?;
        Ok(RuleOptions {
            placeholders,
            time,
            allow,
            taxonomy: find_taxonomy(&self.taxonomy)?,
            indicator_fields,
            context: self.context.clone(),
        })
    }
}

impl ScanOptions {
    pub(super) fn select(&self, rules: &RuleSet) -> Result<Select, Error> {
        let level_min = self.level.as_deref().map(level).transpose()?;
        let select = Select { level_min, tags: self.tags.clone(), rules: self.rules.clone() };
        let named = Select { rules: self.rules.clone(), ..Select::default() };
        if !self.rules.is_empty() && !named.takes_any(rules.rules()) {
            let message = format!("`rules`: no rule has the id, name or title `{}`", self.rules.join("`, `"));
            return Err(Error::new(Kind::Argument, message));
        }
        Ok(select)
    }

    pub(super) fn source(&self) -> Option<LogSource> {
        let LogSourceRecord { category, product, service } = self.logsource.clone()?;
        Some(LogSource { category, product, service, definition: None })
    }

    /// How many threads work, of the calling one and others.
    pub(super) fn threads(&self) -> usize {
        match self.threads {
            None => 1,
            Some(0) => std::thread::available_parallelism().map_or(1, usize::from),
            Some(threads) => threads.min(1024) as usize,
        }
    }
}

impl IncidentSettings {
    pub(super) fn options(&self) -> Result<IncidentOptions, Error> {
        let defaults = IncidentOptions::default();
        let span = |name: &str, span: &Option<Span>, off: Duration, default: Duration| match span {
            Some(span) => span.read(name).map(|read| read.unwrap_or(off)),
            None => Ok(default),
        };
        Ok(IncidentOptions {
            lateness: span("lateness", &self.lateness, Duration::ZERO, defaults.lateness)?,
            quiet: span("quiet", &self.quiet, Duration::MAX, defaults.quiet)?,
            hub_peers: self.hub_peers.unwrap_or(defaults.hub_peers),
            level: self.level.as_deref().map_or(Ok(defaults.level), level)?,
            findings_max: number(self.findings_max, defaults.findings_max),
            contacts_max: number(self.contacts_max, defaults.contacts_max),
            clock_offsets_s: self.clock_offsets_s.clone(),
        })
    }
}

/// A number of things, or how many are usual.
fn number(given: Option<u64>, usual: usize) -> usize {
    given.map_or(usual, |given| usize::try_from(given).unwrap_or(usize::MAX))
}

impl ReportSettings {
    pub(super) fn options(&self) -> Result<ReportOptions, Error> {
        let defaults = ReportOptions::default();
        let time = |name: &str, given: &Option<String>| {
            let fault = |why: String| Error::new(Kind::Argument, format!("`{name}`: {why}"));
            given.as_deref().map(moment).transpose().map_err(fault)
        };
        Ok(ReportOptions {
            incidents: self.incidents.options()?,
            packs: self.packs.iter().map(PathBuf::from).collect(),
            from_ns: time("from_time", &self.from_time)?,
            to_ns: time("to_time", &self.to_time)?,
            incidents_max: number(self.incidents_max, defaults.incidents_max),
            assets_max: number(self.assets_max, defaults.assets_max),
            privileged_max: number(self.privileged_max, defaults.privileged_max),
        })
    }
}

impl StreamSettings {
    /// What the core takes.
    ///
    /// # Errors
    /// When a value is not allowed.
    pub fn options(&self) -> Result<StreamOptions, Error> {
        let defaults = StreamOptions::default();
        let times =
            [("skip", MissingTime::Skip), ("arrival", MissingTime::Arrival(now)), ("error", MissingTime::Error)];
        let groups = [("skip", Missing::Skip), ("group", Missing::Group)];
        let modes = [("once", Mode::Suppress), ("repeat", Mode::Repeat), ("update", Mode::Update)];
        let span = |name: &str, span: &Option<Span>| span.as_ref().map_or(Ok(None), |span| span.read(name));
        let number = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        Ok(StreamOptions {
            lateness: span("lateness", &self.lateness)?.unwrap_or_default(),
            jump_max: span("clock_jump", &self.clock_jump)?,
            state_bytes_max: self
                .state_memory
                .map_or(defaults.state_bytes_max, |mebibytes| number(mebibytes.saturating_mul(1 << 20))),
            groups_max: self.groups_max.map(number),
            missing_time: one_of("missing_time", self.missing_time.as_deref(), MissingTime::Skip, &times)?,
            missing: one_of("missing_group", self.missing_group.as_deref(), Missing::Skip, &groups)?,
            mode: one_of("alerts", self.alerts.as_deref(), Mode::Suppress, &modes)?,
            ..defaults
        })
    }
}
