//! Events over time.
//!
//! ```text
//!  tl_stream_push, …_push_lines, …_push_events ─▶ tl_pushed: hits, alerts, faults, events that were not counted
//!  tl_stream_advance, …_flush                  ─▶ tl_pushed: alerts
//!  tl_stream_snapshot ─▶ bytes ─▶ tl_stream_restore      tl_stream_reload ─▶ what was kept and dropped
//! ```
//!
//! Threads may share a stream; whoever pushes waits for who pushes already. What an alert looks like is in `alerts`.

use crate::alerts::{AlertView, views};
use crate::error::{call, tl_status};
use crate::handle::{self, Body};
use crate::memory::{json, put, put_bytes, put_new, put_sized, sized, slice, tl_buffer, tl_bytes};
use crate::options::{scan_options, stream_settings, tl_scan_config, tl_stream_config};
use crate::rules::{OwnRules, of, tl_rules};
use crate::scan::{detections, events_of, faults, hits, put_all, tl_fault, tl_hit};
use serde::Serialize;
use serde_json::json as value;
use std::sync::Arc;
use tieline::stream::{Alert, Restored};
use tieline_common::waist::{AlertRecord, Error, NotCounted, Pushed, RuleSet, Stream};

/// An event that is older than the lateness allows.
pub const TL_LATE: i32 = 1;
/// An event that is further ahead of all before it than a clock may jump.
pub const TL_AHEAD: i32 = 2;

/// An event that correlations do not count. This struct never changes.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct tl_not_counted {
    /// The number of the event, from 0.
    pub event_index: u64,
    /// `TL_LATE` or `TL_AHEAD`.
    pub why: i32,
    /// 0.
    pub reserved: u32,
}

/// What came of events in numbers. Set `struct_size` before the call.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct tl_pushed_counts {
    /// `sizeof(tl_pushed_counts)`.
    pub struct_size: usize,
    /// Events that were pushed.
    pub events: u64,
    /// The number of the first of them; events are counted from the beginning of the stream.
    pub first: u64,
    /// Events that correlations do not count because they have no time.
    pub untimed: u64,
}

sized!(tl_pushed_counts { events, first, untimed });

/// What a stream counted so far, and what it holds. Set `struct_size` before the call.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct tl_stream_counts {
    /// `sizeof(tl_stream_counts)`.
    pub struct_size: usize,
    /// Events that were numbered, unreadable ones among them.
    pub events: u64,
    /// Events without a time.
    pub untimed: u64,
    /// Signals that were taken in, alerts that others build on among them.
    pub signals: u64,
    /// Alerts that were told.
    pub alerts: u64,
    /// Events older than the watermark.
    pub late: u64,
    /// Events further ahead than a clock may jump.
    pub ahead: u64,
    /// Times that all began anew because the events before had a wrong clock.
    pub set_back: u64,
    /// Signals without a value to group by.
    pub ungrouped: u64,
    /// Signals without a value to count or to compute with.
    pub unvalued: u64,
    /// Groups whose state was given up because memory was short.
    pub evicted: u64,
    /// Groups whose state was given up because their correlation had too many.
    pub crowded: u64,
    /// Events that a group forgot early because its state took too much.
    pub trimmed: u64,
    /// Signals that were not held back as long as they should have been because memory was short.
    pub hurried: u64,
    /// Groups of saved state that no correlation asks for any more.
    pub dropped: u64,
    /// Groups that there are now.
    pub groups: u64,
    /// Signals that are held back now.
    pub waiting: u64,
    /// Bytes of both, and of what is to be done at a time.
    pub bytes: u64,
}

sized!(tl_stream_counts {
    events,
    untimed,
    signals,
    alerts,
    late,
    ahead,
    set_back,
    ungrouped,
    unvalued,
    evicted,
    crowded,
    trimmed,
    hurried,
    dropped,
    groups,
    waiting,
    bytes,
});

/// Correlates events over time. It belongs to the process that made it; a fork gets `TL_FORKED`.
pub struct tl_stream(());

impl Body for Stream {
    type Handle = tl_stream;
    const KIND: u32 = 5;
    const NAME: &'static str = "tl_stream";
}

/// What came of events that were pushed. It never changes; all functions on it may be called from any thread.
pub struct tl_pushed(());

