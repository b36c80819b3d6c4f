//! Values: placeholders filled, texts rewritten, mapped, converted.
//!
//! ```text
//! IntegrityLevel: High     map_string {High: S-1-16-12288}    ─▶   IntegrityLevel: S-1-16-12288
//! ```
//!
//! A value that becomes several holds when any of them does. Texts keep the wildcards that their modifiers
//! gave them. What a step cannot do to a value refuses the rule, except where the value is of another type
//! than the step is about; then it stays.

use super::Refusal;
use super::condition::{bare_keyword, leaves};
use super::draft::{Change, Draft};
use super::params::{Literal, Params, Reader};
use super::rename::{CASES, Spelling};
use super::step::{Run, Step};
use super::text::{self, Special, Template};
use crate::check::{Item, Part, Pattern, Placeholders, Regex, Test, regex};
use crate::diagnostic::Code;
use crate::number::Number;
use crate::syntax::yaml::Node;
use crate::text::Texts;
use regex_automata::meta;

#[derive(Debug)]
pub(super) enum Values {
    /// Placeholders become `*`.
    Wildcard(Names),
    /// Placeholders become the values of the pipeline's `vars`.
    List(Names),
    Replace {
        regex: meta::Regex,
        template: Template,
        special: Special,
    },
    Map(Vec<(Pattern, Vec<Literal>)>),
    Regex {
        insensitive: bool,
    },
    Set(Literal),
    Convert(Target),
    Case(Spelling),
}

/// Which placeholders a step is about.
#[derive(Debug)]
pub(super) struct Names {
    include: Option<Vec<String>>,
    exclude: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Target {
    Text,
    Number,
}

const TARGETS: &[(&str, Option<Target>)] = &[("", None), ("str", Some(Target::Text)), ("num", Some(Target::Number))];

impl Values {
    pub(super) fn read(kind: &str, params: &mut Params<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        Some(match kind {
            "wildcard_placeholders" => Self::Wildcard(Names::read(params, reader)?),
            "value_placeholders" => Self::List(Names::read(params, reader)?),
            "replace_string" => replacement(params, reader)?,
            "map_string" => Self::Map(mapping(params, reader)?),
            "regex" => {
                let methods = [("ignore_case_brackets", true), ("ignore_case_flag", true), ("plain", false)];
                Self::Regex { insensitive: params.choice("method", &methods, reader)? }
            }
            "set_value" => {
                let node = params.need("value", reader)?;
                let target = params.choice("force_type", TARGETS, reader)?;
                let Some(value) = Literal::read(node).and_then(|value| forced(value, node, target)) else {
                    return params.wrong("value", "a single value that `force_type` can take", node, reader);
                };
                Self::Set(value)
            }
            "convert_type" => {
                let node = params.need("target_type", reader)?;
                match params.choice("target_type", TARGETS, reader)? {
                    Some(target) => Self::Convert(target),
                    None => return params.wrong("target_type", "`str` or `num`", node, reader),
                }
            }
            _ => Self::Case(params.choice("method", CASES, reader)?),
        })
    }

    /// Changes the values that the step's conditions let through.
    pub(super) fn apply(&self, step: &Step, draft: &mut Draft, run: &Run<'_>) -> Result<(), Refusal> {
        let mut changed = false;
        draft.rewrite(&mut |mut work, facts| {
            if !step.takes(&work, facts) {
                return Ok(Change::Keep(work));
            }
            let tests = match self {
                Self::Set(value) => vec![as_keyword(&work.item, value.test())],
                _ => match self.all(&work.item, run)? {
                    Some(tests) => tests,
                    None => return Ok(Change::Keep(work)),
                },
            };
            work.applied.extend(step.id.clone());
            changed |= tests != work.item.tests;
            work.item.tests = tests;
            Ok(Change::Keep(work))
        })?;
        draft.facts.changed |= changed;
        Ok(())
    }

