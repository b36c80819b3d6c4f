//! Conditions: whether a step applies to a rule, to an item, and to a field name.
//!
//! ```text
//! rule_conditions:            {type: logsource, category: process_creation}      the whole step
//! detection_item_conditions:  {type: match_string, cond: any, pattern: ^HK}      one item
//! field_name_conditions:      {type: include_fields, fields: [Image]}            one field name
//! ```
//!
//! A [`Gate`] joins the conditions of one kind: all of them (`and`, unless `*_cond_op` says `or`), negated by
//! `*_cond_not`, or as a boolean expression over their names (`*_cond_expr`). Nothing is changed here.

use super::attribute::Attribute;
use super::draft::{Draft, Facts, Work};
use super::params::{Literal, Params, Reader};
use crate::check::{Item, LogSource, Part, Pattern, Test};
use crate::diagnostic::{Code, nearest};
use crate::syntax::condition::{self as syntax, Condition as Expression};
use crate::syntax::yaml::Node;
use regex_automata::{Anchored, Input, meta};
use serde_json::Value;
use std::borrow::Cow;
use std::cmp::Ordering;

/// Conditions of one kind, joined.
#[derive(Debug)]
pub(super) struct Gate<C> {
    conditions: Vec<(String, C)>,
    join: Join,
    negated: bool,
}

#[derive(Debug)]
enum Join {
    All,
    Any,
    Expression(Expression),
}

impl<C> Gate<C> {
    /// Whether there are no conditions at all.
    pub(super) fn is_open(&self) -> bool {
        self.conditions.is_empty()
    }

    pub(super) fn holds(&self, test: impl Fn(&C) -> bool) -> bool {
        if self.is_open() {
            return true;
        }
        let joined = match &self.join {
            Join::All => self.conditions.iter().all(|(_, condition)| test(condition)),
            Join::Any => self.conditions.iter().any(|(_, condition)| test(condition)),
            Join::Expression(expression) => self.expression(expression, &test),
        };
        joined != self.negated
    }

    fn expression(&self, expression: &Expression, test: &impl Fn(&C) -> bool) -> bool {
        match expression {
            Expression::Name { name, .. } => {
                self.conditions.iter().any(|(own, condition)| own == name && test(condition))
            }
            Expression::Not(inner) => !self.expression(inner, test),
            Expression::And(parts) => parts.iter().all(|part| self.expression(part, test)),
            Expression::Or(parts) => parts.iter().any(|part| self.expression(part, test)),
            // INVARIANT: refused when the gate was read.
            Expression::Of { .. } => false,
        }
    }
}

/// The keys of one kind of condition in a step.
pub(super) struct Keys {
    pub(super) conditions: &'static str,
    pub(super) op: &'static str,
    pub(super) not: &'static str,
    pub(super) expr: &'static str,
}

pub(super) const RULE: Keys =
    Keys { conditions: "rule_conditions", op: "rule_cond_op", not: "rule_cond_not", expr: "rule_cond_expr" };
pub(super) const ITEM: Keys = Keys {
    conditions: "detection_item_conditions",
    op: "detection_item_cond_op",
    not: "detection_item_cond_not",
    expr: "detection_item_cond_expr",
};
pub(super) const FIELD: Keys = Keys {
    conditions: "field_name_conditions",
    op: "field_name_cond_op",
    not: "field_name_cond_not",
    expr: "field_name_cond_expr",
};

/// Reads one kind of condition of a step.
pub(super) fn gate<C: Kind>(params: &mut Params<'_>, keys: &Keys, reader: &mut Reader<'_>) -> Option<Gate<C>> {
    let join = if params.choice(keys.op, &[("and", false), ("or", true)], reader)? { Join::Any } else { Join::All };
    let negated = params.flag(keys.not, reader);
    let expression = params.get(keys.expr);
    let mut conditions = Vec::new();
    if let Some(node) = params.get(keys.conditions) {
        if let Some(items) = node.as_list() {
            for (at, item) in items.iter().enumerate() {
                conditions.push((format!("{at}"), one(item, reader)?));
            }
        } else {
            let entries = match node.as_map() {
                Some(entries) => entries,
                None => return params.wrong(keys.conditions, "a list or a map of conditions", node, reader),
            };
            for (name, item) in entries {
                conditions.push((name.text().unwrap_or_default().to_owned(), one(item, reader)?));
            }
        }
        if expression.is_some() && node.as_map().is_none() {
            let message = format!("`{}` needs `{}` as a map of names", keys.expr, keys.conditions);
            return reader.refuse(Code::PipelineParameter, node.span, message);
        }
    }
    let join = match expression {
        Some(node) => Join::Expression(read_expression(node, &conditions, reader)?),
        None => join,
    };
    Some(Gate { conditions, join, negated })
}

