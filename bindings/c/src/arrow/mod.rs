//! Tables of Arrow, by its C data interface.
//!
//! ```text
//!  ArrowArrayStream, ArrowArray with ArrowSchema ─▶ tl_scan_arrow, …_batch, tl_stream_push_arrow, …_batch ─▶ tl_scan, tl_pushed
//!  tl_scan ─▶ tl_scan_results_arrow ─▶ ArrowArrayStream
//! ```
//!
//! Structs are handed over and values not copied. What is taken over is released when the call returns, whatever it returns.

mod shape;
mod table;

pub use shape::{ArrowArray, ArrowSchema};

use crate::error::{call, tl_status};
use crate::memory::{put, put_new};
use crate::options::{scan_options, tl_scan_config};
use crate::rules::{of, tl_rules};
use crate::scan::{OwnScan, of_scan, tl_scan};
use crate::stream::{OwnPushed, of_stream, tl_pushed, tl_stream};
use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use std::sync::Arc;
use table::{Table, take};
use tieline_common::arrow::export_stream;
use tieline_common::waist::Error;

/// Batches that come one after the other.
pub struct ArrowArrayStream(());

/// # Safety
/// It must be null or point to a struct that is filled as the interface says, or released.
unsafe fn table_of_stream(stream: *mut ArrowArrayStream) -> Result<Table, Error> {
    // SAFETY: the caller says so, for each.
    Ok(unsafe { Table::of_stream(take(stream.cast::<FFI_ArrowArrayStream>(), "stream")?) }?)
}

/// Takes over both, if one of them is refused too.
///
/// # Safety
/// Both must be null or point to structs that are filled as the interface says, or released.
unsafe fn table_of_batch(array: *mut ArrowArray, schema: *mut ArrowSchema) -> Result<Table, Error> {
    // SAFETY: the caller says so, for each.
    unsafe {
        let array = take(array.cast::<FFI_ArrowArray>(), "array");
        let schema = take(schema.cast::<FFI_ArrowSchema>(), "schema");
        Ok(Table::of_batch(array?, schema?)?)
    }
}

/// # Safety
/// `config` must be null or valid, and `scan` a place for a pointer.
unsafe fn scan_table(
    rules: *const tl_rules,
    table: Result<Table, Error>,
    config: *const tl_scan_config,
    scan: *mut *mut tl_scan,
) -> Result<(), Error> {
    let make = || {
        let own = of(rules)?;
        // SAFETY: the caller says so.
        let found = own.rules.scan_batches(table?, &unsafe { scan_options(config) }?)?;
        Ok(OwnScan::new(Arc::clone(&own.rules), found))
    };
    // SAFETY: the caller says so.
    unsafe { put_new(scan, "scan", make) }
}

/// # Safety
/// `pushed` must be a place for a pointer.
unsafe fn push_table(
    stream: *const tl_stream,
    table: Result<Table, Error>,
    pushed: *mut *mut tl_pushed,
) -> Result<(), Error> {
    let make = || {
        let own = of_stream(stream)?;
        OwnPushed::of(&own, own.push_batches(table?)?)
    };
    // SAFETY: the caller says so.
    unsafe { put_new(pushed, "pushed", make) }
}

/// Scans tables of Arrow, by its C stream interface. Rows are events, numbered from 0 over all batches; columns are
/// fields, a column `id` within a struct `Event` is the field `Event.id`, and null is a missing field. `config` may be
/// null.
///
/// The stream is taken over: when the call returns, whatever it returns, `batches->release` is null, and the stream
/// and all that came of it were released by this thread, which alone calls its callbacks. Structs that do not fit
/// together, and memory that does not hold what its type says, are `TL_EVENT`; that buffers are as long as they should
/// be cannot be seen.
///
/// # Safety
/// `batches` must be null, or a stream as the interface describes it, released or not, that no other thread uses;
/// `config` must be null or valid, and `scan` a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_scan_arrow(
    rules: *const tl_rules,
    batches: *mut ArrowArrayStream,
    config: *const tl_scan_config,
    scan: *mut *mut tl_scan,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe { scan_table(rules, table_of_stream(batches), config, scan) })
}

/// Scans one batch of Arrow, by its C data interface: an array of structs, none of which is null. Both structs are
/// taken over as the stream of `tl_scan_arrow` is: when the call returns, they were released.
///
/// # Safety
/// `array` and `schema` must be null, or structs as the interface describes them, released or not, that no other
/// thread uses; `config` must be null or valid, and `scan` a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_scan_arrow_batch(
    rules: *const tl_rules,
    array: *mut ArrowArray,
    schema: *mut ArrowSchema,
    config: *const tl_scan_config,
    scan: *mut *mut tl_scan,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe { scan_table(rules, table_of_batch(array, schema), config, scan) })
}

/// What a scan found as a table, one row for each detection: `event_index`, `rule_id`, `rule_title`, `level`, `tags`,
/// `source`. Whoever reads `batches` releases it; what it held before is not. It lives longer than the scan. When the
/// call fails, `batches->release` is null.
///
/// # Safety
/// `batches` must be a place for a struct.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_scan_results_arrow(scan: *const tl_scan, batches: *mut ArrowArrayStream) -> tl_status {
    let batches = batches.cast::<FFI_ArrowArrayStream>();
    // SAFETY: the caller says so, for each.
    call(|| unsafe {
        put(batches, FFI_ArrowArrayStream::empty(), "batches")?;
        let own = of_scan(scan)?;
        let table = own.rules.results(&own.scan)?;
        put(batches, export_stream(table.schema(), vec![table]), "batches")
    })
}

/// Pushes the rows of tables of Arrow. `batches` is taken over as by `tl_scan_arrow`; its callbacks must not use
/// `stream`. When a batch cannot be read, those before it were pushed.
///
/// # Safety
/// `batches` must be null, or a stream as the interface describes it, released or not, that no other thread uses;
/// `pushed` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_stream_push_arrow(
    stream: *const tl_stream,
    batches: *mut ArrowArrayStream,
    pushed: *mut *mut tl_pushed,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe { push_table(stream, table_of_stream(batches), pushed) })
}

/// Pushes the rows of one batch of Arrow; both structs are taken over as by `tl_scan_arrow_batch`.
///
/// # Safety
/// `array` and `schema` must be null, or structs as the interface describes them, released or not, that no other
/// thread uses; `pushed` must be a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_stream_push_arrow_batch(
    stream: *const tl_stream,
    array: *mut ArrowArray,
    schema: *mut ArrowSchema,
    pushed: *mut *mut tl_pushed,
) -> tl_status {
    // SAFETY: the caller says so, for each.
    call(|| unsafe { push_table(stream, table_of_batch(array, schema), pushed) })
}
