//! Partitions and their matchers: the atoms of some units, sorted by slot and turned into automata.
//!
//! ```text
//! units {4, 9} ─▶ slot Image: { "\a.exe" at the end ─▶ effect 0 (atom 5, wakes unit 4) }
//!              ─▶ slot User:  { regex behind literal "adm" ─▶ effect 1 (atom 8, wakes nobody) }
//! ```
//!
//! Equal matchers are built once, however many partitions use them.

use super::atoms::{Ask, Atoms, Pieces, Question, Subject};
use super::expr::Expr;
use super::route::Members;
use super::{Regexes, literal, witness};
use crate::check::Regex;
use crate::program::{
    AtomId, Effect, Exact, Glob, GlobPart as Piece, LiteralsBuilder, Matcher, Pair, Partition, Place, Probe, Span,
    UnitId, VERIFY, Verify,
};
use crate::text::DASHES;
use memchr::memmem::Finder;
use std::collections::{BTreeMap, HashMap};

/// What all partitions share.
pub(super) struct Tables {
    pub(super) effects: Vec<Effect>,
    pub(super) wakes: Vec<UnitId>,
    pub(super) matchers: Vec<Matcher>,
}

/// An atom and the units that it wakes in the partition at hand.
type Wanted = (AtomId, Vec<UnitId>);

pub(super) struct Builder<'a> {
    atoms: &'a Atoms,
    regexes: &'a Regexes,
    effects: Vec<Effect>,
    wakes: Vec<UnitId>,
    wake_spans: HashMap<Vec<UnitId>, Span>,
    matchers: Vec<Matcher>,
    by_wanted: HashMap<(Subject, Vec<Wanted>), u32>,
    pub(super) needs_leaves: bool,
}

/// Texts into which one `windash` pattern is written out at most; with more, a glob is tried.
const DASH_TEXTS_MAX: usize = 25;

impl<'a> Builder<'a> {
    pub(super) fn new(atoms: &'a Atoms, regexes: &'a Regexes) -> Self {
        Self {
            atoms,
            regexes,
            effects: Vec::new(),
            wakes: Vec::new(),
            wake_spans: HashMap::new(),
            matchers: Vec::new(),
            by_wanted: HashMap::new(),
            needs_leaves: false,
        }
    }

    pub(super) fn finish(self) -> Tables {
        Tables { effects: self.effects, wakes: self.wakes, matchers: self.matchers }
    }

    /// Builds what must be looked at for the units of one partition.
    pub(super) fn partition(&mut self, members: &Members, exprs: &[Expr]) -> Partition {
        let mut partition = Partition::default();
        let mut wanted: BTreeMap<AtomId, Vec<UnitId>> = BTreeMap::new();
        for unit in &members.units {
            let Some(expr) = exprs.get(unit.0 as usize) else { continue };
            expr.each_atom(&mut |atom| {
                wanted.entry(atom).or_default();
            });
            match witness::find(expr, self.atoms, &members.routed) {
                Some(witness) => {
                    for atom in witness.atoms {
                        wanted.entry(atom).or_default().push(*unit);
                    }
                }
                None => partition.always.push(*unit),
            }
        }
        let mut by_subject: BTreeMap<Subject, Vec<Wanted>> = BTreeMap::new();
        for (atom, units) in wanted {
            match self.atoms.get(atom) {
                Some((Subject::Slot(left), Question::Pair { other, anchor, cased })) => {
                    let (left, right, anchor, cased) = (*left, *other, *anchor, *cased);
                    let effect = self.effect(atom, units);
                    partition.pairs.push(Pair { left, right, anchor, cased, effect });
                }
                Some((subject, _)) => by_subject.entry(*subject).or_default().push((atom, units)),
                None => {}
            }
        }
        for (subject, wanted) in by_subject {
            let matcher = self.matcher(subject, wanted);
            match subject {
                Subject::Slot(slot) => partition.probes.push(Probe { slot, matcher }),
                Subject::Leaves => {
                    partition.leaves = Some(matcher);
                    self.needs_leaves = true;
                }
            }
        }
        partition
    }

    fn effect(&mut self, atom: AtomId, units: Vec<UnitId>) -> u32 {
        let wakes = match self.wake_spans.get(&units) {
            Some(span) => *span,
            None => {
                let start = self.wakes.len() as u32;
                self.wakes.extend(&units);
                let span = Span { start, end: self.wakes.len() as u32 };
                self.wake_spans.insert(units, span);
                span
            }
        };
        self.effects.push(Effect { atom, wakes });
        self.effects.len() as u32 - 1
    }

    fn matcher(&mut self, subject: Subject, wanted: Vec<Wanted>) -> u32 {
        if let Some(known) = self.by_wanted.get(&(subject, wanted.clone())) {
            return *known;
        }
        let id = self.matchers.len() as u32;
        self.by_wanted.insert((subject, wanted.clone()), id);
        let mut draft = Draft::default();
        for (atom, units) in wanted {
            let effect = self.effect(atom, units);
            match self.atoms.get(atom) {
                Some((_, Question::Present)) => draft.matcher.present.push(effect),
                Some((_, Question::IsNull)) => draft.matcher.null.push(effect),
                Some((_, Question::AnyOf(asks))) => asks.iter().for_each(|ask| self.ask(ask, effect, &mut draft)),
                _ => {}
            }
        }
        self.matchers.push(draft.finish());
        id
    }

