//! How likely an incident is one, and what depends on it: two sums of named terms.
//!
//! ```text
//! likelihood 78 = level high 30 + 5 tactics 25 + correlation 10 + crosses zones 8 + ...      consequence 70 = criticality high 30 + ...
//! ```
//!
//! Every term says what it counts and why. Each sum ends at 100; the score is their product over 100.

use super::finding::{EntityKind, Made};
use super::groups::Member;
use super::path::Own;
use super::register::Register;
use super::spread::weight;
use crate::check::Level;
use crate::context::reasons;
use serde::Serialize;
use std::collections::BTreeSet;

/// How likely an incident is one, and what depends on it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Score {
    /// Likelihood times consequence over 100.
    pub total: u32,
    /// The sum of its terms, at most 100.
    pub likelihood: u32,
    /// The sum of its terms, at most 100.
    pub consequence: u32,
    /// What the likelihood is made of.
    pub likelihood_terms: Vec<Term>,
    /// What the consequence is made of.
    pub consequence_terms: Vec<Term>,
}

/// A part of a score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Term {
    /// What is counted.
    pub name: &'static str,
    /// What it counts.
    pub points: u32,
    /// Why.
    pub why: String,
}

pub(super) fn score(register: &Register, own: &Own<'_>, members: &[&Member]) -> Score {
    let likelihood_terms = likelihood(members);
    let consequence_terms = consequence(register, own, members);
    let sum = |terms: &[Term]| terms.iter().map(|term| term.points).sum::<u32>().min(100);
    let (likelihood, consequence) = (sum(&likelihood_terms), sum(&consequence_terms));
    Score { total: likelihood * consequence / 100, likelihood, consequence, likelihood_terms, consequence_terms }
}

fn likelihood(members: &[&Member]) -> Vec<Term> {
    let mut terms = Vec::new();
    let mut add = |name, points, why: String| {
        if points > 0 {
            terms.push(Term { name, points, why });
        }
    };
    if let Some(level) = members.iter().map(|member| member.finding.rule.level).max() {
        add("level", of_level(level), format!("the highest level of a rule is {level}"));
    }
    let rules: BTreeSet<&str> = members.iter().map(|member| member.finding.rule.id.as_str()).collect();
    add("rules", 2 * (rules.len() as u32 - 1).min(5), format!("{} different rules", rules.len()));
    let tactics: BTreeSet<&str> = members.iter().flat_map(|member| tactics(&member.finding.rule.tags)).collect();
    let names = tactics.iter().copied().collect::<Vec<_>>().join(", ");
    add("stages", 5 * (tactics.len() as u32).min(5), names);
    let made = |made: Made| members.iter().filter(|member| member.finding.rule.made == made).count();
    add("correlation", if made(Made::Correlation) > 0 { 10 } else { 0 }, "a correlation holds".to_owned());
    add("trust", if made(Made::Trust) > 0 { 15 } else { 0 }, "privileged operations that nothing explains".to_owned());
    let denied: BTreeSet<&str> = members.iter().flat_map(|member| reasons(member.finding.denied)).collect();
    let why = denied.iter().copied().collect::<Vec<_>>().join(", ");
    add("policy", if denied.is_empty() { 0 } else { 10 }, format!("flows that the plant denies by {why}"));
    let crosses = members.iter().any(|member| member.finding.crosses);
    add("crossing", if crosses { 8 } else { 0 }, "it goes from one zone to another".to_owned());
    let is_indicator = |member: &&Member| member.finding.entities.iter().any(|own| own.kind == EntityKind::Indicator);
    add("intelligence", if members.iter().any(is_indicator) { 10 } else { 0 }, "an indicator was seen".to_owned());
    terms
}

fn consequence(register: &Register, own: &Own<'_>, members: &[&Member]) -> Vec<Term> {
    let mut terms = Vec::new();
    let mut add = |name, points, why: String| {
        if points > 0 {
            terms.push(Term { name, points, why });
        }
    };
    let known = || own.hosts.keys().filter_map(|host| register.hosts.get(*host));
    let critical = known().max_by_key(|known| (weight(known.criticality.as_deref()), std::cmp::Reverse(&known.name)));
    if let Some(host) = critical {
        let criticality = host.criticality.as_deref();
        let points = [0, 5, 15, 30, 40].get(weight(criticality) as usize).copied().unwrap_or(0);
        add("criticality", points, format!("{} is {}", host.name, criticality.unwrap_or("unknown")));
    }
    if let Some(level) = known().filter_map(|known| known.level).min_by(f64::total_cmp) {
        add("level", of_purdue(level), format!("it reaches Purdue level {level}"));
    }
    if let Some(level) = known().filter_map(|known| known.security_level).max() {
        add("security level", u32::from(level) * 3, format!("a zone with SL-T {level}"));
    }
    let worst = members
        .iter()
        .filter_map(|member| member.finding.operation.as_deref())
        .max_by_key(|own| (of_operation(own), *own));
    if let Some(operation) = worst {
        add("operation", of_operation(operation), operation.to_owned());
    }
    terms
}

/// What an effect counts, to choose the one to which the way is traced.
pub(super) fn effect(register: &Register, member: &Member) -> u32 {
    let finding = &member.finding;
    let known = finding.target.or(finding.source).and_then(|host| register.hosts.get(host));
    let level = known.and_then(|known| known.level).map_or(0, of_purdue);
    let criticality = known.map_or(0, |known| weight(known.criticality.as_deref()) * 5);
    let operation = finding.operation.as_deref().map_or(0, of_operation);
    level + criticality + 2 * operation + of_level(finding.rule.level) / 4
}

const fn of_level(level: Level) -> u32 {
    match level {
        Level::Critical => 40,
        Level::High => 30,
        Level::Medium => 15,
        Level::Low => 5,
        Level::Informational => 0,
    }
}

fn of_purdue(level: f64) -> u32 {
    if level <= 1.0 {
        30
    } else if level <= 2.0 {
        20
    } else if level <= 3.0 {
        10
    } else {
        0
    }
}

/// What an operation class may do to a process.
pub(super) fn of_operation(class: &str) -> u32 {
    match class {
        "mode_stop" | "firmware_update" | "program_download" | "memory_clear" | "force" | "restart" => 20,
        "control" | "config_change" | "mode_run" | "mode_program" | "alarm_change" | "time_sync" | "file_delete" => 12,
        "write" | "file_write" => 8,
        "program_upload" => 4,
        _ => 0,
    }
}

/// The tactics among tags: those that are no technique.
pub(super) fn tactics(tags: &[String]) -> impl Iterator<Item = &str> {
    tags.iter().filter_map(|tag| tag.strip_prefix("attack.")).filter(|name| !is_numbered(name))
}

/// The techniques among tags.
pub(super) fn techniques(tags: &[String]) -> impl Iterator<Item = &str> {
    tags.iter().filter_map(|tag| tag.strip_prefix("attack.")).filter(|name| name.starts_with('t') && is_numbered(name))
}

/// Whether it is the number of a technique, a group, or software.
fn is_numbered(name: &str) -> bool {
    name.get(1..).is_some_and(|rest| rest.starts_with(|digit: char| digit.is_ascii_digit()))
}
