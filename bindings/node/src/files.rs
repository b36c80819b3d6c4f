//! Files, scanned on a thread of their own.
//!
//! ```text
//!  lib/files.js asks now and then ─▶ take: what was told since, as JSON ─▶ async iterator
//! ```
//!
//! Nobody waits here: a thread of Node's pool that waits for a file that grows would be missed by others.

use crate::errors::guarded;
use crate::options::{list, text};
use crate::rules::NativeRules;
use napi_derive::napi;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;
use tieline_common::waist::{Error, FileScan, Next, Told, from_json};

/// A scan that goes on while its findings are taken.
#[napi]
pub struct NativeFileScan {
    inner: FileScan,
}

/// Begins to scan files.
///
/// # Errors
/// As in the waist.
#[napi]
pub fn scan_files(
    rules: &NativeRules,
    paths: String,
    files: String,
    options: String,
    settings: String,
) -> napi::Result<NativeFileScan> {
    guarded(|| {
        let paths: Vec<PathBuf> = list(&paths, "paths")?;
        let (files, options, settings) = (from_json(&files)?, from_json(&options)?, from_json(&settings)?);
        Ok(NativeFileScan { inner: FileScan::new(&rules.inner, &paths, &files, &options, &settings)? })
    })
}

fn shown(told: Told) -> Value {
    match told {
        Told::Found(record) => json!(["found", record]),
        Told::BadEvent(record) => json!(["badEvent", record]),
        Told::BadFile(record) => json!(["badFile", record]),
        Told::NotCounted(record) => json!(["notCounted", record]),
        Told::Progress { bytes, events } => json!(["progress", {"bytes": bytes, "events": events}]),
    }
}

#[napi]
impl NativeFileScan {
    /// What was told and not yet taken, as JSON: pairs of a kind and a record; the last kind is `end` when the scan is over.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn take(&mut self, most: u32) -> napi::Result<String> {
        guarded(|| {
            let mut taken = Vec::new();
            for _ in 0..most {
                match self.inner.next_within(Duration::ZERO)? {
                    Next::Told(told) => taken.push(shown(told)),
                    Next::Quiet => break,
                    Next::End => {
                        taken.push(json!(["end", self.inner.totals()]));
                        break;
                    }
                }
            }
            text(&taken)
        })
    }

    /// Ends the scan early.
    ///
    /// # Errors
    /// Never, but for faults of Tieline.
    #[napi]
    pub fn stop(&self) -> napi::Result<()> {
        guarded(|| {
            self.inner.stop();
            Ok::<(), Error>(())
        })
    }
}
