//! One value against one matcher: which effects follow?
//!
//! ```text
//! "C:\Windows\System32\cmd.exe"  ─▶  literals: ends "\cmd.exe"  ─▶  effect 12
//!                                              inside "system32" ─▶  verify regex 3 ─▶ effect 40
//! ```
//!
//! Effects of a value depend on nothing but the value and the matcher, so the memo may answer instead.

use super::memo::Memo;
use crate::event::slots::{Kind, Seen};
use crate::number::Number;
use crate::program::{CLAUSE, Exact, List, Matcher, Program, Verify};
use crate::text;
use crate::time::Clock;

/// The effects of one value, each once.
#[derive(Debug)]
pub(super) struct Hits {
    pub(super) effects: Vec<u32>,
    effect_marks: Vec<u32>,
    clause_marks: Vec<u32>,
    /// For each test how many of its clauses hold, and for which value that was counted.
    counts: Vec<(u32, u32)>,
    epoch: u32,
    /// Tests all of whose clauses hold.
    called: Vec<u32>,
    unescaped: String,
    folded: String,
    memo: Memo,
}

impl Hits {
    pub(super) fn new(program: &Program) -> Self {
        let most = |of: fn(&Matcher) -> usize| program.matchers.iter().map(of).max().unwrap_or(0);
        Self {
            effects: Vec::new(),
            effect_marks: vec![0; program.effects.len()],
            clause_marks: vec![0; most(|matcher| matcher.clauses.len())],
            counts: vec![(0, 0); most(|matcher| matcher.verifies.len())],
            epoch: 0,
            called: Vec::new(),
            unescaped: String::new(),
            folded: String::new(),
            memo: Memo::default(),
        }
    }

    /// Finds the effects of one value; `id` is the matcher's number.
    pub(super) fn value(&mut self, matcher: &Matcher, id: u32, seen: &Seen<'_>, clock: &Clock) {
        self.effects.clear();
        let key = self.memo.key(id, seen);
        if let Some(effects) = key.as_ref().and_then(|key| self.memo.get(key, seen)) {
            self.effects.extend_from_slice(effects);
            return;
        }
        let mut buffer = std::mem::take(&mut self.unescaped);
        self.search(matcher, seen.kind, seen.text(&mut buffer), clock);
        self.unescaped = buffer;
        if let Some(key) = key {
            self.memo.put(&key, seen, &self.effects);
        }
    }

    fn search(&mut self, matcher: &Matcher, kind: Kind, text: &str, clock: &Clock) {
        if self.epoch == u32::MAX {
            self.effect_marks.fill(0);
            self.clause_marks.fill(0);
            self.counts.fill((0, 0));
            self.epoch = 0;
        }
        self.epoch += 1;
        self.called.clear();
        self.folded.clear();
        text::push_folded(text, &mut self.folded);
        let (epoch, marks, clause_marks) = (self.epoch, &mut self.effect_marks, &mut self.clause_marks);
        let (effects, counts, called) = (&mut self.effects, &mut self.counts, &mut self.called);
        let mut add = |code: u32| {
            if code & CLAUSE == 0 {
                if is_first(marks, code, epoch) {
                    effects.push(code);
                }
            } else if is_first(clause_marks, code & !CLAUSE, epoch)
                && let Some(number) = matcher.clauses.get((code & !CLAUSE) as usize)
                && let Some(count) = counts.get_mut(*number as usize)
            {
                *count = if count.0 == epoch { (epoch, count.1 + 1) } else { (epoch, 1) };
                if matcher.verifies.get(*number as usize).is_some_and(|verify| verify.clauses == count.1) {
                    called.push(*number);
                }
            }
        };
        matcher.folded.search(&self.folded, &mut add);
        if !matcher.cased.is_empty() {
            matcher.cased.search(text, &mut add);
        }
        if !matcher.networks.is_empty() {
            matcher.networks.search(text, &mut add);
        }
        for (list, effect) in &matcher.lists {
            match &**list {
                List::Folded(literals) => literals.search(&self.folded, |_| add(*effect)),
                List::Cased(literals) => literals.search(text, |_| add(*effect)),
                List::Networks(networks) => networks.search(text, |_| add(*effect)),
            }
        }
        let called = self.called.iter().filter_map(|at| matcher.verifies.get(*at as usize));
        for verify in called.chain(&matcher.residual) {
            // A test whose effects are all known already need not run.
            let is_news = |effect: &u32| self.effect_marks.get(*effect as usize).is_some_and(|mark| *mark != epoch);
            if verify.effects.iter().any(is_news) && holds(verify, kind, text, &self.folded, clock) {
                for effect in &verify.effects {
                    if is_first(&mut self.effect_marks, *effect, epoch) {
                        self.effects.push(*effect);
                    }
                }
            }
        }
    }
}

/// Marks something as seen, and says whether it was not yet.
fn is_first(marks: &mut [u32], at: u32, epoch: u32) -> bool {
    marks.get_mut(at as usize).is_some_and(|mark| std::mem::replace(mark, epoch) != epoch)
}

fn holds(verify: &Verify, kind: Kind, text: &str, folded: &str, clock: &Clock) -> bool {
    match &verify.test {
        Exact::AnyText => true,
        Exact::Folded(glob) => glob.is_match(folded),
        Exact::Cased(glob) => glob.is_match(text),
        Exact::Regex(regex) => regex.is_match(text),
        Exact::Compare(relation, number) => {
            kind != Kind::Bool && Number::from_numeric_text(text).is_some_and(|own| relation.holds(own, *number))
        }
        Exact::Time(part, relation, number) => {
            let own = match (kind, Number::from_numeric_text(text)) {
                (Kind::Number, Some(own)) => clock.part_of_number(own, *part),
                _ => clock.part_of_text(text, *part),
            };
            own.is_some_and(|own| relation.holds(own, *number))
        }
    }
}
