//! Detections as a table of Arrow.
//!
//! ```text
//! event_index  rule_id                               rule_title       level  tags                                 source
//!          17  5af54681-df95-4c26-854f-2565e13cfab0  Encoded command  high   [attack.execution, attack.t1059.001]  windows
//! ```
//!
//! Columns have the names of the members of a detection. What a rule says of itself is written once, and told by its number. The
//! events themselves are not repeated.

use super::{DetectionRecord, Error, RuleSet, Scan};
use crate::arrow::BadTable;
use arrow_array::builder::{ListBuilder, StringBuilder, StringDictionaryBuilder, UInt64Builder};
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use std::sync::Arc;

/// Detections that are written as a table.
#[derive(Default)]
pub struct Results {
    events: UInt64Builder,
    ids: Texts,
    titles: Texts,
    levels: Texts,
    tags: ListBuilder<StringBuilder>,
    sources: Texts,
}

/// Texts that repeat.
type Texts = StringDictionaryBuilder<Int32Type>;

impl Results {
    /// The columns.
    #[must_use]
    pub fn schema() -> SchemaRef {
        let text = || DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let tag = Field::new("item", DataType::Utf8, true);
        Arc::new(Schema::new(vec![
            Field::new("event_index", DataType::UInt64, true),
            Field::new("rule_id", text(), true),
            Field::new("rule_title", text(), false),
            Field::new("level", text(), true),
            Field::new("tags", DataType::List(Arc::new(tag)), false),
            Field::new("source", text(), true),
        ]))
    }

    /// Adds a row. `event_index` is missing where events have no numbers.
    pub fn push<'t>(
        &mut self,
        event_index: Option<u64>,
        [id, level, source]: [Option<&str>; 3],
        title: &str,
        tags: impl IntoIterator<Item = &'t str>,
    ) {
        self.events.append_option(event_index);
        self.ids.append_option(id);
        self.titles.append_value(title);
        self.levels.append_option(level);
        tags.into_iter().for_each(|tag| self.tags.values().append_value(tag));
        self.tags.append(true);
        self.sources.append_option(source);
    }

    /// The table.
    ///
    /// # Errors
    /// When a table cannot hold so much.
    pub fn finish(mut self) -> Result<RecordBatch, Error> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.events.finish()),
            Arc::new(self.ids.finish()),
            Arc::new(self.titles.finish()),
            Arc::new(self.levels.finish()),
            Arc::new(self.tags.finish()),
            Arc::new(self.sources.finish()),
        ];
        RecordBatch::try_new(Self::schema(), columns).map_err(|error| BadTable::from(error).into())
    }
}

impl RuleSet {
    /// What was found as a table, one row for each detection.
    ///
    /// # Errors
    /// When a table cannot hold so many.
    pub fn results(&self, scan: &Scan) -> Result<RecordBatch, Error> {
        let mut results = Results::default();
        for record in scan.hits.iter().filter_map(|hit| DetectionRecord::new(self, hit, None)) {
            let (level, tags) = (record.level.map(tieline::Level::as_str), record.tags.iter().map(String::as_str));
            results.push(Some(record.event_index), [record.rule_id, level, record.source], record.rule_title, tags);
        }
        results.finish()
    }
}
