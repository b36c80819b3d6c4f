//! Every bound on what a table keeps is reached here, is kept, and what it costs is counted.
//!
//! ```text
//! more groups than a correlation may have   ─▶ crowded      a state larger than a group's may be   ─▶ trimmed
//! more bytes than the budget                ─▶ evicted      saved state that announces too much    ─▶ refused
//! ```

use super::tests::{Row, at_least, by, row, table};
use super::*;
use crate::check::correlation::{Comparison, CorrelationType, Criterion};
use crate::check::{Correlation, Target};
use crate::correlation::tests::correlation;
use crate::number::Number;
use xxhash_rust::xxh3::xxh3_64;

fn user(table: &Table, user: u64, value: u64) -> Row {
    row(table, &[("User", &format!("user{user}")), ("V", &value.to_string())])
}

fn judged_at_close(kind: CorrelationType, rules: usize, span: u64) -> Correlation {
    by(correlation(kind, rules, span, Criterion::Compare(vec![(Comparison::Lt, Number::Integer(1 << 40))])), &["User"])
}

#[test]
fn a_correlation_has_so_many_groups_at_most() {
    let options = TableOptions { groups_max: Some(10), ..TableOptions::default() };
    let one = by(at_least(CorrelationType::EventCount, 1, 1 << 40, 2), &["User"]);
    let mut other = by(at_least(CorrelationType::EventCount, 1, 1 << 40, 3), &["User"]);
    other.rules[0].target = Target::Rule(1);
    let mut table = table(&[one, other], options);
    for time in 0..100 {
        let row = user(&table, time, 0);
        table.see(time as i64, time, &[0], &row);
    }
    for time in 100..105 {
        let row = user(&table, time, 0);
        table.see(time as i64, time, &[1], &row);
    }
    table.advance(200);
    let stats = table.stats();
    assert_eq!((stats.groups, stats.crowded, stats.evicted), (15, 90, 0));
    // Those of one time are all taken in, and the latest remain.
    for user in 0..30 {
        let row = self::user(&table, user, 0);
        table.see(300, 300 + user, &[0], &row);
        table.see(300, 400 + user, &[0], &row);
    }
    table.flush();
    assert_eq!((table.take().len(), table.stats().crowded), (30, 120));
}

#[test]
fn a_state_that_is_too_large_forgets_its_oldest_events() {
    use CorrelationType as T;
    let values = |kind| {
        let mut correlation = by(at_least(kind, 1, 1 << 40, 1 << 40), &["User"]);
        correlation.fields = vec!["V".to_owned()];
        correlation
    };
    let ordered = by(correlation(T::TemporalOrdered, 4, 1 << 40, Criterion::EveryRule), &["User"]);
    let temporal = by(at_least(T::Temporal, 4, 1 << 40, 5), &["User"]);
    let carried = {
        let mut outer = by(at_least(T::EventCount, 1, 100, 2), &["V"]);
        outer.rules[0].target = Target::Correlation(0);
        outer
    };
    let valued = |mut correlation: Correlation| {
        correlation.fields = vec!["V".to_owned()];
        vec![by(correlation, &["User"])]
    };
    let rare = Criterion::Compare(vec![(Comparison::Lt, Number::Integer(1))]);
    let rules = [
        valued(correlation(T::NewValue, 1, 1 << 40, Criterion::EveryRule)),
        valued(correlation(T::RareValue, 1, 1 << 40, rare)),
        vec![by(correlation(T::Absence, 2, 100, Criterion::EveryRule), &["User"])],
        vec![by(at_least(T::RateChange, 1, 10, 100), &["User"])],
        vec![by(at_least(T::EventCount, 1, 1 << 40, 1 << 40), &["User"])],
        vec![values(T::ValueCount)],
        vec![values(T::ValueSum)],
        vec![values(T::ValueMin)],
        vec![values(T::ValueMedian)],
        vec![temporal],
        vec![ordered],
        vec![judged_at_close(T::TemporalOrdered, 4, 1 << 40)],
        vec![by(at_least(T::EventCount, 1, 1 << 40, 1 << 40), &["User"]), carried],
    ];
    for rules in &rules {
        for group_bytes_max in [0, 1, 30, 100, 300, 1_000, 10_000] {
            let mut table = table(rules, TableOptions { group_bytes_max, ..TableOptions::default() });
            let empty = table.stats().bytes;
            for time in 0..1_000_u64 {
                let row = user(&table, 0, time * 7_919 % 1_009);
                table.see(time as i64, time, &[time as usize % rules[0].rules.len()], &row);
                let (bytes, most) = (table.stats().bytes - empty, group_bytes_max as u64 + 500);
                assert!(bytes <= most, "{:?}: {bytes} of {most}", rules[0].kind);
            }
            let trimmed = table.stats().trimmed;
            assert!(group_bytes_max > 30 || trimmed > 0, "{:?} with {group_bytes_max}", rules[0].kind);
            assert_eq!(table.stats().trimmed, trimmed);
        }
    }
}

