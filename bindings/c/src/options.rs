//! Options as C gives them: structs that begin with their size, and of which all other bytes may be 0.
//!
//! ```text
//!  tl_scan_config { struct_size, threads: 2, level: "high", 0, 0, … }  ─▶  ScanOptions
//!  … { options_json: "{\"level\": \"high\"}" }                         ─▶  the same
//! ```
//!
//! Which values are allowed is a matter of the waist. Fields stand over what `options_json` says.

use crate::memory::{read_sized, sized, slice, tl_str};
use std::collections::BTreeMap;
use tieline_common::waist::{
    CompileOptions, Error, FileOptions, IncidentSettings, Kind, LogSourceRecord, NormaliserOptions, ReportSettings,
    ScanOptions, Span, StreamSettings, TrustOptions, from_json,
};

/// For yes-or-no fields: what is usual.
pub const TL_DEFAULT: i32 = 0;
/// For yes-or-no fields: yes.
pub const TL_YES: i32 = 1;
/// For yes-or-no fields: no.
pub const TL_NO: i32 = 2;

/// For `threads`: one for each core.
pub const TL_ALL_CORES: u32 = u32::MAX;

/// The values that `%name%` stands for under `expand`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct tl_placeholder {
    /// The name, without percent signs.
    pub name: tl_str,
    /// Its values.
    pub values: *const tl_str,
    /// How many there are.
    pub values_len: usize,
}

/// How rules are compiled. Begin with all 0 and set `struct_size`; text that is not given is what is usual.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct tl_compile_config {
    /// `sizeof(tl_compile_config)`.
    pub struct_size: usize,
    /// All options as a JSON object, with the names that the fields have here.
    pub options_json: tl_str,
    /// Processing pipelines in order: names of shipped ones, paths, or YAML texts (of more than one line).
    pub pipelines: *const tl_str,
    /// How many there are.
    pub pipelines_len: usize,
    /// Where events come from: `auto` finds out by their fields, `none` leaves rules as they are, else a shipped source.
    pub source: tl_str,
    /// Values for `expand`.
    pub placeholders: *const tl_placeholder,
    /// How many there are.
    pub placeholders_len: usize,
    /// The zone for `hour`, `day` and the like: an IANA name or an offset.
    pub timezone: tl_str,
    /// The unit of times that are bare numbers: `s`, `ms`, `us` or `ns`.
    pub time_unit: tl_str,
    /// Fields that hold the time of an event.
    pub time_fields: *const tl_str,
    /// How many there are.
    pub time_fields_len: usize,
    /// Warnings that are switched off, by code or name.
    pub allow: *const tl_str,
    /// How many there are.
    pub allow_len: usize,
    /// Whether a broken rule is an error: `TL_YES`, `TL_NO`, or `TL_DEFAULT`, which is yes for texts and no for files.
    pub strict: i32,
    /// 0.
    pub reserved: u32,
    /// Tables of OT protocols in place of the shipped ones: paths, or YAML texts (of more than one line).
    pub taxonomy: *const tl_str,
    /// How many there are.
    pub taxonomy_len: usize,
    /// The plant that events are seen in: inventories, zones and conduits as paths, or YAML texts (of more than one line).
    pub context: *const tl_str,
    /// How many there are.
    pub context_len: usize,
}

/// How OT operations are read. Begin with all 0 and set `struct_size`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct tl_normaliser_config {
    /// `sizeof(tl_normaliser_config)`.
    pub struct_size: usize,
    /// All options as a JSON object, with the names that the fields have here.
    pub options_json: tl_str,
    /// Tables of OT protocols in place of the shipped ones: paths, or YAML texts (of more than one line).
    pub taxonomy: *const tl_str,
    /// How many there are.
    pub taxonomy_len: usize,
    /// The plant that events are seen in: inventories, zones and conduits as paths, or YAML texts (of more than one line).
    pub context: *const tl_str,
    /// How many there are.
    pub context_len: usize,
}

