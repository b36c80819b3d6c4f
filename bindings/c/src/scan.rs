//! Events that lie in memory: one after the other, or many at once.
//!
//! ```text
//!  tl_scanner, one for each thread:  event ─▶ tl_hit[], borrowed until the next event
//!  tl_scan_lines, tl_scan_events:    many events, many threads ─▶ tl_scan: tl_hit[], tl_fault[], records
//! ```
//!
//! Events are never copied. What a rule says is not in its hits; see `tl_hit_rule`.

use crate::error::{call, tl_status};
use crate::handle::{self, Body};
use crate::memory::{json, put, put_bytes, put_new, slice, tl_buffer, tl_bytes, tl_str};
use crate::options::{scan_options, tl_scan_config};
use crate::rules::{of, tl_rules};
use serde::Serialize;
use std::sync::Arc;
use tieline_common::waist::{DetectionRecord, Error, EventScanner, FaultRecord, Hit, Kind, RuleSet, Scan};

/// One rule that matched one event. This struct never changes.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct tl_hit {
    /// The number of the event, from 0; of lines, unreadable and empty ones are counted too.
    pub event_index: u64,
    /// The rule's position in its form.
    pub rule: u32,
    /// The form of the rules: they are compiled for each source of events.
    pub form: u32,
}

/// An event that cannot be read. This struct never changes.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct tl_fault {
    /// The number of the event, from 0.
    pub event_index: u64,
    /// The byte of the event where reading stopped, from 0; -1 when none is known.
    pub byte: i64,
    /// What is wrong with it.
    pub message: tl_str,
}

impl From<Hit> for tl_hit {
    fn from(hit: Hit) -> Self {
        Self { event_index: hit.event, rule: hit.rule, form: hit.form }
    }
}

impl From<tl_hit> for Hit {
    fn from(hit: tl_hit) -> Self {
        Self { event: hit.event_index, rule: hit.rule, form: hit.form }
    }
}

/// Scans one event after the other. For one thread at a time; a call while another thread is in one is an error.
pub struct tl_scanner(());

struct OwnScanner {
    scanner: EventScanner,
    hits: Vec<tl_hit>,
}

impl Body for OwnScanner {
    type Handle = tl_scanner;
    const KIND: u32 = 3;
    const NAME: &'static str = "tl_scanner";
}

/// A scanner for rules. It keeps what it needs of them. `config` may be null; `threads` does not matter.
///
/// # Safety
/// `config` must be null or valid, and `scanner` a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_scanner_new(
    rules: *const tl_rules,
    config: *const tl_scan_config,
    scanner: *mut *mut tl_scanner,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_new(scanner, "scanner", || {
            let rules = Arc::clone(&of(rules)?.rules);
            Ok(OwnScanner { scanner: EventScanner::new(rules, &scan_options(config)?)?, hits: Vec::new() })
        })
    })
}

/// Frees a scanner; null is allowed.
///
/// # Safety
/// Nobody may use its hits any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_scanner_free(scanner: *mut tl_scanner) -> tl_status {
    call(|| handle::free::<OwnScanner>(scanner, "scanner").map(drop))
}

/// Scans one event, a JSON object. The hits live until the next call with this scanner; there are none when it fails.
/// Events are numbered from 0, unreadable ones too.
///
/// # Safety
/// `event` must point to `event_len` bytes; `hits` and `hits_len` must be places for a pointer and a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_scan_json(
    scanner: *mut tl_scanner,
    event: *const u8,
    event_len: usize,
    hits: *mut *const tl_hit,
    hits_len: *mut usize,
) -> tl_status {
    call(|| {
        // SAFETY: the caller says so, for each.
        let event = unsafe {
            put(hits_len, 0, "hits_len")?;
            put(hits, std::ptr::null(), "hits")?;
            slice(event, event_len, "event")?
        };
        let mut own = handle::alone::<OwnScanner>(scanner, "scanner")?;
        let own = &mut *own;
        own.hits.clear();
        let found = own.scanner.scan(event)?;
        if !found.hits.is_empty() {
            own.hits.extend(found.hits.iter().map(|hit| tl_hit::from(*hit)));
            // SAFETY: the caller says so, for each.
            unsafe {
                put(hits, own.hits.as_ptr(), "hits")?;
                put(hits_len, own.hits.len(), "hits_len")?;
            }
        }
        Ok(())
    })
}

