//! One value against one matcher: which effects follow?
//!
//! ```text
//! "C:\Windows\System32\cmd.exe"  ─▶  literals: ends "\cmd.exe"  ─▶  effect 12
//!                                              inside "system32" ─▶  verify regex 3 ─▶ effect 40
//! ```
//!
//! Effects of a value depend on nothing but the value and the matcher, so the memo may answer instead.

use super::memo::Memo;
use crate::event::in_network;
use crate::event::slots::Kind;
use crate::number::Number;
use crate::program::{Exact, Matcher, VERIFY, Verify};
use crate::text;
use crate::time::Clock;
use memchr::memmem::Finder;

/// The effects of one value, each once.
#[derive(Debug)]
pub(super) struct Hits {
    pub(super) effects: Vec<u32>,
    seen: Vec<u32>,
    epoch: u32,
    verifies: Vec<u32>,
    folded: String,
    memo: Memo,
}

impl Hits {
    pub(super) fn new(effects: usize) -> Self {
        Self {
            effects: Vec::new(),
            seen: vec![0; effects],
            epoch: 0,
            verifies: Vec::new(),
            folded: String::new(),
            memo: Memo::default(),
        }
    }

    /// Takes the effects as they are.
    pub(super) fn set(&mut self, effects: &[u32]) {
        self.effects.clear();
        self.effects.extend_from_slice(effects);
    }

    /// Finds the effects of one value; `id` is the matcher's number.
    pub(super) fn value(&mut self, matcher: &Matcher, id: u32, kind: Kind, text: &str, clock: &Clock) {
        self.effects.clear();
        let key = self.memo.key(id, kind, text);
        if let Some(effects) = self.memo.get(&key, text) {
            self.effects.extend_from_slice(effects);
            return;
        }
        self.search(matcher, kind, text, clock);
        self.memo.put(&key, text, &self.effects);
    }

    fn search(&mut self, matcher: &Matcher, kind: Kind, text: &str, clock: &Clock) {
        if self.epoch == u32::MAX {
            self.seen.fill(0);
            self.epoch = 0;
        }
        self.epoch += 1;
        self.verifies.clear();
        let folded = &mut self.folded;
        folded.clear();
        text::push_folded(text, folded);
        let verifies = &mut self.verifies;
        let (effects, seen, epoch) = (&mut self.effects, &mut self.seen, self.epoch);
        let mut add = |code: u32| {
            if code & VERIFY != 0 {
                if !verifies.contains(&(code & !VERIFY)) {
                    verifies.push(code & !VERIFY);
                }
            } else if let Some(mark) = seen.get_mut(code as usize).filter(|mark| **mark != epoch) {
                *mark = epoch;
                effects.push(code);
            }
        };
        if !matcher.folded.is_empty() {
            matcher.folded.search(folded, &mut add);
        }
        if !matcher.cased.is_empty() {
            matcher.cased.search(text, &mut add);
        }
        let called = self.verifies.iter().filter_map(|at| matcher.verifies.get(*at as usize));
        for verify in called.chain(&matcher.residual) {
            // A test whose effects are all known already need not run.
            let news = |effect: &&u32| self.seen.get(**effect as usize).is_some_and(|mark| *mark != self.epoch);
            if verify.effects.iter().any(|effect| news(&effect)) && holds(verify, kind, text, &self.folded, clock) {
                for effect in &verify.effects {
                    if let Some(mark) = self.seen.get_mut(*effect as usize).filter(|mark| **mark != self.epoch) {
                        *mark = self.epoch;
                        self.effects.push(*effect);
                    }
                }
            }
        }
    }
}

fn holds(verify: &Verify, kind: Kind, text: &str, folded: &str, clock: &Clock) -> bool {
    match &verify.test {
        Exact::AnyText => true,
        Exact::Folded(glob) => glob.is_match(folded),
        Exact::Cased(glob) => glob.is_match(text),
        Exact::Regex { regex, also } => {
            let has_one = |texts: &[Finder<'static>]| texts.iter().any(|one| one.find(folded.as_bytes()).is_some());
            also.iter().all(|texts| has_one(texts)) && regex.is_match(text)
        }
        Exact::Cidr(network) => in_network(*network, text),
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
