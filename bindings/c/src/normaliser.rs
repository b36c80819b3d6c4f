//! What OT operations events tell of, without any rule.
//!
//! ```text
//!  tl_normaliser_new ─▶ tl_normaliser ─▶ tl_normaliser_records_json ─▶ [{"ot.protocol":"modbus",…}] ─▶ tl_buffer_free
//! ```
//!
//! What records mean is a matter of the core.

use crate::error::{call, tl_status};
use crate::handle::{self, Body};
use crate::memory::{json, put_bytes, put_new, slice, tl_buffer};
use crate::options::{normaliser_options, tl_normaliser_config};
use tieline_common::waist::Normaliser;

/// Reads OT operations. All functions on it may be called from any thread at the same time.
pub struct tl_normaliser(());

impl Body for Normaliser {
    type Handle = tl_normaliser;
    const KIND: u32 = 8;
    const NAME: &'static str = "tl_normaliser";
}

/// Makes a normaliser, which reads the OT operations that events tell of, as rules see them in the fields `ot.*`. What is
/// broken in tables or a plant is `TL_ARGUMENT`; `tl_last_error_diagnostics_json` says where. `config` may be null. Free it with
/// `tl_normaliser_free`.
///
/// # Safety
/// `config` must be null or valid, and `normaliser` a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_normaliser_new(
    config: *const tl_normaliser_config,
    normaliser: *mut *mut tl_normaliser,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe { put_new(normaliser, "normaliser", || Normaliser::new(&normaliser_options(config)?)) })
}

/// The records of an event, which is one JSON object, as a JSON array: one object for each operation, with the fields that
/// are known. It is empty when the event tells of no operation, or has fields `ot.*` already.
///
/// # Safety
/// `event` must point to `len` bytes, and `records` be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_normaliser_records_json(
    normaliser: *const tl_normaliser,
    event: *const u8,
    len: usize,
    records: *mut *mut tl_buffer,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_bytes(records, "records", || {
            let own = handle::shared::<Normaliser>(normaliser, "normaliser")?;
            json(&own.records(slice(event, len, "event")?)?)
        })
    })
}

/// Frees a normaliser; null is allowed.
///
/// # Safety
/// Nobody may use it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_normaliser_free(normaliser: *mut tl_normaliser) -> tl_status {
    call(|| handle::free::<Normaliser>(normaliser, "normaliser").map(drop))
}
