//! Who changes controllers, and whether that is allowed and explained.
//!
//! ```text
//!  tl_trust_new ─▶ tl_trust_push, …_push_lines, …_push_events ─▶ tl_trust_advance, …_finish ─▶ tl_trust_take_json
//! ```
//!
//! What explains an operation is a matter of the core.

use crate::discovery::put_taken;
use crate::error::{call, tl_status};
use crate::handle::{self, Body};
use crate::memory::{json, put_bytes, put_new, slice, tl_buffer, tl_bytes, tl_str};
use crate::options::{texts, tl_trust_config, trust_options};
use crate::scan::events_of;
use tieline_common::waist::Trust;

/// Judges operations. All functions on it may be called from any thread; who pushes waits for who pushes already. It
/// belongs to the process that made it.
pub struct tl_trust(());

impl Body for Trust {
    type Handle = tl_trust;
    const KIND: u32 = 10;
    const NAME: &'static str = "tl_trust";
}

/// A trust that has seen nothing yet. `config` names the plant. Without a lateness all waits until `tl_trust_finish`.
/// What is broken is `TL_ARGUMENT`; `tl_last_error_diagnostics_json` says where. Free it with `tl_trust_free`.
///
/// # Safety
/// `config` must be null or valid, and `trust` a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_trust_new(config: *const tl_trust_config, trust: *mut *mut tl_trust) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe { put_new(trust, "trust", || Trust::new(&trust_options(config)?)) })
}

/// Takes in one event, a JSON object. Judgements name it by `at`; when that is not given, by its number, from 0.
///
/// # Safety
/// `event` must point to `len` bytes, and the text be there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_trust_push(trust: *const tl_trust, event: *const u8, len: usize, at: tl_str) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        let own = handle::shared::<Trust>(trust, "trust")?;
        own.push(slice(event, len, "event")?, at.text("at")?)
    })
}

/// Takes in a text with one JSON object a line. Judgements name events as `name:line`, or by their numbers when no
/// name is given. `taken` may be null, or becomes JSON: `events`, and `faults` for those that cannot be read, with
/// `event_index`, `byte` and `message`.
///
/// # Safety
/// `text` must point to `len` bytes, the name be there, and `taken` be null or a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_trust_push_lines(
    trust: *const tl_trust,
    text: *const u8,
    len: usize,
    name: tl_str,
    taken: *mut *mut tl_buffer,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_taken(taken, || {
            let own = handle::shared::<Trust>(trust, "trust")?;
            own.push_lines(slice(text, len, "text")?, name.text("name")?)
        })
    })
}

/// Takes in events that are JSON objects of their own. `taken` is as for `tl_trust_push_lines`.
///
/// # Safety
/// `events` must point to `len` events, and `taken` be null or a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_trust_push_events(
    trust: *const tl_trust,
    events: *const tl_bytes,
    len: usize,
    taken: *mut *mut tl_buffer,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_taken(taken, || handle::shared::<Trust>(trust, "trust")?.push_events(&events_of(events, len)?))
    })
}

/// Judges all that has happened before a time, in nanoseconds since 1970.
///
/// # Safety
/// The handle must be one of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_trust_advance(trust: *const tl_trust, time_ns: i64) -> tl_status {
    call(|| handle::shared::<Trust>(trust, "trust")?.advance(time_ns))
}

/// Judges all that still waits.
///
/// # Safety
/// The handle must be one of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_trust_finish(trust: *const tl_trust) -> tl_status {
    call(|| handle::shared::<Trust>(trust, "trust")?.finish())
}

/// What was judged since this was asked last, in the order of time, as a JSON array: `time`, `at`, `operation`,
/// `source`, `destination`, `missing`, `sessions` and so on. Nothing is missing of what is allowed and explained.
///
/// # Safety
/// `judgements` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_trust_take_json(trust: *const tl_trust, judgements: *mut *mut tl_buffer) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_bytes(judgements, "judgements", || {
            let own = handle::shared::<Trust>(trust, "trust")?;
            json(&own.take()?)
        })
    })
}

/// What was seen so far and what had to be given up, as a JSON object: `logons`, `operations`, `unexplained`, `late`,
/// `early`, `sessions_given_up`.
///
/// # Safety
/// `stats` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_trust_stats_json(trust: *const tl_trust, stats: *mut *mut tl_buffer) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_bytes(stats, "stats", || {
            let own = handle::shared::<Trust>(trust, "trust")?;
            json(&own.stats()?)
        })
    })
}

/// All state as bytes. Judgements that were not taken are not in it.
///
/// # Safety
/// `bytes` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_trust_snapshot(trust: *const tl_trust, bytes: *mut *mut tl_buffer) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_bytes(bytes, "bytes", || {
            let own = handle::shared::<Trust>(trust, "trust")?;
            own.snapshot()
        })
    })
}

/// Goes on with what a snapshot holds. `TL_STATE` when the bytes are none, are damaged, or come from another version;
/// then nothing changes.
///
/// # Safety
/// `bytes` must point to bytes that are there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_trust_restore(trust: *const tl_trust, bytes: tl_bytes) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        let own = handle::shared::<Trust>(trust, "trust")?;
        own.restore(slice(bytes.ptr, bytes.len, "bytes")?)
    })
}

/// Goes on over another plant: paths, or texts of more than one line. Sessions and what waits stay.
///
/// # Safety
/// `context` must point to `len` texts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_trust_reload(trust: *const tl_trust, context: *const tl_str, len: usize) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        let own = handle::shared::<Trust>(trust, "trust")?;
        own.reload(&texts(context, len, "context")?)
    })
}

/// Frees a trust; null is allowed.
///
/// # Safety
/// Nobody may use it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_trust_free(trust: *mut tl_trust) -> tl_status {
    call(|| handle::free::<Trust>(trust, "trust").map(drop))
}
