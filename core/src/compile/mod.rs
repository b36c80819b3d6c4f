//! Checked rules become a program: names become slots, tests become atoms, conditions become decisions.
//!
//! ```text
//! Rule ─▶ expressions over atoms ─▶ units ─▶ router (which units for which event)
//!                                          ─▶ partitions (what to look at) ─▶ matchers (literals, tests)
//! ```
//!
//! This is the only writer of `program`. It decides nothing about meaning: every choice here (which atom
//! wakes a unit, which field routes) may change the cost of a verdict, never the verdict.

mod atoms;
mod decide;
mod expr;
mod literal;
mod matcher;
mod route;
mod witness;

use crate::check::{Regex, Rule, Test};
use crate::config::Limits;
use crate::diagnostic::{Code, Diagnostic};
use crate::event::fields::Fields;
use crate::event::time::Clock;
use crate::program::{Program, RuleId, Unit};
use atoms::Atoms;
use expr::Expr;

/// Compiles rules. A rule that does not fit gives a diagnostic, and its place in the program stays empty.
pub(crate) fn compile(rules: &[Rule], clock: Clock, limits: &Limits) -> (Program, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let mut atoms = Atoms::default();
    let mut alternatives: Vec<(RuleId, Expr)> = Vec::new();
    for (number, rule) in rules.iter().enumerate() {
        if let Some(diagnostic) = refuse(rule, limits) {
            diagnostics.push(diagnostic);
            continue;
        }
        let id = RuleId(number as u32);
        for branch in &rule.branches {
            let expr = expr::condition(&branch.condition, branch, &mut atoms);
            alternatives.extend(expr.alternatives().into_iter().map(|expr| (id, expr)));
        }
    }
    let mut decisions = decide::Decisions::new(limits);
    let mut units = Vec::new();
    let mut exprs = Vec::new();
    for (rule, expr) in alternatives {
        match decisions.add(&expr) {
            Some(entry) => {
                units.push(Unit { rule, entry });
                exprs.push(expr);
            }
            None => diagnostics.extend(rules.get(rule.0 as usize).map(too_large)),
        }
    }
    let (router, members) = route::build(&exprs, &atoms);
    let mut builder = matcher::Builder::new(&atoms, limits);
    let partitions = members.iter().map(|units| builder.partition(units, &exprs)).collect();
    let needs_leaves = builder.needs_leaves;
    let matcher::Tables { effects, wakes, matchers } = builder.finish();
    let program = Program {
        atoms: atoms.len(),
        fields: Fields::new(atoms.into_names()),
        units,
        decisions: decisions.into_table(),
        effects,
        wakes,
        matchers,
        partitions,
        router,
        clock,
        needs_leaves,
    };
    (program, diagnostics)
}

/// What of a rule cannot be compiled, if anything: placeholders left over, expressions over the limit.
fn refuse(rule: &Rule, limits: &Limits) -> Option<Diagnostic> {
    let mut found: Option<(Code, String, String, crate::diagnostic::Span)> = None;
    rule.each_item(&mut |item| {
        each_test(&item.tests, &mut |test| {
            if found.is_some() {
                return;
            }
            found = match test {
                Test::Text(pattern) if pattern.has_placeholder() => Some(unresolved(&pattern.written(), item.span)),
                Test::Regex(regex) if regex.placeholders => Some(unresolved(&regex.pattern, item.span)),
                Test::Regex(regex) => {
                    regex_fault(regex, limits).map(|(code, message)| (code, message, String::new(), item.span))
                }
                _ => None,
            };
        });
    });
    let (code, message, help, span) = found?;
    Some(told(rule, code, &message, &help, span))
}

fn unresolved(written: &str, span: crate::diagnostic::Span) -> (Code, String, String, crate::diagnostic::Span) {
    let names: Vec<&str> = crate::check::placeholder::pieces(written)
        .into_iter()
        .filter_map(|piece| match piece {
            crate::check::placeholder::Piece::Name(name) => Some(name),
            crate::check::placeholder::Piece::Plain(_) => None,
        })
        .collect();
    let message = format!("no values for the placeholder `{}`", names.join("`, `"));
    let help = "give its list to the compiler, or let a pipeline fill it (`value_placeholders`)".to_owned();
    (Code::PlaceholderUnresolved, message, help, span)
}

fn told(rule: &Rule, code: Code, message: &str, help: &str, span: crate::diagnostic::Span) -> Diagnostic {
    let mut diagnostic = match &rule.origin {
        Some(origin) => Diagnostic::new(code, &origin.source, span, message),
        None => Diagnostic::without_place(code, None, message),
    };
    diagnostic.help = (!help.is_empty()).then(|| help.to_owned());
    diagnostic.about(rule.meta.title.clone())
}

fn too_large(rule: &Rule) -> Diagnostic {
    let span = rule.origin.as_ref().map_or_else(Default::default, |origin| origin.span);
    told(rule, Code::ProgramLimit, "the condition compiles to more steps than the limit", "split the rule", span)
}

/// Calls `each` for every single test.
fn each_test<'a>(tests: &'a [Test], each: &mut impl FnMut(&'a Test)) {
    for test in tests {
        match test {
            Test::AnyOf(inner) => each_test(inner, each),
            test => each(test),
        }
    }
}

/// Builds the automaton of an expression, within the limit.
fn build_regex(regex: &Regex, limits: &Limits) -> Result<regex_automata::meta::Regex, (Code, String)> {
    let hir = crate::check::regex::parse(regex).map_err(|fault| (fault.code, fault.message))?;
    let config = regex_automata::meta::Config::new()
        .nfa_size_limit(Some(limits.regex_bytes_max))
        .onepass_size_limit(Some(limits.regex_bytes_max))
        .hybrid_cache_capacity(1 << 20);
    regex_automata::meta::Builder::new().configure(config).build_from_hir(&hir).map_err(|error| {
        let message = match error.size_limit() {
            Some(limit) => format!("the expression compiles to more than {limit} bytes"),
            None => format!("the expression cannot be compiled: {error}"),
        };
        (Code::RegexTooLarge, message)
    })
}

fn regex_fault(regex: &Regex, limits: &Limits) -> Option<(Code, String)> {
    build_regex(regex, limits).err()
}
