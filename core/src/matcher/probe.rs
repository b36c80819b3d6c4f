//! One value against one matcher: which effects follow?
//!
//! ```text
//! "C:\\Windows\\System32\\cmd.exe"  ─▶  literals: ends "\\cmd.exe"  ─▶  effect 12
//!                                                 inside "system32" ─▶  verify regex 3 ─▶ effect 40
//! ```
//!
//! Literals are looked for in the value as it is written, which nearly always is how they are spelled; only tests that are
//! more than literals read the value, and only when their literals stand in it. Effects of a value depend on nothing but
//! the value and the matcher, so the memo may answer instead.

use super::memo::{Memo, Worth};
use super::tally::{Answer, Tally};
use crate::event::slots::{Kind, Seen};
use crate::number::{Number, bits_of_text};
use crate::program::{CLAUSE, Exact, List, Matcher, Program, Verify};
use crate::shortcut::{Shortcut, Shortcuts};
use crate::text::{self, Escapes};
use crate::time::Clock;
use memchr::memmem::Finder;
use std::sync::LazyLock;

/// Finds the effects of values.
#[derive(Debug)]
pub(super) struct Hits<T> {
    pub(super) tally: T,
    found: Found,
    spelling: Spelling,
    reading: Reading,
    memo: Memo,
    /// Whether values may be searched as they are written.
    is_in_place: bool,
}

/// The effects of one value, each once, and the tests that are still to be run.
#[derive(Debug)]
struct Found {
    effects: Vec<u32>,
    effect_marks: Vec<u32>,
    clause_marks: Vec<u32>,
    /// For each test how many of its clauses hold, and for which value that was counted.
    counts: Vec<(u32, u32)>,
    epoch: u32,
    /// Tests all of whose clauses hold.
    called: Vec<u32>,
}

/// Memory for spelling a value.
#[derive(Debug, Default)]
struct Spelling {
    text: String,
    spelled: Vec<u8>,
    folded: String,
}

/// The value at hand as its tests read it, made when the first of them asks.
#[derive(Debug, Default)]
struct Reading {
    unescaped: String,
    text: String,
    folded: String,
    has_text: bool,
    has_folded: bool,
}

impl<T: Tally> Hits<T> {
    pub(super) fn new(program: &Program, shortcuts: Shortcuts, tally: T) -> Self {
        Self {
            tally,
            found: Found::new(program),
            spelling: Spelling::default(),
            reading: Reading::default(),
            is_in_place: shortcuts.has(Shortcut::InPlace),
            memo: if shortcuts.has(Shortcut::Memo) {
                Memo::new(program.matchers.len(), Worth::OF_VALUES)
            } else {
                Memo::default()
            },
        }
    }

    /// Finds the effects of one value that surely was never seen before.
    pub(super) fn new_value(&mut self, matcher: &Matcher, id: u32, seen: &Seen<'_>, clock: &Clock) -> &[u32] {
        self.tally.searched(id, seen.raw.len());
        self.search(matcher, id, seen, clock);
        &self.found.effects
    }

    /// Finds the effects of one value; `id` is the matcher's number.
    // PERF: the loop is compiled twice, for the two tallies, and what is called in two places is not inlined unasked.
    #[inline(always)]
    pub(super) fn value(&mut self, matcher: &Matcher, id: u32, seen: &Seen<'_>, clock: &Clock) -> &[u32] {
        let raw = seen.raw.as_bytes();
        // Numbers and booleans with the text of a text are other values, and so is a text with other escapes.
        let kind = u32::from(seen.is_written) << 2 | seen.kind as u32 & 3;
        let key = if self.memo.pays(id) { self.memo.key(id, kind, raw) } else { None };
        if let Some(place) = key.as_ref().and_then(|key| self.memo.find(key, raw)) {
            self.tally.remembered(id);
            return self.memo.effects(place);
        }
        self.tally.searched(id, seen.raw.len());
        self.search(matcher, id, seen, clock);
        if let Some(key) = key {
            self.memo.put(&key, raw, &self.found.effects);
        }
        &self.found.effects
    }

