//! One correlation document, read and checked as far as it goes without the other documents.
//!
//! ```text
//! correlation: {type: .., rules: [a, b], ..}   ─▶   Draft { references: ["a", "b"], .. }
//! ```
//!
//! Faults that no other document can mend are told here. What the references mean is found by `resolve`.

use super::learning;
use super::timespan::{self, Fault};
use super::{Comparison, CorrelationType, Criterion, Learning};
use crate::check::{Metadata, Options, Origin, Report, condition, metadata};
use crate::diagnostic::{Code, Span, nearest};
use crate::number::Number;
use crate::syntax::yaml::{Node, Scalar};
use crate::syntax::{Document, condition as written};

/// A correlation whose references are still texts.
pub(in crate::check) struct Draft {
    pub(super) meta: Metadata,
    pub(super) kind: CorrelationType,
    pub(super) references: Vec<Written>,
    pub(super) group_by: Vec<String>,
    pub(super) aliases: Vec<DraftAlias>,
    pub(super) timespan_ns: u64,
    pub(super) criterion: Criterion,
    pub(super) fields: Vec<String>,
    pub(super) field_span: Span,
    pub(super) percentile: Number,
    pub(super) learning: Learning,
    pub(super) generate: bool,
    pub(super) origin: Origin,
}

/// A text and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Written {
    pub(super) text: String,
    pub(super) span: Span,
}

pub(super) struct DraftAlias {
    pub(super) name: String,
    pub(super) fields: Vec<(Written, String)>,
}

/// The `condition` of a correlation: what must hold, and what it reads.
pub(super) struct Parts {
    pub(super) criterion: Criterion,
    pub(super) fields: Vec<String>,
    pub(super) field_span: Span,
    pub(super) percentile: Number,
    pub(super) learning: Learning,
}

/// Words of a condition beside comparisons, each of which means something to some type only.
const WORDS: [&str; 5] = ["field", "percentile", "learning", "maturity", "baseline"];

const KEYS: &[&str] = &["type", "rules", "group-by", "timespan", "condition", "aliases", "generate"];

/// Checks one correlation; faults are told and `None` comes back.
pub(in crate::check) fn read(
    document: &Document,
    section: &Node,
    options: &Options,
    report: &mut Report<'_>,
) -> Option<Draft> {
    let meta = metadata::read(document, report);
    let mut reader = Reader { section, options, report };
    if section.as_map().is_none() {
        let message = format!("`correlation` must be a map, not {}", section.noun());
        return reader.refuse(Code::WrongType, section.span, message, "");
    }
    reader.unknown_keys(section, KEYS);
    let kind = reader.kind();
    let mut references = reader.references();
    let timespan_ns = reader.timespan();
    let group_by = reader.group_by();
    let aliases = reader.aliases();
    let generate = reader.generate(document);
    let kind = kind?;
    let parts = reader.condition(kind, &mut references, timespan_ns);
    if let Some(references) = &references {
        reader.limit(references.len() + group_by.as_ref().map_or(0, Vec::len));
    }
    if report.failed() {
        return None;
    }
    let Parts { criterion, fields, field_span, percentile, learning } = parts?;
    Some(Draft {
        meta,
        kind,
        references: references?,
        group_by: group_by?,
        aliases: aliases?,
        timespan_ns: timespan_ns?,
        criterion,
        fields,
        field_span,
        percentile,
        learning,
        generate,
        origin: Origin { source: document.source.clone(), span: document.span },
    })
}

pub(super) struct Reader<'a, 'b, 'c> {
    section: &'a Node,
    options: &'a Options,
    pub(super) report: &'b mut Report<'c>,
}

impl<'a> Reader<'a, '_, '_> {
    pub(super) fn refuse<T>(&mut self, code: Code, span: Span, message: impl Into<String>, help: &str) -> Option<T> {
        self.report.tell(code, span, message).help = (!help.is_empty()).then(|| help.to_owned());
        None
    }

