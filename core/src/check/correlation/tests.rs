//! Correlations as text against what they come to, and what is told about them.

use super::*;
use crate::check::tests::{codes, pack};
use crate::check::{Pack, Target};
use crate::diagnostic::Code;

const RULES: &str = "
title: A
id: 0e95725d-7320-415d-80f7-004da920fc11
name: a
logsource: {product: windows}
detection: {selection: {EventID: 4625}, condition: selection}
---
title: B
name: b
logsource: {product: linux}
detection: {selection: {user: root}, condition: selection}
---
title: Broken
name: broken
logsource: {product: linux}
detection: {selection: {user|startwith: root}, condition: selection}
";

fn with_rules(correlation: &str) -> Pack {
    pack(&format!(
        "{RULES}---\ntitle: C\nname: c\nid: 0e95725d-7320-415d-80f7-004da920fc12\ncorrelation: {correlation}\n"
    ))
}

fn told(correlation: &str) -> Vec<Code> {
    codes(&with_rules(correlation)).into_iter().filter(|code| *code != Code::UnknownModifier).collect()
}

#[test]
fn a_correlation_holds_all_that_its_evaluation_needs() {
    let pack = with_rules(
        "{type: value_count, rules: [0e95725d-7320-415d-80f7-004da920fc11, b], group-by: [user, host], timespan: 90m,
          aliases: {user: {a: TargetUserName, b: uid}}, condition: {field: [x, y], gt: 10, lte: 20.5}}\ngenerate: true",
    );
    assert_eq!(codes(&pack), [Code::UnknownModifier]);
    let correlation = &pack.correlations[0];
    assert_eq!(correlation.kind, CorrelationType::ValueCount);
    assert_eq!(correlation.timespan_ns, 5_400_000_000_000);
    assert_eq!(correlation.group_by, ["user", "host"]);
    assert_eq!(correlation.fields, ["x", "y"]);
    assert!(correlation.generate);
    let targets: Vec<_> = correlation.rules.iter().map(|rule| rule.target).collect();
    assert_eq!(targets, [Target::Rule(0), Target::Rule(1)]);
    assert_eq!([0, 1].map(|at| correlation.field_of("user", at)), ["TargetUserName", "uid"]);
    assert_eq!(correlation.field_of("host", 0), "host");
    let number = |text: &str| Number::from_numeric_text(text).unwrap();
    let bounds = vec![(Comparison::Gt, number("10")), (Comparison::Lte, number("20.5"))];
    assert_eq!(correlation.criterion, Criterion::Compare(bounds));
    assert_eq!(pack.rules_that_alert(), [true, true]);
}

#[test]
fn what_is_learnt_has_defaults() {
    const DAY: u64 = 86_400_000_000_000;
    for (parts, expected) in [
        ("{type: absence, rules: [a, b], group-by: [u], timespan: 1d}", (0, 0, 0)),
        ("{type: new_value, rules: [a], group-by: [u], timespan: 1d, condition: {field: x}}", (0, 1, 0)),
        (
            "{type: new_value, rules: [a], group-by: [u], timespan: 1d,
              condition: {field: [x, y], learning: 7d, maturity: 0}}",
            (7 * DAY, 0, 0),
        ),
        (
            "{type: rare_value, rules: [a], group-by: [u], timespan: 1d,
              condition: {field: x, lt: 0.01, learning: 0s}}",
            (0, 100, 0),
        ),
        ("{type: rate_change, rules: [a], group-by: [u], timespan: 1d, condition: {gte: 3}}", (0, 10, 20 * DAY)),
        (
            "{type: rate_change, rules: [a], group-by: [u], timespan: 1d,
              condition: {gte: 3, lt: 9, baseline: 7d, learning: 2d}}",
            (2 * DAY, 10, 7 * DAY),
        ),
    ] {
        let pack = with_rules(parts);
        assert_eq!(codes(&pack), [Code::UnknownModifier, Code::NotPortable], "{parts}");
        let Learning { span_ns, maturity, baseline_ns } = pack.correlations[0].learning;
        assert_eq!((span_ns, maturity, baseline_ns), expected, "{parts}");
    }
}

