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

use crate::check::placeholder::{self, Piece};
use crate::check::{Branch, Regex, Rule, Test};
use crate::config::Limits;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::program::{Fields, Program, RuleId, Unit};
use atoms::Atoms;
use expr::Expr;

/// Why a rule cannot be compiled, if so: placeholders without values, expressions or conditions over a limit.
pub(crate) fn refuse(rule: &Rule, limits: &Limits) -> Option<Diagnostic> {
    let mut atoms = Atoms::default();
    let mut decisions = decide::Decisions::new(limits);
    refuse_test(rule, limits).or_else(|| {
        let fits = |branch: &Branch| decisions.add(&expr::condition(&branch.condition, branch, &mut atoms)).is_some();
        (!rule.branches.iter().all(fits)).then(|| too_large(rule))
    })
}

/// Compiles rules that [`refuse`] has nothing against.
pub(crate) fn compile(rules: &[Rule], limits: &Limits) -> Program {
    let mut atoms = Atoms::default();
    let mut alternatives: Vec<(RuleId, Expr)> = Vec::new();
    for (number, rule) in rules.iter().enumerate() {
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
        if let Some(entry) = decisions.add(&expr) {
            units.push(Unit { rule, entry });
            exprs.push(expr);
        }
    }
    let (router, members) = route::build(&exprs, &atoms);
    let mut builder = matcher::Builder::new(&atoms, limits);
    let partitions = members.iter().map(|units| builder.partition(units, &exprs)).collect();
    let needs_leaves = builder.needs_leaves;
    let matcher::Tables { effects, wakes, matchers } = builder.finish();
    Program {
        atoms: atoms.len(),
        fields: Fields::new(atoms.into_names()),
        units,
        decisions: decisions.into_table(),
        effects,
        wakes,
        matchers,
        partitions,
        router,
        needs_leaves,
    }
}

/// What of the tests cannot be compiled: placeholders left over, an expression over the limit.
fn refuse_test(rule: &Rule, limits: &Limits) -> Option<Diagnostic> {
    let mut unresolved: Vec<String> = Vec::new();
    let mut unresolved_at = Span::default();
    let mut too_large = None;
    rule.each_item(&mut |item| {
        each_test(&item.tests, &mut |test| {
            let written = match test {
                Test::Text(pattern) if pattern.has_placeholder() => pattern.written(),
                Test::Regex(regex) if regex.placeholders => regex.pattern.clone(),
                Test::Regex(regex) if too_large.is_none() => {
                    too_large = build_regex(regex, limits).err().map(|fault| (fault, item.span));
                    return;
                }
                _ => return,
            };
            for piece in placeholder::pieces(&written) {
                if let Piece::Name(name) = piece
                    && !unresolved.iter().any(|known| known == name)
                {
                    unresolved_at = if unresolved.is_empty() { item.span } else { unresolved_at };
                    unresolved.push(name.to_owned());
                }
            }
        });
    });
    if !unresolved.is_empty() {
        let message = format!("no values for the placeholder `{}`", unresolved.join("`, `"));
        let help = "give its list to the compiler, or let a pipeline fill it (`value_placeholders`)";
        return Some(told(rule, Code::PlaceholderUnresolved, &message, help, unresolved_at));
    }
    too_large.map(|((code, message), span)| told(rule, code, &message, "", span))
}

fn told(rule: &Rule, code: Code, message: &str, help: &str, span: Span) -> Diagnostic {
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