#[test]
fn what_is_left_of_a_state_that_was_trimmed_goes_on() {
    let options = TableOptions { group_bytes_max: 1_000, ..TableOptions::default() };
    let mut table = table(&[by(at_least(CorrelationType::EventCount, 1, 1 << 40, 500), &["User"])], options);
    let mut alerts = Vec::new();
    for time in 0..10_000 {
        let row = user(&table, 0, 0);
        table.see(time, time as u64, &[0], &row);
        alerts.extend(table.take());
    }
    // No more than some 60 events are remembered, so 500 are never counted.
    assert!(alerts.is_empty() && table.stats().trimmed > 9_000, "{:?}", table.stats());
}

#[test]
fn timers_are_part_of_the_budget() {
    let options = TableOptions { bytes_max: 50_000, ..TableOptions::default() };
    let mut table = table(&[judged_at_close(CorrelationType::EventCount, 1, 1 << 40)], options);
    for time in 0..20_000 {
        let row = user(&table, time, 0);
        table.see(time as i64, time, &[0], &row);
        assert!(table.stats().bytes <= 50_000 && table.timers.len() < 1_000);
    }
    assert!(table.stats().evicted > 19_000 && table.stats().groups > 200);
}

#[test]
fn whoever_was_untouched_for_longest_goes_first_whatever_its_correlation() {
    let counts: Vec<Correlation> = (0..20)
        .map(|at| {
            let mut count = by(at_least(CorrelationType::EventCount, 1, 1 << 40, 2), &["User"]);
            count.rules[0].target = Target::Rule(at);
            count.timespan_ns += at as u64;
            count
        })
        .collect();
    let mut table = table(&counts, TableOptions { bytes_max: 20_000, ..TableOptions::default() });
    for event in 0..5_000_u64 {
        let row = user(&table, event, 0);
        table.see(event as i64, event, &[(event * 7 % 20) as usize], &row);
    }
    table.advance(5_000);
    let lasts: Vec<i64> = (0..20).flat_map(|at| table.groups.of(at).map(|group| group.state.last())).collect();
    let kept = lasts.len() as i64;
    assert!(kept > 50 && lasts.iter().all(|last| *last >= 5_000 - kept), "{lasts:?}");
}

/// A table with groups of several correlations and signals that are held back.
fn filled() -> (Vec<Correlation>, TableOptions, Table) {
    let count = by(at_least(CorrelationType::EventCount, 1, 1 << 40, 1_000), &["User"]);
    let mut values = by(at_least(CorrelationType::ValueCount, 1, 1 << 40, 1_000), &["User"]);
    values.fields = vec!["V".to_owned()];
    let mut numbers = by(at_least(CorrelationType::ValueMedian, 1, 1 << 40, 1_000), &["User"]);
    numbers.fields = vec!["V".to_owned()];
    let correlations = vec![count, values, numbers, judged_at_close(CorrelationType::TemporalOrdered, 3, 1 << 40)];
    let options = TableOptions { lateness_ns: 20, ..TableOptions::default() };
    let mut table = table(&correlations, options);
    for time in 0..400_u64 {
        let row = user(&table, time * 7 % 30, time);
        table.see(time as i64 - (time % 5) as i64, time, &[0, 1, 2], &row);
    }
    (correlations, options, table)
}