#[test]
fn what_is_wrong_with_one_correlation_has_a_code() {
    use Code as C;
    for (correlation, expected) in [
        ("{type: event_count, rules: [a], group-by: [u], timespan: 1h, condition: {gte: 3}}", vec![]),
        ("{type: temporal, rules: [a, b], group-by: [u], timespan: 1h}", vec![]),
        ("{type: value_avg, rules: [a], group-by: [u], timespan: 1h, condition: {gte: 3, field: bytes}}", vec![]),
        (
            "{type: value_max, rules: [a], group-by: [u], timespan: 1h, condition: {gte: 3, field: n}}",
            vec![C::NotPortable],
        ),
        ("{type: temporal, rules: [a, b], group-by: [u], timespan: 1h, condition: a and not b}", vec![C::NotPortable]),
        ("{type: temporal, group-by: [u], timespan: 1h, condition: a and not b}", vec![C::NotPortable]),
        (
            "{type: temporal, rules: [a, b], group-by: [u], timespan: 1h, condition: a}",
            vec![C::NotPortable, C::UnusedSelection],
        ),
        (
            "{type: temporal, rules: [a, b], group-by: [u], timespan: 1h, condition: not a or b}",
            vec![C::NotPortable, C::CorrelationCondition],
        ),
        (
            "{type: temporal, rules: [a], group-by: [u], timespan: 1h, condition: a and x}",
            vec![C::NotPortable, C::CorrelationCondition],
        ),
        (
            "{type: temporal, rules: [a], group-by: [u], timespan: 1h, condition: a and}",
            vec![C::NotPortable, C::CorrelationCondition],
        ),
        ("{type: event_count, rules: [a], group-by: [u], timespan: 1h, condition: a}", vec![C::CorrelationCondition]),
        ("{type: near, rules: [a], group-by: [u], timespan: 1h, condition: {gte: 3}}", vec![C::CorrelationType]),
        ("{rules: [a], group-by: [u], timespan: 1h, condition: {gte: 3}}", vec![C::CorrelationType]),
        ("{type: event_count, rules: [a], timespan: 1h, condition: {gte: 3}}", vec![C::GroupByMissing]),
        ("{type: event_count, group-by: [u], timespan: 1h, condition: {gte: 3}}", vec![C::CorrelationMissing]),
        (
            "{type: event_count, rules: [], group-by: [u], timespan: 1h, condition: {gte: 3}}",
            vec![C::CorrelationMissing],
        ),
        (
            "{type: event_count, rules: a, group-by: u, timespan: 1h, condition: {gte: 3}}",
            vec![C::MetadataInvalid, C::MetadataInvalid],
        ),
        (
            "{type: event_count, rules: [a, a], group-by: [u, u], timespan: 1h, condition: {gte: 3}}",
            vec![C::MetadataInvalid, C::MetadataInvalid],
        ),
        ("{type: event_count, rules: [a], group-by: [u], condition: {gte: 3}}", vec![C::CorrelationMissing]),
        ("{type: event_count, rules: [a], group-by: [u], timespan: 0s, condition: {gte: 3}}", vec![C::BadTimespan]),
        ("{type: event_count, rules: [a], group-by: [u], timespan: 200y, condition: {gte: 3}}", vec![C::BadTimespan]),
        ("{type: event_count, rules: [a], group-by: [u], timespan: 1w, condition: {gte: 3}}", vec![C::NotPortable]),
        ("{type: event_count, rules: [a], group-by: [u], timespan: 1h}", vec![C::CorrelationMissing]),
        ("{type: event_count, rules: [a], group-by: [u], timespan: 1h, condition: {}}", vec![C::CorrelationMissing]),
        (
            "{type: event_count, rules: [a], group-by: [u], timespan: 1h, condition: {gte: '3'}}",
            vec![C::CorrelationCondition],
        ),
        (
            "{type: event_count, rules: [a], group-by: [u], timespan: 1h, condition: {ge: 3}}",
            vec![C::CorrelationCondition],
        ),
        (
            "{type: event_count, rules: [a], group-by: [u], timespan: 1h, condition: {gte: 3, field: x}}",
            vec![C::UnknownKey],
        ),
        (
            "{type: event_count, rules: [a], group-by: [u], timespan: 1h, condition: {gt: 5, lt: 6}}",
            vec![C::NeverMatches],
        ),
        ("{type: event_count, rules: [a], group-by: [u], timespan: 1h, condition: {eq: 0}}", vec![C::NeverMatches]),
        ("{type: event_count, rules: [a], group-by: [u], timespan: 1h, condition: {gt: 5.5, lt: 6.5}}", vec![]),
        ("{type: event_count, rules: [a], group-by: [u], timespan: 1h, condition: {neq: 1}}", vec![]),
        (
            "{type: value_count, rules: [a], group-by: [u], timespan: 1h, condition: {gte: 3}}",
            vec![C::CorrelationMissing],
        ),
        (
            "{type: rate_change, rules: [a], group-by: [u], timespan: 1h, condition: {gt: 0, lt: 0.5}}",
            vec![C::NotPortable],
        ),
        (
            "{type: rate_change, rules: [a], group-by: [u], timespan: 1h, condition: {gt: 2, lt: 2}}",
            vec![C::NotPortable, C::NeverMatches],
        ),
        (
            "{type: rate_change, rules: [a], group-by: [u], timespan: 1h, condition: {lt: 0}}",
            vec![C::NotPortable, C::NeverMatches],
        ),
        ("{type: absence, group-by: [u], timespan: 1h}", vec![C::NotPortable, C::CorrelationMissing]),
        (
            "{type: value_sum, rules: [a], group-by: [u], timespan: 1h, condition: {gte: 3, field: [x, y]}}",
            vec![C::CorrelationCondition],
        ),
        (
            "{type: value_sum, rules: [a], group-by: [u], timespan: 1h, condition: {gte: 3, field: CommandLine}}",
            vec![C::CorrelationNonNumeric],
        ),
        (
            "{type: value_sum, rules: [b], group-by: [u], timespan: 1h, condition: {gte: 3, field: user}}",
            vec![C::CorrelationNonNumeric],
        ),
        (
            "{type: value_percentile, rules: [a], group-by: [u], timespan: 1h, condition: {gte: 3, field: n, percentile: 101}}",
            vec![C::CorrelationCondition],
        ),
        (
            "{type: event_count, rules: [x], group-by: [u], timespan: 1h, condition: {gte: 3}}",
            vec![C::UnresolvedReference],
        ),
        (
            "{type: event_count, rules: [broken], group-by: [u], timespan: 1h, condition: {gte: 3}}",
            vec![C::UnresolvedReference],
        ),
        (
            "{type: event_count, rules: [c], group-by: [u], timespan: 1h, condition: {gte: 3}}",
            vec![C::CorrelationCircle],
        ),
        (
            "{type: event_count, rules: [a], group-by: [u], timespan: 1h, condition: {gte: 3}, aliases: {u: {b: x}}}",
            vec![C::MetadataInvalid],
        ),
        (
            "{type: event_count, rules: [a], group-by: [u], timespan: 1h, condition: {gte: 3}, aliases: {u: {z: x}}}",
            vec![C::CorrelationAlias],
        ),
        (
            "{type: event_count, rules: [a], group-by: [u], timespan: 1h, condition: {gte: 3}, aliases: {u: {a: }}}",
            vec![C::CorrelationAlias],
        ),
        (
            "{type: event_count, rules: [a], group-by: [u], timespan: 1h, condition: {gte: 3}, groupby: [u]}",
            vec![C::UnknownKey],
        ),
        ("[type, event_count]", vec![C::WrongType]),
    ] {
        assert_eq!(told(correlation), expected, "{correlation}");
    }
}

