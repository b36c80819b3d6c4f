//! Which findings are one attack.
//!
//! ```text
//!  rules, options ─▶ NativeIncidents ─▶ push, push_lines, push_events, add ─▶ incidents, take_changes, stats ─▶ JSON
//! ```

use crate::errors::guarded;
use crate::held::one;
use crate::later::{Answer, Later, later};
use crate::options::{list, text, time_ns};
use crate::rules::NativeRules;
use crate::scan::cut;
use crate::stream::restored;
use napi::bindgen_prelude::{AsyncTask, BigInt, Buffer, BufferSlice, Uint32Array};
use napi_derive::napi;
use std::sync::Arc;
use tieline_common::waist::{Incidents, Taken, from_json};

/// Joins findings to incidents.
#[napi]
pub struct NativeIncidents {
    inner: Arc<Incidents>,
}

#[napi]
impl NativeIncidents {
    /// With rules, and options as JSON.
    ///
    /// # Errors
    /// As in the waist.
    #[napi(factory)]
    pub fn of(rules: &NativeRules, options: String) -> napi::Result<Self> {
        guarded(|| Ok(Self { inner: Arc::new(Incidents::new(&rules.inner, &from_json(&options)?)?) }))
    }

    /// Takes in one event.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn push(&self, event: BufferSlice<'_>, length: u32, at: Option<String>) -> napi::Result<()> {
        guarded(|| self.inner.push(one(&event, length), at.as_deref()))
    }

    /// Takes in a text with one event a line.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn push_lines(&self, text: BufferSlice<'_>, name: Option<String>) -> napi::Result<String> {
        guarded(|| self.inner.push_lines(&text, name.as_deref())?.shown())
    }

    /// The same on another thread.
    #[napi(ts_return_type = "Promise<string>")]
    #[must_use]
    pub fn push_lines_later(&self, text: BufferSlice<'_>, name: Option<String>) -> AsyncTask<Later<Taken>> {
        let (own, text) = (Arc::clone(&self.inner), text.to_vec());
        later(move || own.push_lines(&text, name.as_deref()))
    }

    /// Takes in events that end at these bytes.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn push_events(&self, bytes: BufferSlice<'_>, ends: Uint32Array) -> napi::Result<String> {
        guarded(|| self.inner.push_events(&cut(&bytes, &ends)?)?.shown())
    }

    /// Takes in a finding that was made elsewhere.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn add(&self, finding: BufferSlice<'_>, length: u32) -> napi::Result<()> {
        guarded(|| self.inner.add(one(&finding, length)))
    }

    /// Says that nothing older will come.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn advance(&self, time: BigInt) -> napi::Result<()> {
        guarded(|| self.inner.advance(time_ns(&time)?))
    }

    /// Takes all that waits.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn finish(&self) -> napi::Result<()> {
        guarded(|| self.inner.finish())
    }

    /// All incidents, as JSON.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn incidents(&self) -> napi::Result<String> {
        guarded(|| text(&self.inner.incidents()?))
    }

    /// Incidents in a form for other programs.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn export(&self, form: String, id: Option<String>) -> napi::Result<String> {
        guarded(|| self.inner.export(&form, id.as_deref()))
    }

    /// What became of incidents, as JSON.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn take_changes(&self) -> napi::Result<String> {
        guarded(|| text(&self.inner.take_changes()?))
    }

    /// Counts, as JSON.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn stats(&self) -> napi::Result<String> {
        guarded(|| text(&self.inner.stats()?))
    }

    /// How far clocks are apart, as JSON.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn skews(&self) -> napi::Result<String> {
        guarded(|| text(&self.inner.skews()?))
    }

    /// All state.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn snapshot(&self) -> napi::Result<Buffer> {
        guarded(|| Ok(self.inner.snapshot()?.into()))
    }

    /// Goes on with state, and says what became of it.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn restore(&self, bytes: BufferSlice<'_>) -> napi::Result<String> {
        guarded(|| restored(&self.inner.restore(&bytes)?))
    }

    /// Goes on with other rules and another plant.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn reload(&self, rules: &NativeRules, context: String) -> napi::Result<String> {
        guarded(|| restored(&self.inner.reload(&rules.inner, &list::<String>(&context, "context")?)?))
    }
}
