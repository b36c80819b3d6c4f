//! What OT operations an event tells of, without any rule.
//!
//! ```text
//!  tables ─▶ Normaliser ─▶ records(event) ─▶ [{"ot.protocol":"modbus","ot.operation":"write",…}]
//! ```
//!
//! It holds readers that nobody uses at the moment, so that threads may share it. What records mean is a matter of the core.

use super::options::NormaliserOptions;
use super::{Error, Kind};
use crate::context::read_context;
use crate::load::{find_taxonomy, with_taxonomy};
use serde_json::{Map, Value};
use std::sync::Mutex;
use tieline::Compiler;
use tieline::context::Context;

/// Readers that are kept for the next call at most.
const IDLE_MAX: usize = 64;

/// Reads the OT operations that events tell of, as rules see them in the fields `ot.*`.
///
/// ```
/// use tieline_common::waist::{Normaliser, NormaliserOptions};
///
/// let normaliser = Normaliser::new(&NormaliserOptions::default())?;
/// let event = br#"{"layers":{"mbtcp":{"mbtcp_mbtcp_unit_id":"3"},"modbus":{"modbus_modbus_func_code":"5"}}}"#;
/// let records = normaliser.records(event)?;
/// assert_eq!(records[0]["ot.operation"], "control");
/// assert_eq!(records[0]["ot.unit"], 3);
/// # Ok::<(), tieline_common::waist::Error>(())
/// ```
#[derive(Debug)]
pub struct Normaliser {
    first: tieline::Normaliser,
    idle: Mutex<Vec<tieline::Normaliser>>,
}

/// The plant that an option names; `None` when it names none. A fault in it is an error.
pub(super) fn plant_of(names: &[String]) -> Result<Option<Context>, Error> {
    if names.is_empty() {
        return Ok(None);
    }
    let context = read_context(names)?;
    let faults = context.diagnostics().iter().filter(|told| told.is_error()).cloned().collect();
    Error::of_faults(Kind::Argument, faults).map_or(Ok(Some(context)), Err)
}

impl Normaliser {
    /// A normaliser with the shipped tables, or with others; over a plant, when there is one.
    ///
    /// # Errors
    /// When a file cannot be read, or holds something broken; then the diagnostics say where.
    pub fn new(options: &NormaliserOptions) -> Result<Self, Error> {
        let compiler = with_taxonomy(Compiler::new(), &find_taxonomy(&options.taxonomy)?);
        let first = match plant_of(&options.context)? {
            Some(context) => tieline::Normaliser::in_context(compiler, &context)?,
            None => tieline::Normaliser::new(compiler)?,
        };
        Ok(Self { first, idle: Mutex::default() })
    }

    /// The records of an event, which is one JSON object: one for each operation, with the fields that are known. There are
    /// none when it tells of no operation, or has fields of a record already, and no plant says anything about it.
    ///
    /// # Errors
    /// When the event cannot be read.
    pub fn records(&self, event: &[u8]) -> Result<Vec<Map<String, Value>>, Error> {
        let idle = self.idle.try_lock().ok().and_then(|mut idle| idle.pop());
        let mut own = idle.unwrap_or_else(|| self.first.clone());
        let records = own.records_json(event);
        if let Ok(mut idle) = self.idle.try_lock()
            && idle.len() < IDLE_MAX
        {
            idle.push(own);
        }
        Ok(records?)
    }
}
