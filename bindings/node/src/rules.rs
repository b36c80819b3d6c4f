//! Rules: made from texts, paths, or saved bytes, now or later, and what they tell of themselves.
//!
//! ```text
//!  compile, load, from_bytes ─▶ NativeRules ─▶ records, report, fields, explain, test, to_bytes
//! ```
//!
//! Scans are in `scan`.

use crate::errors::guarded;
use crate::later::{Answer, Later, later};
use crate::options::{list, text};
use napi::bindgen_prelude::{AsyncTask, Buffer, BufferSlice};
use napi_derive::napi;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use tieline_common::fields::fields;
use tieline_common::waist::{CompileOptions, DetectionRecord, Error, Hit, Kind, RuleRecord, RuleSet, from_json};

/// Compiled rules.
#[napi]
pub struct NativeRules {
    pub(crate) inner: Arc<RuleSet>,
}

impl Answer for RuleSet {
    type Shown = NativeRules;

    fn shown(self) -> Result<NativeRules, Error> {
        Ok(NativeRules { inner: Arc::new(self) })
    }
}

impl Answer for String {
    type Shown = Self;

    fn shown(self) -> Result<Self, Error> {
        Ok(self)
    }
}

/// Where rules come from.
enum Origin {
    Texts(String),
    Paths(String),
    Bytes(Vec<u8>),
}

fn make(origin: &Origin, options: &str) -> Result<RuleSet, Error> {
    let options: CompileOptions = from_json(options)?;
    match origin {
        Origin::Texts(texts) => RuleSet::compile(list::<(String, String)>(texts, "texts")?, &options),
        Origin::Paths(paths) => RuleSet::load(&list::<PathBuf>(paths, "paths")?, &options),
        Origin::Bytes(bytes) => RuleSet::from_bytes(bytes),
    }
}

fn make_later(origin: Origin, options: String) -> AsyncTask<Later<RuleSet>> {
    later(move || make(&origin, &options))
}

/// Of texts: a list of names and YAML.
///
/// # Errors
/// As in the waist.
#[napi]
pub fn compile(texts: String, options: String) -> napi::Result<NativeRules> {
    guarded(|| make(&Origin::Texts(texts), &options)?.shown())
}

/// The same on another thread.
#[napi(ts_return_type = "Promise<NativeRules>")]
#[must_use]
pub fn compile_later(texts: String, options: String) -> AsyncTask<Later<RuleSet>> {
    make_later(Origin::Texts(texts), options)
}

/// Of files and directories.
///
/// # Errors
/// As in the waist.
#[napi]
pub fn load(paths: String, options: String) -> napi::Result<NativeRules> {
    guarded(|| make(&Origin::Paths(paths), &options)?.shown())
}

/// The same on another thread.
#[napi(ts_return_type = "Promise<NativeRules>")]
#[must_use]
pub fn load_later(paths: String, options: String) -> AsyncTask<Later<RuleSet>> {
    make_later(Origin::Paths(paths), options)
}

/// Of bytes that were saved.
///
/// # Errors
/// As in the waist.
#[napi]
pub fn from_bytes(bytes: BufferSlice<'_>) -> napi::Result<NativeRules> {
    guarded(|| RuleSet::from_bytes(&bytes)?.shown())
}

/// The same on another thread.
#[napi(ts_return_type = "Promise<NativeRules>")]
#[must_use]
pub fn from_bytes_later(bytes: BufferSlice<'_>) -> AsyncTask<Later<RuleSet>> {
    make_later(Origin::Bytes(bytes.to_vec()), String::new())
}

/// All diagnostics of texts.
///
/// # Errors
/// As in the waist.
#[napi]
pub fn check(texts: String, options: String) -> napi::Result<String> {
    guarded(|| {
        let options: CompileOptions = from_json(&options)?;
        text(&tieline_common::waist::check(list::<(String, String)>(&texts, "texts")?, &options)?)
    })
}

