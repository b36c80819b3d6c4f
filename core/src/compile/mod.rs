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
mod demand;
mod expr;
mod lists;
mod literal;
mod matcher;
mod regexes;
mod route;
mod witness;

use crate::check::placeholder::{self, Piece};
use crate::check::{Rule, Test};
use crate::config::Limits;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::program::tables::Writer;
use crate::program::{self, ProgramDraft, RuleId, SlotId, Unit};
use crate::shortcut::{Shortcut, Shortcuts};
use atoms::Atoms;
use expr::Expr;
use regexes::Regexes;
use std::collections::BTreeSet;

/// Rules on their way into one program. Each is seen once, so that whoever adds it may let it go.
pub(crate) struct Collector {
    regexes: Regexes,
    shortcuts: Shortcuts,
    atoms: Atoms,
    alternatives: Vec<(RuleId, Expr)>,
    /// Slots that others ask for than rules.
    held: BTreeSet<SlotId>,
    /// How many rules there are so far.
    rules: u32,
}

impl Collector {
    pub(crate) fn new(limits: Limits, shortcuts: Shortcuts) -> Self {
        let (regexes, atoms) = (Regexes::new(limits), Atoms::new(shortcuts));
        Self { regexes, shortcuts, atoms, alternatives: Vec::new(), held: BTreeSet::new(), rules: 0 }
    }

    /// Takes in a rule under the next number; or says why it cannot be compiled: placeholders without values, expressions
    /// or conditions over a limit.
    pub(crate) fn add(&mut self, rule: &Rule) -> Result<(), Box<Diagnostic>> {
        if let Some(fault) = refuse_test(rule, &mut self.regexes).or_else(|| refuse_condition(rule)) {
            return Err(Box::new(fault));
        }
        let id = RuleId(self.rules);
        self.rules += 1;
        for branch in &rule.branches {
            let expr = expr::condition(&branch.condition, branch, &mut self.atoms);
            if self.shortcuts.has(Shortcut::Alternatives) {
                self.alternatives.extend(expr.alternatives().into_iter().map(|expr| (id, expr)));
            } else {
                self.alternatives.push((id, expr));
            }
        }
        Ok(())
    }

    /// Gives a field a slot, also when no rule tests it.
    pub(crate) fn field(&mut self, name: &str) -> SlotId {
        let slot = self.atoms.slot(name);
        self.held.insert(slot);
        slot
    }

    /// What each of those who ask for a field demands of others: texts of which one must be there for its answer to count.
    pub(crate) fn demands(&self, field: &str, of: &[&str]) -> Vec<Vec<Option<BTreeSet<String>>>> {
        let Some(slot) = self.atoms.known(field) else { return Vec::new() };
        let of: Vec<Option<SlotId>> = of.iter().map(|name| self.atoms.known(name)).collect();
        let asks = |expr: &Expr| {
            let mut asks = false;
            expr.each_atom(&mut |id| asks |= self.atoms.reads(id, slot));
            asks
        };
        let rules = self.alternatives.iter().map(|(_, expr)| expr).filter(|expr| asks(expr));
        let rules = rules.map(|expr| route::demands_of(expr, &self.atoms, &of));
        rules.chain(self.held.contains(&slot).then(|| vec![None; of.len()])).collect()
    }

    /// The names of the fields that have a slot so far.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.atoms.names()
    }

    /// How many fields have a slot so far.
    pub(crate) fn fields(&self) -> usize {
        self.atoms.fields()
    }

    /// Writes the program.
    pub(crate) fn finish(self, writer: &mut Writer) {
        let Self { regexes, shortcuts, atoms, alternatives, .. } = self;
        let mut decisions = decide::Decisions::default();
        let mut units = Vec::new();
        let mut exprs = Vec::new();
        for (rule, expr) in alternatives {
            if let Some(entry) = decisions.add(&expr) {
                units.push(Unit { rule, entry });
                exprs.push(expr);
            }
        }
        let (router, members) = route::build(&exprs, &atoms, shortcuts);
        program::write_expressions(regexes.written(), shortcuts.has(Shortcut::AsciiExpressions), writer);
        let mut builder = matcher::Builder::new(&atoms, &regexes, writer, shortcuts);
        let partitions = members.iter().map(|units| builder.partition(units, &exprs)).collect();
        let needs_leaves = builder.needs_leaves;
        let matcher::Tables { effects, wakes } = builder.finish();
        let subjects = atoms.subjects();
        let (names, pairs) = atoms.into_names_and_pairs();
        let draft = ProgramDraft {
            atoms: subjects,
            pairs,
            names,
            units,
            decisions: decisions.into_table(),
            effects,
            wakes,
            partitions,
            router,
            needs_leaves,
        };
        draft.write(writer);
    }
}

/// Only counting multiplies steps; every other condition is as long as its values are many.
fn refuse_condition(rule: &Rule) -> Option<Diagnostic> {
    let counting = rule.branches.iter().filter(|branch| expr::counts(&branch.condition));
    let mut atoms = Atoms::default();
    let mut decisions = decide::Decisions::default();
    let mut exprs = counting.map(|branch| expr::condition(&branch.condition, branch, &mut atoms));
    exprs.any(|expr| decisions.add(&expr).is_none()).then(|| too_large(rule))
}

/// What of the tests cannot be compiled: placeholders left over, an expression over the limit.
fn refuse_test(rule: &Rule, regexes: &mut Regexes) -> Option<Diagnostic> {
    let mut unresolved: Vec<String> = Vec::new();
    let mut unresolved_at = Span::default();
    let mut too_large = None;
    rule.each_item(&mut |item| {
        each_test(&item.tests, &mut |test| {
            let written = match test {
                Test::Text(pattern) if pattern.has_placeholder() => pattern.written(),
                Test::Regex(regex) if regex.placeholders => regex.pattern.clone(),
                Test::Regex(regex) if too_large.is_none() => {
                    too_large = regexes.add(regex).err().map(|fault| (fault, item.span));
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
