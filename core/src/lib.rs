//! Tieline compiles Sigma rules and evaluates them over IT and OT event streams.

mod access;
mod check;
mod compile;
mod config;
pub mod context;
mod correlation;
mod detection;
pub mod diagnostic;
mod engine;
mod event;
mod incident;
mod intel;
mod lanes;
mod matcher;
mod number;
mod ot;
mod pipeline;
mod program;
mod reference;
mod seal;
mod shortcut;
mod syntax;
mod text;
mod time;

pub use check::{Level, LogSource, Metadata, Needs, Related, Status};
pub use config::Limits;
pub use detection::{Evidence, FieldEvidence, IndicatorSeen};
pub use engine::{
    BatchResult, CheckedRules, Compiler, Detection, Error, ErrorKind, FieldCost, Learner, LoadCounts, Normaliser,
    PartitionCost, Profile, RuleCost, RuleInfo, RuleName, Rules, Scanner, Stream, TestCost,
};
pub use event::json::EventError;
pub use event::{Event, JsonEvent, Value};
pub use intel::{Indicator, IndicatorKind, Indicators};
pub use number::Number;
pub use pipeline::SourceInfo;
pub use reference::{Explanation, Step, ValueSeen};
#[doc(hidden)]
pub use shortcut::{Shortcut, Shortcuts};
pub use time::{TimeOptions, TimeUnit};

/// Events that are held column by column.
pub mod columns {
    pub use crate::engine::Detections;
    pub use crate::event::columns::{Column, Columns, Dictionary, Lists, Values};
}

/// Correlations over time: what several detections mean together.
///
#[doc = include_str!("../CORRELATIONS.md")]
pub mod stream {
    pub use crate::correlation::alert::FindingKind as AlertKind;
    pub use crate::correlation::correlator::Mode;
    pub use crate::correlation::sighting::{Missing, Sighting};
    pub use crate::correlation::table::{Restored, Stats as StreamStats};
    pub use crate::engine::{
        Alert, Arrival, CorrelationInfo, KeyState, Machine, MissingTime, Signal, Stream, StreamOptions, Tells, time_of,
    };
    pub use crate::time::FIELDS as TIME_FIELDS;
}

/// Findings that are one attack, the way by which it came, and how far it got.
///
#[doc = include_str!("../INCIDENTS.md")]
pub mod incidents {
    pub use crate::engine::Incidents;
    pub use crate::incident::{
        Change, EntityKind, FindingSeen, Found, Hop, HostSeen, Incident, IncidentForm, IncidentOptions, IncidentStats,
        Made, Note, Path, Reach, Reported, Score, Skew, Spread, Term,
    };

    /// The JSON schema of an incident in the form [`IncidentForm::Ndjson`].
    ///
    /// ```
    /// assert!(tieline::incidents::SCHEMA.contains("\"title\": \"Incident\""));
    /// ```
    pub const SCHEMA: &str = include_str!("../incident.schema.json");
}

/// Who may change controllers, and by which way they have come.
pub mod trust {
    pub use crate::access::{Judgement, SessionSeen, TrustStats};
    pub use crate::engine::Trust;
}