/// Stands for the rule `a` in a chain.
const A: usize = usize::MAX;

/// Correlations named `c0`, `c1`, ... that refer to each other as the pairs say.
fn chain(edges: &[(usize, &[usize])]) -> String {
    let mut text = RULES.to_owned();
    for (at, to) in edges {
        let rules: Vec<_> = to.iter().map(|to| if *to == A { "a".to_owned() } else { format!("c{to}") }).collect();
        let rules = rules.join(", ");
        text += &format!("---\ntitle: C{at}\nname: c{at}\n");
        text += &format!("correlation: {{type: temporal, rules: [{rules}], group-by: [u], timespan: 1h}}\n");
    }
    text
}

#[test]
fn chains_stand_in_the_order_in_which_they_build_on_each_other() {
    let pack = pack(&chain(&[(0, &[1, 2]), (1, &[2, A]), (2, &[A])]));
    let names: Vec<_> = pack.correlations.iter().map(|correlation| correlation.meta.title.as_str()).collect();
    assert_eq!(names, ["C2", "C1", "C0"]);
    let targets: Vec<_> = pack.correlations[2].rules.iter().map(|rule| rule.target).collect();
    assert_eq!(targets, [Target::Correlation(1), Target::Correlation(0)]);
    assert_eq!(pack.rules_that_alert(), [false, true]);
    assert_eq!(pack.correlations_that_alert(), [false, false, true]);
}

