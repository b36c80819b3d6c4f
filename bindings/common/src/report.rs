//! What became of a pack when it was loaded: how much was read, what was left out and why.
//!
//! ```text
//! 31 files, 31 documents ─▶ 29 rules, 1 filter;  left out: 1 × TL0014 regex-unsupported
//! ```
//!
//! It counts; the diagnostics themselves are kept by the rules.

use std::collections::BTreeMap;

use serde::Serialize;
use tieline::Rules;
use tieline::diagnostic::{Code, Diagnostic};

use crate::load::RulePack;

/// Names of rules that one row shows at most.
const NAMES_MAX: usize = 5;

/// A load report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LoadReport {
    /// Files that were read.
    pub files: usize,
    /// Files in directories that hold a pipeline, and so no rules.
    pub passed_over: usize,
    /// Documents in these files.
    pub documents: usize,
    /// Rules that can match, after pipelines.
    pub rules: usize,
    /// Correlations without a fault.
    pub correlations: usize,
    /// Filters.
    pub filters: usize,
    /// Rules without a fault that are about other events than the pipelines are for.
    pub elsewhere: usize,
    /// What was left out, by reason.
    pub left_out: Vec<Reason>,
    /// Warnings and notes, by kind.
    pub warnings: Vec<Reason>,
}

/// How often one code was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// The code.
    pub code: Code,
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// How often it was told.
    pub count: usize,
    /// The first rules or files it is about.
    pub about: Vec<String>,
}

impl LoadReport {
    /// The report of a pack and one compiled form of it.
    #[must_use]
    pub fn new(pack: &RulePack, rules: &Rules) -> Self {
        let counts = rules.counts();
        let all = || pack.diagnostics().iter().chain(rules.diagnostics());
        Self {
            files: pack.paths().len(),
            passed_over: pack.passed_over(),
            documents: counts.documents,
            rules: rules.len(),
            correlations: counts.correlations,
            filters: counts.filters,
            elsewhere: counts.elsewhere,
            left_out: reasons(all().filter(|told| told.is_error())),
            warnings: reasons(all().filter(|told| !told.is_error())),
        }
    }

    /// How many errors were told.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.left_out.iter().map(|reason| reason.count).sum()
    }
}

fn reasons<'a>(told: impl Iterator<Item = &'a Diagnostic>) -> Vec<Reason> {
    let mut rows: BTreeMap<Code, Reason> = BTreeMap::new();
    for told in told {
        let code = told.code;
        let row = rows.entry(code).or_insert_with(|| Reason {
            code,
            name: code.name(),
            meaning: code.meaning(),
            count: 0,
            about: Vec::new(),
        });
        row.count += 1;
        if let Some(about) = told.rule.as_ref().or(told.path.as_ref())
            && row.about.len() < NAMES_MAX
            && !row.about.contains(about)
        {
            row.about.push(about.clone());
        }
    }
    let mut rows: Vec<Reason> = rows.into_values().collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.count));
    rows
}
