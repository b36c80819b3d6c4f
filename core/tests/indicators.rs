//! What is told of lists of indicators and of tables of fields, as filed in `data/indicators`, and the shipped ones.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use serde::Deserialize;
use tieline::{Compiler, Indicators};

#[derive(Deserialize)]
struct Case {
    name: String,
    list: Option<String>,
    fields: Option<String>,
    told: Vec<String>,
}

const RULE: &str = "
title: Any indicator
logsource: {category: indicator}
detection: {selection: {indicator.kind|exists: true}, condition: selection}
";

#[test]
fn faults_are_told_with_their_places() {
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/indicators/faults.yml")).unwrap();
    let cases: Vec<Case> = serde_saphyr::from_str(&text).unwrap();
    for case in cases {
        let told: Vec<String> = match (case.list, case.fields) {
            (Some(list), _) => {
                let indicators = Indicators::read([("list", list)]);
                indicators.diagnostics().iter().map(ToString::to_string).collect()
            }
            (_, fields) => {
                let compiler = Compiler::new().rules(None, RULE).indicator_fields(Some("fields"), fields.unwrap());
                compiler.build().unwrap_err().diagnostics().iter().map(ToString::to_string).collect()
            }
        };
        assert_eq!(told, case.told, "{}", case.name);
    }
}

#[test]
fn the_shipped_table_and_rules_are_sound() {
    let compiler = Compiler::new().indicator_fields(Some("fields.yml"), tieline_rules::indicator_fields());
    let compiler = tieline_rules::indicator_rules()
        .iter()
        .fold(compiler, |compiler, (name, yaml)| compiler.rules(Some(name), *yaml));
    let rules = compiler.build().unwrap();
    assert!(rules.diagnostics().is_empty(), "{:?}", rules.diagnostics());
    assert_eq!(rules.len(), 25);
    assert!(rules.iter().all(|rule| rule.asks_indicators()));
    // Pipelines leave fields that the engine fills alone.
    for (name, yaml) in tieline_rules::pipelines() {
        let compiler = tieline_rules::indicator_rules()
            .iter()
            .fold(Compiler::new().pipeline(Some(name), *yaml), |compiler, (name, yaml)| {
                compiler.rules(Some(name), *yaml)
            });
        let rules = compiler.build().unwrap();
        assert_eq!(rules.len(), 25, "{name}");
        assert!(rules.fields().iter().all(|field| field.starts_with("indicator.")), "{name}: {:?}", rules.fields());
    }
}
