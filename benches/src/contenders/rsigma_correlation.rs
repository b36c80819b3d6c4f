//! The correlations of `rsigma-eval`, as they come and with the settings that help them.
//!
//! ```text
//! rules ─▶ CorrelationEngine ─▶ process_event_at(event, second) ─▶ "time correlation group value" of each alert
//! ```
//!
//! It takes events in the order of their arrival, tells time in whole seconds and has no end of a stream. Nothing here
//! decides whether an answer is right.

use super::rsigma_event::SimdEvent;
use crate::timelines::Timeline;
use crate::timing;
use rsigma_eval::{
    CorrelationAction, CorrelationConfig, CorrelationEngine, EvaluationResult, JsonEvent, TimestampFallback,
};
use rsigma_parser::SigmaCollection;
use std::time::Duration;

/// The settings it has for alerts that come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// As it comes: every event that finds the condition true alerts.
    Default,
    /// `rsigma.suppress` of each correlation is its timespan, so a group is quiet that long after an alert.
    Suppress,
    /// `action_on_match: reset`: an alert empties the window.
    Reset,
}

/// All of them.
pub const SETTINGS: [Setting; 3] = [Setting::Default, Setting::Suppress, Setting::Reset];

impl Setting {
    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Suppress => "suppress",
            Self::Reset => "reset",
        }
    }
}

/// An alert, as far as it tells of one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Told {
    /// When the event came that completed it, in seconds.
    pub time: i64,
    /// The correlation and the group, `c x`.
    pub what: String,
    /// The number, as text.
    pub value: String,
}

/// An engine with all rules of a text.
///
/// # Errors
/// When it refuses a rule.
pub fn engine(rules: &str, setting: Setting) -> Result<CorrelationEngine, String> {
    let mut collection: SigmaCollection =
        rsigma_parser::parse_sigma_yaml(rules).map_err(|error| format!("refused: {error}"))?;
    if collection.has_errors() {
        return Err(format!("refused: {:?}", collection.diagnostics));
    }
    if setting == Setting::Suppress {
        for correlation in &mut collection.correlations {
            let span = format!("{}s", correlation.timespan.seconds);
            correlation.custom_attributes.insert("rsigma.suppress".to_owned(), span.into());
        }
    }
    let action_on_match = if setting == Setting::Reset { CorrelationAction::Reset } else { CorrelationAction::Alert };
    let config = CorrelationConfig {
        action_on_match,
        timestamp_fields: vec!["time".to_owned()],
        timestamp_fallback: TimestampFallback::Skip,
        // Its default of 100,000 groups would give up state that is still asked for.
        max_state_entries: 10_000_000,
        ..CorrelationConfig::default()
    };
    let mut engine = CorrelationEngine::new(config);
    engine.add_collection(&collection).map_err(|error| format!("refused: {error}"))?;
    Ok(engine)
}

/// The alerts among results of one event.
pub fn told(results: &[EvaluationResult], time: i64) -> impl Iterator<Item = Told> {
    results.iter().filter_map(move |result| {
        let body = result.as_correlation()?;
        let group: Vec<&str> = body.group_key.iter().map(|(_, value)| value.as_str()).collect();
        let what = format!("{} {}", result.header.rule_title, group.join(","));
        Some(Told { time, what, value: body.aggregated_value.to_string() })
    })
}

/// What it tells of a timeline.
///
/// # Errors
/// When it refuses the rules.
pub fn alerts(timeline: &Timeline, setting: Setting) -> Result<Vec<Told>, String> {
    let mut engine = engine(&timeline.rules(), setting)?;
    let mut all = Vec::new();
    for line in timeline.lines() {
        let second = line.time_ns.div_euclid(1_000_000_000);
        all.extend(told(&engine.process_event_at(&JsonEvent::borrow(&line.event), second), second));
    }
    Ok(all)
}

/// One pass over events, and what it took.
#[derive(Debug, Default)]
pub struct Passed {
    /// Detection and correlation, from bytes.
    pub from_bytes: Duration,
    /// Correlation alone, the least of what its interface lets one measure.
    pub correlating: Duration,
    /// What was told.
    pub told: Vec<Told>,
}

/// How many events are prepared before the clock starts.
const CHUNK: usize = 2_000;

/// Scans events that have their time in `time`. Detection is excluded in two ways: by giving it the detections, which it
/// then looks up by their id, and by taking off the time that evaluating alone takes.
///
/// # Errors
/// When it refuses the rules.
pub fn pass(rules: &str, events: &[String]) -> Result<Passed, String> {
    let mut given = engine(rules, Setting::Suppress)?;
    let mut whole = engine(rules, Setting::Suppress)?;
    let mut passed = Passed::default();
    let (mut with_given, mut both, mut detecting) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    for chunk in events.chunks(CHUNK) {
        let trees: Vec<serde_json::Value> = chunk.iter().filter_map(|event| serde_json::from_str(event).ok()).collect();
        let parsed: Vec<(JsonEvent<'_>, i64)> =
            trees.iter().map(|tree| (JsonEvent::borrow(tree), tree["time"].as_i64().unwrap_or(0))).collect();
        let (time, found) = timing::cpu(|| parsed.iter().map(|(event, _)| whole.evaluate(event)).collect::<Vec<_>>());
        detecting += time;
        let results: Vec<_> = parsed.iter().zip(found).collect();
        let (time, results) = timing::cpu(|| {
            let each = results.into_iter();
            each.map(|((event, at), found)| given.process_with_detections(event, found, *at)).collect::<Vec<_>>()
        });
        with_given += time;
        passed.told.extend(results.iter().zip(&parsed).flat_map(|(results, (_, at))| told(results, *at)));
        let (time, _) =
            timing::cpu(|| parsed.iter().map(|(event, at)| whole.process_event_at(event, *at)).collect::<Vec<_>>());
        both += time;
    }
    passed.correlating = with_given.min(both.saturating_sub(detecting));
    passed.from_bytes = from_bytes(rules, events)?;
    Ok(passed)
}

/// With the tree of `simd-json`, its fastest event, and with the time found by itself.
fn from_bytes(rules: &str, events: &[String]) -> Result<Duration, String> {
    let mut engine = engine(rules, Setting::Suppress)?;
    let mut buffers = simd_json::Buffers::new(64 << 10);
    let mut bytes = Vec::new();
    let (time, _) = timing::cpu(|| {
        events
            .iter()
            .map(|event| {
                bytes.clear();
                bytes.extend_from_slice(event.as_bytes());
                let tree = simd_json::value::to_borrowed_value_with_buffers(&mut bytes, &mut buffers);
                tree.map_or(0, |tree| engine.process_event(&SimdEvent { tree }).len())
            })
            .sum::<usize>()
    });
    Ok(time)
}
