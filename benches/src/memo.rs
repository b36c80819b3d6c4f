//! What the memory for values costs where it is of no use, and what it gains elsewhere.
//!
//! ```text
//! the same events ─▶ scanner with the memo ─▶ time ┐
//!                 ─▶ scanner without       ─▶ time ┴▶ ratio; the law: never above 1.03 where no value repeats
//! ```
//!
//! Both scanners are kept warm and take turns in one process, so that a noisy machine is noisy for both.

use crate::generated::Chance;
use crate::timing::{self, Runs};
use std::fmt::Write;
use tieline::{Rules, Scanner, Shortcut, Shortcuts};

/// Turns of both scanners.
const TURNS: usize = 15;
/// Events of one turn.
const EVENTS: usize = 10_000;

/// Values of a kind.
#[derive(Debug, Clone, Copy)]
pub struct Values {
    /// What they are called in tables.
    pub name: &'static str,
    /// Writes one value, of about so many bytes, for a field of the event of this number.
    value: fn(usize, &Turn<'_>, &mut Chance) -> String,
}

/// Which event it is.
#[derive(Debug)]
pub struct Turn<'f> {
    field: &'f str,
    event: usize,
}

/// All kinds. The first is the one for which the law holds.
pub const KINDS: [Values; 6] = [
    Values { name: "no value ever comes again", value: |bytes, _, chance| noise(bytes, chance) },
    Values { name: "every value comes twice", value: |bytes, turn, _| again(bytes, turn, 2) },
    Values { name: "every value comes three times", value: |bytes, turn, _| again(bytes, turn, 3) },
    Values {
        name: "one value in ten is a common one",
        value: |bytes, turn, chance| match chance.below(10) {
            0 => again(bytes, &Turn { event: chance.below(8), ..*turn }, 1),
            _ => noise(bytes, chance),
        },
    },
    Values {
        name: "one value in five is a common one",
        value: |bytes, turn, chance| match chance.below(5) {
            0 => again(bytes, &Turn { event: chance.below(8), ..*turn }, 1),
            _ => noise(bytes, chance),
        },
    },
    Values {
        name: "every value is one of a thousand",
        value: |bytes, turn, chance| again(bytes, &Turn { event: chance.below(1_000), ..*turn }, 1),
    },
];

/// Fields of an event, and the bytes of their values.
const FIELDS: [(&str, usize); 11] = [
    ("Image", 45),
    ("CommandLine", 110),
    ("ParentImage", 45),
    ("ParentCommandLine", 80),
    ("CurrentDirectory", 30),
    ("OriginalFileName", 15),
    ("Description", 30),
    ("Product", 35),
    ("Company", 25),
    ("User", 18),
    ("Hashes", 130),
];

/// Microseconds per event with and without the memo: the medians of all turns.
#[must_use]
pub fn with_and_without(values: &Values, rules: &Rules) -> (f64, f64) {
    let mut scanners = [Shortcuts::ALL, Shortcuts::ALL.without(Shortcut::Memo)]
        .map(|shortcuts| (Scanner::with_shortcuts(rules, shortcuts), Runs::default()));
    let mut chance = Chance::new(7);
    for turn in 0..TURNS {
        let events: Vec<String> =
            (turn * EVENTS..(turn + 1) * EVENTS).map(|number| event(number, values, &mut chance)).collect();
        let mut found = [0, 0];
        // Each goes first every other time.
        for at in [turn % 2, 1 - turn % 2] {
            let (scanner, runs) = &mut scanners[at];
            let pass = || events.iter().map(|event| scanner.scan_json(event.as_bytes()).map_or(0, |it| it.len())).sum();
            let (time, count) = timing::cpu(pass);
            found[at] = count;
            // The first turn is for getting warm.
            if turn > 0 {
                runs.add(time);
            }
        }
        assert_eq!(found[0], found[1], "{}", values.name);
    }
    let [with, without] = scanners.map(|(_, runs)| runs.median() * 1e6 / EVENTS as f64);
    (with, without)
}

fn event(number: usize, values: &Values, chance: &mut Chance) -> String {
    let mut event = r#"{"Channel":"Microsoft-Windows-Sysmon/Operational","EventID":1"#.to_owned();
    for (field, bytes) in FIELDS {
        let _ = write!(event, r#","{field}":"{}""#, (values.value)(bytes, &Turn { field, event: number }, chance));
    }
    event + "}"
}

fn noise(bytes: usize, chance: &mut Chance) -> String {
    let letters = br"eeeetttaaooinshrdlu    ....-/0123456789wxyzcmp_";
    (0..bytes).map(|_| char::from(letters[chance.below(letters.len())])).collect()
}

/// A value that so many events in a row have.
fn again(bytes: usize, turn: &Turn<'_>, times: usize) -> String {
    noise(bytes, &mut Chance::new((turn.event / times * 1_000 + turn.field.len() * 7 + bytes) as u64))
}