fn one<C: Kind>(node: &Node, reader: &mut Reader<'_>) -> Option<C> {
    let mut params = Params::new(node, "a condition", reader)?;
    let kind = params.need_text("type", reader)?;
    params.owner = format!("the condition `{kind}`");
    if !C::NAMES.contains(&kind.as_str()) {
        let message = format!("unknown condition `{kind}`");
        let help = match nearest(&kind, C::NAMES.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("here may stand: {}", C::NAMES.join(", ")),
        };
        return reader.advise(Code::PipelineConditionUnknown, node.span, message, help);
    }
    let condition = C::read(&kind, &mut params, reader)?;
    params.finish(reader);
    Some(condition)
}

fn read_expression<C>(node: &Node, known: &[(String, C)], reader: &mut Reader<'_>) -> Option<Expression> {
    let text = node.text().unwrap_or_default();
    let expression = match syntax::parse(text, reader.source, node.span, reader.limits) {
        Ok(expression) => expression,
        Err(fault) => return reader.refuse(Code::PipelineParameter, node.span, fault.message),
    };
    match unknown_name(&expression, known) {
        Some(name) => {
            let message = format!("the expression names `{name}`, but there is no such condition");
            reader.refuse(Code::PipelineParameter, node.span, message)
        }
        None => Some(expression),
    }
}

fn unknown_name<'a, C>(expression: &'a Expression, known: &[(String, C)]) -> Option<&'a str> {
    match expression {
        Expression::Name { name, .. } => (!known.iter().any(|(own, _)| own == name)).then_some(name),
        Expression::Of { .. } => Some("of"),
        Expression::Not(inner) => unknown_name(inner, known),
        Expression::And(parts) | Expression::Or(parts) => parts.iter().find_map(|part| unknown_name(part, known)),
    }
}

/// A kind of condition: its names, and how one is read.
pub(super) trait Kind: Sized {
    const NAMES: &'static [&'static str];
    fn read(kind: &str, params: &mut Params<'_>, reader: &mut Reader<'_>) -> Option<Self>;
}

/// A condition on the rule as a whole.
#[derive(Debug)]
pub(super) enum OnRule {
    LogSource(LogSource),
    ContainsItem(Option<String>, Literal),
    ContainsField(Option<String>),
    Applied(String),
    State(State),
    Attribute(Attribute),
    Tag(String),
    Always(bool),
}

impl Kind for OnRule {
    const NAMES: &'static [&'static str] = &[
        "logsource",
        "contains_detection_item",
        "contains_field",
        "processing_item_applied",
        "processing_state",
        "is_sigma_rule",
        "is_sigma_correlation_rule",
        "rule_attribute",
        "tag",
    ];

    fn read(kind: &str, params: &mut Params<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        Some(match kind {
            "logsource" => {
                let source = LogSource {
                    category: params.text("category", reader),
                    product: params.text("product", reader),
                    service: params.text("service", reader),
                    definition: None,
                };
                if source == LogSource::default() {
                    let message = "the condition `logsource` needs `category`, `product` or `service`";
                    return reader.refuse(Code::PipelineParameter, params.span, message);
                }
                Self::LogSource(source)
            }
            "contains_detection_item" => {
                let field = params.text("field", reader);
                let node = params.need("value", reader)?;
                match Literal::read(node) {
                    Some(value) => Self::ContainsItem(field, value),
                    None => return params.wrong("value", "a single value", node, reader),
                }
            }
            "contains_field" => Self::ContainsField(params.text("field", reader)),
            "processing_item_applied" => Self::Applied(params.need_text("processing_item_id", reader)?),
            "processing_state" => Self::State(State::read(params, reader)?),
            "rule_attribute" => Self::Attribute(Attribute::read(params, reader)?),
            "tag" => Self::Tag(params.need_text("tag", reader)?),
            "is_sigma_rule" => Self::Always(true),
            _ => Self::Always(false),
        })
    }
}

