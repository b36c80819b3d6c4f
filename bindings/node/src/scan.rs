//! Scans of events in memory.
//!
//! ```text
//!  bytes, where each event ends ─▶ waist ─▶ Found { hits: [event, rule, form, event, rule, form, …], evidence, faults }
//! ```
//!
//! Hits go as numbers, and their rules are told once; `lib/findings.js` makes objects of them.

use crate::errors::guarded;
use crate::later::{Answer, Later, NativeStop, later};
use crate::options::text;
use crate::rules::NativeRules;
use napi::bindgen_prelude::{AsyncTask, BufferSlice, Float64Array, Uint32Array};
use napi_derive::napi;
use std::sync::Arc;
use tieline_common::waist::{Error, Kind, Scan, ScanOptions, from_json};

/// What a scan found; members are missing when they are empty.
#[napi(object)]
pub struct Found {
    /// Events that were looked at.
    pub events: f64,
    /// Three numbers for each hit: event, rule, form of the rules.
    pub hits: Option<Float64Array>,
    /// Why, as JSON: one record for each hit.
    pub evidence: Option<String>,
    /// Events that cannot be read, as JSON.
    pub faults: Option<String>,
}

/// Numbers of events and rules stay below 2^53, so they are exact.
#[expect(clippy::cast_precision_loss, reason = "nobody counts 2^53 events")]
pub(crate) fn number(count: u64) -> f64 {
    count as f64
}

impl Found {
    pub(crate) fn new(scan: &Scan) -> Result<Self, Error> {
        let hits = scan.hits.iter().flat_map(|hit| [number(hit.event), f64::from(hit.rule), f64::from(hit.form)]);
        Ok(Self {
            events: number(scan.events),
            hits: if scan.hits.is_empty() { None } else { Some(hits.collect::<Vec<_>>().into()) },
            evidence: if scan.evidence.is_empty() { None } else { Some(text(&scan.evidence)?) },
            faults: if scan.faults.is_empty() { None } else { Some(text(&scan.faults)?) },
        })
    }
}

impl Answer for Scan {
    type Shown = Found;

    fn shown(self) -> Result<Found, Error> {
        Found::new(&self)
    }
}

/// Cuts bytes into events. The ends come from `lib/events.js`.
pub(crate) fn cut<'e>(bytes: &'e [u8], ends: &[u32]) -> Result<Vec<&'e [u8]>, Error> {
    let starts = std::iter::once(0).chain(ends.iter().copied());
    let event = |(start, end): (u32, &u32)| bytes.get(start as usize..*end as usize);
    let fault = || Error::new(Kind::Argument, "the events were changed during the call");
    starts.zip(ends).map(event).collect::<Option<_>>().ok_or_else(fault)
}

/// How many lines end in a text.
#[napi]
#[must_use]
pub fn count_lines(text: BufferSlice<'_>) -> f64 {
    number(text.iter().map(|byte| u64::from(*byte == b'\n')).sum())
}

#[napi]
impl NativeRules {
    /// Scans one event; nothing when nothing was found.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn scan(&self, event: BufferSlice<'_>, length: u32, options: String) -> napi::Result<Option<Found>> {
        guarded(|| {
            let event = event.get(..length as usize).unwrap_or_default();
            let scan = self.inner.scan(event, &from_json::<ScanOptions>(&options)?)?;
            if scan.hits.is_empty() { Ok(None) } else { Found::new(&scan).map(Some) }
        })
    }

    /// Scans a text with one event a line.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn scan_lines(&self, text: BufferSlice<'_>, options: String) -> napi::Result<Found> {
        guarded(|| Found::new(&self.inner.scan_lines(&text, &from_json::<ScanOptions>(&options)?)?))
    }

    /// Scans events that end at these bytes.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn scan_events(&self, bytes: BufferSlice<'_>, ends: Uint32Array, options: String) -> napi::Result<Found> {
        guarded(|| {
            let events = cut(&bytes, &ends)?;
            Found::new(&self.inner.scan_events(&events, &from_json::<ScanOptions>(&options)?)?)
        })
    }

    /// Scans a text on another thread, until it is stopped.
    #[napi(ts_return_type = "Promise<Found>")]
    #[must_use]
    pub fn scan_lines_later(
        &self,
        text: BufferSlice<'_>,
        options: String,
        stop: &NativeStop,
    ) -> AsyncTask<Later<Scan>> {
        let (rules, stop, text) = (Arc::clone(&self.inner), Arc::clone(&stop.flag), text.to_vec());
        later(move || rules.scan_lines_until(&text, &from_json::<ScanOptions>(&options)?, &stop))
    }

    /// Scans events on another thread, until it is stopped.
    #[napi(ts_return_type = "Promise<Found>")]
    #[must_use]
    pub fn scan_events_later(
        &self,
        bytes: BufferSlice<'_>,
        ends: Uint32Array,
        options: String,
        stop: &NativeStop,
    ) -> AsyncTask<Later<Scan>> {
        let (rules, stop, bytes) = (Arc::clone(&self.inner), Arc::clone(&stop.flag), bytes.to_vec());
        let ends = ends.to_vec();
        later(move || {
            let events = cut(&bytes, &ends)?;
            rules.scan_events_until(&events, &from_json::<ScanOptions>(&options)?, &stop)
        })
    }
}