pub(crate) struct OwnPushed {
    rules: Arc<RuleSet>,
    pushed: Pushed,
    hits: Box<[tl_hit]>,
    faults: Box<[tl_fault]>,
    not_counted: Box<[tl_not_counted]>,
    pub(crate) alerts: Box<[AlertView]>,
}

impl Body for OwnPushed {
    type Handle = tl_pushed;
    const KIND: u32 = 6;
    const NAME: &'static str = "tl_pushed";
}

impl OwnPushed {
    fn new(rules: Arc<RuleSet>, pushed: Pushed) -> Self {
        let not_counted = |own: &NotCounted| tl_not_counted {
            event_index: own.event_index,
            why: if own.why == "late" { TL_LATE } else { TL_AHEAD },
            reserved: 0,
        };
        Self {
            hits: hits(&pushed.scan.hits),
            faults: faults(&pushed.scan.faults),
            not_counted: pushed.not_counted.iter().map(not_counted).collect(),
            alerts: views(&pushed.alerts),
            rules,
            pushed,
        }
    }

    /// What came of events, with the rules that were asked.
    pub(crate) fn of(stream: &Stream, pushed: Pushed) -> Result<Self, Error> {
        let rules = pushed.rules.clone().map_or_else(|| stream.rules(), Ok)?;
        Ok(Self::new(rules, pushed))
    }

    fn of_alerts(stream: &Stream, alerts: Vec<Alert>) -> Result<Self, Error> {
        Ok(Self::new(stream.rules()?, Pushed { alerts, ..Pushed::default() }))
    }
}

pub(crate) fn of_stream(stream: *const tl_stream) -> Result<handle::Shared<Stream>, Error> {
    handle::shared::<Stream>(stream, "stream")
}

pub(crate) fn of_pushed(pushed: *const tl_pushed) -> Result<handle::Shared<OwnPushed>, Error> {
    handle::shared::<OwnPushed>(pushed, "pushed")
}

/// A stream without any state. It keeps what it needs of the rules. Both configs may be null; `threads` does not matter.
///
/// # Safety
/// The configs must be null or valid, and `stream` a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_stream_new(
    rules: *const tl_rules,
    config: *const tl_stream_config,
    asked: *const tl_scan_config,
    stream: *mut *mut tl_stream,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_new(stream, "stream", || {
            Stream::new(Arc::clone(&of(rules)?.rules), &stream_settings(config)?, &scan_options(asked)?)
        })
    })
}

/// Pushes one event. `time_ns`, nanoseconds since 1970, is used in place of the time that it holds; null leaves that.
/// Free what came of it with `tl_pushed_free`.
///
/// # Safety
/// `event` must point to `event_len` bytes, `time_ns` be null or a number, and `pushed` a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_stream_push(
    stream: *const tl_stream,
    event: *const u8,
    event_len: usize,
    time_ns: *const i64,
    pushed: *mut *mut tl_pushed,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_new(pushed, "pushed", || {
            let own = of_stream(stream)?;
            let time_ns = if time_ns.is_null() { None } else { slice(time_ns, 1, "time_ns")?.first().copied() };
            let found = own.push(slice(event, event_len, "event")?, time_ns)?;
            OwnPushed::of(&own, found)
        })
    })
}

/// Pushes a text with one JSON object a line. An event that cannot be read is told by `tl_pushed_faults`.
///
/// # Safety
/// `text` must point to `text_len` bytes, and `pushed` be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_stream_push_lines(
    stream: *const tl_stream,
    text: *const u8,
    text_len: usize,
    pushed: *mut *mut tl_pushed,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_new(pushed, "pushed", || {
            let own = of_stream(stream)?;
            let found = own.push_lines(slice(text, text_len, "text")?)?;
            OwnPushed::of(&own, found)
        })
    })
}

/// Pushes events that are JSON objects of their own.
///
/// # Safety
/// `events` must point to `events_len` events, and `pushed` be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_stream_push_events(
    stream: *const tl_stream,
    events: *const tl_bytes,
    events_len: usize,
    pushed: *mut *mut tl_pushed,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_new(pushed, "pushed", || {
            let own = of_stream(stream)?;
            let found = own.push_events(&events_of(events, events_len)?)?;
            OwnPushed::of(&own, found)
        })
    })
}

