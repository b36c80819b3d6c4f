//! Expressions become decisions: look at an atom, go here if it is true and there if not.
//!
//! ```text
//! And [a, Or [b, c]]    ─▶    0: a ? 1 : FALSE     1: b ? TRUE : 2     2: c ? TRUE : FALSE
//! ```
//!
//! There is no stack and no operator left, only a walk through a table. `at least N of` becomes one step per
//! selection and count still missing.

use super::expr::Expr;
use crate::program::Decision;

/// Steps of one condition at most; counting can multiply them.
const STEPS_MAX: usize = 1 << 20;

/// Collects the decisions of all units.
#[derive(Default)]
pub(super) struct Decisions {
    table: Vec<Decision>,
}

impl Decisions {
    pub(super) fn into_table(self) -> Vec<Decision> {
        self.table
    }

    /// Adds an expression and gives its first step; `None` when it takes more steps than the limit.
    pub(super) fn add(&mut self, expr: &Expr) -> Option<u32> {
        let before = self.table.len();
        let entry = self.put(expr, Decision::TRUE, Decision::FALSE, before + STEPS_MAX);
        if entry.is_none() {
            self.table.truncate(before);
        }
        entry
    }

    /// Adds an expression that goes on to `yes` or `no`; later parts first, so that targets exist.
    fn put(&mut self, expr: &Expr, yes: u32, no: u32, max: usize) -> Option<u32> {
        match expr {
            Expr::Atom(atom) => {
                if self.table.len() >= max {
                    return None;
                }
                self.table.push(Decision { atom: *atom, if_true: yes, if_false: no });
                u32::try_from(self.table.len() - 1).ok().filter(|at| *at < Decision::FALSE)
            }
            Expr::Not(inner) => self.put(inner, no, yes, max),
            Expr::And(parts) => parts.iter().rev().try_fold(yes, |next, part| self.put(part, next, no, max)),
            Expr::Or(parts) => parts.iter().rev().try_fold(no, |next, part| self.put(part, yes, next, max)),
            Expr::AtLeast(count, parts) => self.count(*count, parts, yes, no, max),
        }
    }

    fn count(&mut self, count: usize, parts: &[Expr], yes: u32, no: u32, max: usize) -> Option<u32> {
        if count > parts.len() {
            return Some(no);
        }
        // row[n] is where to go when n more are needed and only the parts behind are left.
        let mut row = vec![no; count + 1];
        if let Some(first) = row.first_mut() {
            *first = yes;
        }
        for part in parts.iter().rev() {
            let mut next = row.clone();
            for (needed, slot) in next.iter_mut().enumerate().skip(1) {
                let (held, missed) = (row.get(needed - 1).copied()?, row.get(needed).copied()?);
                *slot = if held == missed { held } else { self.put(part, held, missed, max)? };
            }
            row = next;
        }
        row.last().copied()
    }
}
