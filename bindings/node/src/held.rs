//! What learns from events: assets, judgements, conduits.
//!
//! ```text
//!  options ─▶ NativeDiscovery, NativeTrust, NativeLearner ─▶ push, push_lines, push_events ─▶ {"events":3,"faults":[]}
//!                                                        └─▶ assets, take, proposal ─▶ JSON, text
//! ```

use crate::errors::guarded;
use crate::later::{Answer, Later, later};
use crate::options::{list, text, time_ns};
use crate::scan::cut;
use napi::bindgen_prelude::{AsyncTask, BigInt, Buffer, BufferSlice, Uint32Array};
use napi_derive::napi;
use std::sync::Arc;
use tieline_common::waist::{Discovery, Error, Learner, Taken, Trust, from_json};

impl Answer for Taken {
    type Shown = String;

    fn shown(self) -> Result<String, Error> {
        text(&self)
    }
}

/// The bytes of one event, which are the first of a buffer.
pub(crate) fn one<'b>(event: &'b BufferSlice<'_>, length: u32) -> &'b [u8] {
    event.get(..length as usize).unwrap_or(event)
}

/// Learns assets.
#[napi]
pub struct NativeDiscovery {
    inner: Arc<Discovery>,
}

#[napi]
impl NativeDiscovery {
    /// With options as JSON.
    ///
    /// # Errors
    /// As in the waist.
    #[napi(factory)]
    pub fn of(options: String) -> napi::Result<Self> {
        guarded(|| Ok(Self { inner: Arc::new(Discovery::new(&from_json(&options)?)?) }))
    }

    /// Takes in one event.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn push(&self, event: BufferSlice<'_>, length: u32) -> napi::Result<()> {
        guarded(|| self.inner.push(one(&event, length)))
    }

    /// Takes in a text with one event a line.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn push_lines(&self, text: BufferSlice<'_>) -> napi::Result<String> {
        guarded(|| self.inner.push_lines(&text)?.shown())
    }

    /// The same on another thread.
    #[napi(ts_return_type = "Promise<string>")]
    #[must_use]
    pub fn push_lines_later(&self, text: BufferSlice<'_>) -> AsyncTask<Later<Taken>> {
        let (own, text) = (Arc::clone(&self.inner), text.to_vec());
        later(move || own.push_lines(&text))
    }

    /// Takes in events that end at these bytes.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn push_events(&self, bytes: BufferSlice<'_>, ends: Uint32Array) -> napi::Result<String> {
        guarded(|| self.inner.push_events(&cut(&bytes, &ends)?)?.shown())
    }

    /// The assets as JSON.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn assets(&self) -> napi::Result<String> {
        guarded(|| text(&self.inner.assets()?))
    }

    /// Differences from an inventory, as JSON.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn compare(&self, context: String) -> napi::Result<String> {
        guarded(|| text(&self.inner.compare(&list::<String>(&context, "context")?)?))
    }

    /// The assets as an inventory.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn inventory(&self, form: String) -> napi::Result<String> {
        guarded(|| self.inner.inventory(&form))
    }

    /// Counts, as JSON.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn stats(&self) -> napi::Result<String> {
        guarded(|| text(&self.inner.stats()?))
    }

    /// All that is known.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn snapshot(&self) -> napi::Result<Buffer> {
        guarded(|| Ok(self.inner.snapshot()?.into()))
    }

    /// Goes on with what is known.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn restore(&self, bytes: BufferSlice<'_>) -> napi::Result<()> {
        guarded(|| self.inner.restore(&bytes))
    }

    /// Goes on over another plant.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn reload(&self, context: String) -> napi::Result<()> {
        guarded(|| self.inner.reload(&list::<String>(&context, "context")?))
    }
}

/// Judges operations.
#[napi]
pub struct NativeTrust {
    inner: Arc<Trust>,
}

#[napi]
impl NativeTrust {
    /// With options as JSON.
    ///
    /// # Errors
    /// As in the waist.
    #[napi(factory)]
    pub fn of(options: String) -> napi::Result<Self> {
        guarded(|| Ok(Self { inner: Arc::new(Trust::new(&from_json(&options)?)?) }))
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

    /// Judges all before a time.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn advance(&self, time: BigInt) -> napi::Result<()> {
        guarded(|| self.inner.advance(time_ns(&time)?))
    }

    /// Judges all that waits.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn finish(&self) -> napi::Result<()> {
        guarded(|| self.inner.finish())
    }

    /// What was judged, as JSON.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn take(&self) -> napi::Result<String> {
        guarded(|| text(&self.inner.take()?))
    }

    /// Counts, as JSON.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn stats(&self) -> napi::Result<String> {
        guarded(|| text(&self.inner.stats()?))
    }

    /// All state.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn snapshot(&self) -> napi::Result<Buffer> {
        guarded(|| Ok(self.inner.snapshot()?.into()))
    }

    /// Goes on with state.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn restore(&self, bytes: BufferSlice<'_>) -> napi::Result<()> {
        guarded(|| self.inner.restore(&bytes))
    }

    /// Goes on over another plant.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn reload(&self, context: String) -> napi::Result<()> {
        guarded(|| self.inner.reload(&list::<String>(&context, "context")?))
    }
}

/// Learns conduits.
#[napi]
pub struct NativeLearner {
    inner: Arc<Learner>,
}

#[napi]
impl NativeLearner {
    /// With options as JSON.
    ///
    /// # Errors
    /// As in the waist.
    #[napi(factory)]
    pub fn of(options: String) -> napi::Result<Self> {
        guarded(|| Ok(Self { inner: Arc::new(Learner::new(&from_json(&options)?)?) }))
    }

    /// Takes note of one event.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn push(&self, event: BufferSlice<'_>, length: u32) -> napi::Result<()> {
        guarded(|| self.inner.push(one(&event, length)))
    }

    /// Takes note of a text with one event a line.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn push_lines(&self, text: BufferSlice<'_>) -> napi::Result<String> {
        guarded(|| self.inner.push_lines(&text)?.shown())
    }

    /// The same on another thread.
    #[napi(ts_return_type = "Promise<string>")]
    #[must_use]
    pub fn push_lines_later(&self, text: BufferSlice<'_>) -> AsyncTask<Later<Taken>> {
        let (own, text) = (Arc::clone(&self.inner), text.to_vec());
        later(move || own.push_lines(&text))
    }

    /// Takes note of events that end at these bytes.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn push_events(&self, bytes: BufferSlice<'_>, ends: Uint32Array) -> napi::Result<String> {
        guarded(|| self.inner.push_events(&cut(&bytes, &ends)?)?.shown())
    }

    /// Zones and conduits as YAML.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn proposal(&self) -> napi::Result<String> {
        guarded(|| self.inner.proposal())
    }

    /// Flows for which there was no room.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn given_up(&self) -> napi::Result<f64> {
        guarded(|| Ok(crate::scan::number(self.inner.given_up()?)))
    }
}
