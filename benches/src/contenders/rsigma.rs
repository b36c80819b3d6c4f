//! The crate `rsigma-eval`: plain as its documentation shows it, and with what makes it faster.
//!
//! ```text
//! plain: serde_json::Value ─▶ JsonEvent ─▶ engine.evaluate
//! options: simd-json tree · Bloom prefilter · cross-rule index · pruning by product · its pipeline
//! ```
//!
//! Which options pay differs from lane to lane; the report measures several and calls the fastest the best.

use super::rsigma_event::SimdEvent;
use super::rsigma_routed::Routed;
use super::{Contender, Kind, Pass};
use crate::corpus::RulePack;
use crate::lane::Lane;
use crate::timing;
use rsigma_eval::{Engine, EvaluationResult, Event, JsonEvent, LogSourceExtractor};
use rsigma_parser::{LogSource, SigmaCollection};
use std::hint::black_box;

/// How an engine is set up.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Events over the borrowed tree of `simd-json` instead of `serde_json::Value`.
    pub simd: bool,
    /// `set_bloom_prefilter(true)`.
    pub bloom: bool,
    /// `set_cross_rule_ac(true)`.
    pub cross_rule: bool,
    /// A log source extractor that says `product: windows`.
    pub windows: bool,
    /// The `sysmon` pipeline it ships: categories become event ids.
    pub sysmon: bool,
    /// One engine per kind of event, which holds only the rules whose log source fits.
    pub routed: bool,
}

/// Parses all rules of a pack; files that are refused are left out.
#[must_use]
pub fn parse(pack: &RulePack) -> SigmaCollection {
    let mut all = SigmaCollection::new();
    for file in &pack.files {
        if let Ok(read) = rsigma_parser::parse_sigma_yaml(&file.text) {
            all.rules.extend(read.rules);
        }
    }
    all
}

/// An engine with the rules it accepts.
#[must_use]
pub fn engine(collection: &SigmaCollection, options: Options) -> Engine {
    let mut engine = Engine::new();
    if options.sysmon
        && let Some(Ok(pipeline)) = rsigma_eval::resolve_builtin_pipeline("sysmon")
    {
        engine.add_pipeline(pipeline);
    }
    engine.set_bloom_prefilter(options.bloom);
    engine.set_cross_rule_ac(options.cross_rule);
    drop(engine.add_rules(&collection.rules));
    if options.windows {
        let windows = LogSource { product: Some("windows".into()), ..LogSource::default() };
        engine.set_logsource_extractor(Some(LogSourceExtractor::new().with_defaults(windows)));
    }
    engine
}

enum Shape {
    One(Box<Engine>),
    Routed(Box<Routed>),
}

/// `rsigma-eval`.
pub struct Rsigma {
    name: String,
    shape: Shape,
    simd: bool,
    bytes: Vec<u8>,
    buffers: simd_json::Buffers,
}

impl Rsigma {
    /// An engine under a name.
    #[must_use]
    pub fn new(name: &str, collection: &SigmaCollection, options: Options) -> Self {
        let shape = if options.routed {
            Shape::Routed(Box::new(Routed::new(collection.clone(), options)))
        } else {
            Shape::One(Box::new(engine(collection, options)))
        };
        Self {
            name: name.to_owned(),
            shape,
            simd: options.simd,
            bytes: Vec::new(),
            buffers: simd_json::Buffers::new(64 << 10),
        }
    }

    /// How many rules it has taken.
    #[must_use]
    pub fn rules(&self) -> Option<usize> {
        match &self.shape {
            Shape::One(engine) => Some(engine.rule_count()),
            Shape::Routed(_) => None,
        }
    }

    fn scan(&mut self, bytes: &[u8]) -> Vec<EvaluationResult> {
        if !self.simd {
            let Ok(tree) = serde_json::from_slice::<serde_json::Value>(bytes) else { return Vec::new() };
            return self.shape.evaluate(&JsonEvent::borrow(&tree));
        }
        self.bytes.clear();
        self.bytes.extend_from_slice(bytes);
        match simd_json::value::to_borrowed_value_with_buffers(&mut self.bytes, &mut self.buffers) {
            Ok(tree) => self.shape.evaluate(&SimdEvent { tree }),
            Err(_) => Vec::new(),
        }
    }
}

impl Shape {
    fn evaluate<E: Event>(&mut self, event: &E) -> Vec<EvaluationResult> {
        match self {
            Self::One(engine) => engine.evaluate(event),
            Self::Routed(routed) => routed.engine_for(event).evaluate(event),
        }
    }
}

impl Contender for Rsigma {
    fn name(&self) -> &str {
        &self.name
    }

    fn kind(&self) -> Kind {
        Kind::Rival
    }

    fn pass(&mut self, lane: &Lane) -> Pass {
        if let Shape::Routed(routed) = &mut self.shape {
            // Engines are made when their kind of event is first seen; that is loading, not evaluating.
            for event in lane.events() {
                if let Ok(tree) = serde_json::from_slice::<serde_json::Value>(event) {
                    routed.engine_for(&JsonEvent::borrow(&tree));
                }
            }
        }
        let (time, detections) = timing::cpu(|| lane.events().map(|event| black_box(self.scan(event)).len()).sum());
        Pass { time, detections }
    }

    fn verdict(&mut self, event: &[u8], ids: &mut Vec<String>) {
        ids.clear();
        ids.extend(self.scan(event).into_iter().filter_map(|result| result.header.rule_id));
    }
}