/// How operations on controllers are judged. Begin with all 0 and set `struct_size`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct tl_trust_config {
    /// `sizeof(tl_trust_config)`.
    pub struct_size: usize,
    /// All options as a JSON object, with the names that the fields have here.
    pub options_json: tl_str,
    /// Tables of OT protocols in place of the shipped ones: paths, or YAML texts (of more than one line).
    pub taxonomy: *const tl_str,
    /// How many there are.
    pub taxonomy_len: usize,
    /// The plant, with its policy: inventories, zones and conduits as paths, or YAML texts (of more than one line).
    pub context: *const tl_str,
    /// How many there are.
    pub context_len: usize,
    /// How much older than the newest event one may be and still be judged in its order, such as `5m`; without it all
    /// waits for `tl_trust_finish`.
    pub lateness: tl_str,
}

/// How incidents are made of findings. Begin with all 0 and set `struct_size`; what is 0 or not given is what is usual.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct tl_incidents_config {
    /// `sizeof(tl_incidents_config)`.
    pub struct_size: usize,
    /// All options as a JSON object, with the names that the fields have here, and `clock_offsets_s`: seconds that are added to the
    /// times of a source, by its name. Of a report also `packs` (a list of paths), `from_time`, `to_time`, `incidents_max`,
    /// `assets_max` and `privileged_max`.
    pub options_json: tl_str,
    /// Tables of OT protocols in place of the shipped ones: paths, or YAML texts (of more than one line).
    pub taxonomy: *const tl_str,
    /// How many there are.
    pub taxonomy_len: usize,
    /// The plant, in place of that of the rules: inventories, zones and conduits as paths, or YAML texts (of more than one
    /// line).
    pub context: *const tl_str,
    /// How many there are.
    pub context_len: usize,
    /// How much later than others an event may come, such as `5m`; without it, not at all.
    pub lateness: tl_str,
    /// After this time without a finding an incident is over; without it 24 hours, and `off` is never.
    pub quiet: tl_str,
    /// A group is an incident when a finding of it has at least this level; without it `medium`.
    pub level: tl_str,
    /// Findings that are kept; when there are more, what has been quiet for longest is forgotten.
    pub findings_max: u64,
    /// Spans of contacts that are kept; when there are more, the oldest are forgotten.
    pub contacts_max: u64,
    /// A host that deals with more others than this joins little.
    pub hub_peers: u32,
    /// 0.
    pub reserved: u32,
}

/// Which rules are asked, and what is told. Begin with all 0 and set `struct_size`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct tl_scan_config {
    /// `sizeof(tl_scan_config)`.
    pub struct_size: usize,
    /// All options as a JSON object, with the names that the fields have here, and `logsource` as an object.
    pub options_json: tl_str,
    /// Threads. 0 is the calling one alone, and one for each core where files are scanned; `TL_ALL_CORES` is one for each.
    pub threads: u32,
    /// Whether the selections and fields that held are told: `TL_YES`, or what is usual.
    pub evidence: i32,
    /// Only rules of this level or above: `informational`, `low`, `medium`, `high` or `critical`.
    pub level: tl_str,
    /// Only rules with one of these tags, or one below it.
    pub tags: *const tl_str,
    /// How many there are.
    pub tags_len: usize,
    /// Only the rules of these ids, names or titles; it is an error when no rule has any of them.
    pub rules: *const tl_str,
    /// How many there are.
    pub rules_len: usize,
    /// The log source of all events; rules of another one are not asked.
    pub category: tl_str,
    /// See `category`.
    pub product: tl_str,
    /// See `category`.
    pub service: tl_str,
}

/// How a stream behaves. Begin with all 0 and set `struct_size`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct tl_stream_config {
    /// `sizeof(tl_stream_config)`.
    pub struct_size: usize,
    /// All options as a JSON object, with the names that the fields have here.
    pub options_json: tl_str,
    /// How much older than the newest event one may be and still count, such as `5m`.
    pub lateness: tl_str,
    /// How far an event may be ahead of all before it; `off` is any length.
    pub clock_jump: tl_str,
    /// What becomes of an event without a time: `skip`, `arrival` or `error`.
    pub missing_time: tl_str,
    /// What becomes of an event that lacks a field of `group-by`: `skip` or `group`.
    pub missing_group: tl_str,
    /// How often a correlation tells that it holds for a group: `once`, `repeat` or `update`.
    pub alerts: tl_str,
    /// Memory for all state, in MiB; 0 is what is usual.
    pub state_memory: u64,
    /// Groups of one correlation; 0 is any number.
    pub groups_max: u64,
}

