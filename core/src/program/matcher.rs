//! Everything that is asked of one slot in one partition, and how it is written and read.
//!
//! ```text
//! slot Image:  literals (end "\\a.exe" ─▶ effect 0) · networks · long lists · tests behind clauses · tests for every value
//! ```
//!
//! Lists are written in front of the first matcher that uses them, and numbered; so all matchers share them.

use super::glob::{self, Glob, GlobPart};
use super::indicators::{self, Indicators};
use super::literals::Literals;
use super::networks::Networks;
use super::tables::{Reader, Writer};
use super::{Expression, LiteralsBuilder, NetworksBuilder, Place, Written, numbers};
use crate::number::{Number, Relation};
use crate::text::Texts;
use crate::time::TimePart;
use std::sync::Arc;

/// A long list that is sought for several partitions.
#[derive(Debug)]
pub(crate) enum List<'a> {
    Folded(Indicators<'a>),
    Cased(Indicators<'a>),
    Networks(Networks<'a>),
}

/// The same while it is built; texts are folded where case does not matter.
#[derive(Debug)]
pub(crate) enum ListDraft<'t> {
    Folded(Place, &'t Texts),
    Cased(Place, &'t Texts),
    Networks(NetworksBuilder),
}

/// Everything that is asked of one slot in one partition.
#[derive(Debug)]
pub(crate) struct Matcher<'a> {
    pub(crate) literals: Literals<'a>,
    /// Networks in which the value, if it is an address, may lie.
    pub(crate) networks: Networks<'a>,
    /// Long lists, and what follows when anything of them is found.
    pub(crate) lists: Vec<(Arc<List<'a>>, u32)>,
    /// For each clause the test that needs it.
    pub(crate) clauses: &'a [u32],
    /// Tests that run when a literal of each of their clauses stands in the value.
    pub(crate) verifies: Vec<Verify<'a>>,
    /// Tests that every value has to take, because no literal announces them.
    pub(crate) residual: Vec<Verify<'a>>,
    /// What follows when the field is there at all, or the pair holds.
    pub(crate) present: &'a [u32],
    /// What follows when it holds null.
    pub(crate) null: &'a [u32],
    /// What follows when it holds any value that has a text.
    pub(crate) any_text: &'a [u32],
}

/// A matcher while it is built.
#[derive(Debug, Default)]
pub(crate) struct MatcherDraft {
    pub(crate) literals: LiteralsBuilder,
    pub(crate) networks: NetworksBuilder,
    /// Numbers of lists, and their effects.
    pub(crate) lists: Vec<(u32, u32)>,
    pub(crate) clauses: Vec<u32>,
    pub(crate) verifies: Vec<VerifyDraft>,
    pub(crate) residual: Vec<VerifyDraft>,
    pub(crate) present: Vec<u32>,
    pub(crate) null: Vec<u32>,
    pub(crate) any_text: Vec<u32>,
}

/// A code of a literal with this bit set says that the clause of that number holds; without it, it is an effect.
pub(crate) const CLAUSE: u32 = 1 << 31;

/// A test that is more than a literal, and what follows when it holds.
#[derive(Debug)]
pub(crate) struct Verify<'a> {
    pub(crate) test: Exact<'a>,
    /// How many clauses must hold before it is worth to run the test.
    pub(crate) clauses: u32,
    pub(crate) demand: Demand,
    pub(crate) effects: &'a [u32],
}

/// The same while it is built.
#[derive(Debug)]
pub(crate) struct VerifyDraft {
    pub(crate) test: ExactDraft,
    pub(crate) clauses: u32,
    pub(crate) demand: Demand,
    pub(crate) effects: Vec<u32>,
}

/// What every text that passes a test has, and is quickly looked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Demand {
    /// Bytes at least.
    pub(crate) length: usize,
    /// A printable ASCII character that is no letter, and how often it stands there at least.
    pub(crate) character: u8,
    pub(crate) times: usize,
}

/// The exact form of a test.
#[derive(Debug)]
pub(crate) enum Exact<'a> {
    /// A pattern over the folded value.
    Folded(Glob<'a>),
    /// A pattern over the value as it is.
    Cased(Glob<'a>),
    Regex(Arc<Expression<'a>>),
    Compare(Relation, Number),
    Bits(u64),
    Time(TimePart, Relation, Number),
}

/// The same while it is built.
#[derive(Debug)]
pub(crate) enum ExactDraft {
    Folded(Vec<GlobPart>),
    Cased(Vec<GlobPart>),
    /// The number of an expression.
    Regex(u32),
    Compare(Relation, Number),
    Bits(u64),
    Time(TimePart, Relation, Number),
}

impl Matcher<'_> {
    /// Whether nothing can follow from any value of an event.
    pub(crate) fn is_silent_on(&self, event: &Written<'_>) -> bool {
        self.has_only_literals() && !self.literals.may_stand_in(event)
    }

    /// Whether nothing can follow from any of some texts, which are not spelled as in JSON.
    pub(crate) fn is_silent_on_plain(&self, texts: &[u8]) -> bool {
        self.has_only_literals() && !self.literals.may_stand_in_plain(texts)
    }

    /// Whether something can only follow from literals.
    pub(crate) fn has_only_literals(&self) -> bool {
        self.residual.is_empty() && self.any_text.is_empty() && self.networks.is_empty() && self.lists.is_empty()
    }
}

impl Demand {
    /// Whether a text that JSON spells so may have it.
    pub(crate) fn may_be_met_by(&self, spelled: &str) -> bool {
        let found = || memchr::memchr_iter(self.character, spelled.as_bytes()).take(self.times).count();
        spelled.len() >= self.length && (self.times == 0 || found() == self.times)
    }
}

/// What a part of the row of lists and matchers is.
const END: u32 = 0;
const MATCHER: u32 = 1;
const LIST: u32 = 2;

/// Says that no more lists and matchers follow.
pub(super) fn write_end(writer: &mut Writer) {
    writer.word(END);
}

/// Reads all lists and matchers.
pub(super) fn read_all<'a>(reader: &mut Reader<'a>, expressions: &[Arc<Expression<'a>>]) -> Option<Vec<Matcher<'a>>> {
    let (mut lists, mut matchers) = (Vec::new(), Vec::new());
    loop {
        match reader.word()? {
            END => break,
            MATCHER => matchers.push(Matcher::read(reader, expressions, &lists)?),
            _ => lists.push(Arc::new(List::read(reader)?)),
        }
    }
    matchers.shrink_to_fit();
    Some(matchers)
}

impl ListDraft<'_> {
    /// Writes the list.
    pub(crate) fn write(self, writer: &mut Writer) {
        writer.word(LIST);
        match self {
            Self::Folded(place, texts) | Self::Cased(place, texts) => {
                writer.word(if matches!(self, Self::Folded(..)) { 1 } else { 2 });
                writer.word(place as u32);
                indicators::write(texts, place, writer);
            }
            Self::Networks(networks) => {
                writer.word(0);
                networks.write(writer);
            }
        }
    }
}

impl<'a> List<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let kind = reader.word()?;
        if kind == 0 {
            return Networks::read(reader).map(Self::Networks);
        }
        let places = [Place::Whole, Place::Start, Place::End, Place::Inside];
        let texts = Indicators::read(*places.get(reader.word()? as usize)?, reader)?;
        Some(if kind == 1 { Self::Folded(texts) } else { Self::Cased(texts) })
    }
}

