//! Which findings are one attack, where it came from and how far it got.
//!
//! ```text
//!  tl_incidents_new ─▶ tl_incidents_push, …_push_lines, …_push_events, …_add ─▶ tl_incidents_finish ─▶ tl_incidents_to_json
//! ```
//!
//! What belongs together is a matter of the core.

use crate::discovery::put_taken;
use crate::error::{call, tl_status};
use crate::handle::{self, Body};
use crate::memory::{json, put_bytes, put_new, slice, tl_buffer, tl_bytes, tl_str};
use crate::options::{incident_settings, texts, tl_incidents_config};
use crate::rules::{self, tl_rules};
use crate::scan::events_of;
use crate::stream::put_restored;
use tieline_common::waist::Incidents;

/// Joins findings to incidents. All functions on it may be called from any thread; who pushes waits for who pushes already.
/// It belongs to the process that made it.
pub struct tl_incidents(());

impl Body for Incidents {
    type Handle = tl_incidents;
    const KIND: u32 = 12;
    const NAME: &'static str = "tl_incidents";
}

/// Incidents of which nothing has been seen yet. `config` may be null; the plant is that of it, else that of the rules.
/// What is broken is `TL_ARGUMENT`; `tl_last_error_diagnostics_json` says where. Free it with `tl_incidents_free`; the
/// rules may be released before.
///
/// # Safety
/// `config` must be null or valid, and `incidents` a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_incidents_new(
    rules: *const tl_rules,
    config: *const tl_incidents_config,
    incidents: *mut *mut tl_incidents,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_new(incidents, "incidents", || Incidents::new(&rules::of(rules)?.rules, &incident_settings(config)?))
    })
}

/// Takes in one event, a JSON object. Incidents name it by `at`; when that is not given, by its number, from 0.
///
/// # Safety
/// `event` must point to `len` bytes, and the text be there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_incidents_push(
    incidents: *const tl_incidents,
    event: *const u8,
    len: usize,
    at: tl_str,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        let own = handle::shared::<Incidents>(incidents, "incidents")?;
        own.push(slice(event, len, "event")?, at.text("at")?)
    })
}

/// Takes in a text with one JSON object a line. Incidents name events as `name:line`, or by their numbers when no name is
/// given. `taken` may be null, or becomes JSON: `events`, and `faults` for those that cannot be read, with `event_index`,
/// `byte` and `message`.
///
/// # Safety
/// `text` must point to `len` bytes, the name be there, and `taken` be null or a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_incidents_push_lines(
    incidents: *const tl_incidents,
    text: *const u8,
    len: usize,
    name: tl_str,
    taken: *mut *mut tl_buffer,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_taken(taken, || {
            let own = handle::shared::<Incidents>(incidents, "incidents")?;
            own.push_lines(slice(text, len, "text")?, name.text("name")?)
        })
    })
}

/// Takes in events that are JSON objects of their own. `taken` is as for `tl_incidents_push_lines`.
///
/// # Safety
/// `events` must point to `len` events, and `taken` be null or a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_incidents_push_events(
    incidents: *const tl_incidents,
    events: *const tl_bytes,
    len: usize,
    taken: *mut *mut tl_buffer,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_taken(taken, || handle::shared::<Incidents>(incidents, "incidents")?.push_events(&events_of(events, len)?))
    })
}

/// Takes in a finding that was made elsewhere, such as an alert of another product: a JSON object with `time` (RFC 3339)
/// and `rule`, and maybe `title`, `level`, `tags`, `source` and `target` (hosts), `entities` (names by kind, such as
/// `account` or `hash`), and `at`, where it stands. `TL_EVENT` when it is no such object.
///
/// # Safety
/// `finding` must point to `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_incidents_add(incidents: *const tl_incidents, finding: *const u8, len: usize) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        let own = handle::shared::<Incidents>(incidents, "incidents")?;
        own.add(slice(finding, len, "finding")?)
    })
}

/// Says that no event older than this will come any more, in nanoseconds since 1970.
///
/// # Safety
/// The handle must be one of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_incidents_advance(incidents: *const tl_incidents, time_ns: i64) -> tl_status {
    call(|| handle::shared::<Incidents>(incidents, "incidents")?.advance(time_ns))
}

/// Takes all that still waits for events that may come late.
///
/// # Safety
/// The handle must be one of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_incidents_finish(incidents: *const tl_incidents) -> tl_status {
    call(|| handle::shared::<Incidents>(incidents, "incidents")?.finish())
}

