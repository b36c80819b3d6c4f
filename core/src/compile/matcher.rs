//! Partitions and their matchers: the atoms of some units, sorted by slot and turned into automata.
//!
//! ```text
//! units {4, 9} ─▶ probes  slot Image: { "\a.exe" at the end ─▶ effect 0 (atom 5, wakes unit 4) }
//!              ─▶ rest    slot User:  { regex behind literal "adm" ─▶ effect 1 (atom 8, wakes nobody) }
//! ```
//!
//! Equal matchers are built once, however many partitions use them.

use super::atoms::{Ask, Atoms, Pieces, Question};
use super::expr::Expr;
use super::lists::Lists;
use super::literal::{self, Clause};
use super::route::Members;
use super::{Regexes, witness};
use crate::program::tables::Writer;
use crate::program::{
    AtomId, CLAUSE, Demand, Effect, ExactDraft as Exact, GlobPart as Piece, MatcherDraft, PartitionDraft, Place, Probe,
    Span, Subject, UnitId, VerifyDraft,
};
use crate::shortcut::{Shortcut, Shortcuts};
use crate::text::DASHES;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What all partitions share.
pub(super) struct Tables {
    pub(super) effects: Vec<Effect>,
    pub(super) wakes: Vec<UnitId>,
}

/// An atom and the units that it wakes in the partition at hand.
type Wanted = (AtomId, Vec<UnitId>);

pub(super) struct Builder<'a> {
    atoms: &'a Atoms,
    regexes: &'a Regexes,
    effects: Vec<Effect>,
    wakes: Vec<UnitId>,
    wake_spans: HashMap<Vec<UnitId>, Span>,
    /// Where matchers are written, and how many were.
    writer: &'a mut Writer,
    matchers: u32,
    by_wanted: HashMap<(Subject, Vec<Wanted>), u32>,
    lists: Lists,
    shortcuts: Shortcuts,
    pub(super) needs_leaves: bool,
}

/// Units that wake in more of a thousand events than this have all their tests looked at at once.
const COMMON: f64 = 200.0;

/// Bytes of a beginning or an end that is looked for by a trie.
pub(super) const TRIE_BYTES_MAX: usize = 256;

/// Texts into which one `windash` pattern is written out at most; with more, a glob is tried.
const DASH_TEXTS_MAX: usize = 25;

impl<'a> Builder<'a> {
    pub(super) fn new(atoms: &'a Atoms, regexes: &'a Regexes, writer: &'a mut Writer, shortcuts: Shortcuts) -> Self {
        Self {
            atoms,
            regexes,
            effects: Vec::new(),
            wakes: Vec::new(),
            wake_spans: HashMap::new(),
            writer,
            matchers: 0,
            by_wanted: HashMap::new(),
            lists: Lists::default(),
            shortcuts,
            needs_leaves: false,
        }
    }

    pub(super) fn finish(self) -> Tables {
        Tables { effects: self.effects, wakes: self.wakes }
    }

    /// Builds what must be looked at for the units of one partition.
    pub(super) fn partition(&mut self, members: &Members, exprs: &[Expr]) -> PartitionDraft {
        let mut partition = PartitionDraft::default();
        let (mut first, mut rest) = (BTreeMap::<AtomId, Vec<UnitId>>::new(), BTreeSet::<AtomId>::new());
        for unit in &members.units {
            let Some(expr) = exprs.get(unit.0 as usize) else { continue };
            let found = witness::find(expr, self.atoms, self.regexes, &members.routed);
            let witness = found.filter(|_| self.shortcuts.has(Shortcut::Witnesses));
            let may_wait = self.shortcuts.has(Shortcut::Rest);
            let is_rare = may_wait && witness.as_ref().is_some_and(|witness| witness.cost < COMMON);
            expr.each_atom(&mut |atom| {
                if is_rare {
                    rest.insert(atom);
                } else {
                    first.entry(atom).or_default();
                }
            });
            match witness {
                Some(witness) => {
                    for atom in witness.atoms {
                        first.entry(atom).or_default().push(*unit);
                    }
                }
                None => partition.always.push(*unit),
            }
        }
        rest.retain(|atom| !first.contains_key(atom));
        partition.probes = self.probes(first.into_iter().collect());
        partition.rest = self.probes(rest.into_iter().map(|atom| (atom, Vec::new())).collect());
        partition
    }

    /// Sorts atoms by where they look, and builds a matcher for each place.
    fn probes(&mut self, wanted: Vec<Wanted>) -> Vec<Probe> {
        let mut by_subject: BTreeMap<Subject, Vec<Wanted>> = BTreeMap::new();
        for (atom, units) in wanted {
            if let Some((subject, _)) = self.atoms.get(atom) {
                by_subject.entry(*subject).or_default().push((atom, units));
            }
        }
        self.needs_leaves |= by_subject.contains_key(&Subject::Leaves);
        by_subject
            .into_iter()
            .map(|(subject, wanted)| Probe { subject: subject.into(), matcher: self.matcher(subject, wanted) })
            .collect()
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
        let id = self.matchers;
        self.matchers += 1;
        self.by_wanted.insert((subject, wanted.clone()), id);
        let mut draft = Draft { shortcuts: self.shortcuts, ..Draft::default() };
        draft.matcher.literals.shortcuts = self.shortcuts;
        for (atom, units) in wanted {
            let effect = self.effect(atom, units);
            match self.atoms.get(atom) {
                Some((_, Question::Present | Question::Holds)) => draft.matcher.present.push(effect),
                Some((_, Question::IsNull)) => draft.matcher.null.push(effect),
                Some((_, Question::AnyOf(asks))) => asks.iter().for_each(|ask| self.ask(ask, effect, &mut draft)),
                None => {}
            }
        }
        draft.matcher.write(self.writer);
        id
    }

