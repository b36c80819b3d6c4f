//! Detections as a table.
//!
//! ```text
//! row  rule  rule_id                               rule_title       level  tags
//!  17     3  5af54681-df95-4c26-854f-2565e13cfab0  Encoded command  high   [attack.execution, attack.t1059.001]
//! ```
//!
//! What a rule says of itself is written once, and told by its number. The events themselves are not repeated.

use super::Found;
use super::exchange::BadTable;
use arrow_array::builder::{ListBuilder, StringBuilder, StringDictionaryBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{RecordBatch, UInt32Array, UInt64Array};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use std::sync::Arc;
use tieline::Rules;

/// The columns of [`results`].
#[must_use]
pub fn schema() -> SchemaRef {
    let text = || DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let tag = Field::new("item", DataType::Utf8, true);
    Arc::new(Schema::new(vec![
        Field::new("row", DataType::UInt64, false),
        Field::new("rule", DataType::UInt32, false),
        Field::new("rule_id", text(), true),
        Field::new("rule_title", text(), true),
        Field::new("level", text(), true),
        Field::new("tags", DataType::List(Arc::new(tag)), true),
    ]))
}

/// What was found as a table, one row for each detection.
///
/// # Errors
/// When a table cannot hold so many detections.
pub fn results(rules: &Rules, found: &Found) -> Result<RecordBatch, BadTable> {
    let [mut ids, mut titles, mut levels] = std::array::from_fn(|_| StringDictionaryBuilder::<Int32Type>::new());
    let mut tags = ListBuilder::new(StringBuilder::new());
    for index in &found.rules {
        let rule = rules.rule(*index as usize);
        ids.append_option(rule.id());
        titles.append_value(rule.title());
        levels.append_option(rule.level().map(|level| level.as_str()));
        rule.tags().iter().for_each(|tag| tags.values().append_value(tag));
        tags.append(true);
    }
    let columns: Vec<arrow_array::ArrayRef> = vec![
        Arc::new(UInt64Array::from(found.rows.clone())),
        Arc::new(UInt32Array::from(found.rules.clone())),
        Arc::new(ids.finish()),
        Arc::new(titles.finish()),
        Arc::new(levels.finish()),
        Arc::new(tags.finish()),
    ];
    Ok(RecordBatch::try_new(schema(), columns)?)
}