/// The record of a hit of the latest event, as JSON, with evidence when that was asked for.
///
/// # Safety
/// `record` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_scanner_detection_json(
    scanner: *mut tl_scanner,
    index: usize,
    record: *mut *mut tl_buffer,
) -> tl_status {
    let make = || {
        let own = handle::alone::<OwnScanner>(scanner, "scanner")?;
        detection_json(own.scanner.rules(), own.scanner.found(), index)
    };
    // SAFETY: the caller says so.
    call(|| unsafe { put_bytes(record, "record", make) })
}

/// The record of a hit.
pub(crate) fn detection<'a>(rules: &'a RuleSet, scan: &'a Scan, index: usize) -> Result<DetectionRecord<'a>, Error> {
    let fault = || {
        let message = format!("`index` is {index}; write one below {}", scan.hits.len());
        Error::new(Kind::Argument, message)
    };
    let hit = scan.hits.get(index).ok_or_else(fault)?;
    DetectionRecord::new(rules, hit, scan.evidence.get(index))
        .ok_or_else(|| Error::new(Kind::Internal, "a hit has no rule"))
}

fn detection_json(rules: &RuleSet, scan: &Scan, index: usize) -> Result<Vec<u8>, Error> {
    json(&detection(rules, scan, index)?)
}

/// The records of all hits.
pub(crate) fn detections<'a>(rules: &'a RuleSet, scan: &'a Scan) -> Result<Vec<DetectionRecord<'a>>, Error> {
    (0..scan.hits.len()).map(|index| detection(rules, scan, index)).collect()
}

/// Faults as C sees them; they borrow.
pub(crate) fn faults(faults: &[FaultRecord]) -> Box<[tl_fault]> {
    let fault = |fault: &FaultRecord| tl_fault {
        event_index: fault.event_index,
        byte: fault.byte.and_then(|byte| i64::try_from(byte).ok()).unwrap_or(-1),
        message: tl_str::of(&fault.message),
    };
    faults.iter().map(fault).collect()
}

/// Hits as C sees them.
pub(crate) fn hits(hits: &[Hit]) -> Box<[tl_hit]> {
    hits.iter().map(|hit| tl_hit::from(*hit)).collect()
}

/// Gives an array that lives with its owner: null when it is empty.
///
/// # Safety
/// `out` and `len` must be null or places for a pointer and a number.
pub(crate) unsafe fn put_all<T>(
    all: &[T],
    (out, name): (*mut *const T, &str),
    (len, len_name): (*mut usize, &str),
) -> Result<(), Error> {
    let first = if all.is_empty() { std::ptr::null() } else { all.as_ptr() };
    // SAFETY: the caller says so, for each.
    unsafe {
        put(len, all.len(), len_name)?;
        put(out, first, name)
    }
}

/// What a scan of many events found. It never changes; all functions on it may be called from any thread.
pub struct tl_scan(());

pub(crate) struct OwnScan {
    pub(crate) rules: Arc<RuleSet>,
    pub(crate) scan: Scan,
    hits: Box<[tl_hit]>,
    faults: Box<[tl_fault]>,
}

impl Body for OwnScan {
    type Handle = tl_scan;
    const KIND: u32 = 4;
    const NAME: &'static str = "tl_scan";
}

impl OwnScan {
    pub(crate) fn new(rules: Arc<RuleSet>, scan: Scan) -> Self {
        Self { hits: hits(&scan.hits), faults: faults(&scan.faults), rules, scan }
    }
}

/// Scans a text with one JSON object a line. Events are numbered by their lines, from 0. An event that cannot be read is
/// told by `tl_scan_faults` and ends nothing. `config` may be null. Free the scan with `tl_scan_free`.
///
/// # Safety
/// `text` must point to `text_len` bytes that nobody changes meanwhile, `config` must be null or valid, and `scan` a place
/// for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_scan_lines(
    rules: *const tl_rules,
    text: *const u8,
    text_len: usize,
    config: *const tl_scan_config,
    scan: *mut *mut tl_scan,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_new(scan, "scan", || {
            let own = of(rules)?;
            let found = own.rules.scan_lines(slice(text, text_len, "text")?, &scan_options(config)?)?;
            Ok(OwnScan::new(Arc::clone(&own.rules), found))
        })
    })
}

