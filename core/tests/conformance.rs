//! Runs the conformance suite: every case on the engine and on the reference evaluator.
//!
//! The cases are data under `tests/data/conformance`; their format is described there. A case fails with
//! its file and name; all failures are reported together.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use tieline::diagnostic::Diagnostic;
use tieline::{Compiler, JsonEvent, LogSource, Rules, Scanner, TimeOptions, TimeUnit};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Suite {
    suite: String,
    #[serde(rename = "about")]
    _about: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(rename = "source")]
    _source: Option<String>,
    detection: Option<String>,
    rules: Option<String>,
    #[serde(default)]
    r#match: Vec<String>,
    #[serde(default)]
    no_match: Vec<String>,
    #[serde(default)]
    match_ids: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    placeholders: BTreeMap<String, Vec<String>>,
    pipeline: Option<String>,
    timezone: Option<String>,
    time_unit: Option<String>,
    logsource: Option<Source>,
    refused: Option<String>,
    warns: Option<String>,
    #[serde(default)]
    loads: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    category: Option<String>,
    product: Option<String>,
    service: Option<String>,
}

impl Case {
    fn yaml(&self) -> String {
        match (&self.rules, &self.detection) {
            (Some(rules), _) => rules.clone(),
            (None, Some(detection)) => {
                let indented: String = detection.lines().map(|line| format!("  {line}\n")).collect();
                format!("title: case\nlogsource:\n  category: test\ndetection:\n{indented}")
            }
            (None, None) => panic!("a case needs `detection` or `rules`"),
        }
    }

    fn compile(&self) -> Result<Rules, tieline::Error> {
        let unit = self.time_unit.as_deref().map(|unit| match unit {
            "s" => TimeUnit::Seconds,
            "ms" => TimeUnit::Milliseconds,
            "us" => TimeUnit::Microseconds,
            _ => TimeUnit::Nanoseconds,
        });
        let mut compiler = Compiler::new().rules(Some("case.yml"), self.yaml()).time(TimeOptions {
            zone: self.timezone.clone(),
            unit,
            ..TimeOptions::default()
        });
        for (name, values) in &self.placeholders {
            compiler = compiler.placeholder(name, values.clone());
        }
        if let Some(pipeline) = &self.pipeline {
            compiler = compiler.pipeline(Some("pipeline.yml"), pipeline.clone());
        }
        compiler.build()
    }

    /// What is wrong with the case, if anything.
    fn run(&self) -> Result<(), String> {
        let rules = match (self.compile(), &self.refused) {
            (Err(error), Some(code)) if error.diagnostics().iter().any(|told| told.code.as_str() == code) => {
                return Ok(());
            }
            (Err(error), _) => return Err(format!("build failed: {error}")),
            (Ok(rules), _) => rules,
        };
        let told = rules.diagnostics();
        let has = |code: &str| told.iter().any(|told| told.code.as_str() == code);
        let shown = || told.iter().map(Diagnostic::to_string).collect::<Vec<_>>().join(" | ");
        if let Some(code) = &self.refused {
            let refused = told.iter().any(|told| told.is_error() && told.code.as_str() == code);
            return if refused { Ok(()) } else { Err(format!("expected {code}, got [{}]", shown())) };
        }
        if let Some(error) = told.iter().find(|told| told.is_error()) {
            return Err(format!("unexpected {error}"));
        }
        if let Some(code) = self.warns.as_deref().filter(|code| !has(code)) {
            return Err(format!("expected warning {code}, got [{}]", shown()));
        }
        assert!(
            self.loads
                || self.warns.is_some()
                || !(self.r#match.is_empty() && self.no_match.is_empty() && self.match_ids.is_empty())
        );
        let mut wrong = Vec::new();
        let expectations =
            self.r#match.iter().map(|event| (event, true)).chain(self.no_match.iter().map(|event| (event, false)));
        for (event, expected) in expectations {
            let (engine, reference) = self.verdicts(&rules, event)?;
            if engine.is_empty() == expected {
                wrong.push(format!("engine says {} on {event}", !engine.is_empty()));
            }
            if engine != reference {
                wrong.push(format!("reference says {reference:?}, engine {engine:?} on {event}"));
            }
        }
        for (event, expected) in &self.match_ids {
            let (engine, reference) = self.verdicts(&rules, event)?;
            let mut expected = expected.clone();
            expected.sort();
            if engine != expected || reference != expected {
                wrong.push(format!("expected {expected:?}, engine {engine:?}, reference {reference:?} on {event}"));
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n      ")) }
    }

    /// The identities of the rules that match, by the engine and by the reference evaluator.
    fn verdicts(&self, rules: &Rules, event: &str) -> Result<(Vec<String>, Vec<String>), String> {
        let source = self.logsource.as_ref().map(|source| LogSource {
            category: source.category.clone(),
            product: source.product.clone(),
            service: source.service.clone(),
            definition: None,
        });
        let tree = JsonEvent::parse(event.as_bytes()).map_err(|error| format!("{event}: {error}"))?;
        let mut scanner = Scanner::new(rules);
        scanner.set_source(source.clone());
        let identity = |index: usize| rules.rule(index).metadata().identity().to_owned();
        let found: Vec<usize> = scanner
            .scan_json(event.as_bytes())
            .map_err(|error| format!("{event}: {error}"))?
            .map(|d| d.index())
            .collect();
        let by_trait: Vec<usize> = scanner.scan(&tree).map(|d| d.index()).collect();
        if found != by_trait {
            return Err(format!("bytes give {found:?}, the trait gives {by_trait:?} on {event}"));
        }
        for index in 0..rules.len() {
            if rules.explain(index, &tree).matched != rules.reference_matches(index, &tree) {
                return Err(format!("explanation and reference differ on {event}"));
            }
        }
        let routed = |index: &usize| source.as_ref().is_none_or(|source| rules.rule(*index).logsource().may_be(source));
        let mut engine: Vec<String> = found.into_iter().map(identity).collect();
        let mut reference: Vec<String> = (0..rules.len())
            .filter(routed)
            .filter(|index| rules.reference_matches(*index, &tree))
            .map(identity)
            .collect();
        engine.sort();
        reference.sort();
        Ok((engine, reference))
    }
}

#[test]
fn every_case_holds_on_engine_and_reference() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/conformance");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut cases, mut failures) = (0, Vec::new());
    for file in files.iter().filter(|file| file.extension().is_some_and(|end| end == "yml")) {
        let text = std::fs::read_to_string(file).unwrap();
        let suite: Suite = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for case in &suite.cases {
            cases += 1;
            if let Err(message) = case.run() {
                failures.push(format!("{}: {}\n      {message}", suite.suite, case.name));
            }
        }
    }
    assert!(cases >= 500, "only {cases} cases");
    assert!(failures.is_empty(), "{} of {cases} cases fail:\n  {}", failures.len(), failures.join("\n  "));
    println!("{cases} conformance cases hold");
}