/// Says that no event older than this, in nanoseconds since 1970, will come any more.
///
/// # Safety
/// `pushed` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_stream_advance(
    stream: *const tl_stream,
    time_ns: i64,
    pushed: *mut *mut tl_pushed,
) -> tl_status {
    let make = || {
        let own = of_stream(stream)?;
        OwnPushed::of_alerts(&own, own.advance(time_ns)?)
    };
    // SAFETY: the caller says so.
    call(|| unsafe { put_new(pushed, "pushed", make) })
}

/// Says that no event will come any more: all windows close.
///
/// # Safety
/// `pushed` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_stream_flush(stream: *const tl_stream, pushed: *mut *mut tl_pushed) -> tl_status {
    let make = || {
        let own = of_stream(stream)?;
        OwnPushed::of_alerts(&own, own.flush()?)
    };
    // SAFETY: the caller says so.
    call(|| unsafe { put_new(pushed, "pushed", make) })
}

/// What is older than `time_ns` is too late; `is_known` is 0 before the first event.
///
/// # Safety
/// Both must be places for numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_stream_watermark(
    stream: *const tl_stream,
    time_ns: *mut i64,
    is_known: *mut i32,
) -> tl_status {
    call(|| {
        let own = of_stream(stream)?.watermark_ns()?;
        // SAFETY: the caller says so, for each.
        unsafe {
            put(time_ns, own.unwrap_or_default(), "time_ns")?;
            put(is_known, i32::from(own.is_some()), "is_known")
        }
    })
}

/// What was counted so far, and what is held.
///
/// # Safety
/// `counts` must be a struct as large as its `struct_size` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_stream_stats(stream: *const tl_stream, counts: *mut tl_stream_counts) -> tl_status {
    call(|| {
        let own = of_stream(stream)?.stats()?;
        let own = tl_stream_counts {
            struct_size: size_of::<tl_stream_counts>(),
            events: own.events,
            untimed: own.untimed,
            signals: own.signals,
            alerts: own.alerts,
            late: own.late,
            ahead: own.ahead,
            set_back: own.set_back,
            ungrouped: own.ungrouped,
            unvalued: own.unvalued,
            evicted: own.evicted,
            crowded: own.crowded,
            trimmed: own.trimmed,
            hurried: own.hurried,
            dropped: own.dropped,
            groups: own.groups,
            waiting: own.waiting,
            bytes: own.bytes,
        };
        // SAFETY: the caller says so.
        unsafe { put_sized(counts, &own, "counts") }
    })
}

/// All state as bytes.
///
/// # Safety
/// `bytes` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_stream_snapshot(stream: *const tl_stream, bytes: *mut *mut tl_buffer) -> tl_status {
    // SAFETY: the caller says so.
    call(|| unsafe { put_bytes(bytes, "bytes", || of_stream(stream)?.snapshot()) })
}

/// # Safety
/// `out` must be null, which leaves it out, or a place for a pointer.
pub(crate) unsafe fn put_restored(out: *mut *mut tl_buffer, restored: &Restored) -> Result<(), Error> {
    if out.is_null() {
        return Ok(());
    }
    let record = value!({"kept": restored.kept, "dropped": restored.dropped});
    // SAFETY: the caller says so.
    unsafe { put_bytes(out, "restored", || json(&record)) }
}

/// Goes on with the state that a snapshot holds. Nothing changes when it is refused. `restored`, when not null, is what
/// was kept and dropped, as JSON.
///
/// # Safety
/// `bytes` must point to bytes that are there, and `restored` be null or a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_stream_restore(
    stream: *const tl_stream,
    bytes: tl_bytes,
    restored: *mut *mut tl_buffer,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        let own = of_stream(stream)?.restore(slice(bytes.ptr, bytes.len, "bytes")?)?;
        put_restored(restored, &own)
    })
}

/// Goes on with other rules; correlations that are the same keep their windows.
///
/// # Safety
/// `restored` must be null or a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_stream_reload(
    stream: *const tl_stream,
    rules: *const tl_rules,
    restored: *mut *mut tl_buffer,
) -> tl_status {
    call(|| {
        let own = of_stream(stream)?.reload(Arc::clone(&of(rules)?.rules))?;
        // SAFETY: the caller says so.
        unsafe { put_restored(restored, &own) }
    })
}