#[napi]
impl NativeRules {
    /// Rules that can match.
    #[napi(getter)]
    #[must_use]
    pub fn size(&self) -> u32 {
        u32::try_from(self.inner.rules().len()).unwrap_or(u32::MAX)
    }

    /// What rules say of themselves.
    ///
    /// # Errors
    /// Never, but for faults of Tieline.
    #[napi]
    pub fn rules(&self) -> napi::Result<String> {
        guarded(|| text(&self.inner.rules().iter().map(RuleRecord::of_rule).collect::<Vec<_>>()))
    }

    /// What correlations say of themselves.
    ///
    /// # Errors
    /// Never, but for faults of Tieline.
    #[napi]
    pub fn correlations(&self) -> napi::Result<String> {
        guarded(|| text(&self.inner.rules().correlations().map(RuleRecord::of_correlation).collect::<Vec<_>>()))
    }

    /// What was found wrong in rules.
    ///
    /// # Errors
    /// Never, but for faults of Tieline.
    #[napi]
    pub fn diagnostics(&self) -> napi::Result<String> {
        guarded(|| text(&self.inner.diagnostics().collect::<Vec<_>>()))
    }

    /// What was loaded and left out.
    ///
    /// # Errors
    /// Never, but for faults of Tieline.
    #[napi]
    pub fn report(&self) -> napi::Result<String> {
        guarded(|| text(&self.inner.report()))
    }

    /// The fields that rules read.
    ///
    /// # Errors
    /// Never, but for faults of Tieline.
    #[napi]
    pub fn fields(&self) -> napi::Result<String> {
        guarded(|| text(&fields(self.inner.rules())))
    }

    /// What all detections of a rule have in common.
    ///
    /// # Errors
    /// When there is no such rule.
    #[napi]
    pub fn head(&self, form: u32, rule: u32) -> napi::Result<String> {
        guarded(|| {
            let record = DetectionRecord::new(&self.inner, &Hit { event: 0, rule, form }, None);
            text(&record.ok_or_else(|| Error::new(Kind::Internal, "a hit is of other rules"))?)
        })
    }

    /// Why a rule matches an event or does not: the record, and the same as text.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn explain(&self, rule: String, event: BufferSlice<'_>) -> napi::Result<String> {
        guarded(|| {
            let explanation = self.inner.explain(&rule, &event)?;
            let record: Value = json!(explanation);
            text(&json!([record, explanation.to_string()]))
        })
    }

    /// The same rules with other indicators: paths of lists, or lists as text.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn with_indicators(&self, lists: String) -> napi::Result<NativeRules> {
        guarded(|| self.inner.with_indicators(&list::<String>(&lists, "lists")?)?.shown())
    }

    /// The same on another thread.
    #[napi(ts_return_type = "Promise<NativeRules>")]
    #[must_use]
    pub fn with_indicators_later(&self, lists: String) -> AsyncTask<Later<RuleSet>> {
        let rules = Arc::clone(&self.inner);
        later(move || rules.with_indicators(&list::<String>(&lists, "lists")?))
    }

    /// Runs the events beside rule files.
    #[napi(ts_return_type = "Promise<string>")]
    #[must_use]
    pub fn test(&self) -> AsyncTask<Later<String>> {
        let rules = Arc::clone(&self.inner);
        later(move || text(&rules.test()?))
    }

    /// The same rules over another plant: a list of paths and YAML texts.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn in_context(&self, context: String) -> napi::Result<NativeRules> {
        guarded(|| self.inner.in_context(&list::<String>(&context, "context")?)?.shown())
    }

    /// The rules as bytes.
    ///
    /// # Errors
    /// Never, but for faults of Tieline.
    #[napi]
    pub fn to_bytes(&self) -> napi::Result<Buffer> {
        guarded(|| Ok(self.inner.to_bytes().into()))
    }
}