    /// The value below `key`, when there is one that is not null.
    fn part(&self, key: &str) -> Option<&'a Node> {
        self.section.get(key).filter(|node| !node.is_null())
    }

    fn unknown_keys(&mut self, node: &Node, known: &[&str]) {
        for (key, _) in node.as_map().unwrap_or_default() {
            let text = key.text().unwrap_or("null");
            if !known.contains(&text) {
                let message = format!("unknown key `{text}`");
                let near = nearest(text, known.iter().copied());
                let help = near.map_or_else(
                    || format!("known are: {}", known.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                self.report.advise(Code::UnknownKey, key.span, message, help);
            }
        }
    }

    fn kind(&mut self) -> Option<CorrelationType> {
        let names: Vec<&str> = CorrelationType::ALL.iter().map(|kind| kind.name()).collect();
        let Some(node) = self.part("type") else {
            let help = format!("add `type`, one of: {}", names.join(", "));
            return self.refuse(Code::CorrelationType, self.section.span, "a correlation needs a `type`", &help);
        };
        let text = node.text().unwrap_or_else(|| node.noun());
        let Some(kind) = CorrelationType::from_name(text) else {
            let help = match nearest(text, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("write one of: {}", names.join(", ")),
            };
            let message = format!("unknown correlation type `{text}`");
            return self.refuse(Code::CorrelationType, node.span, message, &help);
        };
        if !kind.is_portable() {
            let message = format!("`{text}` is an extension; the specification 2.1.0 does not have it");
            self.report.tell(Code::NotPortable, node.span, message);
        }
        Some(kind)
    }

    /// What `rules` lists; an empty list when it is absent, which only an expression can make good.
    fn references(&mut self) -> Option<Vec<Written>> {
        let Some(node) = self.part("rules") else { return Some(Vec::new()) };
        if node.as_map().is_some() {
            return self.refuse(Code::WrongType, node.span, "`rules` must be a list of ids or names, not a map", "");
        }
        self.expect_list("rules", node);
        let mut found = Vec::new();
        for item in node.as_list().unwrap_or(std::slice::from_ref(node)) {
            self.report.expect_text("rules", item);
            match item.text() {
                Some(text) => found.push(Written { text: text.to_owned(), span: item.span }),
                None => {
                    let message = format!("`rules` must list ids or names, not {}", item.noun());
                    return self.refuse(Code::WrongType, item.span, message, "");
                }
            }
        }
        Some(found)
    }

    fn expect_list(&mut self, key: &str, node: &Node) {
        if node.as_list().is_none() {
            let message = format!("`{key}` should be a list, not {}", node.noun());
            self.report.advise(Code::MetadataInvalid, node.span, message, "put the value behind `- ` on its own line");
        }
    }

    fn timespan(&mut self) -> Option<u64> {
        let help = "write a number and one of `s m h d`, for example `90m`";
        let Some(node) = self.part("timespan") else {
            let message = "a correlation needs a `timespan`";
            return self.refuse(Code::CorrelationMissing, self.section.span, message, help);
        };
        match self.span("timespan", node)? {
            0 => self.refuse(Code::BadTimespan, node.span, "a timespan of zero holds no event", help),
            timespan_ns => Some(timespan_ns),
        }
    }

    /// A text such as `90m` in nanoseconds; what zero means is left to the caller.
    pub(super) fn span(&mut self, key: &str, node: &Node) -> Option<u64> {
        let help = "write a number and one of `s m h d`, for example `90m`";
        let Some(text) = node.text() else {
            let message = format!("`{key}` must be a text, not {}", node.noun());
            return self.refuse(Code::BadTimespan, node.span, message, help);
        };
        let max = self.options.limits.timespan_seconds_max;
        match timespan::parse(text, max) {
            Ok((span_ns, portable)) => {
                if !portable {
                    let message = format!("the unit of `{text}` is an extension; the specification has `s m h d`");
                    self.report.tell(Code::NotPortable, node.span, message);
                }
                Some(span_ns)
            }
            Err(Fault::Form) => self.refuse(Code::BadTimespan, node.span, format!("`{text}` is not a timespan"), help),
            Err(Fault::Zero) => Some(0),
            Err(Fault::TooLong) => {
                let message = format!("`{text}` is longer than the limit of {max} seconds");
                self.refuse(Code::BadTimespan, node.span, message, "use a shorter timespan")
            }
        }
    }

    fn group_by(&mut self) -> Option<Vec<String>> {
        let node = self.part("group-by").filter(|node| node.as_list().is_none_or(|items| !items.is_empty()));
        let Some(node) = node else {
            let span = self.section.get("group-by").map_or(self.section.span, |node| node.span);
            let message = "without `group-by`, all events are one group";
            self.report.advise(
                Code::GroupByMissing,
                span,
                message,
                "name the fields that must be equal, such as `User`",
            );
            return Some(Vec::new());
        };
        self.names("group-by", node, Code::WrongType)
    }

    /// A name or a list of names, each of which is wanted once.
    fn names(&mut self, key: &str, node: &Node, code: Code) -> Option<Vec<String>> {
        if key == "group-by" {
            self.expect_list(key, node);
        }
        let mut names: Vec<String> = Vec::new();
        for item in node.as_list().unwrap_or(std::slice::from_ref(node)) {
            self.report.expect_text(key, item);
            match item.text() {
                Some(text) if names.iter().any(|known| known == text) => {
                    self.report.tell(Code::MetadataInvalid, item.span, format!("`{key}` lists `{text}` twice"));
                }
                Some(text) if !text.is_empty() => names.push(text.to_owned()),
                Some(_) => return self.refuse(code, item.span, format!("`{key}` holds an empty name"), ""),
                None => {
                    let message = format!("`{key}` must name fields, not {}", item.noun());
                    return self.refuse(code, item.span, message, "");
                }
            }
        }
        Some(names)
    }

    fn aliases(&mut self) -> Option<Vec<DraftAlias>> {
        let Some(node) = self.part("aliases") else { return Some(Vec::new()) };
        let help = "write `alias name: {rule name: field}`";
        let Some(entries) = node.as_map() else {
            let message = format!("`aliases` must be a map, not {}", node.noun());
            return self.refuse(Code::CorrelationAlias, node.span, message, help);
        };
        let mut aliases = Vec::new();
        for (key, value) in entries {
            let name = key.text().unwrap_or_default().to_owned();
            let Some(pairs) = value.as_map() else {
                let message = format!("alias `{name}` must be a map from rules to fields");
                return self.refuse(Code::CorrelationAlias, value.span, message, help);
            };
            if pairs.is_empty() {
                let message = format!("alias `{name}` names no field, so it stands for the field of that name");
                self.report.advise(Code::MetadataInvalid, value.span, message, help);
            }
            let mut fields = Vec::new();
            for (rule, field) in pairs {
                let (Some(text), Some(field)) = (rule.text(), field.text().filter(|field| !field.is_empty())) else {
                    let message = format!("alias `{name}` names no field here, but {}", field.noun());
                    return self.refuse(Code::CorrelationAlias, field.span, message, help);
                };
                fields.push((Written { text: text.to_owned(), span: rule.span }, field.to_owned()));
            }
            aliases.push(DraftAlias { name, fields });
        }
        Some(aliases)
    }

    /// `generate` stands beside `correlation` in the specification and within it in pySigma.
    fn generate(&mut self, document: &Document) -> bool {
        let Some(node) = document.root.get("generate").or_else(|| self.section.get("generate")) else { return false };
        let Some(Scalar::Bool(value)) = node.scalar() else {
            let message = format!("`generate` must be true or false, not {}", node.noun());
            self.report.tell(Code::MetadataInvalid, node.span, message);
            return false;
        };
        value
    }

    fn limit(&mut self, parts: usize) {
        let max = self.options.limits.correlation_parts_max;
        if parts > max {
            let message = format!("the correlation has {parts} rules and group-by fields, but the limit is {max}");
            self.report.advise(
                Code::CorrelationLimit,
                self.section.span,
                message,
                "split it into several and correlate those",
            );
        }
    }

    fn condition(
        &mut self,
        kind: CorrelationType,
        references: &mut Option<Vec<Written>>,
        timespan_ns: Option<u64>,
    ) -> Option<Parts> {
        let node = self.part("condition");
        let parts = match node {
            None if kind.is_temporal() || kind == CorrelationType::Absence => Some(Parts::of(Criterion::EveryRule)),
            None => {
                let help = match (kind, kind.has_field()) {
                    (CorrelationType::NewValue, _) => "add `condition` with `field`",
                    (_, true) => "add `condition` with `field` and a comparison",
                    (_, false) => "add `condition` with a comparison",
                };
                let message = format!("`{}` needs a `condition`, such as `{}`", kind.name(), kind.example());
                self.refuse(Code::CorrelationMissing, self.section.span, message, help)
            }
            Some(node) if kind == CorrelationType::Absence => {
                let help = "leave it out: the first of `rules` is followed by none of the others";
                self.refuse(Code::CorrelationCondition, node.span, "`absence` takes no `condition`", help)
            }
            Some(node) => match (node.text(), node.as_map()) {
                (Some(text), _) => self.expression(kind, text, node, references),
                (_, Some(entries)) => self.comparisons(kind, node, entries, timespan_ns),
                _ => {
                    let message = format!("`condition` must be a map of comparisons, not {}", node.noun());
                    let help = format!("write it like `{}`", kind.example());
                    self.refuse(Code::CorrelationCondition, node.span, message, &help)
                }
            },
        };
        if references.as_ref().is_some_and(Vec::is_empty) {
            let help = "list the ids or names of the rules";
            return self.refuse(Code::CorrelationMissing, self.section.span, "a correlation needs `rules`", help);
        }
        parts
    }

    fn expression(
        &mut self,
        kind: CorrelationType,
        text: &str,
        node: &Node,
        references: &mut Option<Vec<Written>>,
    ) -> Option<Parts> {
        if !kind.is_temporal() {
            let message = format!("the condition of `{}` must compare, not name rules", kind.name());
            let help = format!("write it like `{}`, or use type `temporal`", kind.example());
            return self.refuse(Code::CorrelationCondition, node.span, message, &help);
        }
        let message = "a condition that names rules is an extension; the specification 2.1.0 does not have it";
        self.report.tell(Code::NotPortable, node.span, message);
        let references = references.as_mut()?;
        let parsed = written::parse(text, self.report.source, node.span, &self.options.limits);
        let parsed = parsed
            .map_err(|mut fault| {
                if fault.code == Code::ConditionSyntax {
                    fault.code = Code::CorrelationCondition;
                }
                self.report.push(*fault);
            })
            .ok()?;
        if references.is_empty() {
            collect_names(&parsed, references);
        }
        let names = references.iter().map(|reference| reference.text.as_str()).collect();
        let (expression, used) = condition::over_rules(names, parsed, self.report)?;
        for (reference, _) in references.iter().zip(used).filter(|(_, used)| !used) {
            let message = format!("rule `{}` is not used by the condition", reference.text);
            self.report.tell(Code::UnusedSelection, reference.span, message);
        }
        if holds_of_nothing(&expression) {
            let message = "the condition holds when none of the rules has matched, so nothing can set it off";
            let help = "name at least one rule that must match, as in `a and not b`";
            return self.refuse(Code::CorrelationCondition, node.span, message, help);
        }
        Some(Parts::of(Criterion::Expression(expression)))
    }

    fn comparisons(
        &mut self,
        kind: CorrelationType,
        node: &Node,
        entries: &[(Node, Node)],
        timespan_ns: Option<u64>,
    ) -> Option<Parts> {
        let mut parts = Parts::of(Criterion::EveryRule);
        parts.learning = Learning { span_ns: 0, maturity: kind.maturity(), baseline_ns: 0 };
        let mut bounds = Vec::new();
        for (key, value) in entries {
            match key.text().unwrap_or("null") {
                "field" if kind.has_field() => {
                    parts.fields = self.names("field", value, Code::CorrelationCondition)?;
                    parts.field_span = value.span;
                }
                "percentile" if kind == CorrelationType::ValuePercentile => {
                    parts.percentile = self.percentile(value)?
                }
                "learning" if kind.learns() => parts.learning.span_ns = self.span("learning", value)?,
                "maturity" if kind.learns() => parts.learning.maturity = self.maturity(value)?,
                "baseline" if kind == CorrelationType::RateChange => {
                    parts.learning.baseline_ns = self.baseline(value, timespan_ns?)?;
                }
                word if WORDS.contains(&word) => {
                    let message = format!("`{word}` means nothing to `{}`", kind.name());
                    self.report.tell(Code::UnknownKey, key.span, message);
                }
                word => match Comparison::from_name(word) {
                    Some(comparison) => {
                        self.fits(kind, comparison, key)?;
                        bounds.push((comparison, self.number(word, value)?));
                    }
                    None => {
                        let known = kind.comparisons().iter().map(|known| known.name()).chain(WORDS);
                        let help = match nearest(word, known) {
                            Some(near) => format!("did you mean `{near}`?"),
                            None => kind.choices(),
                        };
                        let message = format!("unknown comparison `{word}`");
                        return self.refuse(Code::CorrelationCondition, key.span, message, &help);
                    }
                },
            }
        }
        self.complete(kind, node, &mut parts, &bounds)?;
        if kind == CorrelationType::RateChange && parts.learning.baseline_ns == 0 {
            parts.learning.baseline_ns = timespan_ns?.saturating_mul(learning::BASELINE_TIMESPANS);
        }
        if !bounds.is_empty() {
            parts.criterion = Criterion::Compare(bounds);
        }
        Some(parts)
    }

    /// What a type needs of its condition, and what no number satisfies.
    fn complete(
        &mut self,
        kind: CorrelationType,
        node: &Node,
        parts: &mut Parts,
        bounds: &[(Comparison, Number)],
    ) -> Option<()> {
        if kind.has_field() && parts.fields.is_empty() {
            let message = format!("the condition of `{}` needs a `field`", kind.name());
            return self.refuse(Code::CorrelationMissing, node.span, message, "name the field whose values it reads");
        }
        if kind.is_numeric() && parts.fields.len() > 1 {
            let message = format!("`{}` reads one field, not {}", kind.name(), parts.fields.len());
            return self.refuse(
                Code::CorrelationCondition,
                parts.field_span,
                message,
                "write one correlation per field",
            );
        }
        if bounds.is_empty() && !kind.is_temporal() && kind != CorrelationType::NewValue {
            let message = "the condition holds no comparison";
            let help = kind.choices().replace("write", "add");
            return self.refuse(Code::CorrelationMissing, node.span, message, &help);
        }
        if kind.learns() {
            return self.usual(kind, node, bounds);
        }
        if !kind.is_numeric() && !bounds.is_empty() && !any_count(bounds) {
            let help = "a count is at least 1: a window opens with an event";
            self.report.advise(Code::NeverMatches, node.span, "no count satisfies the condition", help);
        }
        Some(())
    }

    fn number(&mut self, word: &str, node: &Node) -> Option<Number> {
        match node.scalar() {
            Some(Scalar::Number(number)) => Some(number),
            _ => {
                let message = format!("`{word}` must be a number, not {}", node.noun());
                self.refuse(Code::CorrelationCondition, node.span, message, "write a number without quotes")
            }
        }
    }

    fn percentile(&mut self, node: &Node) -> Option<Number> {
        let number = self.number("percentile", node)?;
        if number < Number::Integer(0) || number > Number::Integer(100) {
            let message = format!("a percentile lies between 0 and 100, not at {number}");
            return self.refuse(Code::CorrelationCondition, node.span, message, "the median is percentile 50");
        }
        Some(number)
    }
}

impl Parts {
    fn of(criterion: Criterion) -> Self {
        let (fields, field_span) = (Vec::new(), Span::default());
        Self { criterion, fields, field_span, percentile: Number::Integer(50), learning: Learning::default() }
    }
}

/// Whether some count from 1 on satisfies all comparisons.
fn any_count(bounds: &[(Comparison, Number)]) -> bool {
    // Verdicts change only beside a bound, so the counts around each bound stand for all.
    let near = bounds.iter().flat_map(|(_, bound)| {
        let whole = match bound {
            Number::Integer(whole) => *whole,
            #[expect(clippy::cast_possible_truncation, reason = "a cast that saturates is near enough to the bound")]
            Number::Float(value) => value.floor() as i128,
        };
        [whole.saturating_sub(1), whole, whole.saturating_add(1), whole.saturating_add(2)]
    });
    near.chain([1])
        .filter(|count| *count >= 1)
        .any(|count| bounds.iter().all(|(comparison, bound)| comparison.holds(Number::Integer(count), *bound)))
}

/// The names of an expression in the order in which they first appear.
fn collect_names(condition: &written::Condition, names: &mut Vec<Written>) {
    match condition {
        written::Condition::Name { name, span } => {
            if names.iter().all(|known| known.text != *name) {
                names.push(Written { text: name.clone(), span: *span });
            }
        }
        written::Condition::Not(inner) => collect_names(inner, names),
        written::Condition::And(parts) | written::Condition::Or(parts) => {
            parts.iter().for_each(|part| collect_names(part, names));
        }
        written::Condition::Of { .. } => {}
    }
}

/// Whether the expression is true when no rule has matched.
fn holds_of_nothing(expression: &crate::check::Condition) -> bool {
    use crate::check::Condition as C;
    match expression {
        C::Selection(_) | C::Of { .. } => false,
        C::Not(inner) => !holds_of_nothing(inner),
        C::And(parts) => parts.iter().all(holds_of_nothing),
        C::Or(parts) => parts.iter().any(holds_of_nothing),
    }
}
