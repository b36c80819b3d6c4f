//! Assets that events tell of.
//!
//! ```text
//!  tl_discovery_new ─▶ tl_discovery_push, …_push_lines, …_push_events ─▶ tl_discovery_assets_json, …_compare_json, …_inventory
//! ```
//!
//! What is an asset is a matter of the waist.

use crate::error::{call, tl_status};
use crate::handle::{self, Body};
use crate::memory::{json, put_bytes, put_new, slice, tl_buffer, tl_bytes, tl_str};
use crate::options::{normaliser_options, texts, tl_normaliser_config};
use crate::scan::events_of;
use tieline_common::waist::{Discovery, Error, Kind, Taken};

/// Learns assets. All functions on it may be called from any thread; who pushes waits for who pushes already. It
/// belongs to the process that made it.
pub struct tl_discovery(());

impl Body for Discovery {
    type Handle = tl_discovery;
    const KIND: u32 = 9;
    const NAME: &'static str = "tl_discovery";
}

/// Puts what came of events, when the caller wants to know it.
///
/// # Safety
/// `taken` must be null or a place for a pointer.
pub(crate) unsafe fn put_taken(
    taken: *mut *mut tl_buffer,
    make: impl FnOnce() -> Result<Taken, Error>,
) -> Result<(), Error> {
    if taken.is_null() {
        return make().map(drop);
    }
    // SAFETY: the caller says so.
    unsafe { put_bytes(taken, "taken", || json(&make()?)) }
}

/// A discovery that knows nothing yet; no device is ever asked. Sites of the plant in `config`, which may be null,
/// say where sensors stand, its zones where addresses belong. What is broken in it is `TL_ARGUMENT`;
/// `tl_last_error_diagnostics_json` says where. Free it with `tl_discovery_free`.
///
/// # Safety
/// `config` must be null or valid, and `discovery` a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_discovery_new(
    config: *const tl_normaliser_config,
    discovery: *mut *mut tl_discovery,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe { put_new(discovery, "discovery", || Discovery::new(&normaliser_options(config)?)) })
}

/// Takes in one event, a JSON object.
///
/// # Safety
/// `event` must point to `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_discovery_push(discovery: *const tl_discovery, event: *const u8, len: usize) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        let own = handle::shared::<Discovery>(discovery, "discovery")?;
        own.push(slice(event, len, "event")?)
    })
}

/// Takes in a text with one JSON object a line. `taken` may be null, or becomes JSON: `events`, and `faults` for
/// those that cannot be read, with `event_index`, `byte` and `message`.
///
/// # Safety
/// `text` must point to `len` bytes, and `taken` be null or a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_discovery_push_lines(
    discovery: *const tl_discovery,
    text: *const u8,
    len: usize,
    taken: *mut *mut tl_buffer,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_taken(taken, || {
            let own = handle::shared::<Discovery>(discovery, "discovery")?;
            own.push_lines(slice(text, len, "text")?)
        })
    })
}

/// Takes in events that are JSON objects of their own. `taken` is as for `tl_discovery_push_lines`.
///
/// # Safety
/// `events` must point to `len` events, and `taken` be null or a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_discovery_push_events(
    discovery: *const tl_discovery,
    events: *const tl_bytes,
    len: usize,
    taken: *mut *mut tl_buffer,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_taken(taken, || handle::shared::<Discovery>(discovery, "discovery")?.push_events(&events_of(events, len)?))
    })
}

/// The assets known so far as a JSON array, by site and address: `id`, `ip`, `role`, `vendor`, `serves`,
/// `confidence`, `evidence` and so on.
///
/// # Safety
/// `assets` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_discovery_assets_json(
    discovery: *const tl_discovery,
    assets: *mut *mut tl_buffer,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_bytes(assets, "assets", || {
            let own = handle::shared::<Discovery>(discovery, "discovery")?;
            json(&own.assets()?)
        })
    })
}

/// How what was seen differs from an inventory (paths, or texts of more than one line), or from the plant of the
/// config when `len` is 0, as a JSON array: `kind` (`unknown`, `silent`, `moved`, `changed`), `declared`, `seen`,
/// `what`, `was`, `is`.
///
/// # Safety
/// `context` must point to `len` texts, and `differences` be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_discovery_compare_json(
    discovery: *const tl_discovery,
    context: *const tl_str,
    len: usize,
    differences: *mut *mut tl_buffer,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_bytes(differences, "differences", || {
            let own = handle::shared::<Discovery>(discovery, "discovery")?;
            json(&own.compare(&texts(context, len, "context")?)?)
        })
    })
}

/// The assets as an inventory in the form `yaml`, `csv`, `netbox` or `cyclonedx`.
///
/// # Safety
/// The text must be there, and `inventory` be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_discovery_inventory(
    discovery: *const tl_discovery,
    form: tl_str,
    inventory: *mut *mut tl_buffer,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_bytes(inventory, "inventory", || {
            let own = handle::shared::<Discovery>(discovery, "discovery")?;
            let missing = || Error::new(Kind::Argument, "`form` is not given; write yaml, csv, netbox or cyclonedx");
            Ok(own.inventory(form.text("form")?.ok_or_else(missing)?)?.into_bytes())
        })
    })
}

/// How much was taken in and what found no room, as a JSON object: `events`, `given_up`.
///
/// # Safety
/// `stats` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_discovery_stats_json(
    discovery: *const tl_discovery,
    stats: *mut *mut tl_buffer,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_bytes(stats, "stats", || {
            let own = handle::shared::<Discovery>(discovery, "discovery")?;
            json(&own.stats()?)
        })
    })
}

/// All that is known as bytes.
///
/// # Safety
/// `bytes` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_discovery_snapshot(
    discovery: *const tl_discovery,
    bytes: *mut *mut tl_buffer,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_bytes(bytes, "bytes", || {
            let own = handle::shared::<Discovery>(discovery, "discovery")?;
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
pub unsafe extern "C" fn tl_discovery_restore(discovery: *const tl_discovery, bytes: tl_bytes) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        let own = handle::shared::<Discovery>(discovery, "discovery")?;
        own.restore(slice(bytes.ptr, bytes.len, "bytes")?)
    })
}

/// Goes on over another plant: paths, or texts of more than one line, or none when `len` is 0. What was learned stays, with the
/// sites that it was learned at. `TL_ARGUMENT` when it is broken; then nothing changes.
///
/// # Safety
/// `context` must point to `len` texts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_discovery_reload(
    discovery: *const tl_discovery,
    context: *const tl_str,
    len: usize,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        let own = handle::shared::<Discovery>(discovery, "discovery")?;
        own.reload(&texts(context, len, "context")?)
    })
}

/// Frees a discovery; null is allowed.
///
/// # Safety
/// Nobody may use it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_discovery_free(discovery: *mut tl_discovery) -> tl_status {
    call(|| handle::free::<Discovery>(discovery, "discovery").map(drop))
}