/// Scans events that are JSON objects of their own. See `tl_scan_lines`.
///
/// # Safety
/// `events` must point to `events_len` events whose bytes nobody changes meanwhile, `config` must be null or valid, and
/// `scan` a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_scan_events(
    rules: *const tl_rules,
    events: *const tl_bytes,
    events_len: usize,
    config: *const tl_scan_config,
    scan: *mut *mut tl_scan,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_new(scan, "scan", || {
            let own = of(rules)?;
            let events = events_of(events, events_len)?;
            let found = own.rules.scan_events(&events, &scan_options(config)?)?;
            Ok(OwnScan::new(Arc::clone(&own.rules), found))
        })
    })
}

/// Events that C gives one by one.
///
/// # Safety
/// `events` must be null or point to `len` events.
pub(crate) unsafe fn events_of<'a>(events: *const tl_bytes, len: usize) -> Result<Vec<&'a [u8]>, Error> {
    // SAFETY: the caller says so.
    let events = unsafe { slice(events, len, "events") }?;
    // SAFETY: as above.
    events.iter().map(|event| unsafe { slice(event.ptr, event.len, "events") }).collect()
}

pub(crate) fn of_scan(scan: *const tl_scan) -> Result<handle::Shared<OwnScan>, Error> {
    handle::shared::<OwnScan>(scan, "scan")
}

/// How many events were looked at, unreadable ones among them.
///
/// # Safety
/// `len` must be a place for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_scan_events_len(scan: *const tl_scan, len: *mut u64) -> tl_status {
    // SAFETY: the caller says so.
    call(|| unsafe { put(len, of_scan(scan)?.scan.events, "len") })
}

/// Rules that matched, in the order of the events. The hits live as long as the scan.
///
/// # Safety
/// `hits` and `hits_len` must be places for a pointer and a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_scan_hits(
    scan: *const tl_scan,
    hits: *mut *const tl_hit,
    hits_len: *mut usize,
) -> tl_status {
    // SAFETY: the caller says so.
    call(|| unsafe { put_all(&of_scan(scan)?.hits, (hits, "hits"), (hits_len, "hits_len")) })
}

/// Events that cannot be read. The faults live as long as the scan.
///
/// # Safety
/// `faults` and `faults_len` must be places for a pointer and a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_scan_faults(
    scan: *const tl_scan,
    faults: *mut *const tl_fault,
    faults_len: *mut usize,
) -> tl_status {
    // SAFETY: the caller says so.
    call(|| unsafe { put_all(&of_scan(scan)?.faults, (faults, "faults"), (faults_len, "faults_len")) })
}

/// The record of one hit, as JSON, with evidence when that was asked for.
///
/// # Safety
/// `record` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_scan_detection_json(
    scan: *const tl_scan,
    index: usize,
    record: *mut *mut tl_buffer,
) -> tl_status {
    let make = || {
        let own = of_scan(scan)?;
        detection_json(&own.rules, &own.scan, index)
    };
    // SAFETY: the caller says so.
    call(|| unsafe { put_bytes(record, "record", make) })
}

/// All that a scan found, as JSON: `events`, `detections`, `faults`.
///
/// # Safety
/// `record` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_scan_to_json(scan: *const tl_scan, record: *mut *mut tl_buffer) -> tl_status {
    #[derive(Serialize)]
    struct Record<'a> {
        events: u64,
        detections: Vec<DetectionRecord<'a>>,
        faults: &'a [FaultRecord],
    }
    let make = || {
        let OwnScan { rules, scan, .. } = &*of_scan(scan)?;
        json(&Record { events: scan.events, detections: detections(rules, scan)?, faults: &scan.faults })
    };
    // SAFETY: the caller says so.
    call(|| unsafe { put_bytes(record, "record", make) })
}

/// Frees a scan; null is allowed.
///
/// # Safety
/// Nobody may use its hits and faults any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_scan_free(scan: *mut tl_scan) -> tl_status {
    call(|| handle::free::<OwnScan>(scan, "scan").map(drop))
}