/// The bytes with a checksum that fits.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.len() >= 28 {
        let length = bytes.len() as u64 - 28;
        bytes[20..28].copy_from_slice(&length.to_le_bytes());
        let sum = xxh3_64(&bytes[20..]);
        bytes[12..20].copy_from_slice(&sum.to_le_bytes());
    }
    bytes
}

#[test]
fn forged_state_is_refused_or_read_but_takes_little_memory_and_changes_nothing_by_half() {
    let (correlations, options, mut own) = filled();
    let bytes = own.snapshot();
    assert!(table(&correlations, options).restore(&bytes).is_ok_and(|restored| restored.dropped.is_empty()));
    for at in (28..bytes.len()).step_by(7) {
        assert_eq!(own.restore(&sealed(bytes[..at].to_vec())), Err(Damage::Broken), "{at} bytes");
        for byte in [0, 0x7F, 0xFF] {
            let mut forged = bytes.clone();
            forged[at] = byte;
            forged = sealed(forged);
            let mut other = table(&correlations, options);
            let info = allocation_counter::measure(|| {
                let _ = other.restore(&forged);
            });
            // A list is read with room for 1 MiB, or for what it announces if that is less.
            assert!(info.bytes_max < 64 * bytes.len() as u64 + (3 << 20), "byte {at}: {}", info.bytes_max);
            other.flush();
        }
    }
    // Sections are written in order, so equal bytes mean that nothing has changed.
    assert_eq!(own.snapshot(), bytes);
}

#[test]
fn restored_state_keeps_within_the_budget() {
    let (correlations, options, full) = filled();
    let bytes_max = full.stats().bytes as usize / 4;
    let mut small = table(&correlations, TableOptions { bytes_max, ..options });
    let restored = small.restore(&full.snapshot()).unwrap();
    assert!(restored.kept < full.stats().groups && restored.dropped.is_empty());
    assert!(small.stats().bytes <= bytes_max as u64 && small.stats().evicted > 0);
}

#[test]
fn a_group_that_remembers_one_event_is_small() {
    let count = by(at_least(CorrelationType::EventCount, 1, 1 << 40, 1_000), &["User"]);
    let mut values = by(at_least(CorrelationType::ValueCount, 1, 1 << 40, 1_000), &["User"]);
    values.fields = vec!["V".to_owned()];
    let ordered = by(correlation(CorrelationType::TemporalOrdered, 5, 1 << 40, Criterion::EveryRule), &["User"]);
    for rule in [count, values, ordered] {
        let mut table = table(&[rule], TableOptions::default());
        let mut sighting = Sighting::new(Missing::Skip);
        let groups = 100_000;
        let mut taken = 0;
        for event in 0..groups {
            let row = row(&table, &[("User", &format!("user{event:06}")), ("V", "1")]);
            sighting.begin(event);
            table.links.sight([0].into_iter(), &row, &mut sighting);
            taken += allocation_counter::measure(|| {
                table.push(event as i64, &sighting);
            })
            .bytes_current;
        }
        let (taken, told) = (taken as u64 / groups, table.stats().bytes / groups);
        assert!(
            taken <= told && taken <= 160,
            "{:?}: {taken} bytes taken, {told} told",
            table.links.links[0].correlator.plan
        );
    }
}

#[test]
fn what_comes_of_a_window_at_the_end_of_all_time_is_judged_however_short_memory_is() {
    let inner = judged_at_close(CorrelationType::EventCount, 1, 1 << 40);
    let mut outer = by(at_least(CorrelationType::EventCount, 1, 100, 1), &["User"]);
    (outer.meta.title, outer.rules[0].target) = ("outer".to_owned(), Target::Correlation(0));
    for bytes_max in [0, 1 << 20] {
        let options = TableOptions { bytes_max, ..TableOptions::default() };
        let mut table = table(&[inner.clone(), outer.clone()], options);
        let row = user(&table, 1, 0);
        assert_eq!(table.see(i64::MAX, 0, &[0], &row), Pushed::InTime);
        table.advance(i64::MAX);
        assert_eq!((table.take().len(), table.stats().waiting), (2, 0));
    }
}
