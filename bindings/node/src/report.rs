//! What happened in a plant over a period.
//!
//! ```text
//!  rules, options ─▶ NativeReport ─▶ push, push_lines, push_events ─▶ finish ─▶ json, markdown, html
//! ```

use crate::errors::guarded;
use crate::held::one;
use crate::later::{Answer, Later, later};
use crate::rules::NativeRules;
use crate::scan::cut;
use napi::bindgen_prelude::{AsyncTask, BufferSlice, Uint32Array};
use napi_derive::napi;
use std::sync::Arc;
use tieline_common::waist::{Report, Taken, from_json};

/// Makes a report of events.
#[napi]
pub struct NativeReport {
    inner: Arc<Report>,
}

#[napi]
impl NativeReport {
    /// With rules, and options as JSON.
    ///
    /// # Errors
    /// As in the waist.
    #[napi(factory)]
    pub fn of(rules: &NativeRules, options: String) -> napi::Result<Self> {
        guarded(|| Ok(Self { inner: Arc::new(Report::new(&rules.inner, &from_json(&options)?)?) }))
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

    /// Makes the document, maybe since the last one.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn finish(&self, since: Option<String>) -> napi::Result<()> {
        guarded(|| self.inner.finish(since.as_deref().map(str::as_bytes)))
    }

    /// The document as JSON.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn json(&self) -> napi::Result<String> {
        guarded(|| self.inner.json())
    }

    /// The document as Markdown.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn markdown(&self) -> napi::Result<String> {
        guarded(|| self.inner.markdown())
    }

    /// The document as a page.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn html(&self) -> napi::Result<String> {
        guarded(|| self.inner.html())
    }
}