/// How files are scanned. Begin with all 0 and set `struct_size`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct tl_file_config {
    /// `sizeof(tl_file_config)`.
    pub struct_size: usize,
    /// All options as a JSON object, with the names that the fields have here.
    pub options_json: tl_str,
    /// The format of all files: `ndjson`, `json`, `evtx`, `zeek` or `csv`. Without it, found out.
    pub format: tl_str,
    /// Whether records carry their event: `TL_YES`, or what is usual.
    pub event: i32,
    /// Whether files are read on as they grow: `TL_YES`, or what is usual.
    pub follow: i32,
    /// With `follow`: the scan ends when nothing came for so long, such as `10s`.
    pub follow_idle: tl_str,
    /// The file in which the state of correlations is kept.
    pub state: tl_str,
}

sized!(tl_compile_config {
    options_json,
    pipelines,
    source,
    placeholders,
    timezone,
    time_unit,
    time_fields,
    allow,
    strict,
    taxonomy,
    context,
});
sized!(tl_normaliser_config { options_json, taxonomy, context });
sized!(tl_trust_config { options_json, taxonomy, context, lateness });
sized!(tl_incidents_config {
    options_json,
    taxonomy,
    context,
    lateness,
    quiet,
    level,
    findings_max,
    contacts_max,
    hub_peers
});
sized!(tl_scan_config { options_json, threads, level, tags, rules, category, product, service });
sized!(tl_stream_config {
    options_json,
    lateness,
    clock_jump,
    missing_time,
    missing_group,
    alerts,
    state_memory,
    groups_max,
});
sized!(tl_file_config { options_json, format, event, follow_idle, state });

/// Texts that C gives as a pointer and their number.
///
/// # Safety
/// `ptr` must be null or point to `len` texts.
pub(crate) unsafe fn texts(ptr: *const tl_str, len: usize, name: &str) -> Result<Vec<String>, Error> {
    let missing = || Error::new(Kind::Argument, format!("`{name}` holds a null pointer; give a text"));
    // SAFETY: the caller says so.
    let given = unsafe { slice(ptr, len, name) }?;
    // SAFETY: as above.
    given.iter().map(|text| Ok(unsafe { text.text(name) }?.ok_or_else(missing)?.to_owned())).collect()
}

/// Sets an option when its text is given.
///
/// # Safety
/// The text must be there.
unsafe fn set(own: &mut Option<String>, text: tl_str, name: &str) -> Result<(), Error> {
    // SAFETY: the caller says so.
    if let Some(text) = unsafe { text.text(name) }? {
        *own = Some(text.to_owned());
    }
    Ok(())
}

/// Sets a length of time when its text is given.
///
/// # Safety
/// The text must be there.
unsafe fn set_span(own: &mut Option<Span>, text: tl_str, name: &str) -> Result<(), Error> {
    // SAFETY: the caller says so.
    if let Some(text) = unsafe { text.text(name) }? {
        *own = Some(Span::Text(text.to_owned()));
    }
    Ok(())
}

/// Sets a list when it has a member.
///
/// # Safety
/// As for [`texts`].
unsafe fn set_all(own: &mut Vec<String>, ptr: *const tl_str, len: usize, name: &str) -> Result<(), Error> {
    // SAFETY: the caller says so.
    let given = unsafe { texts(ptr, len, name) }?;
    if !given.is_empty() {
        *own = given;
    }
    Ok(())
}

fn choice(value: i32, name: &str) -> Result<Option<bool>, Error> {
    match value {
        TL_DEFAULT => Ok(None),
        TL_YES => Ok(Some(true)),
        TL_NO => Ok(Some(false)),
        other => {
            let message = format!("`{name}` is {other}; write TL_DEFAULT, TL_YES or TL_NO");
            Err(Error::new(Kind::Argument, message))
        }
    }
}

/// The options of a JSON text, or those that are usual.
///
/// # Safety
/// The text must be there.
unsafe fn begin<T: Default + serde::Serialize + serde::de::DeserializeOwned>(json: tl_str) -> Result<T, Error> {
    // SAFETY: the caller says so.
    unsafe { json.text("options_json") }?.map_or_else(|| Ok(T::default()), from_json)
}

