//! Numbers of a program become names: counts of a scanner become a profile.
//!
//! ```text
//! matcher 12: 800 values     ─▶  slot 7  ─▶  CommandLine
//! unit 40: 12 walks          ─▶  rule 3  ─▶  "Encoded command"        tests of its decisions' atoms ─▶ its share of them
//! ```
//!
//! This runs once, when a profile is asked for, so nothing of it needs to be fast.

use super::{FieldCost, PartitionCost, Profile, RuleCost, RuleName, TestCost};
use crate::matcher::{Counts, Looks, Tests};
use crate::program::{AtomId, Exact, List, Matcher, Program, Router, Subject};
use std::collections::{BTreeSet, HashMap};

/// Ways to a partition that are told; most have one or two.
const WAYS_SHOWN: usize = 2;

/// The profile of what was counted with these rules.
pub(in crate::engine) fn profile(
    counts: &Counts,
    program: &Program<'_>,
    rules: usize,
    name: &dyn Fn(u32) -> RuleName,
) -> Profile {
    let mut all = Profile {
        events: counts.events,
        bytes: counts.bytes,
        reading_ns: counts.reading_ns,
        routing_ns: counts.routing_ns,
        detecting_ns: counts.partitions.iter().map(|visits| visits.ns).sum(),
        ..Profile::default()
    };
    let mut costs = rule_costs(counts, program, rules);
    let (subjects, askers) = (subjects(program), askers(program));
    for (number, (matcher, looks)) in program.matchers.iter().zip(&counts.matchers).enumerate() {
        let Some(subject) = subjects.get(&(number as u32)) else { continue };
        all.fields.extend(field_cost(*subject, looks, program));
        for ((test, effects), cost) in tests(matcher).zip(counts.tests(number)).filter(|(_, cost)| cost.runs > 0) {
            let asking = asking(effects, program, &askers);
            for rule in &asking {
                if let Some(own) = costs.get_mut(*rule as usize) {
                    own.tests_ns += cost.ns / asking.len() as u64;
                }
            }
            all.tests.push(test_cost(
                field(*subject, program),
                test,
                *cost,
                asking.iter().copied().map(name).collect(),
            ));
        }
    }
    for (number, mut cost) in costs.into_iter().enumerate() {
        cost.ns = cost.decisions_ns + cost.looks_ns + cost.tests_ns;
        if cost.woken > 0 || cost.ns > 0 {
            all.rules.push(RuleCost { rule: name(number as u32), ..cost });
        }
    }
    let ways = ways(program);
    for (number, visits) in counts.partitions.iter().enumerate().filter(|(_, visits)| visits.events > 0) {
        let events_with = ways.get(&(number as u32)).map(|ways| told(ways)).unwrap_or_default();
        all.partitions.push(PartitionCost { events_with, events: visits.events, ns: visits.ns });
    }
    // Rows of one name become one, and the most costly are put first.
    let mut merged = Profile::default();
    merged.merge(all);
    merged
}

/// What each rule cost without its tests.
fn rule_costs(counts: &Counts, program: &Program, rules: usize) -> Vec<RuleCost> {
    let mut costs = vec![RuleCost::default(); rules];
    for (unit, walks) in program.units.iter().zip(&counts.units) {
        if let Some(cost) = costs.get_mut(unit.rule.0 as usize) {
            cost.woken += walks.count;
            cost.decisions += walks.decisions;
            cost.decisions_ns += walks.ns;
            cost.looks_ns += walks.looks_ns;
        }
    }
    costs.iter_mut().zip(&counts.matched).for_each(|(cost, matched)| cost.matched = *matched);
    costs
}

/// Where each matcher looks.
fn subjects(program: &Program) -> HashMap<u32, Subject> {
    let probes = program.partitions.iter().flat_map(|partition| partition.probes.iter().chain(partition.rest));
    probes.map(|probe| (probe.matcher, probe.subject.subject())).collect()
}

fn field(subject: Subject, program: &Program) -> String {
    let name = |slot: crate::program::SlotId| program.fields.names().nth(slot.index()).unwrap_or_default().to_owned();
    match subject {
        Subject::Slot(slot) => name(slot),
        Subject::Leaves => "(keywords)".to_owned(),
        Subject::Pair(number) => program
            .pairs
            .get(number as usize)
            .map(|pair| format!("{}|fieldref: {}", name(pair.left), name(pair.right)))
            .unwrap_or_default(),
    }
}

