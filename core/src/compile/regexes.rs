//! Expressions, compiled once each, however many rules and partitions use them.
//!
//! ```text
//! /foo\d+/i  ─▶  automaton + the literals of which one must stand in the value ("foo")
//! ```
//!
//! An expression that compiles to more than the limit is refused here, when its rule is looked at. Where a glance shows
//! that it cannot be so large, it is compiled only when a value asks for it.

use super::atoms::Ask;
use super::{demand, literal};
use crate::check::Regex;
use crate::check::regex::parse_and_write;
use crate::config::Limits;
use crate::diagnostic::Code;
use crate::program::{Demand, Expression};
use regex_syntax::hir::{Class, Hir, HirKind};
use std::collections::HashMap;

/// The compiled expressions of a rule set.
pub(super) struct Regexes {
    limits: Limits,
    built: HashMap<(String, [bool; 3]), Built>,
    /// The expressions by their numbers, as the `regex` crates write them.
    written: Vec<String>,
}

/// One expression that may be used.
#[derive(Debug)]
pub(super) struct Built {
    pub(super) number: u32,
    pub(super) clauses: Vec<literal::Clause>,
    pub(super) demand: Demand,
}

impl Regexes {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, built: HashMap::new(), written: Vec::new() }
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

    /// The expressions by their numbers.
    pub(super) fn written(&self) -> &[String] {
        &self.written
    }

    fn build(&mut self, regex: &Regex) -> Result<Built, (Code, String)> {
        let (hir, written) = parse_and_write(regex).map_err(|fault| (fault.code, fault.message))?;
        let max = self.limits.regex_bytes_max;
        if bytes_at_most(&hir) > max && !Expression::new(&written, max).compiles() {
            return Err((Code::RegexTooLarge, format!("the expression compiles to more than {max} bytes")));
        }
        let (clauses, demand) = (literal::of_regex(&hir), demand::of_regex(&hir));
        self.written.push(written);
        Ok(Built { number: self.written.len() as u32 - 1, clauses, demand })
    }
}

/// Bytes that an automaton for the expression surely does not exceed: more than all its states and transitions would
/// need if none were shared.
fn bytes_at_most(hir: &Hir) -> usize {
    const AUTOMATON: usize = 2048;
    AUTOMATON.saturating_add(states_at_most(hir))
}

fn states_at_most(hir: &Hir) -> usize {
    const STATE: usize = 128;
    // A range of characters becomes some sequences of up to four bytes.
    let class = |ranges: usize| (8 * ranges.min(8) + ranges / 2) * STATE;
    let sum = |parts: &[Hir]| parts.iter().map(states_at_most).fold(STATE, usize::saturating_add);
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => STATE,
        HirKind::Literal(literal) => literal.0.len() * STATE,
        HirKind::Class(Class::Unicode(set)) => class(set.ranges().len()),
        HirKind::Class(Class::Bytes(set)) => class(set.ranges().len()),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min).max(1) as usize + 1;
            states_at_most(&repetition.sub).saturating_add(STATE).saturating_mul(times)
        }
        HirKind::Capture(capture) => states_at_most(&capture.sub).saturating_add(2 * STATE),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => sum(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex_automata::nfa::thompson::{NFA, WhichCaptures};

    #[test]
    fn no_automaton_is_larger_than_the_guess() {
        let patterns = [
            "",
            "a",
            "abc",
            "a|b|cd",
            "[a-z]",
            r"\w",
            r"\W+",
            r"\s",
            r"\d{1,40}",
            r"(?i)straße[k-s]*",
            ".{0,200}x",
            "(?s).",
            r"[^\\]{1,256}$",
            r"(?:\p{Greek}|\P{L})*?",
            r"^(a(b(c)?)+){3,7}\b$",
            r"[\x{80}-\x{10FFFF}]",
            r"[αγεικ-ω一-三]{5}",
        ];
        for pattern in patterns {
            let hir = regex_syntax::parse(pattern).unwrap();
            let build = |reverse| {
                let captures = if reverse { WhichCaptures::None } else { WhichCaptures::All };
                let config = NFA::config().reverse(reverse).which_captures(captures);
                NFA::compiler().configure(config).build_from_hir(&hir).unwrap().memory_usage()
            };
            let (forward, backward, guess) = (build(false), build(true), bytes_at_most(&hir));
            assert!(forward.max(backward) <= guess, "{pattern}: {forward} and {backward} bytes, guessed {guess}");
        }
    }
}
