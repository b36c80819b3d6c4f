//! Tells of events what OT operations they are about, without any rule.
//!
//! ```text
//! {"layers":{"modbus":{...}}} ─▶ [{"ot.protocol": "modbus", "ot.operation": "write", "ot.address": [40001], ...}]
//! ```
//!
//! It is made of the same program that rules are compiled to: one that has no rules and asks for every field of a record.

use super::{Compiler, Error, Rules, operations};
use crate::context::{self, Context, Seen as InContext};
use crate::event::JsonEvent;
use crate::event::json::{self, EventError};
use crate::event::slots::{Kind, Seen, Slots};
use crate::ot::{self, Fill, Records};
use crate::program::SlotId;
use serde_json::Map;
use std::iter;
use std::sync::Arc;

/// Reads the OT operations that events tell of, as rules see them in the fields `ot.*`.
///
/// ```
/// let table = "
/// protocol: modbus
/// sources: {spec: MODBUS Application Protocol Specification V1.1b3}
/// sensors: [{sensor: s, needs: [func], inputs: {code: func, address: reg}}]
/// operations: [{code: 6, name: WRITE_SINGLE_REGISTER, class: write, source: spec}]
/// ";
/// let compiler = tieline::Compiler::new().protocols(None, "{sensor: s, inputs: {}}").protocols(None, table);
/// let mut normaliser = tieline::Normaliser::new(compiler)?;
/// let records = normaliser.records_json(br#"{"func": 6, "reg": 40001}"#)?;
/// assert_eq!(records[0]["ot.operation"], "write");
/// assert_eq!(records[0]["ot.address"], serde_json::json!([40001]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Normaliser {
    rules: Rules,
    /// What is told of an operation, and what of a plant.
    columns: Arc<[Vec<Column>; 2]>,
    slots: Slots,
    records: Records,
    seen: InContext,
}

/// A copy shares the tables, for another thread.
impl Clone for Normaliser {
    fn clone(&self) -> Self {
        Self::with(self.rules.clone(), Arc::clone(&self.columns))
    }
}

/// A field of records, and where its values are.
#[derive(Debug)]
struct Column {
    name: String,
    slot: SlotId,
    is_list: bool,
}

impl Column {
    fn new(name: String, slot: Option<SlotId>) -> Option<Self> {
        let (slot, is_list) = (slot?, LISTS.contains(&&*name));
        Some(Self { name, slot, is_list })
    }
}

/// Fields that are lists, also when there is one value.
const LISTS: &[&str] = &[
    "ot.address",
    "ot.value",
    "ot.flag",
    "flow.denied_by",
    "source.asset.tag",
    "destination.asset.tag",
    "host.asset.tag",
];

impl Normaliser {
    /// A normaliser with the tables that were given to a compiler; its rules are left aside.
    ///
    /// # Errors
    /// When a table is broken.
    pub fn new(compiler: Compiler) -> Result<Self, Error> {
        Ok(Self::over(compiler.asking(fields())?))
    }

    /// The same for events of a plant: records also have what its inventory, zones and conduits say, in the fields
    /// `source.asset.role`, `destination.zone`, `flow.allowed` and so on. An event that tells of no operation has one record
    /// with these alone, if there is anything to say.
    ///
    /// # Errors
    /// When a table is broken.
    pub fn in_context(compiler: Compiler, context: &Context) -> Result<Self, Error> {
        Ok(Self::over(compiler.asking(fields().chain(context::fields()))?.with_context(context)))
    }

    fn over(rules: Rules) -> Self {
        let (plan, in_context) = (rules.inner().plan(), rules.seen_in());
        let told = |name: String| Column::new(name.clone(), plan?.filled(&name));
        let seen = |name: String| Column::new(name.clone(), in_context?.0.filled(&name));
        let columns = [fields().filter_map(told).collect(), context::fields().filter_map(seen).collect()];
        Self::with(rules, columns.into())
    }

    fn with(rules: Rules, columns: Arc<[Vec<Column>; 2]>) -> Self {
        Self { rules, columns, slots: Slots::default(), records: Records::default(), seen: InContext::default() }
    }

    /// The records of a JSON object, one for each operation, with the fields that are known; none when it tells of no
    /// operation, or has fields of a record already.
    ///
    /// # Errors
    /// When the bytes are no JSON object, as for [`Scanner::scan_json`](super::Scanner::scan_json).
    pub fn records_json(&mut self, event: &[u8]) -> Result<Vec<Map<String, serde_json::Value>>, EventError> {
        let Self { rules, columns, slots, records, seen } = self;
        let [of_operation, of_plant] = &**columns;
        let (plan, in_context) = (rules.inner().plan(), rules.seen_in());
        let text = slots.fill_json(event, &rules.inner().program().fields)?;
        seen.begin();
        let mut count = 0;
        if let Some(plan) = plan {
            if slots.are_unordered() {
                operations::put_in_order(plan, slots, &JsonEvent::parse(event)?);
            }
            count = records.read(plan, Fill::All, slots, text);
        }
        let told = if in_context.is_some() { count.max(1) } else { count };
        let mut all = Vec::with_capacity(told);
        for number in 0..told {
            records.put(number, slots);
            let mut record = Map::new();
            if count > 0 {
                put(&mut record, of_operation, slots, text);
            }
            if let Some((lens, context)) = in_context {
                seen.put(lens, context, slots, text);
                put(&mut record, of_plant, slots, text);
            }
            if !record.is_empty() {
                all.push(record);
            }
        }
        Ok(all)
    }
}

/// The fields of a record.
fn fields() -> impl Iterator<Item = String> {
    ot::FIELDS.iter().map(|field| format!("{}{field}", ot::PREFIX))
}

fn put(record: &mut Map<String, serde_json::Value>, columns: &[Column], slots: &Slots, text: &str) {
    for Column { name, slot, is_list } in columns {
        let mut values = slots.values(*slot, text).map(|seen| to_json(&seen));
        let Some(first) = values.next() else { continue };
        let value = match values.next() {
            None if !is_list => first,
            second => iter::once(first).chain(second).chain(values).collect(),
        };
        record.insert(name.clone(), value);
    }
}

fn to_json(seen: &Seen<'_>) -> serde_json::Value {
    match seen.kind {
        Kind::Bool => (seen.raw == "true").into(),
        Kind::Number => json::number(seen.raw).to_json(),
        Kind::Text => seen.cow().into(),
        Kind::Null | Kind::Composite => serde_json::Value::Null,
    }
}