    fn search(&mut self, matcher: &Matcher, id: u32, seen: &Seen<'_>, clock: &Clock) {
        self.found.begin();
        self.reading.begin();
        let mut buffers = std::mem::take(&mut self.spelling);
        let mut folded = std::mem::take(&mut buffers.folded);
        let spelled = match as_written(seen).filter(|_| self.is_in_place) {
            Some(written) => written,
            None => buffers.spell(seen),
        };
        let searched = if self.is_in_place && spelled.is_ascii() {
            spelled
        } else {
            folded.clear();
            text::push_folded(spelled, &mut folded);
            &folded
        };
        self.found.add(matcher.any_text);
        self.found.literals(matcher, searched);
        self.run_tests(matcher, id, seen, spelled, clock);
        buffers.folded = folded;
        self.spelling = buffers;
    }

    fn run_tests(&mut self, matcher: &Matcher, id: u32, seen: &Seen<'_>, spelled: &str, clock: &Clock) {
        if !matcher.networks.is_empty() {
            matcher.networks.search(self.reading.text(seen), |effect| self.found.add(&[effect]));
        }
        let tests = matcher.verifies.len() + matcher.residual.len();
        for (number, (list, effect)) in matcher.lists.iter().enumerate() {
            self.tally.test();
            let holds = self.reading.any_holds(list, seen);
            self.tally.tested(id, tests + number, seen.raw.len(), answer(holds));
            if holds {
                self.found.add(&[*effect]);
            }
        }
        let Found { effects, effect_marks, called, epoch, .. } = &mut self.found;
        let called = called.iter().filter_map(|at| Some((*at as usize, matcher.verifies.get(*at as usize)?)));
        for (number, verify) in called.chain((matcher.verifies.len()..).zip(&matcher.residual)) {
            // A test whose effects are all known already need not run.
            let is_news = |effect: &u32| effect_marks.get(*effect as usize).is_some_and(|mark| mark != epoch);
            if !verify.demand.may_be_met_by(spelled) || !verify.effects.iter().any(is_news) {
                continue;
            }
            self.tally.test();
            let holds = self.reading.holds(verify, seen, clock);
            self.tally.tested(id, number, seen.raw.len(), answer(holds));
            if holds {
                for effect in verify.effects {
                    if is_first(effect_marks, *effect, *epoch) {
                        effects.push(*effect);
                    }
                }
            }
        }
    }
}

impl Found {
    fn new(program: &Program) -> Self {
        let most = |of: fn(&Matcher) -> usize| program.matchers.iter().map(of).max().unwrap_or(0);
        Self {
            effects: Vec::new(),
            effect_marks: vec![0; program.effects.len()],
            clause_marks: vec![0; most(|matcher| matcher.clauses.len())],
            counts: vec![(0, 0); most(|matcher| matcher.verifies.len())],
            epoch: 0,
            called: Vec::new(),
        }
    }

    #[inline]
    fn add(&mut self, effects: &[u32]) {
        for effect in effects {
            if is_first(&mut self.effect_marks, *effect, self.epoch) {
                self.effects.push(*effect);
            }
        }
    }

    fn begin(&mut self) {
        if self.epoch == u32::MAX {
            self.effect_marks.fill(0);
            self.clause_marks.fill(0);
            self.counts.fill((0, 0));
            self.epoch = 0;
        }
        self.epoch += 1;
        self.effects.clear();
        self.called.clear();
    }

    /// Notes what the literals of a matcher say that stand in a value.
    fn literals(&mut self, matcher: &Matcher, spelled: &str) {
        let (epoch, marks, clause_marks) = (self.epoch, &mut self.effect_marks, &mut self.clause_marks);
        let (effects, counts, called) = (&mut self.effects, &mut self.counts, &mut self.called);
        matcher.literals.search(spelled, |code| {
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
        });
    }
}

fn answer(holds: bool) -> Answer {
    if holds { Answer::Holds } else { Answer::Fails }
}