#[test]
fn a_circle_is_named_whole_and_sinks_what_builds_on_it() {
    let pack = pack(&chain(&[(0, &[1]), (1, &[2]), (2, &[3]), (3, &[1]), (4, &[A])]));
    let told: Vec<_> = pack.diagnostics.iter().map(|told| (told.code, told.message.as_str())).collect();
    let circle = |names: &str| format!("correlations refer to each other in a circle: {names}");
    let circles =
        [circle("`C1` → `C2` → `C3` → `C1`"), circle("`C2` → `C3` → `C1` → `C2`"), circle("`C3` → `C1` → `C2` → `C3`")];
    for message in &circles {
        assert!(told.contains(&(Code::CorrelationCircle, message)), "{told:?}");
    }
    assert!(
        told.contains(&(Code::UnresolvedReference, "the rule `c1` was left out, so the correlation cannot be used"))
    );
    assert_eq!(pack.correlations.len(), 1);
}

#[test]
fn chains_and_parts_have_limits() {
    let edges: Vec<(usize, Vec<usize>)> = (0..33).map(|at| (at, vec![if at == 32 { A } else { at + 1 }])).collect();
    let edges: Vec<(usize, &[usize])> = edges.iter().map(|(at, to)| (*at, to.as_slice())).collect();
    let deep = pack(&chain(&edges));
    assert_eq!((deep.correlations.len(), codes(&deep).contains(&Code::CorrelationLimit)), (32, true));
    let fields: Vec<_> = (0..256).map(|at| format!("f{at}")).collect();
    let many = format!("{{type: temporal, rules: [a], group-by: [{}], timespan: 1h}}", fields.join(", "));
    assert_eq!(told(&many), [Code::CorrelationLimit]);
}

#[test]
fn a_long_chain_or_circle_costs_no_stack() {
    let edges: Vec<(usize, Vec<usize>)> = (0..20_000).map(|at| (at, vec![(at + 1) % 20_000])).collect();
    let edges: Vec<(usize, &[usize])> = edges.iter().map(|(at, to)| (*at, to.as_slice())).collect();
    let circle = pack(&chain(&edges));
    assert!(circle.correlations.is_empty());
    assert!(circle.diagnostics.iter().all(|told| told.message.len() < 300));
    assert_eq!(codes(&circle).iter().filter(|code| **code == Code::CorrelationCircle).count(), 20_000);
}

#[test]
fn rules_that_a_later_stage_leaves_out_take_their_correlations_with_them() {
    let mut pack = pack(&chain(&[(0, &[A]), (1, &[0]), (2, &[2])]));
    pack.diagnostics.clear();
    pack.leave_out(&[false, true]);
    assert_eq!(pack.correlations.len(), 0);
    assert_eq!(codes(&pack), [Code::UnresolvedReference, Code::UnresolvedReference]);
}
