//! Values that hold several facts: `Hashes`, and whatever a regular expression can take apart.
//!
//! ```text
//! Hashes|contains: [MD5=0a.., IMPHASH=1b..]   ─▶   any of (MD5: 0a.., IMPHASH: 1b..)
//! ```
//!
//! The new items are joined as the values were. Values that cannot be taken apart keep their field.

use super::Refusal;
use super::draft::{Body, Change, Draft, Work};
use super::params::{Params, Reader};
use super::step::Step;
use crate::check::{Join, Part, Pattern, Test};
use crate::diagnostic::Code;
use crate::number::Number;
use regex_automata::{Anchored, Input, meta};

#[derive(Debug)]
pub(super) struct Hashes {
    fields: Vec<String>,
    algorithms: Vec<String>,
    prefix: String,
    drop_algorithm: bool,
}

#[derive(Debug)]
pub(super) struct Extract {
    regex: meta::Regex,
    prefix: String,
    keep_unmatched: bool,
}

impl Hashes {
    pub(super) fn read(params: &mut Params<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let algorithms = params.need_texts("valid_hash_algos", reader)?;
        let mut fields = params.texts("field_to_parse", reader)?;
        if fields.is_empty() {
            fields = vec!["Hashes".to_owned(), "Hash".to_owned()];
        }
        let prefix = params.text("field_prefix", reader).unwrap_or_default();
        let drop_algorithm = params.flag("drop_algo_prefix", reader);
        if drop_algorithm && prefix.is_empty() {
            let message = "`drop_algo_prefix` leaves no field name: give a `field_prefix`";
            return reader.refuse(Code::PipelineParameter, params.span, message);
        }
        Some(Self { fields, algorithms, prefix, drop_algorithm })
    }

    pub(super) fn apply(&self, step: &Step, draft: &mut Draft) -> Result<(), Refusal> {
        split(step, draft, &|work| {
            let is_hash_field = work.item.field.as_ref().is_some_and(|field| self.fields.contains(field));
            if !is_hash_field {
                return None;
            }
            Some(Box::new(|test: &Test| {
                let Test::Text(pattern) = test else { return None };
                let (algorithm, value) = self.algorithm(pattern)?;
                let name = if self.drop_algorithm { "" } else { algorithm.as_str() };
                Some(vec![(format!("{}{name}", self.prefix), Test::Text(value))])
            }))
        })
    }

    /// The algorithm and the bare hash of `MD5=0a..`, or of a hash whose length tells its algorithm.
    fn algorithm(&self, pattern: &Pattern) -> Option<(String, Pattern)> {
        let mut parts = pattern.parts.clone();
        if parts.first() == Some(&Part::Many) {
            parts.remove(0);
        }
        if parts.last() == Some(&Part::Many) {
            parts.pop();
        }
        let Some(Part::Text(text)) = parts.first_mut() else { return None };
        let algorithm = match text.split_once('=') {
            Some((algorithm, rest)) => {
                let algorithm = algorithm.to_uppercase();
                *text = rest.to_owned();
                algorithm
            }
            None => match text.len() {
                32 => "MD5".to_owned(),
                40 => "SHA1".to_owned(),
                64 => "SHA256".to_owned(),
                128 => "SHA512".to_owned(),
                _ => return None,
            },
        };
        let known = self.algorithms.iter().find(|known| known.eq_ignore_ascii_case(&algorithm))?;
        parts.retain(|part| *part != Part::Text(String::new()));
        Some((known.clone(), Pattern { parts, cased: pattern.cased }))
    }
}

impl Extract {
    pub(super) fn read(params: &mut Params<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let expression = params.need_text("regex", reader)?;
        let regex = reader.regex(&expression, params.span)?;
        let names = regex.group_info().pattern_names(regex_automata::PatternID::ZERO).flatten().count();
        if names == 0 {
            let message = "`extract_fields` needs an expression with named groups, `(?P<name>...)`";
            return reader.refuse(Code::PipelineParameter, params.span, message);
        }
        let prefix = params.text("field_prefix", reader).map(|prefix| format!("{prefix}.")).unwrap_or_default();
        Some(Self { regex, prefix, keep_unmatched: params.flag("preserve_unmatched", reader) })
    }

