//! Files, scanned on threads of their own while the caller takes one finding after the other.
//!
//! ```text
//!  tl_scan_files ─▶ tl_files ─▶ tl_files_next ─▶ TL_TOLD_FOUND {json}, TL_TOLD_BAD_EVENT {json}, …, TL_TOLD_END
//!                               └─ waits as long as the caller says, then TL_TOLD_QUIET
//! ```
//!
//! Records are those of the command line.

use crate::error::{call, tl_status};
use crate::handle::{self, Body};
use crate::memory::{json, put_new, put_sized, sized, slice, tl_str};
use crate::options::{file_options, scan_options, stream_settings, tl_file_config, tl_scan_config, tl_stream_config};
use crate::rules::{of, tl_rules};
use std::sync::{Mutex, TryLockError};
use std::time::Duration;
use tieline_common::waist::{Error, FileScan, Kind, Next, Stopper, Told};

/// The scan is over.
pub const TL_TOLD_END: i32 = 0;
/// Nothing came in the time that was waited.
pub const TL_TOLD_QUIET: i32 = 1;
/// A detection, or the alert of a correlation.
pub const TL_TOLD_FOUND: i32 = 2;
/// An event that cannot be read.
pub const TL_TOLD_BAD_EVENT: i32 = 3;
/// A file that cannot be read, or not further.
pub const TL_TOLD_BAD_FILE: i32 = 4;
/// An event that correlations do not count.
pub const TL_TOLD_NOT_COUNTED: i32 = 5;
/// So much was read of all files: see `bytes` and `events`.
pub const TL_TOLD_PROGRESS: i32 = 6;

/// What a scan of files tells. Set `struct_size` before the call.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct tl_told {
    /// `sizeof(tl_told)`.
    pub struct_size: usize,
    /// One of `TL_TOLD_…`.
    pub kind: i32,
    /// 0.
    pub reserved: u32,
    /// The record; it lives until the next call of `tl_files_next`. Null for what has none.
    pub json: tl_str,
    /// Bytes that were read, as stored.
    pub bytes: u64,
    /// Events that were read.
    pub events: u64,
}

/// What was scanned. Set `struct_size` before the call.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct tl_totals {
    /// `sizeof(tl_totals)`.
    pub struct_size: usize,
    /// Files that were opened.
    pub files: u64,
    /// Files that could not be read, or not to their end.
    pub bad_files: u64,
    /// Events, unreadable ones included.
    pub events: u64,
    /// Events that cannot be read.
    pub bad_events: u64,
    /// Detections that were told.
    pub detections: u64,
    /// Alerts of correlations that were told.
    pub alerts: u64,
    /// Bytes of the files as stored.
    pub bytes: u64,
}

sized!(tl_told { kind, json, bytes, events });
sized!(tl_totals { files, bad_files, events, bad_events, detections, alerts, bytes });

/// A scan of files. One thread takes what comes; any other may stop it.
pub struct tl_files(());

struct OwnFiles {
    stopper: Stopper,
    /// The scan, and the record that was told last.
    scan: Mutex<(FileScan, Vec<u8>)>,
}

impl Body for OwnFiles {
    type Handle = tl_files;
    const KIND: u32 = 7;
    const NAME: &'static str = "tl_files";
}

fn of_files(files: *const tl_files) -> Result<handle::Shared<OwnFiles>, Error> {
    handle::shared::<OwnFiles>(files, "files")
}

impl OwnFiles {
    fn with<R>(&self, work: impl FnOnce(&mut FileScan, &mut Vec<u8>) -> Result<R, Error>) -> Result<R, Error> {
        let mut own = match self.scan.try_lock() {
            Ok(own) => own,
            Err(TryLockError::Poisoned(own)) => own.into_inner(),
            Err(TryLockError::WouldBlock) => {
                return Err(Error::new(Kind::Argument, "another thread waits for what `files` tells next"));
            }
        };
        let (scan, record) = &mut *own;
        work(scan, record)
    }
}

