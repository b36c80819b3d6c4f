//! Expressions, compiled once each, however many rules and partitions use them.
//!
//! ```text
//! /foo\d+/i  ─▶  automaton + the literals of which one must stand in the value ("foo")
//! ```
//!
//! An expression that compiles to more than the limit is refused here, when its rule is looked at.

use super::atoms::Ask;
use super::{demand, literal};
use crate::check::Regex;
use crate::check::regex::parse;
use crate::config::Limits;
use crate::diagnostic::Code;
use crate::program::Demand;
use regex_automata::meta;
use std::collections::HashMap;

/// The compiled expressions of a rule set.
pub(crate) struct Regexes {
    limits: Limits,
    built: HashMap<(String, [bool; 3]), Built>,
}

/// One compiled expression.
#[derive(Debug, Clone)]
pub(super) struct Built {
    pub(super) regex: meta::Regex,
    pub(super) clauses: Vec<literal::Clause>,
    pub(super) demand: Demand,
}

impl Regexes {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, built: HashMap::new() }
    }

    fn key(regex: &Regex) -> (String, [bool; 3]) {
        (regex.pattern.clone(), [regex.insensitive, regex.multiline, regex.dot_all])
    }

    /// Compiles an expression, if it was not yet.
    pub(super) fn add(&mut self, regex: &Regex) -> Result<(), (Code, String)> {
        let key = Self::key(regex);
        if !self.built.contains_key(&key) {
            let built = self.build(regex)?;
            self.built.insert(key, built);
        }
        Ok(())
    }

    /// The compiled form of a test that is an expression, and was added.
    pub(super) fn of(&self, ask: &Ask) -> Option<&Built> {
        let Ask::Regex { pattern, insensitive, multiline, dot_all } = ask else { return None };
        self.built.get(&(pattern.clone(), [*insensitive, *multiline, *dot_all]))
    }

    fn build(&self, regex: &Regex) -> Result<Built, (Code, String)> {
        let hir = parse(regex).map_err(|fault| (fault.code, fault.message))?;
        let max = self.limits.regex_bytes_max;
        let config =
            meta::Config::new().nfa_size_limit(Some(max)).onepass_size_limit(Some(max)).hybrid_cache_capacity(1 << 20);
        match meta::Builder::new().configure(config).build_from_hir(&hir) {
            Ok(compiled) => {
                Ok(Built { regex: compiled, clauses: literal::of_regex(&hir), demand: demand::of_regex(&hir) })
            }
            Err(error) => {
                let message = match error.size_limit() {
                    Some(limit) => format!("the expression compiles to more than {limit} bytes"),
                    None => format!("the expression cannot be compiled: {error}"),
                };
                Err((Code::RegexTooLarge, message))
            }
        }
    }
}