impl OnRule {
    pub(super) fn holds(&self, draft: &Draft) -> bool {
        match self {
            Self::LogSource(source) => source.contains(&draft.logsource),
            Self::ContainsItem(field, value) => draft
                .items()
                .iter()
                .any(|item| item.field == *field && leaves(&item.tests).iter().any(|test| value.equals(test))),
            Self::ContainsField(field) => draft.items().iter().any(|item| item.field == *field),
            Self::Applied(id) => draft.facts.applied.contains(id),
            Self::State(state) => state.holds(&draft.facts),
            Self::Attribute(attribute) => attribute.holds(&draft.meta),
            Self::Tag(tag) => draft.meta.tags.iter().any(|own| own.eq_ignore_ascii_case(tag)),
            Self::Always(answer) => *answer,
        }
    }
}

/// A condition on one item and its values.
#[derive(Debug)]
pub(super) enum OnItem {
    MatchString { all: bool, regex: meta::Regex, negated: bool },
    IsNull { all: bool },
    MatchValue { all: bool, value: Literal },
    Wildcard { all: bool },
    Applied(String),
    State(State),
}

const ANY_ALL: &[(&str, bool)] = &[("any", false), ("all", true)];

impl Kind for OnItem {
    const NAMES: &'static [&'static str] =
        &["match_string", "is_null", "match_value", "contains_wildcard", "processing_item_applied", "processing_state"];

    fn read(kind: &str, params: &mut Params<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if matches!(kind, "match_string" | "is_null" | "match_value" | "contains_wildcard") {
            params.need("cond", reader)?;
        }
        Some(match kind {
            "match_string" => {
                let all = params.choice("cond", ANY_ALL, reader)?;
                let pattern = params.need_text("pattern", reader)?;
                let regex = reader.regex(&pattern, params.span)?;
                Self::MatchString { all, regex, negated: params.flag("negate", reader) }
            }
            "is_null" => Self::IsNull { all: params.choice("cond", ANY_ALL, reader)? },
            "match_value" => {
                let all = params.choice("cond", ANY_ALL, reader)?;
                let node = params.need("value", reader)?;
                match Literal::read(node) {
                    Some(value) => Self::MatchValue { all, value },
                    None => return params.wrong("value", "a single value", node, reader),
                }
            }
            "contains_wildcard" => Self::Wildcard { all: params.choice("cond", ANY_ALL, reader)? },
            "processing_item_applied" => Self::Applied(params.need_text("processing_item_id", reader)?),
            _ => Self::State(State::read(params, reader)?),
        })
    }
}

impl OnItem {
    pub(super) fn holds(&self, work: &Work, facts: &Facts) -> bool {
        let seen = |pattern: &Pattern| bare_keyword(&work.item, pattern);
        let joined = |all: bool, holds: &dyn Fn(&Test) -> bool| {
            let tests = leaves(&work.item.tests);
            if all { tests.iter().all(|test| holds(test)) } else { tests.iter().any(|test| holds(test)) }
        };
        match self {
            Self::MatchString { all, regex, negated } => {
                let matches =
                    |test: &Test| matches!(test, Test::Text(pattern) if matches_start(regex, &seen(pattern).written()));
                joined(*all, &|test| matches(test) != *negated)
            }
            Self::IsNull { all } => joined(*all, &|test| matches!(test, Test::Null)),
            Self::MatchValue { all, value } => joined(*all, &|test| match test {
                Test::Text(pattern) => value.equals(&Test::Text(seen(pattern))),
                test => value.equals(test),
            }),
            Self::Wildcard { all } => {
                joined(*all, &|test| matches!(test, Test::Text(pattern) if seen(pattern).has_wildcard()))
            }
            Self::Applied(id) => work.applied.contains(id),
            Self::State(state) => state.holds(facts),
        }
    }
}

/// A condition on a field name.
#[derive(Debug)]
pub(super) enum OnField {
    Names { names: Vec<String>, excluded: bool },
    Expressions { regexes: Vec<meta::Regex>, excluded: bool },
    Applied(String),
    State(State),
}

impl Kind for OnField {
    const NAMES: &'static [&'static str] =
        &["include_fields", "exclude_fields", "processing_item_applied", "processing_state"];

    fn read(kind: &str, params: &mut Params<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        Some(match kind {
            "include_fields" | "exclude_fields" => {
                let excluded = kind == "exclude_fields";
                let names = params.need_texts("fields", reader)?;
                let expressions = params.choice("mode", &[("plain", false), ("re", true)], reader)?;
                if !expressions {
                    return Some(Self::Names { names, excluded });
                }
                let regexes: Option<Vec<_>> = names.iter().map(|name| reader.regex(name, params.span)).collect();
                Self::Expressions { regexes: regexes?, excluded }
            }
            "processing_item_applied" => Self::Applied(params.need_text("processing_item_id", reader)?),
            _ => Self::State(State::read(params, reader)?),
        })
    }
}