    /// What the item's values become; `None` when the step is about none of them.
    fn all(&self, item: &Item, run: &Run<'_>) -> Result<Option<Vec<Test>>, Refusal> {
        let mut tests = Vec::with_capacity(item.tests.len());
        let mut count = 0_usize;
        let mut any = false;
        for test in &item.tests {
            let mut made = Vec::new();
            for leaf in leaves(std::slice::from_ref(test)) {
                let new = self.one(&leaf, item, run)?;
                any |= new.is_some();
                made.extend(new.unwrap_or_else(|| vec![leaf.into_owned()]));
            }
            count = count.saturating_add(made.len());
            if count > run.limits.rule_values_max {
                return Err(Refusal::too_many_values(run.limits.rule_values_max));
            }
            tests.push(Test::any_of(made));
        }
        Ok(any.then_some(tests))
    }

    /// What one value becomes; `None` when the step is not about such values.
    fn one(&self, test: &Test, item: &Item, run: &Run<'_>) -> Result<Option<Vec<Test>>, Refusal> {
        let made = match (self, test) {
            (Self::Wildcard(names) | Self::List(names), Test::Text(pattern)) if !names.any_in(pattern) => {
                return Ok(None);
            }
            (Self::Wildcard(names), Test::Text(pattern)) => vec![Test::Text(names.wildcards(pattern))],
            (Self::Wildcard(names), Test::Regex(regex)) if regex.placeholders => {
                let stars = Placeholders::from_iter(
                    names.of(&regex.pattern).into_iter().map(|name| (name, Texts::from_iter([".*"]))),
                );
                fill_regex(regex, &stars, run)?
            }
            (Self::List(names), Test::Text(pattern)) => names.fill(pattern, run.vars, Missing::Refused, run)?,
            (Self::List(names), Test::Regex(regex)) if regex.placeholders => {
                let wanted = names.of(&regex.pattern);
                if let Some(name) = wanted.iter().find(|name| !run.vars.contains_key(*name)) {
                    return Err(Refusal::unresolved(name));
                }
                let lists = run.vars.iter().filter(|(name, _)| wanted.contains(name));
                fill_regex(regex, &lists.map(|(name, values)| (name.clone(), values.clone())).collect(), run)?
            }
            (Self::Replace { regex, template, special }, Test::Text(pattern)) => {
                let bare = bare_keyword(item, pattern);
                let tests = rewritten(&bare, &|pattern| text::replace(pattern, regex, template, *special))?;
                tests.into_iter().map(|test| as_keyword(item, test)).collect()
            }
            (Self::Replace { regex, template, special }, Test::Number(number)) => {
                let own = Pattern::literal(number.text());
                vec![text::replace(&own, regex, template, *special).map_or_else(|| test.clone(), Test::Text)]
            }
            (Self::Map(mapping), Test::Text(pattern)) => {
                let bare = bare_keyword(item, pattern);
                match mapping.iter().find(|(from, _)| from.parts == bare.parts) {
                    Some((_, to)) => {
                        to.iter().map(|value| recased(as_keyword(item, value.test()), pattern.cased)).collect()
                    }
                    None => return Ok(None),
                }
            }
            (Self::Regex { insensitive }, Test::Text(pattern)) => {
                let regex = Regex {
                    pattern: text::to_regex(pattern),
                    insensitive: *insensitive && !pattern.cased,
                    multiline: false,
                    dot_all: true,
                    placeholders: pattern.has_placeholder(),
                };
                vec![Test::Regex(regex)]
            }
            (Self::Convert(Target::Text), Test::Number(number)) => vec![Test::Text(Pattern::literal(number.text()))],
            (Self::Convert(Target::Number), Test::Text(pattern)) => {
                let bare = bare_keyword(item, pattern);
                match bare.as_literal().and_then(number) {
                    Some(number) => vec![as_keyword(item, Test::Number(number))],
                    None => {
                        let message = format!("`convert_type` cannot make a number of `{}`", bare.written());
                        return Err(Refusal::new(Code::PipelineFailure, message));
                    }
                }
            }
            (Self::Case(spelling), Test::Text(pattern)) => {
                let parts = pattern.parts.iter().map(|part| match part {
                    Part::Text(text) => Part::Text(spelling.apply(text)),
                    other => other.clone(),
                });
                vec![Test::Text(Pattern { parts: parts.collect(), cased: pattern.cased })]
            }
            _ => return Ok(None),
        };
        Ok(Some(made))
    }
}

fn replacement(params: &mut Params<'_>, reader: &mut Reader<'_>) -> Option<Values> {
    let expression = params.need_text("regex", reader)?;
    let replacement = params.need_text("replacement", reader)?;
    let special = match (params.flag("skip_special", reader), params.flag("interpret_special", reader)) {
        (false, _) => Special::Seen,
        (true, false) => Special::SkippedPlain,
        (true, true) => Special::SkippedRead,
    };
    let regex = reader.regex(&expression, params.span)?;
    match Template::read(&replacement, &regex) {
        Ok(template) => Some(Values::Replace { regex, template, special }),
        Err(message) => reader.refuse(Code::PipelineParameter, params.span, message),
    }
}

fn mapping(params: &mut Params<'_>, reader: &mut Reader<'_>) -> Option<Vec<(Pattern, Vec<Literal>)>> {
    let node = params.need("mapping", reader)?;
    let Some(entries) = node.as_map() else { return params.wrong("mapping", "a map of values", node, reader) };
    let mut mapping = Vec::new();
    for (key, value) in entries {
        let items = value.as_list().unwrap_or(std::slice::from_ref(value));
        let values: Option<Vec<Literal>> = items.iter().map(Literal::read).collect();
        match (key.text(), values) {
            (Some(from), Some(values)) if !values.is_empty() => mapping.push((Pattern::parse(from), values)),
            _ => return params.wrong("mapping", "a map of texts to values", value, reader),
        }
    }
    Some(mapping)
}

fn forced(value: Literal, node: &Node, target: Option<Target>) -> Option<Literal> {
    match target {
        None => Some(value),
        Some(Target::Text) => node.text().map(|text| Literal::Text(Pattern::parse(text))),
        Some(Target::Number) => node.text().and_then(number).map(Literal::Number),
    }
}

fn number(text: &str) -> Option<Number> {
    Number::from_numeric_text(text)
}

/// A keyword stands anywhere in a leaf, and numbers and booleans are sought as their texts.
fn as_keyword(item: &Item, test: Test) -> Test {
    if item.field.is_some() {
        return test;
    }
    let mut pattern = match test {
        Test::Text(pattern) => pattern,
        Test::Number(number) => Pattern::literal(number.text()),
        Test::Bool(value) => Pattern::literal(value.to_string()),
        other => return other,
    };
    pattern.open_start();
    pattern.open_end();
    Test::Text(pattern)
}

fn recased(test: Test, cased: bool) -> Test {
    match test {
        Test::Text(pattern) => Test::Text(Pattern { cased, ..pattern }),
        other => other,
    }
}

/// A text rewritten; one with dashes is taken apart first, unless nothing would change.
fn rewritten(pattern: &Pattern, change: &dyn Fn(&Pattern) -> Option<Pattern>) -> Result<Vec<Test>, Refusal> {
    if !pattern.parts.contains(&Part::Dash) {
        return Ok(vec![Test::Text(change(pattern).unwrap_or_else(|| pattern.clone()))]);
    }
    let Some(patterns) = text::without_dashes(pattern) else {
        let message = format!("`{}` has too many `windash` places to be rewritten", pattern.written());
        return Err(Refusal::new(Code::PipelineLimit, message));
    };
    let changed: Vec<Option<Pattern>> = patterns.iter().map(change).collect();
    if changed.iter().all(Option::is_none) {
        return Ok(vec![Test::Text(pattern.clone())]);
    }
    Ok(changed.into_iter().zip(patterns).map(|(new, old)| Test::Text(new.unwrap_or(old))).collect())
}

/// What to do with a placeholder that has no list.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Missing {
    Refused,
    Kept,
}

