//! Parsers alone: what reading the bytes costs before anybody asks about rules.
//!
//! ```text
//! simd-json, filling a tape with reused buffers   ◀── the yardstick of this project
//! sonic-rs into its tree      serde_json into its tree
//! ```
//!
//! `simd-json` writes into its input; the copy it works on is made before the clock starts.

use super::{Contender, Kind, Pass};
use crate::lane::Lane;
use crate::timing;
use std::hint::black_box;

/// One of the parsers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parser {
    /// `simd_json::fill_tape` with reused buffers and tape.
    SimdTape,
    /// The same without the copy of the input it makes: each event has room behind it.
    SimdTapePadded,
    /// `sonic_rs::Value`.
    Sonic,
    /// `serde_json::Value`.
    Serde,
}

/// All of them.
pub const ALL: [Parser; 4] = [Parser::SimdTape, Parser::SimdTapePadded, Parser::Sonic, Parser::Serde];

impl Parser {
    fn simd(lane: &Lane, padding: usize) -> Pass {
        let mut copy = Vec::with_capacity(lane.bytes() + lane.len() * padding);
        for event in lane.events() {
            copy.extend_from_slice(event);
            copy.resize(copy.len() + padding, b' ');
        }
        let mut buffers = simd_json::Buffers::new(64 << 10);
        let (time, bad) = timing::cpu(|| {
            let mut tape = simd_json::Tape(Vec::new());
            let mut rest = copy.as_mut_slice();
            let mut bad = 0;
            for event in lane.events() {
                let (own, next) = std::mem::take(&mut rest).split_at_mut(event.len() + padding);
                rest = next;
                let filled = if padding == 0 {
                    simd_json::fill_tape(own, &mut buffers, &mut tape)
                } else {
                    simd_json::fill_tape_padded(own, event.len(), &mut buffers, &mut tape)
                };
                bad += usize::from(filled.is_err());
                black_box(&tape);
            }
            bad
        });
        assert_eq!(bad, 0, "simd-json refuses {bad} events");
        Pass { time, detections: 0 }
    }
}

impl Contender for Parser {
    fn name(&self) -> &str {
        match self {
            Self::SimdTape => "simd-json, tape",
            Self::SimdTapePadded => "simd-json, tape, padded input",
            Self::Sonic => "sonic-rs, tree",
            Self::Serde => "serde_json, tree",
        }
    }

    fn kind(&self) -> Kind {
        Kind::Parser
    }

    fn pass(&mut self, lane: &Lane) -> Pass {
        match self {
            Self::SimdTape => Self::simd(lane, 0),
            Self::SimdTapePadded => Self::simd(lane, simd_json::INPUT_PADDING),
            Self::Sonic => each(lane, |event| sonic_rs::from_slice::<sonic_rs::Value>(event).is_ok()),
            Self::Serde => each(lane, |event| serde_json::from_slice::<serde_json::Value>(event).is_ok()),
        }
    }

    fn verdict(&mut self, _event: &[u8], ids: &mut Vec<String>) {
        ids.clear();
    }
}

fn each(lane: &Lane, mut parse: impl FnMut(&[u8]) -> bool) -> Pass {
    let (time, bad) = timing::cpu(|| lane.events().filter(|event| !black_box(parse(event))).count());
    assert_eq!(bad, 0, "the parser refuses {bad} events");
    Pass { time, detections: 0 }
}
