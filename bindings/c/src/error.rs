//! How calls fail: a status for the program, and the latest error of each thread for people.
//!
//! ```text
//!  call ─▶ 0                                     tl_last_error is what it was
//!       └▶ 2 = TL_RULES, and for this thread: message, diagnostics as JSON, byte
//! ```
//!
//! No panic passes: it becomes `TL_INTERNAL`. A call that succeeds does not clear the error before it.

use crate::memory::{put, tl_str};
use std::any::Any;
use std::cell::RefCell;
use std::ffi::c_char;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tieline_common::waist::{Error, Kind};

/// Whether a call succeeded: `TL_OK`, or why not. The numbers never change; new ones come at the end.
pub type tl_status = i32;

/// The call succeeded.
pub const TL_OK: tl_status = 0;
/// An argument has a value that is not allowed: null, of another kind, too small, not known.
pub const TL_ARGUMENT: tl_status = 1;
/// Rules are broken, and were to be whole. See `tl_last_error_diagnostics_json`.
pub const TL_RULES: tl_status = 2;
/// A pipeline is broken, or not known.
pub const TL_PIPELINE: tl_status = 3;
/// An event cannot be read. See `tl_last_error_byte`.
pub const TL_EVENT: tl_status = 4;
/// State of a stream cannot be restored.
pub const TL_STATE: tl_status = 5;
/// Saved rules are damaged, or come from another version.
pub const TL_SAVED: tl_status = 6;
/// A file or directory cannot be read.
pub const TL_LOAD: tl_status = 7;
/// The object was closed or freed.
pub const TL_CLOSED: tl_status = 8;
/// The object belongs to the process that made it, and this is a fork of it.
pub const TL_FORKED: tl_status = 9;
/// The call was broken off by the caller.
pub const TL_CANCELLED: tl_status = 10;
/// A limit was reached.
pub const TL_LIMIT: tl_status = 11;
/// A fault of Tieline itself.
pub const TL_INTERNAL: tl_status = 12;

/// The kinds of errors, in the order of their numbers.
const KINDS: [Kind; 12] = [
    Kind::Argument,
    Kind::Rules,
    Kind::Pipeline,
    Kind::Event,
    Kind::State,
    Kind::Saved,
    Kind::Load,
    Kind::Closed,
    Kind::Forked,
    Kind::Cancelled,
    Kind::Limit,
    Kind::Internal,
];

#[derive(Default)]
struct Latest {
    status: tl_status,
    message: String,
    diagnostics: String,
    byte: Option<u64>,
}

thread_local! {
    static LATEST: RefCell<Latest> = RefCell::default();
}

/// Does the work of a call; what goes wrong becomes its status and the latest error of the thread.
pub(crate) fn call(work: impl FnOnce() -> Result<(), Error>) -> tl_status {
    let error = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(())) => return TL_OK,
        Ok(Err(error)) => error,
        Err(panic) => Error::new(Kind::Internal, format!("{}; please report this", said(&*panic))),
    };
    keep(&error)
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("a fault of Tieline")
}

#[cold]
fn keep(error: &Error) -> tl_status {
    let status = error.kind() as tl_status;
    let diagnostics = match error.diagnostics() {
        [] => "[]".to_owned(),
        told => serde_json::to_string(told).unwrap_or_default(),
    };
    let latest = Latest { status, message: error.to_string(), diagnostics, byte: error.byte() };
    // A thread that ends has no place for it any more; the status is told all the same.
    let _ = LATEST.try_with(|own| own.replace(latest));
    status
}

fn with_latest<R: Default>(read: impl FnOnce(&Latest) -> R) -> R {
    LATEST.try_with(|own| read(&own.borrow())).unwrap_or_default()
}

/// The message of the latest error of this thread; empty when there was none. The text lives until the next call of this
/// thread that fails.
#[unsafe(no_mangle)]
pub extern "C" fn tl_last_error() -> tl_str {
    with_latest(|own| tl_str::of(&own.message))
}

/// The status of the latest error of this thread; `TL_OK` when there was none.
#[unsafe(no_mangle)]
pub extern "C" fn tl_last_error_code() -> tl_status {
    with_latest(|own| own.status)
}

