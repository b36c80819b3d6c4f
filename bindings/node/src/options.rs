//! Arguments that come as JSON text.
//!
//! ```text
//!  {"source":"windows"} ─▶ CompileOptions        [["a.yml","title: …"]] ─▶ texts        ["rules/"] ─▶ paths
//! ```
//!
//! Names and values are checked by the waist.

use serde::Serialize;
use serde::de::DeserializeOwned;
use tieline_common::waist::{Error, Kind};

/// A list of texts or paths.
pub(crate) fn list<T: DeserializeOwned>(json: &str, name: &str) -> Result<Vec<T>, Error> {
    serde_json::from_str(json).map_err(|error| Error::new(Kind::Argument, format!("`{name}`: {error}")))
}

/// A record as JSON text.
pub(crate) fn text(record: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(record).map_err(|error| Error::new(Kind::Internal, error.to_string()))
}

/// A time of JavaScript in nanoseconds since 1970.
pub(crate) fn time_ns(time: &napi::bindgen_prelude::BigInt) -> Result<i64, Error> {
    let (value, is_exact) = time.get_i64();
    if is_exact {
        return Ok(value);
    }
    Err(Error::new(Kind::Argument, "`timeNs` is out of range; write nanoseconds since 1970, in 64 bits"))
}