impl Names {
    fn read(params: &mut Params<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let include = params.texts("include", reader)?;
        let exclude = params.texts("exclude", reader)?;
        Some(Self { include: (!include.is_empty()).then_some(include), exclude })
    }

    /// All placeholders.
    pub(super) fn all() -> Self {
        Self { include: None, exclude: Vec::new() }
    }

    fn takes(&self, name: &str) -> bool {
        self.include.as_ref().is_none_or(|names| names.iter().any(|own| own == name))
            && !self.exclude.iter().any(|own| own == name)
    }

    /// Whether the step is about a placeholder of the text.
    fn any_in(&self, pattern: &Pattern) -> bool {
        pattern.parts.iter().any(|part| matches!(part, Part::Placeholder(name) if self.takes(name)))
    }

    /// The placeholders in a regular expression that the step is about.
    fn of(&self, expression: &str) -> Vec<String> {
        use crate::check::placeholder::{Piece, pieces};
        let names = pieces(expression).into_iter().filter_map(|piece| match piece {
            Piece::Name(name) => Some(name.to_owned()),
            Piece::Plain(_) => None,
        });
        names.filter(|name| self.takes(name)).collect()
    }

    fn wildcards(&self, pattern: &Pattern) -> Pattern {
        let mut out = Pattern { parts: Vec::new(), cased: pattern.cased };
        for part in &pattern.parts {
            out.push(match part {
                Part::Placeholder(name) if self.takes(name) => Part::Many,
                other => other.clone(),
            });
        }
        out
    }

