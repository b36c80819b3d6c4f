//! Conditions as expressions over atoms, with selections written in place.
//!
//! ```text
//! sel and not f    ─▶    And [ atom 3, atom 7, Not (atom 9) ]
//! ```
//!
//! Nested `and` and `or` are made flat. What is left is still a tree: turning it into decisions and finding
//! what wakes it are separate steps.

use super::atoms::{Ask, Atoms, Question};
use crate::check::{Body, Branch, Condition, Item, Join, Test};
use crate::program::{AtomId, Subject};
use std::collections::BTreeSet;

/// A boolean expression over atoms.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expr {
    Atom(AtomId),
    Not(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    AtLeast(usize, Vec<Expr>),
}

/// Alternatives of one rule that become units of their own at most.
const ALTERNATIVES_MAX: usize = 32;

impl Expr {
    fn and(parts: Vec<Expr>) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        if flat.len() == 1 { flat.remove(0) } else { Self::And(flat) }
    }

    fn or(parts: Vec<Expr>) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        if flat.len() == 1 { flat.remove(0) } else { Self::Or(flat) }
    }

    /// The parts of which any makes the whole true.
    pub(super) fn alternatives(self) -> Vec<Expr> {
        match self {
            Self::Or(parts) if parts.len() <= ALTERNATIVES_MAX => parts,
            other => vec![other],
        }
    }

    /// Calls `each` for every atom.
    pub(super) fn each_atom(&self, each: &mut impl FnMut(AtomId)) {
        match self {
            Self::Atom(id) => each(*id),
            Self::Not(inner) => inner.each_atom(each),
            Self::And(parts) | Self::Or(parts) | Self::AtLeast(_, parts) => {
                parts.iter().for_each(|part| part.each_atom(each));
            }
        }
    }
}

/// Whether the condition counts selections, other than one of them or all.
pub(super) fn counts(condition: &Condition) -> bool {
    match condition {
        Condition::Selection(_) => false,
        Condition::Of { count, selections, .. } => *count > 1 && *count < selections.len(),
        Condition::Not(inner) => counts(inner),
        Condition::And(parts) | Condition::Or(parts) => parts.iter().any(counts),
    }
}

/// The expression of a condition.
pub(super) fn condition(condition: &Condition, branch: &Branch, atoms: &mut Atoms) -> Expr {
    let mut all =
        |parts: &[Condition]| -> Vec<Expr> { parts.iter().map(|part| self::condition(part, branch, atoms)).collect() };
    match condition {
        Condition::And(parts) => Expr::and(all(parts)),
        Condition::Or(parts) => Expr::or(all(parts)),
        Condition::Not(inner) => Expr::Not(Box::new(self::condition(inner, branch, atoms))),
        Condition::Selection(at) => selection(*at, branch, atoms),
        Condition::Of { count, selections, .. } => {
            let parts: Vec<Expr> = selections.iter().map(|at| selection(*at, branch, atoms)).collect();
            match *count {
                1 => Expr::or(parts),
                count if count == parts.len() => Expr::and(parts),
                count => Expr::AtLeast(count, parts),
            }
        }
    }
}

fn selection(at: usize, branch: &Branch, atoms: &mut Atoms) -> Expr {
    // An `or` of nothing is false, which is what a selection that is not there would be.
    branch.selections.get(at).map_or(Expr::Or(Vec::new()), |selection| body(&selection.body, atoms))
}

fn body(body: &Body, atoms: &mut Atoms) -> Expr {
    match body {
        Body::Item(item) => self::item(item, atoms),
        Body::All(parts) => Expr::and(parts.iter().map(|part| self::body(part, atoms)).collect()),
        Body::Any(parts) => Expr::or(parts.iter().map(|part| self::body(part, atoms)).collect()),
    }
}

fn item(item: &Item, atoms: &mut Atoms) -> Expr {
    let subject = atoms.subject(item.field.as_deref());
    let expr = match item.join {
        Join::Any => any(&item.tests, subject, atoms),
        Join::All => Expr::and(item.tests.iter().map(|test| any(std::slice::from_ref(test), subject, atoms)).collect()),
    };
    if item.negated { Expr::Not(Box::new(expr)) } else { expr }
}

/// Tests of which any will do: those on single values become one atom.
fn any(tests: &[Test], subject: Subject, atoms: &mut Atoms) -> Expr {
    let mut asks = BTreeSet::new();
    let mut parts = Vec::new();
    super::each_test(tests, &mut |test| match test {
        Test::Null => {
            let null = atoms.atom(subject, Question::IsNull);
            let present = atoms.atom(subject, Question::Present);
            parts.extend([Expr::Atom(null), Expr::Not(Box::new(Expr::Atom(present)))]);
        }
        Test::Exists(wanted) => {
            let present = Expr::Atom(atoms.atom(subject, Question::Present));
            parts.push(if *wanted { present } else { Expr::Not(Box::new(present)) });
        }
        Test::FieldRef(reference) => parts.extend(atoms.pair(subject, reference).map(Expr::Atom)),
        test => asks.extend(Ask::new(test)),
    });
    if !asks.is_empty() {
        parts.push(Expr::Atom(atoms.atom(subject, Question::AnyOf(asks.into_iter().collect()))));
    }
    Expr::or(parts)
}
