//! Tieline, with or without a pipeline that ties rules to kinds of logs.
//!
//! ```text
//! rules + pipelines ─▶ Rules ─▶ a new Scanner per pass ─▶ detections
//! ```
//!
//! Every pass begins with a new scanner, so that nothing is remembered from the pass before.

use super::{Contender, Kind, Pass};
use crate::corpus::RulePack;
use crate::lane::Lane;
use crate::timing;
use tieline::{Compiler, JsonEvent, Rules, Scanner};

/// A processing pipeline: its name and its text.
pub type Pipeline = (String, String);

/// The engine of this project.
#[derive(Debug)]
pub struct Tieline {
    name: String,
    rules: Rules,
    scanner: Scanner,
}

/// Parses, checks and compiles.
///
/// # Panics
/// When a pipeline is broken; the message says where.
#[must_use]
pub fn compile(pack: &RulePack, pipelines: &[Pipeline]) -> Rules {
    let mut compiler = Compiler::new();
    for (name, yaml) in pipelines {
        compiler = compiler.pipeline(Some(name), yaml.as_str());
    }
    build(compiler, pack)
}

/// The same with the tables of OT protocols.
///
/// # Panics
/// When a table is broken; the message says where.
#[must_use]
pub fn compile_ot(pack: &RulePack) -> Rules {
    let tables = tieline_rules::protocols();
    build(tables.fold(Compiler::new(), |compiler, (name, yaml)| compiler.protocols(Some(name), yaml)), pack)
}

fn build(mut compiler: Compiler, pack: &RulePack) -> Rules {
    for file in &pack.files {
        compiler = compiler.rules(Some(&file.name), file.text.as_str());
    }
    match compiler.build() {
        Ok(rules) => rules,
        Err(error) => panic!("tieline does not compile the rules: {error}"),
    }
}

impl Tieline {
    /// A contender from compiled rules.
    #[must_use]
    pub fn new(name: &str, rules: Rules) -> Self {
        Self { name: name.to_owned(), scanner: Scanner::new(&rules), rules }
    }

    /// The compiled rules.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The ids of the rules that match by the slow reference evaluator.
    ///
    /// # Panics
    /// When the event is not JSON.
    #[must_use]
    pub fn reference(&self, event: &[u8]) -> Vec<String> {
        let tree = JsonEvent::parse(event).unwrap_or_else(|error| panic!("an event of the lane is broken: {error}"));
        let holds = |index: &usize| self.rules.reference_matches(*index, &tree);
        (0..self.rules.len()).filter(holds).map(|index| self.id(index)).collect()
    }

    fn id(&self, index: usize) -> String {
        self.rules.rule(index).id().unwrap_or_default().to_owned()
    }
}

impl Contender for Tieline {
    fn name(&self) -> &str {
        &self.name
    }

    fn kind(&self) -> Kind {
        Kind::Own
    }

    fn pass(&mut self, lane: &Lane) -> Pass {
        self.scanner = Scanner::new(&self.rules);
        let scanner = &mut self.scanner;
        let (time, detections) = timing::cpu(|| {
            lane.events().map(|event| scanner.scan_json(event).map_or(0, |detections| detections.len())).sum()
        });
        Pass { time, detections }
    }

    fn verdict(&mut self, event: &[u8], ids: &mut Vec<String>) {
        ids.clear();
        if let Ok(detections) = self.scanner.scan_json(event) {
            ids.extend(detections.map(|detection| detection.rule().id().unwrap_or_default().to_owned()));
        }
    }
}