fn field_cost(subject: Subject, looks: &Looks, program: &Program) -> Option<FieldCost> {
    let values = looks.remembered + looks.searched;
    // Fields that no event has are looked at as well, which costs next to nothing.
    let is_used = values > 0 || (matches!(subject, Subject::Pair(_)) && looks.ns > 0);
    is_used.then(|| FieldCost {
        field: field(subject, program),
        values,
        remembered: looks.remembered,
        searched_bytes: looks.bytes,
        ns: looks.ns,
        tests_ns: looks.tests_ns,
    })
}

fn test_cost(field: String, test: String, cost: Tests, rules: Vec<RuleName>) -> TestCost {
    let Tests { runs, bytes, held, ns } = cost;
    TestCost { field, test, runs, held, bytes, ns, rules }
}

/// The tests of a matcher with what follows from them, in the order in which they are counted.
fn tests<'a>(matcher: &'a Matcher<'_>) -> impl Iterator<Item = (String, &'a [u32])> {
    let verifies = matcher.verifies.iter().chain(&matcher.residual);
    let lists = matcher.lists.iter().map(|(list, effect)| (list_text(list), std::slice::from_ref(effect)));
    verifies.map(|verify| (test_text(&verify.test), verify.effects)).chain(lists)
}

fn test_text(test: &Exact) -> String {
    match test {
        Exact::Folded(glob) => glob.to_string(),
        Exact::Cased(glob) => format!("{glob} (cased)"),
        Exact::Regex(expression) => format!("/{}/", expression.pattern()),
        Exact::Compare(relation, number) => format!("{} {}", relation.sign(), number.text()),
        Exact::Bits(bits) => format!("bits {bits:#04x}"),
        Exact::Time(part, relation, number) => format!("{} {} {}", part.name(), relation.sign(), number.text()),
    }
}

fn list_text(list: &List) -> String {
    match list {
        List::Folded(texts) => format!("a list of {} texts", texts.len()),
        List::Cased(texts) => format!("a list of {} texts (cased)", texts.len()),
        List::Networks(networks) => format!("a list of {} networks", networks.len()),
    }
}

/// The rules whose conditions ask each atom.
fn askers(program: &Program) -> HashMap<AtomId, BTreeSet<u32>> {
    let mut askers: HashMap<AtomId, BTreeSet<u32>> = HashMap::new();
    for unit in program.units {
        let (mut steps, mut seen) = (vec![unit.entry], BTreeSet::new());
        while let Some(step) = steps.pop() {
            if let Some(decision) = program.decisions.get(step as usize).filter(|_| seen.insert(step)) {
                askers.entry(decision.atom).or_default().insert(unit.rule.0);
                steps.extend([decision.if_true, decision.if_false]);
            }
        }
    }
    askers
}

/// The rules that ask what follows from a test.
fn asking(effects: &[u32], program: &Program, askers: &HashMap<AtomId, BTreeSet<u32>>) -> BTreeSet<u32> {
    let atoms = effects.iter().filter_map(|effect| program.effects.get(*effect as usize));
    atoms.filter_map(|effect| askers.get(&effect.atom)).flatten().copied().collect()
}

/// The ways on which events come to each partition.
fn ways(program: &Program) -> HashMap<u32, Vec<String>> {
    let mut ways = HashMap::new();
    follow(&program.router, &mut Vec::new(), program, &mut ways);
    ways
}

fn follow(router: &Router, way: &mut Vec<String>, program: &Program, ways: &mut HashMap<u32, Vec<String>>) {
    match router {
        Router::Partition(id) => {
            let told = if way.is_empty() { "any values".to_owned() } else { way.join(", ") };
            ways.entry(*id).or_default().push(told);
        }
        Router::Slots { slots, by_value, otherwise } => {
            let fields: Vec<String> = slots.iter().map(|slot| field(Subject::Slot(*slot), program)).collect();
            let fields = fields.join(" or ");
            let mut values: Vec<_> = by_value.iter().collect();
            values.sort_unstable_by_key(|(value, _)| *value);
            for (value, next) in values {
                way.push(format!("{fields}: {value}"));
                follow(next, way, program, ways);
                way.pop();
            }
            way.push(format!("{fields}: other"));
            follow(otherwise, way, program, ways);
            way.pop();
        }
    }
}

fn told(ways: &[String]) -> String {
    let shown = ways.iter().take(WAYS_SHOWN).map(String::as_str).collect::<Vec<_>>().join("; ");
    match ways.len().saturating_sub(WAYS_SHOWN) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}