    /// Adds one test to a matcher.
    fn ask(&mut self, ask: &Ask, effect: u32, draft: &mut Draft) {
        match ask {
            Ask::Text(pieces) => text(pieces, effect, draft),
            Ask::Regex { pattern, insensitive, multiline, dot_all } => {
                let regex = Regex {
                    pattern: pattern.clone(),
                    insensitive: *insensitive,
                    multiline: *multiline,
                    dot_all: *dot_all,
                    placeholders: false,
                };
                if let Some(built) = self.regexes.get(&regex) {
                    let announced_by = built.required.announced_by.as_deref();
                    draft.verify(ask.clone(), announced_by, effect, || Exact::Regex {
                        regex: built.regex.clone(),
                        also: built.required.also.iter().map(|texts| finders(texts)).collect(),
                    });
                }
            }
            Ask::Cidr(network) => draft.verify(ask.clone(), None, effect, || Exact::Cidr(*network)),
            Ask::Compare(sign, number) => {
                draft.verify(ask.clone(), None, effect, || Exact::Compare(*sign, *number));
            }
            Ask::Time(part, sign, number) => {
                draft.verify(ask.clone(), None, effect, || Exact::Time(*part, *sign, *number));
            }
        }
    }
}

/// A matcher that is being built.
#[derive(Default)]
struct Draft {
    matcher: Matcher,
    folded: LiteralsBuilder,
    cased: LiteralsBuilder,
    verifies: HashMap<Ask, Slot>,
}

/// Where a test of a draft stands.
#[derive(Clone, Copy)]
enum Slot {
    Called(usize),
    Residual(usize),
}

impl Draft {
    /// Adds a test that literals announce, or that runs always when there are none.
    fn verify(&mut self, ask: Ask, literals: Option<&[String]>, effect: u32, test: impl FnOnce() -> Exact) {
        let known = self.verifies.get(&ask).copied();
        let slot = known.unwrap_or_else(|| {
            let verify = Verify { test: test(), effects: Vec::new() };
            let slot = match literals {
                Some(literals) => {
                    let code = self.matcher.verifies.len() as u32 | VERIFY;
                    literals.iter().for_each(|literal| self.folded.add(Place::Inside, literal, code));
                    self.matcher.verifies.push(verify);
                    Slot::Called(self.matcher.verifies.len() - 1)
                }
                None => {
                    self.matcher.residual.push(verify);
                    Slot::Residual(self.matcher.residual.len() - 1)
                }
            };
            self.verifies.insert(ask, slot);
            slot
        });
        let verify = match slot {
            Slot::Called(at) => self.matcher.verifies.get_mut(at),
            Slot::Residual(at) => self.matcher.residual.get_mut(at),
        };
        if let Some(verify) = verify {
            verify.effects.push(effect);
        }
    }

    fn finish(self) -> Matcher {
        let mut matcher = self.matcher;
        // PERF: an automaton that is too large for its crate leaves no literals; limits on values keep clear of it.
        matcher.folded = self.folded.build().unwrap_or_default();
        matcher.cased = self.cased.build().unwrap_or_default();
        matcher
    }
}

fn finders(texts: &[String]) -> Box<[Finder<'static>]> {
    texts.iter().map(|text| Finder::new(text).into_owned()).collect()
}

/// Adds a pattern: as plain literals where it is one, else as a glob behind its longest text.
fn text(pieces: &Pieces, effect: u32, draft: &mut Draft) {
    if let Some(texts) = plain(pieces) {
        for (place, text) in texts {
            if text.is_empty() && place != Place::Whole {
                draft.verify(Ask::Text(pieces.clone()), None, effect, || Exact::AnyText);
                return;
            }
            let set = if pieces.cased { &mut draft.cased } else { &mut draft.folded };
            set.add(place, &text, effect);
        }
        return;
    }
    let literals = literal::of_pattern(pieces).map(|text| vec![text]);
    let glob = Glob::new(&pieces.parts);
    draft.verify(Ask::Text(pieces.clone()), literals.as_deref(), effect, || {
        if pieces.cased { Exact::Cased(glob) } else { Exact::Folded(glob) }
    });
}

/// The literals that a pattern amounts to, with their place; `None` when it is more than literals.
fn plain(pieces: &Pieces) -> Option<Vec<(Place, String)>> {
    let parts = pieces.parts.as_slice();
    let (place, inner) = match parts {
        [Piece::Many] => (Place::Start, &[] as &[Piece]),
        [Piece::Many, inner @ .., Piece::Many] => (Place::Inside, inner),
        [Piece::Many, inner @ ..] => (Place::End, inner),
        [inner @ .., Piece::Many] => (Place::Start, inner),
        inner => (Place::Whole, inner),
    };
    let mut texts = vec![String::new()];
    for piece in inner {
        match piece {
            Piece::Text(text) => texts.iter_mut().for_each(|own| own.push_str(text)),
            Piece::Dash if texts.len() * DASHES.len() <= DASH_TEXTS_MAX => {
                texts = texts.iter().flat_map(|own| DASHES.iter().map(move |dash| format!("{own}{dash}"))).collect();
            }
            Piece::Dash | Piece::Many | Piece::One => return None,
        }
    }
    Some(texts.into_iter().map(|text| (place, text)).collect())
}