/// All incidents so far, the highest score first, as a JSON array: `id`, `title`, `level`, `score`, `path`, `spread`,
/// `findings`, `hosts`, `hints` and so on. Ways, scores and spread are worked out now.
///
/// # Safety
/// `told` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_incidents_to_json(incidents: *const tl_incidents, told: *mut *mut tl_buffer) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_bytes(told, "told", || {
            let own = handle::shared::<Incidents>(incidents, "incidents")?;
            json(&own.incidents()?)
        })
    })
}

/// Incidents in a form for other programs: `ndjson`, `ocsf`, `ocsf-detections`, `ecs`, `stix`, `graphml`, `dot` or
/// `json-graph`; all, or the one of `id` when that is given.
///
/// # Safety
/// The texts must be there, and `text` be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_incidents_export(
    incidents: *const tl_incidents,
    form: tl_str,
    id: tl_str,
    text: *mut *mut tl_buffer,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_bytes(text, "text", || {
            let own = handle::shared::<Incidents>(incidents, "incidents")?;
            Ok(own.export(form.text("form")?.unwrap_or_default(), id.text("id")?)?.into_bytes())
        })
    })
}

/// What became of incidents since this was asked last, as a JSON array: `change` (`opened`, `grew`, `merged`, `split` or
/// `closed`) and `id`; of what was merged `into`, the id that counts now, and of what was split `part`, the id of what is by itself
/// now, both with `because`.
///
/// # Safety
/// `changes` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_incidents_take_changes_json(
    incidents: *const tl_incidents,
    changes: *mut *mut tl_buffer,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_bytes(changes, "changes", || {
            let own = handle::shared::<Incidents>(incidents, "incidents")?;
            json(&own.take_changes()?)
        })
    })
}

/// What was seen so far and what had to be given up, as a JSON object: `findings`, `contacts`, `late`, `early`, `given_up`.
///
/// # Safety
/// `stats` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_incidents_stats_json(
    incidents: *const tl_incidents,
    stats: *mut *mut tl_buffer,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_bytes(stats, "stats", || {
            let own = handle::shared::<Incidents>(incidents, "incidents")?;
            json(&own.stats()?)
        })
    })
}

/// How far clocks of sources seem to be apart, beyond `clock_offsets_s` of the options, as a JSON array: `source`, `against`,
/// `offset_s` (seconds that are to be added to its times), `pairs`, `spread_s`. It is only told; nothing is corrected by it.
///
/// # Safety
/// `skews` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_incidents_skews_json(
    incidents: *const tl_incidents,
    skews: *mut *mut tl_buffer,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_bytes(skews, "skews", || {
            let own = handle::shared::<Incidents>(incidents, "incidents")?;
            json(&own.skews()?)
        })
    })
}

/// All state as bytes.
///
/// # Safety
/// `bytes` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_incidents_snapshot(
    incidents: *const tl_incidents,
    bytes: *mut *mut tl_buffer,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_bytes(bytes, "bytes", || {
            let own = handle::shared::<Incidents>(incidents, "incidents")?;
            own.snapshot()
        })
    })
}

/// Goes on with the state that a snapshot holds. `TL_STATE` when the bytes are none, are damaged, or come from another
/// version; then nothing changes. `restored`, when not null, is what was kept and dropped of correlations, as JSON.
///
/// # Safety
/// `bytes` must point to bytes that are there, and `restored` be null or a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_incidents_restore(
    incidents: *const tl_incidents,
    bytes: tl_bytes,
    restored: *mut *mut tl_buffer,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        let own = handle::shared::<Incidents>(incidents, "incidents")?;
        put_restored(restored, &own.restore(slice(bytes.ptr, bytes.len, "bytes")?)?)
    })
}

/// Goes on with other rules, and over another plant: paths, or texts of more than one line; that of the rules when there are
/// none. `restored` is as for `tl_incidents_restore`.
///
/// # Safety
/// `context` must point to `len` texts, and `restored` be null or a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_incidents_reload(
    incidents: *const tl_incidents,
    rules: *const tl_rules,
    context: *const tl_str,
    len: usize,
    restored: *mut *mut tl_buffer,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        let own = handle::shared::<Incidents>(incidents, "incidents")?;
        put_restored(restored, &own.reload(&rules::of(rules)?.rules, &texts(context, len, "context")?)?)
    })
}

/// Frees incidents; null is allowed.
///
/// # Safety
/// Nobody may use it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_incidents_free(incidents: *mut tl_incidents) -> tl_status {
    call(|| handle::free::<Incidents>(incidents, "incidents").map(drop))
}
