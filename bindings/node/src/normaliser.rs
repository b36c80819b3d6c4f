//! What OT operations events tell of.
//!
//! ```text
//!  options ─▶ NativeNormaliser ─▶ records(event) ─▶ [{"ot.protocol":"modbus",…}]
//! ```

use crate::errors::guarded;
use crate::options::text;
use napi::bindgen_prelude::BufferSlice;
use napi_derive::napi;
use tieline_common::waist::{Normaliser, from_json};

/// Reads OT operations.
#[napi]
pub struct NativeNormaliser {
    inner: Normaliser,
}

#[napi]
impl NativeNormaliser {
    /// With options as JSON.
    ///
    /// # Errors
    /// As in the waist.
    #[napi(factory)]
    pub fn of(options: String) -> napi::Result<Self> {
        guarded(|| Ok(Self { inner: Normaliser::new(&from_json(&options)?)? }))
    }

    /// The records of an event, as JSON.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn records(&self, event: BufferSlice<'_>, length: u32) -> napi::Result<String> {
        guarded(|| text(&self.inner.records(event.get(..length as usize).unwrap_or(&event))?))
    }
}