/// Begins to scan files, in the order given. Directories stand for the event files in them; `-` is standard input. A file
/// that does not exist is told, and is no error of the call. All configs may be null.
///
/// # Safety
/// `paths` must point to `len` texts, the configs must be null or valid, and `files` a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_scan_files(
    rules: *const tl_rules,
    paths: *const tl_str,
    len: usize,
    config: *const tl_file_config,
    asked: *const tl_scan_config,
    over_time: *const tl_stream_config,
    files: *mut *mut tl_files,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put_new(files, "files", || {
            let paths = slice(paths, len, "paths")?.iter().map(|path| path.path("paths"));
            let paths = paths.collect::<Result<Vec<_>, _>>()?;
            let (config, asked, over_time) = (file_options(config)?, scan_options(asked)?, stream_settings(over_time)?);
            let scan = FileScan::new(&of(rules)?.rules, &paths, &config, &asked, &over_time)?;
            Ok(OwnFiles { stopper: scan.stopper(), scan: Mutex::new((scan, Vec::new())) })
        })
    })
}

/// What comes next, waited for no longer than `timeout_ms`; -1 waits for ever.
///
/// # Safety
/// `told` must be a struct as large as its `struct_size` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_files_next(files: *const tl_files, timeout_ms: i64, told: *mut tl_told) -> tl_status {
    call(|| {
        let patience = u64::try_from(timeout_ms).map_or(Duration::MAX, Duration::from_millis);
        let next = |scan: &mut FileScan, record: &mut Vec<u8>| {
            record.clear();
            let mut view = tl_told {
                struct_size: size_of::<tl_told>(),
                kind: TL_TOLD_END,
                reserved: 0,
                json: tl_str::NONE,
                bytes: 0,
                events: 0,
            };
            let mut show = |kind, told: &serde_json::Value, view: &mut tl_told| {
                *record = json(told)?;
                view.kind = kind;
                view.json = tl_str { ptr: record.as_ptr().cast(), len: record.len() };
                Ok::<(), Error>(())
            };
            match scan.next_within(patience)? {
                Next::End => {}
                Next::Quiet => view.kind = TL_TOLD_QUIET,
                Next::Told(Told::Found(told)) => show(TL_TOLD_FOUND, &told, &mut view)?,
                Next::Told(Told::BadEvent(told)) => show(TL_TOLD_BAD_EVENT, &told, &mut view)?,
                Next::Told(Told::BadFile(told)) => show(TL_TOLD_BAD_FILE, &told, &mut view)?,
                Next::Told(Told::NotCounted(told)) => show(TL_TOLD_NOT_COUNTED, &told, &mut view)?,
                Next::Told(Told::Progress { bytes, events }) => {
                    view = tl_told { kind: TL_TOLD_PROGRESS, bytes, events, ..view };
                }
            }
            // SAFETY: the caller says so.
            unsafe { put_sized(told, &view, "told") }
        };
        of_files(files)?.with(next)
    })
}

/// Ends the scan early, from any thread; what it has told already can still be taken.
///
/// # Safety
/// The scan must not be freed meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_files_stop(files: *const tl_files) -> tl_status {
    call(|| {
        of_files(files)?.stopper.stop();
        Ok(())
    })
}

/// What was scanned; complete after `TL_TOLD_END`.
///
/// # Safety
/// `totals` must be a struct as large as its `struct_size` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_files_totals(files: *const tl_files, totals: *mut tl_totals) -> tl_status {
    call(|| {
        let own = of_files(files)?.with(|scan, _| Ok(scan.totals()))?;
        let own = tl_totals {
            struct_size: size_of::<tl_totals>(),
            files: own.files,
            bad_files: own.bad_files,
            events: own.events,
            bad_events: own.bad_events,
            detections: own.detections,
            alerts: own.alerts,
            bytes: own.bytes,
        };
        // SAFETY: the caller says so.
        unsafe { put_sized(totals, &own, "totals") }
    })
}

/// Ends the scan and frees it; null is allowed.
///
/// # Safety
/// Nobody may use it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_files_free(files: *mut tl_files) -> tl_status {
    call(|| handle::free::<OwnFiles>(files, "files").map(drop))
}