impl MatcherDraft {
    /// Writes the matcher.
    pub(crate) fn write(self, writer: &mut Writer) {
        writer.word(MATCHER);
        self.literals.write(writer);
        self.networks.write(writer);
        writer.size(self.lists.len());
        for (list, effect) in self.lists {
            writer.word(list);
            writer.word(effect);
        }
        writer.table(&self.clauses);
        for verifies in [self.verifies, self.residual] {
            writer.size(verifies.len());
            verifies.into_iter().for_each(|verify| verify.write(writer));
        }
        [self.present, self.null, self.any_text].iter().for_each(|effects| writer.table(effects));
    }
}

impl<'a> Matcher<'a> {
    fn read(reader: &mut Reader<'a>, expressions: &[Arc<Expression<'a>>], lists: &[Arc<List<'a>>]) -> Option<Self> {
        Some(Self {
            literals: Literals::read(reader)?,
            networks: Networks::read(reader)?,
            lists: reader.many(|reader| {
                let list = lists.get(reader.word()? as usize)?.clone();
                Some((list, reader.word()?))
            })?,
            clauses: reader.table()?,
            verifies: reader.many(|reader| Verify::read(reader, expressions))?,
            residual: reader.many(|reader| Verify::read(reader, expressions))?,
            present: reader.table()?,
            null: reader.table()?,
            any_text: reader.table()?,
        })
    }
}

impl VerifyDraft {
    fn write(self, writer: &mut Writer) {
        match self.test {
            ExactDraft::Folded(parts) => {
                writer.word(0);
                glob::write(&parts, writer);
            }
            ExactDraft::Cased(parts) => {
                writer.word(1);
                glob::write(&parts, writer);
            }
            ExactDraft::Regex(number) => {
                writer.word(2);
                writer.word(number);
            }
            ExactDraft::Compare(relation, number) => {
                writer.word(3);
                writer.word(numbers::of_relation(relation));
                numbers::write(number, writer);
            }
            ExactDraft::Time(part, relation, number) => {
                writer.word(4);
                writer.word(numbers::of_part(part));
                writer.word(numbers::of_relation(relation));
                numbers::write(number, writer);
            }
            ExactDraft::Bits(bits) => {
                writer.word(5);
                writer.word(bits as u32);
                writer.word((bits >> 32) as u32);
            }
        }
        writer.word(self.clauses);
        writer.size(self.demand.length);
        writer.word(self.demand.character.into());
        writer.size(self.demand.times);
        writer.table(&self.effects);
    }
}

impl<'a> Verify<'a> {
    fn read(reader: &mut Reader<'a>, expressions: &[Arc<Expression<'a>>]) -> Option<Self> {
        let test = match reader.word()? {
            0 => Exact::Folded(Glob::read(reader)?),
            1 => Exact::Cased(Glob::read(reader)?),
            2 => Exact::Regex(expressions.get(reader.word()? as usize)?.clone()),
            3 => Exact::Compare(numbers::relation(reader.word()?)?, numbers::read(reader)?),
            5 => Exact::Bits(u64::from(reader.word()?) | u64::from(reader.word()?) << 32),
            _ => {
                let (part, relation) = (numbers::part(reader.word()?)?, numbers::relation(reader.word()?)?);
                Exact::Time(part, relation, numbers::read(reader)?)
            }
        };
        let clauses = reader.word()?;
        let (length, character, times) = (reader.word()? as usize, reader.word()? as u8, reader.word()? as usize);
        Some(Self { test, clauses, demand: Demand { length, character, times }, effects: reader.table()? })
    }
}