/// The rules of a stream, for the rules of its hits. Release them with `tl_rules_release`.
///
/// # Safety
/// `rules` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_stream_rules(stream: *const tl_stream, rules: *mut *mut tl_rules) -> tl_status {
    // SAFETY: the caller says so.
    call(|| unsafe { put_new(rules, "rules", || Ok(OwnRules::new(of_stream(stream)?.rules()?))) })
}

/// Gives up all state; every call on the stream after it but this one and `tl_stream_free` is `TL_CLOSED`.
///
/// # Safety
/// The stream must not be freed meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_stream_close(stream: *const tl_stream) -> tl_status {
    call(|| of_stream(stream)?.close())
}

/// Frees a stream; null is allowed.
///
/// # Safety
/// Nobody may use it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_stream_free(stream: *mut tl_stream) -> tl_status {
    call(|| handle::free::<Stream>(stream, "stream").map(drop))
}

/// Rules that matched and alert by themselves. The hits live as long as what was pushed.
///
/// # Safety
/// `hits` and `hits_len` must be places for a pointer and a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_pushed_hits(
    pushed: *const tl_pushed,
    hits: *mut *const tl_hit,
    hits_len: *mut usize,
) -> tl_status {
    // SAFETY: the caller says so.
    call(|| unsafe { put_all(&of_pushed(pushed)?.hits, (hits, "hits"), (hits_len, "hits_len")) })
}

/// Events that cannot be read, or have no time where that is an error.
///
/// # Safety
/// `faults` and `faults_len` must be places for a pointer and a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_pushed_faults(
    pushed: *const tl_pushed,
    faults: *mut *const tl_fault,
    faults_len: *mut usize,
) -> tl_status {
    // SAFETY: the caller says so.
    call(|| unsafe { put_all(&of_pushed(pushed)?.faults, (faults, "faults"), (faults_len, "faults_len")) })
}

/// Events that correlations do not count because they are too late, or too far ahead.
///
/// # Safety
/// `events` and `events_len` must be places for a pointer and a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_pushed_not_counted(
    pushed: *const tl_pushed,
    events: *mut *const tl_not_counted,
    events_len: *mut usize,
) -> tl_status {
    // SAFETY: the caller says so.
    call(|| unsafe { put_all(&of_pushed(pushed)?.not_counted, (events, "events"), (events_len, "events_len")) })
}

/// How many events were pushed, and what correlations do not count.
///
/// # Safety
/// `counts` must be a struct as large as its `struct_size` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_pushed_summary(pushed: *const tl_pushed, counts: *mut tl_pushed_counts) -> tl_status {
    call(|| {
        let own = of_pushed(pushed)?;
        let own = tl_pushed_counts {
            struct_size: size_of::<tl_pushed_counts>(),
            events: own.pushed.scan.events,
            first: own.pushed.first,
            untimed: own.pushed.untimed,
        };
        // SAFETY: the caller says so.
        unsafe { put_sized(counts, &own, "counts") }
    })
}

/// All that came of events, as JSON: `events`, `detections`, `alerts`, `faults`, `not_counted`, `untimed`.
///
/// # Safety
/// `record` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_pushed_to_json(pushed: *const tl_pushed, record: *mut *mut tl_buffer) -> tl_status {
    #[derive(Serialize)]
    struct Record<'a> {
        events: u64,
        detections: Vec<tieline_common::waist::DetectionRecord<'a>>,
        alerts: Vec<AlertRecord<'a>>,
        faults: &'a [tieline_common::waist::FaultRecord],
        not_counted: &'a [NotCounted],
        untimed: u64,
    }
    let make = || {
        let OwnPushed { rules, pushed, .. } = &*of_pushed(pushed)?;
        json(&Record {
            events: pushed.scan.events,
            detections: detections(rules, &pushed.scan)?,
            alerts: pushed.alerts.iter().map(AlertRecord::new).collect(),
            faults: &pushed.scan.faults,
            not_counted: &pushed.not_counted,
            untimed: pushed.untimed,
        })
    };
    // SAFETY: the caller says so.
    call(|| unsafe { put_bytes(record, "record", make) })
}

/// Frees what came of events; null is allowed.
///
/// # Safety
/// Nobody may use its hits, alerts and faults any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_pushed_free(pushed: *mut tl_pushed) -> tl_status {
    call(|| handle::free::<OwnPushed>(pushed, "pushed").map(drop))
}
