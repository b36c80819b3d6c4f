//! Events over time.
//!
//! ```text
//!  push, push_lines, push_events ─▶ FoundOverTime     advance, flush ─▶ alerts as JSON     snapshot ─▶ bytes
//! ```
//!
//! That calls of one stream follow one another is a matter of `lib/stream.js`.

use crate::errors::guarded;
use crate::later::{Answer, Later, NativeStop, later};
use crate::options::{text, time_ns};
use crate::rules::NativeRules;
use crate::scan::{Found, cut, number};
use napi::bindgen_prelude::{AsyncTask, BigInt, Buffer, BufferSlice, Uint32Array};
use napi_derive::napi;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tieline::stream::{Alert, Restored};
use tieline_common::waist::{AlertRecord, Error, Kind, Pushed, ScanOptions, Stream, StreamSettings, from_json};

/// What came of events that were pushed; members are missing when they are empty.
#[napi(object)]
pub struct FoundOverTime {
    /// Rules that matched.
    pub found: Option<Found>,
    /// Events that were looked at.
    pub events: f64,
    /// Alerts as JSON.
    pub alerts: Option<String>,
    /// Events that are not counted, as JSON.
    pub not_counted: Option<String>,
    /// Events without a time.
    pub untimed: f64,
}

impl Answer for Pushed {
    type Shown = FoundOverTime;

    fn shown(self) -> Result<FoundOverTime, Error> {
        let is_silent = self.scan.hits.is_empty() && self.scan.faults.is_empty();
        Ok(FoundOverTime {
            found: if is_silent { None } else { Some(Found::new(&self.scan)?) },
            events: number(self.scan.events),
            alerts: if self.alerts.is_empty() { None } else { Some(alerts(&self.alerts)?) },
            not_counted: if self.not_counted.is_empty() { None } else { Some(text(&self.not_counted)?) },
            untimed: number(self.untimed),
        })
    }
}

/// Alerts as JSON, with times as text, because JavaScript reads numbers of JSON with 53 bits.
fn alerts(alerts: &[Alert]) -> Result<String, Error> {
    let record = |alert| {
        let mut record = json!(AlertRecord::new(alert));
        for (name, time) in [("time_ns", alert.time_ns()), ("first_ns", alert.first_ns()), ("last_ns", alert.last_ns())]
        {
            if let Some(place) = record.get_mut(name) {
                *place = json!(time.to_string());
            }
        }
        record
    };
    text(&alerts.iter().map(record).collect::<Vec<Value>>())
}

pub(crate) fn restored(restored: &Restored) -> Result<String, Error> {
    text(&json!({"kept": restored.kept, "dropped": restored.dropped}))
}

/// Correlates events over time.
#[napi]
pub struct NativeStream {
    pub(crate) inner: Arc<Stream>,
}

/// A stream for rules.
///
/// # Errors
/// As in the waist.
#[napi]
pub fn make_stream(rules: &NativeRules, settings: String, options: String) -> napi::Result<NativeStream> {
    guarded(|| {
        let settings: StreamSettings = from_json(&settings)?;
        let stream = Stream::new(Arc::clone(&rules.inner), &settings, &from_json::<ScanOptions>(&options)?)?;
        Ok(NativeStream { inner: Arc::new(stream) })
    })
}

pub(crate) fn go_on(stop: &std::sync::atomic::AtomicBool) -> Result<(), Error> {
    if stop.load(Ordering::Relaxed) {
        return Err(Error::new(Kind::Cancelled, "the call was cancelled before it began"));
    }
    Ok(())
}

#[napi]
impl NativeStream {
    /// Pushes one event.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn push(&self, event: BufferSlice<'_>, length: u32, time: Option<BigInt>) -> napi::Result<FoundOverTime> {
        guarded(|| {
            let event = event.get(..length as usize).unwrap_or_default();
            self.inner.push(event, time.as_ref().map(time_ns).transpose()?)?.shown()
        })
    }

    /// Pushes a text with one event a line.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn push_lines(&self, text: BufferSlice<'_>) -> napi::Result<FoundOverTime> {
        guarded(|| self.inner.push_lines(&text)?.shown())
    }

    /// Pushes events that end at these bytes.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn push_events(&self, bytes: BufferSlice<'_>, ends: Uint32Array) -> napi::Result<FoundOverTime> {
        guarded(|| self.inner.push_events(&cut(&bytes, &ends)?)?.shown())
    }

    /// Pushes a text on another thread, unless it is stopped before.
    #[napi(ts_return_type = "Promise<FoundOverTime>")]
    #[must_use]
    pub fn push_lines_later(&self, text: BufferSlice<'_>, stop: &NativeStop) -> AsyncTask<Later<Pushed>> {
        let (stream, stop, text) = (Arc::clone(&self.inner), Arc::clone(&stop.flag), text.to_vec());
        later(move || {
            go_on(&stop)?;
            stream.push_lines(&text)
        })
    }

    /// Pushes events on another thread, unless it is stopped before.
    #[napi(ts_return_type = "Promise<FoundOverTime>")]
    #[must_use]
    pub fn push_events_later(
        &self,
        bytes: BufferSlice<'_>,
        ends: Uint32Array,
        stop: &NativeStop,
    ) -> AsyncTask<Later<Pushed>> {
        let (stream, stop) = (Arc::clone(&self.inner), Arc::clone(&stop.flag));
        let (bytes, ends) = (bytes.to_vec(), ends.to_vec());
        later(move || {
            go_on(&stop)?;
            stream.push_events(&cut(&bytes, &ends)?)
        })
    }

    /// Says that nothing older will come.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn advance(&self, time: BigInt) -> napi::Result<String> {
        guarded(|| alerts(&self.inner.advance(time_ns(&time)?)?))
    }

    /// Says that nothing will come.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn flush(&self) -> napi::Result<String> {
        guarded(|| alerts(&self.inner.flush()?))
    }

    /// What is older is too late.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn watermark(&self) -> napi::Result<Option<BigInt>> {
        guarded(|| Ok(self.inner.watermark_ns()?.map(BigInt::from)))
    }

    /// Counts.
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
    pub fn restore(&self, bytes: BufferSlice<'_>) -> napi::Result<String> {
        guarded(|| restored(&self.inner.restore(&bytes)?))
    }

    /// Goes on with other rules.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn reload(&self, rules: &NativeRules) -> napi::Result<String> {
        guarded(|| restored(&self.inner.reload(Arc::clone(&rules.inner))?))
    }

    /// Frees all state.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn close(&self) -> napi::Result<()> {
        guarded(|| self.inner.close())
    }
}