    /// The pattern once for each combination of values.
    pub(super) fn fill(
        &self,
        pattern: &Pattern,
        lists: &Placeholders,
        missing: Missing,
        run: &Run<'_>,
    ) -> Result<Vec<Test>, Refusal> {
        let mut patterns = vec![Pattern { parts: Vec::new(), cased: pattern.cased }];
        for part in &pattern.parts {
            let list = match part {
                Part::Placeholder(name) if self.takes(name) => match (lists.get(name), missing) {
                    (Some(list), _) => Some(list),
                    (None, Missing::Kept) => None,
                    (None, Missing::Refused) => return Err(Refusal::unresolved(name)),
                },
                _ => None,
            };
            let Some(list) = list else {
                patterns.iter_mut().for_each(|own| own.push(part.clone()));
                continue;
            };
            if patterns.len().saturating_mul(list.len()) > run.limits.rule_values_max {
                let message = format!("placeholders make more than {} values", run.limits.rule_values_max);
                return Err(Refusal::new(Code::PipelineLimit, message));
            }
            patterns = patterns
                .iter()
                .flat_map(|own| {
                    list.iter().map(move |value| {
                        let mut own = own.clone();
                        Pattern::parse(value).parts.into_iter().for_each(|part| own.push(part));
                        own
                    })
                })
                .collect();
        }
        Ok(patterns.into_iter().map(Test::Text).collect())
    }
}

/// A regular expression with its placeholders filled, once for each combination of values.
pub(super) fn fill_regex(expression: &Regex, lists: &Placeholders, run: &Run<'_>) -> Result<Vec<Test>, Refusal> {
    use crate::check::placeholder::{Piece, expand, pieces};
    let Some((texts, _)) = expand(&expression.pattern, lists, run.limits.rule_values_max) else {
        let message = format!("placeholders make more than {} values", run.limits.rule_values_max);
        return Err(Refusal::new(Code::PipelineLimit, message));
    };
    let mut tests = Vec::with_capacity(texts.len());
    for pattern in texts.iter() {
        let open = pieces(pattern).iter().any(|piece| matches!(piece, Piece::Name(name) if !lists.contains_key(*name)));
        let filled = Regex { pattern: pattern.to_owned(), placeholders: open, ..expression.clone() };
        if let (false, Err(fault)) = (open, regex::parse(&filled)) {
            return Err(Refusal::new(fault.code, format!("`{}`: {}", filled.pattern, fault.message)));
        }
        tests.push(Test::Regex(filled));
    }
    Ok(tests)
}