/// Reads how rules are compiled.
///
/// # Safety
/// `config` must be null or a struct whose pointers are null or point to as much as their lengths say.
pub(crate) unsafe fn compile_options(config: *const tl_compile_config) -> Result<CompileOptions, Error> {
    // SAFETY: the caller says so.
    let Some(given) = (unsafe { read_sized(config, "config") })? else { return Ok(CompileOptions::default()) };
    // SAFETY: as above, for all texts and lists.
    unsafe {
        let mut own: CompileOptions = begin(given.options_json)?;
        set_all(&mut own.pipelines, given.pipelines, given.pipelines_len, "pipelines")?;
        set(&mut own.source, given.source, "source")?;
        let placeholders = slice(given.placeholders, given.placeholders_len, "placeholders")?;
        if !placeholders.is_empty() {
            own.placeholders = read_placeholders(placeholders)?;
        }
        set(&mut own.timezone, given.timezone, "timezone")?;
        set(&mut own.time_unit, given.time_unit, "time_unit")?;
        set_all(&mut own.time_fields, given.time_fields, given.time_fields_len, "time_fields")?;
        set_all(&mut own.allow, given.allow, given.allow_len, "allow")?;
        set_all(&mut own.context, given.context, given.context_len, "context")?;
        own.strict = choice(given.strict, "strict")?.or(own.strict);
        set_all(&mut own.taxonomy, given.taxonomy, given.taxonomy_len, "taxonomy")?;
        Ok(own)
    }
}

/// Reads how OT operations are read.
///
/// # Safety
/// As for [`compile_options`].
pub(crate) unsafe fn normaliser_options(config: *const tl_normaliser_config) -> Result<NormaliserOptions, Error> {
    // SAFETY: the caller says so.
    let Some(given) = (unsafe { read_sized(config, "config") })? else { return Ok(NormaliserOptions::default()) };
    // SAFETY: as above, for all texts and lists.
    unsafe {
        let mut own: NormaliserOptions = begin(given.options_json)?;
        set_all(&mut own.taxonomy, given.taxonomy, given.taxonomy_len, "taxonomy")?;
        set_all(&mut own.context, given.context, given.context_len, "context")?;
        Ok(own)
    }
}

/// Reads how operations are judged.
///
/// # Safety
/// As for [`compile_options`].
pub(crate) unsafe fn trust_options(config: *const tl_trust_config) -> Result<TrustOptions, Error> {
    // SAFETY: the caller says so.
    let Some(given) = (unsafe { read_sized(config, "config") })? else { return Ok(TrustOptions::default()) };
    // SAFETY: as above, for all texts and lists.
    unsafe {
        let mut own: TrustOptions = begin(given.options_json)?;
        set_all(&mut own.taxonomy, given.taxonomy, given.taxonomy_len, "taxonomy")?;
        set_all(&mut own.context, given.context, given.context_len, "context")?;
        set_span(&mut own.lateness, given.lateness, "lateness")?;
        Ok(own)
    }
}

/// Reads how incidents are made.
///
/// # Safety
/// As for [`compile_options`].
pub(crate) unsafe fn incident_settings(config: *const tl_incidents_config) -> Result<IncidentSettings, Error> {
    // SAFETY: the caller says so.
    let Some(given) = (unsafe { read_sized(config, "config") })? else { return Ok(IncidentSettings::default()) };
    // SAFETY: as above.
    unsafe { with_fields(begin(given.options_json)?, &given) }
}

/// Reads how a report is made: what has no field stands in `options_json`.
///
/// # Safety
/// As for [`compile_options`].
pub(crate) unsafe fn report_settings(config: *const tl_incidents_config) -> Result<ReportSettings, Error> {
    // SAFETY: the caller says so.
    let Some(given) = (unsafe { read_sized(config, "config") })? else { return Ok(ReportSettings::default()) };
    // SAFETY: as above.
    unsafe {
        let own: ReportSettings = begin(given.options_json)?;
        Ok(ReportSettings { incidents: with_fields(own.incidents, &given)?, ..own })
    }
}

