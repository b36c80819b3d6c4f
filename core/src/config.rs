//! Every limit of the library, in one place.
//!
//! Whatever text from outside can make grow (depth, size, number, length) has a row here and a test that
//! reaches it. Limits are far above what real rules and events need; they exist so that a hostile one
//! costs little. The defaults are [`Limits::DEFAULT`]; `Compiler::limits` takes others.

use serde::{Deserialize, Serialize};

/// Levels of objects and lists in one event, which is what the JSON parser reads; a deeper event is refused.
pub(crate) const EVENT_DEPTH_MAX: usize = 127;

/// Records of OT operations that one event may have; those behind are left out, and the last one has the flag `truncated`.
pub(crate) const OT_RECORDS_MAX: usize = 1_024;
/// Addresses that one operation may name by a beginning and a number; with more it has the flag `truncated`.
pub(crate) const OT_ADDRESSES_MAX: i64 = 2_048;

/// Bytes of one list of indicators; a longer one is refused.
pub(crate) const INDICATOR_LIST_BYTES_MAX: usize = 1 << 30;
/// Indicators of all lists; those behind are left out.
pub(crate) const INDICATORS_MAX: usize = 10_000_000;
/// Indicators that are told of one event; those behind are left out.
pub(crate) const INDICATOR_HITS_MAX: usize = 64;

/// Answers of context that a scanner remembers; then all are forgotten.
pub(crate) const CONTEXT_MEMO_MAX: usize = 4_096;

/// Hosts that a chain of sessions may lead over.
pub(crate) const CHAIN_STEPS_MAX: usize = 8;
/// Sessions that are known at one time; then the oldest are given up.
pub(crate) const SESSIONS_MAX: usize = 65_536;
/// Sessions that are known on one host.
pub(crate) const SESSIONS_OF_HOST_MAX: usize = 256;
/// Logons, logoffs and operations that wait for late ones; then the earliest are taken before their time.
pub(crate) const TRUST_HELD_MAX: usize = 1 << 18;
/// Conduits that are proposed from what was seen; flows beyond them are counted.
pub(crate) const LEARNED_CONDUITS_MAX: usize = 4_096;
/// Protocols and ports that are told apart in one proposed conduit; beyond them it names none.
pub(crate) const LEARNED_PROTOCOLS_MAX: usize = 64;

/// Sessions that are tried to explain one operation.
pub(crate) const TRUST_TRIES_MAX: usize = 4_096;

/// Hosts that incidents tell apart; findings on others have no host.
pub(crate) const INCIDENT_HOSTS_MAX: usize = 1 << 20;
/// Sources whose clocks are compared.
pub(crate) const INCIDENT_CLOCKS_MAX: usize = 256;
/// Things of which several sources may tell, by which clocks are compared; then the oldest half is forgotten.
pub(crate) const INCIDENT_CLOCK_KEYS_MAX: usize = 1 << 16;
/// Seconds by which a clock may be off.
pub(crate) const INCIDENT_OFFSET_S_MAX: i64 = 12 * 3_600;
/// Entities of a finding that was made elsewhere.
pub(crate) const INCIDENT_ENTITIES_MAX: usize = 256;
/// Bytes of the name of one.
pub(crate) const INCIDENT_NAME_MAX: usize = 1_024;
/// Findings of a group that may be split again; a larger one stays whole.
pub(crate) const INCIDENT_SPLIT_MAX: usize = 512;
/// What waits for late events; then the earliest is taken before its time.
pub(crate) const INCIDENT_HELD_MAX: usize = 1 << 18;
/// Changes that wait to be asked for; then the oldest are forgotten.
pub(crate) const INCIDENT_CHANGES_MAX: usize = 1 << 16;
/// Notes that wait to be asked for; further ones are counted.
pub(crate) const INCIDENT_NOTES_MAX: usize = 1 << 18;
/// Incidents that are over and kept; then the oldest are forgotten.
pub(crate) const INCIDENTS_CLOSED_MAX: usize = 1 << 14;
/// Nodes and edges of the graph in which incidents are written; what is behind them is left out and counted.
pub(crate) const INCIDENT_NODES_MAX: usize = 1 << 19;
pub(crate) const INCIDENT_EDGES_MAX: usize = 1 << 20;
/// Findings, hosts or names that one record lists in which an incident is written for others; the rest is counted.
pub(crate) const INCIDENT_LISTED_MAX: usize = 1 << 12;
/// Spans that are looked at to trace one way.
pub(crate) const PATH_SPANS_MAX: usize = 1 << 16;

/// Bytes for the state of all correlations over one stream, and what they hold back; then groups are given up.
pub(crate) const STATE_BYTES_MAX: usize = 1 << 30;
/// Bytes for the state of one group; then its oldest events are forgotten.
pub(crate) const STATE_GROUP_BYTES_MAX: usize = 16 << 20;

/// Bounds on rules, pipelines, and programs.
///
/// ```
/// let limits = tieline::Limits { regex_bytes_max: 1 << 20, ..tieline::Limits::DEFAULT };
/// assert_eq!(limits.yaml_depth_max, 64);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of one rule file or text.
    pub yaml_bytes_max: usize,
    /// Depth to which YAML collections may be nested.
    pub yaml_depth_max: usize,
    /// YAML nodes in one document, aliases counted as what they stand for.
    pub yaml_nodes_max: usize,
    /// YAML aliases in one document.
    pub yaml_aliases_max: usize,
    /// Characters of a condition.
    pub condition_chars_max: usize,
    /// Depth to which a condition may be nested.
    pub condition_depth_max: usize,
    /// Values in one rule, after modifiers and placeholders have multiplied them.
    pub rule_values_max: usize,
    /// Places in one value where `windash` puts all five dashes.
    pub windash_places_max: usize,
    /// Bytes that the automaton of one regular expression may take.
    pub regex_bytes_max: usize,
    /// Rules that a correlation may refer to, and fields by which it may group.
    pub correlation_parts_max: usize,
    /// Depth of correlations that refer to correlations.
    pub correlation_depth_max: usize,
    /// The longest timespan, in seconds.
    pub timespan_seconds_max: u64,
    /// Depth to which pipelines may be nested.
    pub pipeline_depth_max: usize,
    /// Transformations in one pipeline, nested ones included.
    pub pipeline_items_max: usize,
    /// Branches that pipelines may make of one rule.
    pub pipeline_branches_max: usize,
}

impl Limits {
    /// The limits that hold unless the caller gives others.
    pub const DEFAULT: Self = Self {
        yaml_bytes_max: 16 << 20,
        yaml_depth_max: 64,
        yaml_nodes_max: 2_000_000,
        yaml_aliases_max: 1_000,
        condition_chars_max: 65_536,
        condition_depth_max: 64,
        rule_values_max: 2_000_000,
        windash_places_max: 16,
        regex_bytes_max: 4 << 20,
        correlation_parts_max: 256,
        correlation_depth_max: 32,
        timespan_seconds_max: 100 * 366 * 86_400,
        pipeline_depth_max: 16,
        pipeline_items_max: 10_000,
        pipeline_branches_max: 64,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
