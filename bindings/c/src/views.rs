//! What rules say of themselves, as a struct that borrows from them.
//!
//! ```text
//!  RuleInfo { title, level, tags: [String] } ─▶ tl_rule { title, level, tags: *tl_str, tags_len }
//!                                                                        └─ made once for each rule, kept with it
//! ```
//!
//! The rest, such as references, stands in the JSON of a rule.

use crate::memory::{sized, tl_str};
use std::sync::OnceLock;
use tieline::stream::CorrelationInfo;
use tieline::{Level, Metadata, RuleInfo};
use tieline_common::waist::{Hit, RuleSet};

/// A rule that asks each event by itself.
pub const TL_DETECTION: i32 = 1;
/// A rule that correlates events.
pub const TL_CORRELATION: i32 = 2;

/// The rule has no level.
pub const TL_LEVEL_NONE: i32 = 0;
/// `informational`.
pub const TL_LEVEL_INFORMATIONAL: i32 = 1;
/// `low`.
pub const TL_LEVEL_LOW: i32 = 2;
/// `medium`.
pub const TL_LEVEL_MEDIUM: i32 = 3;
/// `high`.
pub const TL_LEVEL_HIGH: i32 = 4;
/// `critical`.
pub const TL_LEVEL_CRITICAL: i32 = 5;

/// What a rule says of itself. Set `struct_size` before the call. Texts that a rule does not have are null; all live as
/// long as the rules.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct tl_rule {
    /// `sizeof(tl_rule)`.
    pub struct_size: usize,
    /// `TL_DETECTION` or `TL_CORRELATION`.
    pub kind: i32,
    /// One of `TL_LEVEL_…`.
    pub level: i32,
    /// The id, else the name: what identifies the rule in records.
    pub id: tl_str,
    /// The name.
    pub name: tl_str,
    /// The title; empty when it has none.
    pub title: tl_str,
    /// What it detects.
    pub description: tl_str,
    /// Its authors.
    pub author: tl_str,
    /// The file it came from, or the name of its text.
    pub path: tl_str,
    /// The category of its log source.
    pub category: tl_str,
    /// The product of its log source.
    pub product: tl_str,
    /// The service of its log source.
    pub service: tl_str,
    /// The type of a correlation, such as `event_count`.
    pub correlation_type: tl_str,
    /// For the rule of a hit: the source by which it was mapped, when one was found out or chosen.
    pub source: tl_str,
    /// Its tags.
    pub tags: *const tl_str,
    /// How many there are.
    pub tags_len: usize,
}

sized!(tl_rule {
    kind,
    id,
    name,
    title,
    description,
    author,
    path,
    category,
    product,
    service,
    correlation_type,
    source,
    tags,
});

/// The number of a level.
pub(crate) fn level(level: Option<Level>) -> i32 {
    match level {
        None => TL_LEVEL_NONE,
        Some(Level::Informational) => TL_LEVEL_INFORMATIONAL,
        Some(Level::Low) => TL_LEVEL_LOW,
        Some(Level::Medium) => TL_LEVEL_MEDIUM,
        Some(Level::High) => TL_LEVEL_HIGH,
        Some(Level::Critical) => TL_LEVEL_CRITICAL,
    }
}

/// Tags of one rule as C sees them.
pub(crate) type Tags = Box<[tl_str]>;

/// Tags as C sees them; they borrow from the rule.
pub(crate) fn tags(meta: &Metadata) -> Tags {
    meta.tags.iter().map(|tag| tl_str::of(tag)).collect()
}

type Table = Box<[OnceLock<Tags>]>;

/// Tags of all rules, each made when it is asked for first.
#[derive(Default)]
pub(crate) struct TagTables {
    forms: Vec<OnceLock<Table>>,
    correlations: Table,
}

fn table(len: usize) -> Table {
    (0..len).map(|_| OnceLock::new()).collect()
}

impl TagTables {
    pub(crate) fn new(rules: &RuleSet) -> Self {
        Self {
            forms: (0..rules.forms_len()).map(|_| OnceLock::new()).collect(),
            correlations: table(rules.rules().correlations().len()),
        }
    }

    fn of_rule(&self, hit: &Hit, len: usize, meta: &Metadata) -> &[tl_str] {
        let form = self.forms.get(hit.form as usize).map(|form| form.get_or_init(|| table(len)));
        let own = form.and_then(|form| form.get(hit.rule as usize));
        own.map_or(&[], |own| own.get_or_init(|| tags(meta)))
    }
}

/// A view of what all kinds of rules have.
pub(crate) fn of_meta(kind: i32, meta: &Metadata, tags: &[tl_str]) -> tl_rule {
    let text = |text: &Option<String>| tl_str::of_some(text.as_deref());
    tl_rule {
        struct_size: size_of::<tl_rule>(),
        kind,
        level: level(meta.level),
        id: tl_str::of_some(meta.id.as_deref().or(meta.name.as_deref())),
        name: text(&meta.name),
        title: tl_str::of(&meta.title),
        description: text(&meta.description),
        author: text(&meta.author),
        path: tl_str::NONE,
        category: tl_str::NONE,
        product: tl_str::NONE,
        service: tl_str::NONE,
        correlation_type: tl_str::NONE,
        source: tl_str::NONE,
        tags: tags.as_ptr(),
        tags_len: tags.len(),
    }
}

/// A view of the rule of a hit; `None` when there is none.
pub(crate) fn of_hit(rules: &RuleSet, tables: &TagTables, hit: &Hit) -> Option<tl_rule> {
    let rule: RuleInfo<'_> = rules.rule(hit)?;
    let (meta, source) = (rule.metadata(), rule.logsource());
    let len = rules.rules_in(hit.form).map_or(0, tieline::Rules::len);
    let text = |text: &Option<String>| tl_str::of_some(text.as_deref());
    Some(tl_rule {
        path: tl_str::of_some(rule.path()),
        category: text(&source.category),
        product: text(&source.product),
        service: text(&source.service),
        source: tl_str::of_some(rules.source_of(hit)),
        ..of_meta(TL_DETECTION, meta, tables.of_rule(hit, len, meta))
    })
}

/// A view of a correlation by its index; `None` when there is none.
pub(crate) fn of_correlation(rules: &RuleSet, tables: &TagTables, index: usize) -> Option<tl_rule> {
    let rule: &CorrelationInfo = rules.rules().correlations().nth(index)?;
    let tags = tables.correlations.get(index)?.get_or_init(|| tags(rule.metadata()));
    Some(tl_rule { correlation_type: tl_str::of(rule.kind()), ..of_meta(TL_CORRELATION, rule.metadata(), tags) })
}
