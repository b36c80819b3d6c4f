//! Conduits that what was seen would need.
//!
//! ```text
//!  tl_learner_new ─▶ tl_learner_push, …_push_lines, …_push_events ─▶ tl_learner_proposal ─▶ YAML ─▶ tl_buffer_free
//! ```
//!
//! What is proposed is a matter of the core.

use crate::discovery::put_taken;
use crate::error::{call, tl_status};
use crate::handle::{self, Body};
use crate::memory::{put, put_bytes, put_new, slice, tl_buffer, tl_bytes};
use crate::options::{normaliser_options, tl_normaliser_config};
use crate::scan::events_of;
use tieline_common::waist::Learner;

/// Learns conduits. All functions on it may be called from any thread; who pushes waits for who pushes already. It
/// belongs to the process that made it.
pub struct tl_learner(());

impl Body for Learner {
    type Handle = tl_learner;
    const KIND: u32 = 11;
    const NAME: &'static str = "tl_learner";
}

/// A learner over the plant of `config` so far, which may be null. What is broken is `TL_ARGUMENT`. Free it with
/// `tl_learner_free`.
///
/// # Safety
/// `config` must be null or valid, and `learner` a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_learner_new(
    config: *const tl_normaliser_config,
    learner: *mut *mut tl_learner,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe { put_new(learner, "learner", || Learner::new(&normaliser_options(config)?)) })
}

/// Takes note of one event, a JSON object.
///
/// # Safety
/// `event` must point to `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_learner_push(learner: *const tl_learner, event: *const u8, len: usize) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        let own = handle::shared::<Learner>(learner, "learner")?;
        own.push(slice(event, len, "event")?)
    })
}

/// Takes note of a text with one JSON object a line. `taken` may be null, or becomes JSON: `events`, and `faults` for
/// those that cannot be read, with `event_index`, `byte` and `message`.
///
/// # Safety
/// `text` must point to `len` bytes, and `taken` be null or a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_learner_push_lines(
    learner: *const tl_learner,
    text: *const u8,
    len: usize,
    taken: *mut *mut tl_buffer,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_taken(taken, || {
            let own = handle::shared::<Learner>(learner, "learner")?;
            own.push_lines(slice(text, len, "text")?)
        })
    })
}

/// Takes note of events that are JSON objects of their own. `taken` is as for `tl_learner_push_lines`.
///
/// # Safety
/// `events` must point to `len` events, and `taken` be null or a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_learner_push_events(
    learner: *const tl_learner,
    events: *const tl_bytes,
    len: usize,
    taken: *mut *mut tl_buffer,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_taken(taken, || handle::shared::<Learner>(learner, "learner")?.push_events(&events_of(events, len)?))
    })
}

/// Zones and conduits as YAML, to be read beside the plant and reviewed by a person.
///
/// # Safety
/// `proposal` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_learner_proposal(learner: *const tl_learner, proposal: *mut *mut tl_buffer) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_bytes(proposal, "proposal", || {
            let own = handle::shared::<Learner>(learner, "learner")?;
            Ok(own.proposal()?.into_bytes())
        })
    })
}

/// Flows for which there was no room.
///
/// # Safety
/// `flows` must be a place for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_learner_given_up(learner: *const tl_learner, flows: *mut u64) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        let own = handle::shared::<Learner>(learner, "learner")?;
        put(flows, own.given_up()?, "flows")
    })
}

/// Frees a learner; null is allowed.
///
/// # Safety
/// Nobody may use it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_learner_free(learner: *mut tl_learner) -> tl_status {
    call(|| handle::free::<Learner>(learner, "learner").map(drop))
}
