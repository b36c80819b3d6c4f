//! What happened in a plant over a period, and what that says of its security.
//!
//! ```text
//!  tl_report_new ─▶ tl_report_push, …_push_lines, …_push_events ─▶ tl_report_finish ─▶ tl_report_to_json, …_markdown, …_html
//! ```
//!
//! What is told, and how, is a matter of the governance room and of the page.

use crate::discovery::put_taken;
use crate::error::{call, tl_status};
use crate::handle::{self, Body};
use crate::memory::{put_bytes, put_new, slice, tl_buffer, tl_bytes, tl_str};
use crate::options::{report_settings, tl_incidents_config};
use crate::rules::{self, tl_rules};
use crate::scan::events_of;
use tieline_common::waist::Report;

/// Makes a report of events. All functions on it may be called from any thread; who pushes waits for who pushes already.
/// It belongs to the process that made it.
pub struct tl_report(());

impl Body for Report {
    type Handle = tl_report;
    const KIND: u32 = 13;
    const NAME: &'static str = "tl_report";
}

/// A report of which nothing has been seen yet. `config` may be null; the plant is that of it, else that of the rules.
/// What is broken is `TL_ARGUMENT`; `tl_last_error_diagnostics_json` says where. Free it with `tl_report_free`; the rules
/// may be released before.
///
/// # Safety
/// `config` must be null or valid, and `report` a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_report_new(
    rules: *const tl_rules,
    config: *const tl_incidents_config,
    report: *mut *mut tl_report,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe { put_new(report, "report", || Report::new(&rules::of(rules)?.rules, &report_settings(config)?)) })
}

/// Takes in one event, a JSON object. The report names it by `at`; when that is not given, by its number, from 0.
/// `TL_CLOSED` when the report is finished.
///
/// # Safety
/// `event` must point to `len` bytes, and the text be there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_report_push(
    report: *const tl_report,
    event: *const u8,
    len: usize,
    at: tl_str,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe { handle::shared::<Report>(report, "report")?.push(slice(event, len, "event")?, at.text("at")?) })
}

/// Takes in a text with one JSON object a line. The report names events as `name:line`, or by their numbers when no name is
/// given. `taken` may be null, or becomes JSON: `events`, and `faults` for those that cannot be read, with `event_index`,
/// `byte` and `message`.
///
/// # Safety
/// `text` must point to `len` bytes, the name be there, and `taken` be null or a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_report_push_lines(
    report: *const tl_report,
    text: *const u8,
    len: usize,
    name: tl_str,
    taken: *mut *mut tl_buffer,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_taken(taken, || {
            handle::shared::<Report>(report, "report")?.push_lines(slice(text, len, "text")?, name.text("name")?)
        })
    })
}

/// Takes in events that are JSON objects of their own. `taken` is as for `tl_report_push_lines`.
///
/// # Safety
/// `events` must point to `len` events, and `taken` be null or a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_report_push_events(
    report: *const tl_report,
    events: *const tl_bytes,
    len: usize,
    taken: *mut *mut tl_buffer,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_taken(taken, || handle::shared::<Report>(report, "report")?.push_events(&events_of(events, len)?))
    })
}

/// Makes the document. `since` is the document of the last report, as `tl_report_to_json` gives it, or nothing: then what
/// changed is told. `TL_ARGUMENT` when it is no such document; then events may still come.
///
/// # Safety
/// `since` must point to bytes that are there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_report_finish(report: *const tl_report, since: tl_bytes) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        let since = slice(since.ptr, since.len, "since")?;
        handle::shared::<Report>(report, "report")?.finish((!since.is_empty()).then_some(since))
    })
}

/// The document as a JSON object. `TL_CLOSED` before the report is finished.
///
/// # Safety
/// `text` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_report_to_json(report: *const tl_report, text: *mut *mut tl_buffer) -> tl_status {
    // SAFETY: the caller says so.
    call(|| unsafe { put_bytes(text, "text", || Ok(handle::shared::<Report>(report, "report")?.json()?.into_bytes())) })
}

/// The document as Markdown, for mails and tickets. `TL_CLOSED` before the report is finished.
///
/// # Safety
/// `text` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_report_to_markdown(report: *const tl_report, text: *mut *mut tl_buffer) -> tl_status {
    // SAFETY: the caller says so.
    call(|| unsafe {
        put_bytes(text, "text", || Ok(handle::shared::<Report>(report, "report")?.markdown()?.into_bytes()))
    })
}

/// The document as a page: one HTML file with everything in it, which needs no server and no network. `TL_CLOSED` before the
/// report is finished.
///
/// # Safety
/// `text` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_report_to_html(report: *const tl_report, text: *mut *mut tl_buffer) -> tl_status {
    // SAFETY: the caller says so.
    call(|| unsafe { put_bytes(text, "text", || Ok(handle::shared::<Report>(report, "report")?.html()?.into_bytes())) })
}

/// Frees a report; null is allowed.
///
/// # Safety
/// Nobody may use it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_report_free(report: *mut tl_report) -> tl_status {
    call(|| handle::free::<Report>(report, "report").map(drop))
}
