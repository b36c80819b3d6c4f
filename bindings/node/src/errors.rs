//! Errors on their way to JavaScript.
//!
//! ```text
//!  Error { kind: Rules, … } ─▶ "{\"code\":\"rules\",\"message\":…}" ─▶ lib/errors.js: new RuleError(…)
//! ```
//!
//! The classes themselves are in JavaScript, because only there can they extend `Error`.

use serde_json::json;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tieline_common::waist::{Error, Kind};

/// An error that `lib/errors.js` makes a class of.
pub(crate) fn thrown(error: &Error) -> napi::Error {
    let told = json!({
        "code": error.kind().code(),
        "message": error.to_string(),
        "diagnostics": error.diagnostics(),
        "byte": error.byte(),
    });
    napi::Error::from_reason(told.to_string())
}

/// Does some work; a panic is an error, here and on other threads, because unwinding into Node would end the process.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, Error>) -> napi::Result<T> {
    let done = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        Err(Error::new(Kind::Internal, format!("a fault of Tieline, please report it: {text}")))
    });
    done.map_err(|error| thrown(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error() {
        let error = guarded::<()>(|| panic!("number {}", 7)).unwrap_err();
        assert!(error.reason.contains("\"internal\"") && error.reason.contains("number 7"), "{error}");
        let error = guarded::<()>(|| Err(Error::new(Kind::Argument, "`x` is wrong"))).unwrap_err();
        assert!(error.reason.contains("\"argument\""), "{error}");
    }
}
