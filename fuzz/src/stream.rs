//! What the target `stream` does: two streams see the same, and one of them is saved, restored and reloaded in between.
//!
//! ```text
//! bytes ─▶ options, event, event, snapshot, forged state, reload, advance ...  ─▶ equal alerts
//! ```
//!
//! What becomes of forged state is judged in `forged`.

use super::forged;
use std::sync::LazyLock;
use std::time::Duration;
use tieline::stream::{Alert, Machine, Missing, Mode, Signal, StreamOptions};
use tieline::{Compiler, Rules, Scanner, Stream};

const SECOND: i64 = 1_000_000_000;

/// Of one input, so that it is quick: new scanners take long under a sanitizer.
const FORGERIES_MAX: usize = 12;
const RELOADS_MAX: usize = 6;

/// Correlations of every type.
const CORRELATIONS: &str = include_str!("correlations.yml");

/// The same rules as two packs, of which the second has other titles and another correlation.
static PACKS: LazyLock<[Rules; 2]> = LazyLock::new(|| {
    let other = "---\ntitle: new\ncorrelation: {type: event_count, rules: [b], timespan: 9s, condition: {gte: 2}}\n";
    let pack = |text: &str| {
        let rules = Compiler::new().rules(None, text).build();
        let rules = rules.unwrap_or_else(|error| panic!("{error}"));
        assert!(rules.diagnostics().iter().all(|told| !told.is_error()), "{:?}", rules.diagnostics());
        rules
    };
    [pack(CORRELATIONS), pack(&(CORRELATIONS.to_owned() + other))]
});

fn options(byte: u8, is_small: bool) -> StreamOptions {
    let mode = [Mode::Suppress, Mode::Repeat, Mode::Update][usize::from(byte & 3) % 3];
    let missing = if byte & 4 == 0 { Missing::Skip } else { Missing::Group };
    let lateness = Duration::from_secs(u64::from(byte >> 4));
    let jump_max = (byte & 8 != 0).then_some(Duration::from_secs(10_000));
    let mut options = StreamOptions { lateness, jump_max, missing, mode, ..StreamOptions::default() };
    if is_small {
        (options.state_bytes_max, options.distinct_max) = (usize::from(byte) * 64, 1 + usize::from(byte >> 3));
        (options.groups_max, options.group_bytes_max) = (Some(1 + usize::from(byte >> 5)), usize::from(byte) * 4);
    }
    options
}

fn event([rules, group, value, more]: [u8; 4]) -> String {
    let rules: Vec<&str> = ["\"a\"", "\"b\"", "\"d\""]
        .into_iter()
        .enumerate()
        .filter(|(at, _)| rules >> at & 1 == 1)
        .map(|(_, rule)| rule)
        .collect();
    let group = ["\"x\"", "\"y\"", "7", "null", "[\"x\"]"][usize::from(group % 5)];
    let value = match value % 8 {
        0 => "\"text\"".to_owned(),
        1 => "1e308".to_owned(),
        2 => "-170141183460469231731687303715884105728".to_owned(),
        value => format!("{}.{}", i32::from(more) - 100, value % 4),
    };
    format!("{{\"r\":[{}],\"u\":{group},\"n\":{value},\"v\":\"v{}\"}}", rules.join(","), more % 32)
}

/// What alerts say that does not depend on which pack told them.
fn said(alerts: Vec<Alert>, into: &mut Vec<String>) {
    let show = |alert: Alert| {
        let group: Vec<_> = alert.group().collect();
        let times = [alert.time_ns(), alert.first_ns(), alert.last_ns()];
        format!("{} {group:?} {:?} {times:?} {} {:?}", alert.rule().title(), alert.kind(), alert.count(), alert.value())
    };
    into.extend(alerts.into_iter().filter(|alert| alert.rule().title() != "new").map(show));
}

/// Any bytes: options, and then what happens, eight bytes for each.
pub fn stream(data: &[u8]) {
    let Some(([first, second], rest)) = data.split_first_chunk() else { return };
    let is_small = second & 1 == 1;
    let options = options(*first, is_small);
    let machine = Machine::new(&PACKS[0], &options);
    let (_, _) = (machine.from_bytes(rest), Signal::from_bytes(rest));
    let (mut plain, mut other) = (Stream::new(&PACKS[0], options), Stream::new(&PACKS[0], options));
    let (mut expected, mut found) = (Vec::new(), Vec::new());
    let (mut scanner, mut third, mut states) = (None, None, Vec::new());
    let (mut forgeries, mut reloads) = (0, 0);
    for (at, step) in rest.chunks_exact(8).take(400).enumerate() {
        let time = match step[1] {
            0 => i64::MAX,
            1 => i64::MIN,
            2 => 4_000_000_000 * SECOND,
            _ => i64::from(u16::from_le_bytes([step[2], step[3] & 1])) * SECOND / 2,
        };
        match step[0] % 16 {
            0 => {
                said(other.take_alerts(), &mut found);
                let state = other.snapshot();
                if step[1] & 3 == 0 && reloads < RELOADS_MAX {
                    reloads += 1;
                    other = Stream::new(&PACKS[at & 1], options);
                }
                assert!(other.restore(&state).is_ok(), "what was saved can be read");
            }
            1 if reloads < RELOADS_MAX => {
                reloads += 1;
                other.reload(&PACKS[at & 1]);
            }
            2 if forgeries < FORGERIES_MAX => {
                forgeries += 1;
                let changes = &rest[at * 8 + 2..rest.len().min(at * 8 + 2 + 18)];
                let events: Vec<String> = (0..12).map(|n| event([7 >> (n % 3), step[5], n, step[7]])).collect();
                let third = third.get_or_insert_with(|| Stream::new(&PACKS[0], options));
                forged::restore(third, &plain.snapshot(), &PACKS[at & 1], changes, &events);
            }
            5 if forgeries < FORGERIES_MAX => {
                forgeries += 1;
                let changes = &rest[at * 8 + 8..rest.len().min(at * 8 + 20)];
                let mut sighting = plain.sighting();
                let text = event([step[4], step[5], step[6], step[7]]);
                let scanner = scanner.get_or_insert_with(|| Scanner::new(&PACKS[0]));
                let seen = scanner.sight_json(text.as_bytes(), at as u64, &mut sighting).map(Iterator::count);
                assert!(seen.is_ok(), "{text}");
                forged::machines(&machine, &mut states, &machine.signals(&sighting.at(Some(time))), changes);
            }
            3 => [&mut plain, &mut other].into_iter().for_each(|stream| stream.advance(time.min(1 << 60))),
            4 => said(other.take_alerts(), &mut found),
            _ => {
                let event = event([step[4], step[5], step[6], step[7]]);
                for stream in [&mut plain, &mut other] {
                    let scanned = stream.scan_json_at(event.as_bytes(), Some(time));
                    assert!(scanned.is_ok(), "{event}");
                }
            }
        }
    }
    [&mut plain, &mut other].into_iter().for_each(Stream::finish);
    said(plain.take_alerts(), &mut expected);
    said(other.take_alerts(), &mut found);
    // Where memory is short, or clocks are doubted, interruptions may show.
    if !is_small && options.jump_max.is_none() {
        expected.sort();
        found.sort();
        assert_eq!(expected, found);
    }
}