/// The diagnostics behind the latest error of this thread, as a JSON array with `code`, `message`, `path`, `line`,
/// `column` and more; `[]` for most errors. The text lives as long as that of `tl_last_error`.
#[unsafe(no_mangle)]
pub extern "C" fn tl_last_error_diagnostics_json() -> tl_str {
    with_latest(|own| tl_str::of(if own.status == TL_OK { "[]" } else { &own.diagnostics }))
}

/// The byte of the event where reading stopped, from 0; -1 when none is known.
#[unsafe(no_mangle)]
pub extern "C" fn tl_last_error_byte() -> i64 {
    with_latest(|own| own.byte).and_then(|byte| i64::try_from(byte).ok()).unwrap_or(-1)
}

/// Copies the message of the latest error of this thread, with a 0 behind it, and cut where a character begins when the
/// memory is too small. `len`, when not null, is the length of the whole message, without the 0.
///
/// # Safety
/// `text` must be memory for `capacity` bytes, or null with a capacity of 0; `len` must be null or a place for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_last_error_copy(text: *mut c_char, capacity: usize, len: *mut usize) -> tl_status {
    let message = with_latest(|own| own.message.clone());
    call(|| {
        if !len.is_null() {
            // SAFETY: the caller gives a place for a number.
            unsafe { put(len, message.len(), "len") }?;
        }
        let Some(room) = capacity.checked_sub(1) else { return Ok(()) };
        if text.is_null() {
            return Err(Error::new(Kind::Argument, "`text` is null, and `capacity` is not 0"));
        }
        let end = message.floor_char_boundary(room.min(message.len()));
        // SAFETY: the caller gives memory for `capacity` bytes, which is more than `end`.
        unsafe {
            text.cast::<u8>().copy_from_nonoverlapping(message.as_ptr(), end);
            text.add(end).write(0);
        }
        Ok(())
    })
}

/// The name of a status, such as `rules`; `ok` for `TL_OK`, empty for a number that is none. The text lives for ever.
#[unsafe(no_mangle)]
pub extern "C" fn tl_status_name(status: tl_status) -> tl_str {
    let kind = KINDS.iter().find(|kind| **kind as tl_status == status);
    tl_str::of(kind.map_or(if status == TL_OK { "ok" } else { "" }, |kind| kind.code()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latest() -> String {
        with_latest(|own| own.message.clone())
    }

    #[test]
    fn a_panic_is_a_status() {
        assert_eq!(call(|| panic!("on {}", "purpose")), TL_INTERNAL);
        assert_eq!(latest(), "on purpose; please report this");
        assert_eq!(call(|| Ok(())), TL_OK);
        assert_eq!(tl_last_error_code(), TL_INTERNAL);
    }

    #[test]
    fn numbers_are_those_of_the_waist() {
        let own = [
            TL_ARGUMENT,
            TL_RULES,
            TL_PIPELINE,
            TL_EVENT,
            TL_STATE,
            TL_SAVED,
            TL_LOAD,
            TL_CLOSED,
            TL_FORKED,
            TL_CANCELLED,
            TL_LIMIT,
            TL_INTERNAL,
        ];
        for (at, (status, kind)) in own.into_iter().zip(KINDS).enumerate() {
            assert_eq!((status, status as usize), (kind as tl_status, at + 1));
        }
    }

    #[test]
    fn a_copy_is_cut_between_characters() {
        let _ = keep(&Error::new(Kind::Event, "`ü` is wrong"));
        let mut text = [1_u8; 8];
        let mut len = 0;
        for (capacity, expected) in [(0, 1), (1, 0), (2, b'`'), (3, b'`'), (4, b'`')] {
            // SAFETY: the memory is larger than every capacity.
            let status = unsafe { tl_last_error_copy(text.as_mut_ptr().cast(), capacity, &raw mut len) };
            assert_eq!((status, len, text[0]), (TL_OK, 13, expected));
        }
        assert_eq!(&text[..4], "`ü\0".as_bytes());
        // SAFETY: null is what is tried.
        assert_eq!(unsafe { tl_last_error_copy(std::ptr::null_mut(), 4, std::ptr::null_mut()) }, TL_ARGUMENT);
    }
}