impl OnField {
    /// Keywords have no field: they are never included, and never excluded.
    pub(super) fn holds(&self, field: Option<&str>, facts: &Facts) -> bool {
        match self {
            Self::Names { names, excluded } => {
                field.is_some_and(|field| names.iter().any(|name| name == field)) != *excluded
            }
            Self::Expressions { regexes, excluded } => {
                field.is_some_and(|field| regexes.iter().any(|regex| matches_start(regex, field))) != *excluded
            }
            Self::Applied(id) => {
                field.and_then(|field| facts.named_by.get(field)).is_some_and(|applied| applied.contains(id))
            }
            Self::State(state) => state.holds(facts),
        }
    }
}

impl OnField {
    /// Whether an item has such a field: its own, or one that its values refer to.
    pub(super) fn holds_for(&self, work: &Work, facts: &Facts) -> bool {
        if let Self::Applied(id) = self {
            return work.applied.contains(id);
        }
        self.holds(work.item.field.as_deref(), facts) || self.holds_for_references(&work.item.tests, facts)
    }

    fn holds_for_references(&self, tests: &[Test], facts: &Facts) -> bool {
        tests.iter().any(|test| match test {
            Test::FieldRef(reference) => self.holds(Some(&reference.field), facts),
            Test::AnyOf(tests) => self.holds_for_references(tests, facts),
            _ => false,
        })
    }
}

/// A comparison with what an earlier step has set.
#[derive(Debug)]
pub(super) struct State {
    key: String,
    value: Value,
    relation: Relation,
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    In,
    NotIn,
}

pub(super) const RELATIONS: &[(&str, Relation)] = &[
    ("eq", Relation::Equal),
    ("ne", Relation::NotEqual),
    ("gt", Relation::Greater),
    ("gte", Relation::GreaterOrEqual),
    ("lt", Relation::Less),
    ("lte", Relation::LessOrEqual),
];

impl Relation {
    pub(super) fn holds(self, order: Option<Ordering>) -> bool {
        match self {
            Self::Equal | Self::In => order == Some(Ordering::Equal),
            Self::NotEqual | Self::NotIn => order != Some(Ordering::Equal),
            Self::Greater => order == Some(Ordering::Greater),
            Self::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
            Self::Less => order == Some(Ordering::Less),
            Self::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        }
    }
}

impl State {
    fn read(params: &mut Params<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let key = params.need_text("key", reader)?;
        let value = params.need("val", reader)?.to_json();
        Some(Self { key, value, relation: params.choice("op", RELATIONS, reader)? })
    }

    fn holds(&self, facts: &Facts) -> bool {
        facts.state.get(&self.key).is_some_and(|own| self.relation.holds(compare(own, &self.value)))
    }
}

/// The order of two values of one kind; `None` when they are of two kinds.
pub(super) fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Number(left), Value::Number(right)) => match (left.as_i64(), right.as_i64()) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
        },
        (left, right) if left == right => Some(Ordering::Equal),
        _ => None,
    }
}

/// Whether an expression matches at the start of a text, as Python's `re.match`.
pub(super) fn matches_start(regex: &meta::Regex, text: &str) -> bool {
    regex.is_match(Input::new(text).anchored(Anchored::Yes))
}

/// The text of a keyword without the wildcards that only say that it is one.
pub(super) fn bare_keyword(item: &Item, pattern: &Pattern) -> Pattern {
    let mut bare = pattern.clone();
    if item.field.is_none() {
        if bare.parts.first() == Some(&Part::Many) {
            bare.parts.remove(0);
        }
        if bare.parts.last() == Some(&Part::Many) {
            bare.parts.pop();
        }
    }
    bare
}

/// The tests with those that stand for several taken apart.
pub(super) fn leaves(tests: &[Test]) -> Vec<Cow<'_, Test>> {
    let mut found = Vec::new();
    for test in tests {
        match (test, test.listed()) {
            (Test::AnyOf(parts), _) => found.extend(leaves(parts)),
            (_, Some(listed)) => found.extend(listed.map(Cow::Owned)),
            (single, None) => found.push(Cow::Borrowed(single)),
        }
    }
    found
}