    /// Adds one test to a matcher.
    fn ask(&mut self, ask: &Ask, effect: u32, draft: &mut Draft) {
        match ask {
            Ask::Text(pieces) => text(pieces, effect, draft),
            Ask::Regex { .. } => {
                if let Some(built) = self.regexes.of(ask) {
                    let test = || Exact::Regex(built.number);
                    draft.verify(ask.clone(), &built.clauses, built.demand, effect, test);
                }
            }
            Ask::List(_) | Ask::Networks(_) => self.lists.add(ask, effect, draft, self.writer),
            Ask::Cidr(network) => draft.matcher.networks.add(*network, effect),
            Ask::Compare(sign, number) => draft.residual(ask, effect, || Exact::Compare(*sign, *number)),
            Ask::Bits(bits) => draft.residual(ask, effect, || Exact::Bits(*bits)),
            Ask::Time(part, sign, number) => draft.residual(ask, effect, || Exact::Time(*part, *sign, *number)),
        }
    }
}

/// A matcher that is being built.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) matcher: MatcherDraft,
    verifies: HashMap<Ask, Slot>,
    pub(super) shortcuts: Shortcuts,
}

/// Where a test of a draft stands.
#[derive(Clone, Copy)]
enum Slot {
    Called(usize),
    Residual(usize),
}

impl Draft {
    /// Adds a test of which nothing is known that could save it from running.
    fn residual(&mut self, ask: &Ask, effect: u32, test: impl FnOnce() -> Exact) {
        self.verify(ask.clone(), &[], Demand::default(), effect, test);
    }

    /// Adds a test that runs when its demand may be met and each of its clauses holds.
    fn verify(&mut self, ask: Ask, clauses: &[Clause], demand: Demand, effect: u32, test: impl FnOnce() -> Exact) {
        let clauses = if self.shortcuts.has(Shortcut::Clauses) { clauses } else { &[] };
        let demand = if self.shortcuts.has(Shortcut::Demands) { demand } else { Demand::default() };
        let known = self.verifies.get(&ask).copied();
        let slot = known.unwrap_or_else(|| {
            let verify = VerifyDraft { test: test(), clauses: clauses.len() as u32, demand, effects: Vec::new() };
            let slot = if clauses.is_empty() {
                self.matcher.residual.push(verify);
                Slot::Residual(self.matcher.residual.len() - 1)
            } else {
                let number = self.matcher.verifies.len();
                for clause in clauses {
                    let code = self.matcher.clauses.len() as u32 | CLAUSE;
                    self.matcher.clauses.push(number as u32);
                    clause.iter().for_each(|literal| self.matcher.literals.add(Place::Inside, literal, code));
                }
                self.matcher.verifies.push(verify);
                Slot::Called(number)
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
}

/// Adds a pattern: as plain literals where it is one, else as a glob behind its texts.
pub(super) fn text(pieces: &Pieces, effect: u32, draft: &mut Draft) {
    if pieces.parts == [Piece::Many] {
        draft.matcher.any_text.push(effect);
        return;
    }
    if let Some(texts) = plain(pieces).filter(|_| draft.shortcuts.has(Shortcut::Literals)) {
        texts.iter().for_each(|(place, text)| draft.matcher.literals.add(*place, text, effect));
        return;
    }
    let parts = pieces.parts.clone();
    draft.verify(Ask::Text(pieces.clone()), &literal::of_pattern(pieces), Demand::default(), effect, || {
        if pieces.cased { Exact::Cased(parts) } else { Exact::Folded(parts) }
    });
}

/// The literals that a pattern amounts to, with their place; `None` when it is more than literals, which are sought
/// regardless of case.
fn plain(pieces: &Pieces) -> Option<Vec<(Place, String)>> {
    if pieces.cased {
        return None;
    }
    let parts = pieces.parts.as_slice();
    let (place, inner) = match parts {
        [Piece::Many, inner @ .., Piece::Many] => (Place::Inside, inner),
        [Piece::Many, inner @ ..] => (Place::End, inner),
        [inner @ .., Piece::Many] => (Place::Start, inner),
        inner => (Place::Whole, inner),
    };
    // A trie takes one node for each byte.
    let length: usize = inner.iter().map(|piece| if let Piece::Text(text) = piece { text.len() } else { 1 }).sum();
    if length > TRIE_BYTES_MAX && matches!(place, Place::Start | Place::End) {
        return None;
    }
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
