//! State and signals that nobody wrote, under seals and lengths that fit, and all that is done with them.
//!
//! ```text
//! sound bytes ─▶ some bytes changed, some numbers made extreme ─▶ sealed ─▶ read ─▶ used up
//! ```
//!
//! What they say does not matter; whatever is taken can be written and read again, and ends.

use tieline::stream::{KeyState, Machine, Signal};
use tieline::{Rules, Stream};

/// Bytes of the seal before saved state: magic, format, checksum of what follows, length of the body.
const SEAL: usize = 28;
/// Bytes before those that the checksum is of.
const SUMMED: usize = 20;

/// The longest number is written in so many bytes, seven bits in each.
const NUMBER_BYTES_MAX: usize = 10;

/// Numbers that hurt; the even ones are positive where a sign is meant.
const EXTREMES: [u64; 8] = [u64::MAX, u64::MAX - 1, 1 << 63, (1 << 63) - 1, u32::MAX as u64, 1 << 32, 0, 1];

fn write_number(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

fn number_len(bytes: &[u8]) -> usize {
    let more = bytes.iter().take(NUMBER_BYTES_MAX - 1).take_while(|byte| **byte >= 0x80).count();
    (more + 1).min(bytes.len())
}

fn read_number(bytes: &mut &[u8]) -> u64 {
    let (number, rest) = bytes.split_at(number_len(bytes));
    *bytes = rest;
    number.iter().rev().fold(0, |value, byte| value << 7 | u64::from(byte & 0x7f))
}

/// Changes bytes from `from` on, three bytes for each change.
fn change(bytes: &mut Vec<u8>, from: usize, changes: &[u8]) {
    for change in changes.chunks_exact(3) {
        let (Some(length @ 1..), [near, how, byte]) =
            (bytes.len().checked_sub(from), [change[0], change[1], change[2]])
        else {
            return;
        };
        let at = from + (usize::from(near) + usize::from(how >> 3) * 256) % length;
        match how % 8 {
            0..3 => bytes[at] = byte,
            3..6 => {
                let end = at + number_len(&bytes[at..]);
                bytes.splice(at..end, write_number(EXTREMES[usize::from(byte) % EXTREMES.len()]));
            }
            6 => bytes[at] ^= 1 << (byte % 8),
            _ => {
                bytes.remove(at);
            }
        }
    }
}

/// Saved state with changes, under a seal that fits.
pub fn state(saved: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut state = saved.to_vec();
    change(&mut state, SEAL, changes);
    let length = (state.len().saturating_sub(SEAL) as u64).to_le_bytes();
    state[SUMMED..SEAL].copy_from_slice(&length);
    let sum = xxhash_rust::xxh3::xxh3_64(&state[SUMMED..]).to_le_bytes();
    state[12..SUMMED].copy_from_slice(&sum);
    state
}

/// Gives a stream the changed state of another, and goes on with it if it is taken.
pub fn restore(stream: &mut Stream, state: &[u8], rules: &Rules, changes: &[u8], events: &[String]) {
    let before = stream.snapshot();
    if stream.restore(&self::state(state, changes)).is_err() {
        assert!(stream.snapshot() == before, "what is refused changes nothing");
        return;
    }
    if changes.first().is_some_and(|byte| byte % 8 == 0) {
        stream.reload(rules);
    }
    for (at, event) in events.iter().enumerate() {
        let time = stream.watermark_ns().unwrap_or_default().saturating_add(at as i64 * 500_000_000);
        let found = stream.scan_json_at(event.as_bytes(), Some(time)).map(Iterator::count);
        assert!(found.is_ok(), "{event}");
    }
    let again = stream.snapshot();
    assert!(stream.restore(&again).is_ok(), "what was taken can be saved and read again");
    stream.finish();
    assert_eq!((stream.stats().groups, stream.stats().waiting), (0, 0), "everything is forgotten in the end");
    stream.take_alerts();
}

/// The state of a key with its state changed, whose length is told before it.
fn changed_state(bytes: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut rest = bytes;
    let (_correlation, _content) = (read_number(&mut rest), read_number(&mut rest));
    let key = read_number(&mut rest) as usize;
    let mut rest = rest.get(key..).unwrap_or_default();
    let head = &bytes[..bytes.len() - rest.len()];
    read_number(&mut rest);
    let mut state = rest.to_vec();
    change(&mut state, 0, changes);
    [head, &write_number(state.len() as u64), &state].concat()
}

/// Gives signals to the states of their keys, and to changed states, changed signals as well.
pub fn machines(machine: &Machine, states: &mut Vec<KeyState>, signals: &[Signal], changes: &[u8]) {
    for signal in signals {
        let at = states.iter().position(|state| state.key() == signal.key()).unwrap_or_else(|| {
            states.push(KeyState::new(signal));
            states.len() - 1
        });
        let state = &mut states[at];
        machine.update(state, std::slice::from_ref(signal));
        let bytes = machine.to_bytes(state);
        assert!(machine.from_bytes(&bytes).is_ok(), "what was saved can be read");
        let mut forged = signal.to_bytes();
        change(&mut forged, 0, &changes[changes.len() / 2..]);
        let forged = Signal::from_bytes(&forged);
        let Ok(mut state) = machine.from_bytes(&changed_state(&bytes, changes)) else { continue };
        machine.expire(&mut state, signal.time_ns());
        for signal in [signal].into_iter().chain(&forged) {
            let alerts = machine.update(&mut state, std::slice::from_ref(signal));
            alerts.iter().for_each(|alert| drop(machine.signals_of(alert)));
            let _ = (machine.deadline_ns(&state), machine.idle_ns(&state));
        }
        let _ = machine.from_bytes(&machine.to_bytes(&state));
        machine.expire(&mut state, i64::MAX);
    }
}