/// Marks something as seen, and says whether it was not yet.
fn is_first(marks: &mut [u32], at: u32, epoch: u32) -> bool {
    marks.get_mut(at as usize).is_some_and(|mark| std::mem::replace(mark, epoch) != epoch)
}

/// The text of the event, where it is spelled as JSON does with the fewest escapes.
#[inline]
fn as_written<'e>(seen: &Seen<'e>) -> Option<&'e str> {
    let raw = seen.raw.as_bytes();
    let is_spelled = match seen.kind {
        Kind::Text if seen.is_spelled => true,
        Kind::Text if seen.is_written => memchr::memchr(b'\\', raw).is_none_or(|first| !has_other_escapes(raw, first)),
        Kind::Text => text::is_spelled_as_is(seen.raw),
        _ => false,
    };
    is_spelled.then_some(seen.raw)
}

impl Spelling {
    /// The value as JSON spells it with the fewest escapes; buffers hold what is not written so.
    fn spell<'t>(&'t mut self, seen: &Seen<'t>) -> &'t str {
        if seen.kind != Kind::Text {
            return seen.text(&mut self.text);
        }
        self.spelled.clear();
        text::push_spelled(seen.text(&mut self.text), &mut self.spelled);
        str::from_utf8(&self.spelled).unwrap_or_default()
    }
}

/// Whether escapes from the first backslash on are others than those of the fewest.
fn has_other_escapes(raw: &[u8], first: usize) -> bool {
    static OTHERS: LazyLock<[Finder<'static>; 2]> = LazyLock::new(|| ["\\/", "\\u"].map(Finder::new));
    let rest = raw.get(first..).unwrap_or_default();
    let mut escapes = Escapes::new(rest);
    OTHERS.iter().any(|other| other.find_iter(rest).any(|at| !escapes.is_cut_at(at)))
}

impl Reading {
    fn begin(&mut self) {
        self.has_text = false;
        self.has_folded = false;
    }

    fn text(&mut self, seen: &Seen<'_>) -> &str {
        if !std::mem::replace(&mut self.has_text, true) {
            self.text.clear();
            self.text.push_str(seen.text(&mut self.unescaped));
        }
        &self.text
    }

    fn folded(&mut self, seen: &Seen<'_>) -> &str {
        if !std::mem::replace(&mut self.has_folded, true) {
            self.text(seen);
            self.folded.clear();
            text::push_folded(&self.text, &mut self.folded);
        }
        &self.folded
    }

    fn any_holds(&mut self, list: &List<'_>, seen: &Seen<'_>) -> bool {
        match list {
            List::Folded(texts) => texts.any_holds(self.folded(seen)),
            List::Cased(texts) => texts.any_holds(self.text(seen)),
            List::Networks(networks) => {
                let mut holds = false;
                networks.search(self.text(seen), |_| holds = true);
                holds
            }
        }
    }

    fn holds(&mut self, verify: &Verify<'_>, seen: &Seen<'_>, clock: &Clock) -> bool {
        match &verify.test {
            Exact::Folded(glob) => glob.is_match(self.folded(seen)),
            Exact::Cased(glob) => glob.is_match(self.text(seen)),
            Exact::Regex(regex) => regex.is_match(self.text(seen)),
            Exact::Compare(relation, number) => {
                let own = Number::from_numeric_text(self.text(seen));
                seen.kind != Kind::Bool && own.is_some_and(|own| relation.holds(own, *number))
            }
            Exact::Bits(bits) => bits_of_text(self.text(seen)).is_some_and(|own| own & bits == *bits),
            Exact::Time(part, relation, number) => {
                let text = self.text(seen);
                let own = match (seen.kind, Number::from_numeric_text(text)) {
                    (Kind::Number, Some(own)) => clock.part_of_number(own, *part),
                    _ => clock.part_of_text(text, *part),
                };
                own.is_some_and(|own| relation.holds(own, *number))
            }
        }
    }
}