/// Sets what the fields of a config say.
///
/// # Safety
/// As for [`compile_options`].
unsafe fn with_fields(mut own: IncidentSettings, given: &tl_incidents_config) -> Result<IncidentSettings, Error> {
    // SAFETY: the caller says so, for all texts and lists.
    unsafe {
        set_all(&mut own.taxonomy, given.taxonomy, given.taxonomy_len, "taxonomy")?;
        set_all(&mut own.context, given.context, given.context_len, "context")?;
        set_span(&mut own.lateness, given.lateness, "lateness")?;
        set_span(&mut own.quiet, given.quiet, "quiet")?;
        set(&mut own.level, given.level, "level")?;
        own.findings_max = (given.findings_max > 0).then_some(given.findings_max).or(own.findings_max);
        own.contacts_max = (given.contacts_max > 0).then_some(given.contacts_max).or(own.contacts_max);
        own.hub_peers = (given.hub_peers > 0).then_some(given.hub_peers).or(own.hub_peers);
        Ok(own)
    }
}

/// # Safety
/// The texts must be there.
unsafe fn read_placeholders(given: &[tl_placeholder]) -> Result<BTreeMap<String, Vec<String>>, Error> {
    let missing = || Error::new(Kind::Argument, "`placeholders` holds one without a name");
    let read = |given: &tl_placeholder| {
        // SAFETY: the caller says so.
        let name = unsafe { given.name.text("placeholders") }?.ok_or_else(missing)?;
        // SAFETY: as above.
        Ok((name.to_owned(), unsafe { texts(given.values, given.values_len, "placeholders") }?))
    };
    given.iter().map(read).collect()
}

/// Reads which rules are asked.
///
/// # Safety
/// As for [`compile_options`].
pub(crate) unsafe fn scan_options(config: *const tl_scan_config) -> Result<ScanOptions, Error> {
    // SAFETY: the caller says so.
    let Some(given) = (unsafe { read_sized(config, "config") })? else { return Ok(ScanOptions::default()) };
    // SAFETY: as above, for all texts and lists.
    unsafe {
        let mut own: ScanOptions = begin(given.options_json)?;
        match given.threads {
            0 => {}
            TL_ALL_CORES => own.threads = Some(0),
            threads => own.threads = Some(threads),
        }
        own.evidence = choice(given.evidence, "evidence")?.unwrap_or(own.evidence);
        set(&mut own.level, given.level, "level")?;
        set_all(&mut own.tags, given.tags, given.tags_len, "tags")?;
        set_all(&mut own.rules, given.rules, given.rules_len, "rules")?;
        let mut source = own.logsource.take().unwrap_or_default();
        set(&mut source.category, given.category, "category")?;
        set(&mut source.product, given.product, "product")?;
        set(&mut source.service, given.service, "service")?;
        own.logsource = (source != LogSourceRecord::default()).then_some(source);
        Ok(own)
    }
}

/// Reads how a stream behaves.
///
/// # Safety
/// As for [`compile_options`].
pub(crate) unsafe fn stream_settings(config: *const tl_stream_config) -> Result<StreamSettings, Error> {
    // SAFETY: the caller says so.
    let Some(given) = (unsafe { read_sized(config, "config") })? else { return Ok(StreamSettings::default()) };
    // SAFETY: as above, for all texts.
    unsafe {
        let mut own: StreamSettings = begin(given.options_json)?;
        set_span(&mut own.lateness, given.lateness, "lateness")?;
        set_span(&mut own.clock_jump, given.clock_jump, "clock_jump")?;
        set(&mut own.missing_time, given.missing_time, "missing_time")?;
        set(&mut own.missing_group, given.missing_group, "missing_group")?;
        set(&mut own.alerts, given.alerts, "alerts")?;
        own.state_memory = (given.state_memory > 0).then_some(given.state_memory).or(own.state_memory);
        own.groups_max = (given.groups_max > 0).then_some(given.groups_max).or(own.groups_max);
        Ok(own)
    }
}

/// Reads how files are scanned.
///
/// # Safety
/// As for [`compile_options`].
pub(crate) unsafe fn file_options(config: *const tl_file_config) -> Result<FileOptions, Error> {
    // SAFETY: the caller says so.
    let Some(given) = (unsafe { read_sized(config, "config") })? else { return Ok(FileOptions::default()) };
    // SAFETY: as above, for all texts.
    unsafe {
        let mut own: FileOptions = begin(given.options_json)?;
        set(&mut own.format, given.format, "format")?;
        own.event = choice(given.event, "event")?.unwrap_or(own.event);
        own.follow = choice(given.follow, "follow")?.unwrap_or(own.follow);
        set_span(&mut own.follow_idle, given.follow_idle, "follow_idle")?;
        set(&mut own.state, given.state, "state")?;
        Ok(own)
    }
}