    pub(super) fn apply(&self, step: &Step, draft: &mut Draft) -> Result<(), Refusal> {
        split(step, draft, &|work| {
            let facts_of = |test: &Test| {
                let Test::Text(pattern) = test else { return None };
                self.facts(&pattern.written(), pattern.cased)
            };
            if !work.item.tests.iter().any(|test| facts_of(test).is_some()) {
                return None;
            }
            // What does not match says nothing about the new fields; it is left out unless asked for.
            let keep = self.keep_unmatched;
            Some(Box::new(move |test: &Test| facts_of(test).or_else(|| (!keep).then(Vec::new))))
        })
    }

    fn facts(&self, text: &str, cased: bool) -> Option<Vec<(String, Test)>> {
        let mut captures = self.regex.create_captures();
        self.regex.search_captures(&Input::new(text).anchored(Anchored::Yes), &mut captures);
        captures.get_match()?;
        let names = self.regex.group_info().pattern_names(regex_automata::PatternID::ZERO);
        let facts = names.enumerate().filter_map(|(at, name)| {
            let value = text.get(captures.get_group(at)?.range())?;
            let test = match Number::from_numeric_text(value) {
                Some(number) => Test::Number(number),
                None => Test::Text(Pattern { cased, ..Pattern::literal(value) }),
            };
            Some((format!("{}{}", self.prefix, name?), test))
        });
        Some(facts.collect())
    }
}

/// Takes a value apart into fields with their tests; `None` when it stays as it is, empty when it goes.
type Parts<'a> = Box<dyn Fn(&Test) -> Option<Vec<(String, Test)>> + 'a>;

/// Takes the items apart that `parts_of` knows how to.
fn split<'a>(step: &Step, draft: &mut Draft, parts_of: &'a dyn Fn(&Work) -> Option<Parts<'a>>) -> Result<(), Refusal> {
    let mut changed = false;
    draft.rewrite(&mut |mut work, facts| {
        if !step.takes(&work, facts) {
            return Ok(Change::Keep(work));
        }
        let Some(parts_of) = parts_of(&work) else { return Ok(Change::Keep(work)) };
        work.applied.extend(step.id.clone());
        let (join, negated) = (work.item.join, work.item.negated);
        let mut left = Vec::new();
        let mut bodies: Vec<Body> = Vec::new();
        for test in &work.item.tests {
            match parts_of(test) {
                None => left.push(test.clone()),
                Some(parts) => {
                    let single = parts.len() == 1;
                    let parts = parts.into_iter().map(|(field, test)| work.with(Some(field), vec![test]));
                    if single && join == Join::Any {
                        parts.for_each(|part| merge(&mut bodies, part));
                    } else {
                        let parts: Vec<Body> = parts.map(Body::Item).collect();
                        bodies.extend((!parts.is_empty()).then(|| Body::joined(parts, Join::All, negated)));
                    }
                }
            }
        }
        if bodies.is_empty() {
            return Ok(Change::Keep(work));
        }
        changed = true;
        if !left.is_empty() {
            bodies.push(Body::Item(work.with(work.item.field.clone(), left)));
        }
        Ok(Change::Become(Body::joined(bodies, join, negated)))
    })?;
    draft.facts.changed |= changed;
    Ok(())
}

/// Adds an item, to the one on the same field if there is one.
fn merge(bodies: &mut Vec<Body>, part: Work) {
    for body in bodies.iter_mut() {
        if let Body::Item(own) = body
            && own.item.field == part.item.field
        {
            own.item.tests.extend(part.item.tests);
            return;
        }
    }
    bodies.push(Body::Item(part));
}
