//! What stands between the values of an event, learned once: brackets, keys, colons and commas.
//!
//! ```text
//! {"EventID":1,"Image":"C:\\a.exe","User":{"Name":"x"}}
//! └────────┘ └────────┘          └─────────────┘
//!    gap    1    gap    C:\\a.exe       gap       x        place: object ─▶ its user
//! ```
//!
//! Events of one sensor are all alike between their values. A gap that was read once is kept with what it means (which
//! slot its value fills, inside which brackets the value stands), and the next time one comparison tells as much as
//! reading it again. Which one to compare with, the gaps before it in the same event tell: where they were the same, the
//! next one is too, nearly always, or else one of the few that came there before. What is kept is bounded, and forgotten
//! as a whole.

use crate::lanes::{Lanes, Narrow};
use crate::program::{NodeId, SlotId};
use crate::shortcut::{Shortcut, Shortcuts};
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashTable};
use std::hash::{BuildHasher, Hasher};

/// Gaps that are kept at most.
const GAPS_MAX: usize = 1 << 13;
/// Bytes of gaps that are kept at most.
const BYTES_MAX: usize = 1 << 19;
/// Longer gaps are read anew each time.
pub(super) const GAP_BYTES_MAX: usize = 256;
/// Bytes of a gap that are compared at once.
const HEAD: usize = 32;
/// Histories that have guesses, as a power of two.
const GUESSES_LOG: u32 = 13;
/// Guesses of one history.
const GUESSES: usize = 4;
/// Objects in gaps that are kept at most.
const COMPOSITES_MAX: usize = 1 << 14;
/// Places in one event, and as many again that are kept from others.
const PLACES_MAX: usize = 1 << 12;

/// What rules want of a value: which slot it fills, and at which node of the fields what is below it stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct Target {
    pub(super) node: Option<NodeId>,
    pub(super) slot: Option<SlotId>,
    /// The dots at which the walk went down to reach this value.
    pub(super) way: u64,
    /// The same for what is below this value.
    pub(super) way_below: u64,
}

/// Inside which brackets a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) around: PlaceId,
    pub(super) bracket: Bracket,
    /// What rules want of the object or of the members of the array.
    pub(super) target: Target,
    pub(super) depth: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PlaceId(u16);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Bracket {
    /// Outside of everything.
    None,
    Object,
    Array,
}

/// How a gap ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// With the quote that opens a text.
    Text,
    /// Before a number or a word.
    Scalar,
    /// With the event.
    Event,
}

/// What stands between two values, in one line of the cache.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct Gap {
    /// Its first bytes.
    head: [u8; HEAD],
    /// One bit for each byte of the head that is behind the gap.
    beyond: u32,
    length: u32,
    id: u32,
    /// Beyond all slots when no rule asks.
    pub(super) slot: SlotId,
    pub(super) way: u64,
    /// Where the value before it stands.
    from: PlaceId,
    /// Where the value behind it stands, and what rules want of that.
    pub(super) to: PlaceId,
    pub(super) end: End,
    pub(super) has_composites: bool,
    /// Whether it stands wherever its head stands.
    is_sure: bool,
    /// Whether a text follows for which no rule asks, and none for what is inside of the gap.
    pub(super) is_passed: bool,
}

/// The gaps that an event had so far, as a number.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct History(u32);

/// An object or an empty array inside a gap for which rules ask.
#[derive(Debug, Clone, Copy)]
pub(super) struct Composite {
    pub(super) slot: SlotId,
    /// Where its bracket stands, from the beginning of the gap.
    pub(super) offset: u32,
    pub(super) way: u64,
}

/// What is seldom needed of a gap.
#[derive(Debug, Clone, Copy, Default)]
struct Rest {
    /// Where the whole text is.
    start: u32,
    composites: (u32, u32),
    /// Of its place and its first key.
    hash: u64,
}

/// What is seldom needed of all gaps.
#[derive(Debug, Default)]
struct Rests {
    rests: Vec<Rest>,
    texts: Vec<u8>,
    composites: Vec<Composite>,
}

/// The gaps that were read so far.
#[derive(Debug)]
pub(super) struct Gaps {
    gaps: Vec<Gap>,
    rests: Rests,
    by_key: HashTable<u32>,
    /// By history, the gaps that came next, the last one first.
    guesses: Vec<[u16; GUESSES]>,
    places: Vec<Place>,
    by_place: HashMap<Place, PlaceId, RandomState>,
    /// Longer gaps are read anew each time.
    gap_bytes_max: usize,
    hasher: RandomState,
}

impl Gap {
    pub(super) fn new(from: PlaceId, to: PlaceId, end: End, target: &Target, length: usize) -> Self {
        Self {
            head: [0; HEAD],
            beyond: if length < HEAD { u32::MAX << length } else { 0 },
            length: length as u32,
            id: 0,
            slot: target.slot.unwrap_or(SlotId(u32::MAX)),
            way: target.way,
            from,
            to,
            end,
            has_composites: false,
            is_sure: length <= HEAD && end == End::Text,
            is_passed: target.slot.is_none() && end == End::Text,
        }
    }

    #[inline(always)]
    pub(super) fn length(&self) -> usize {
        self.length as usize
    }

    /// Whether a text begins with the gap's head.
    #[inline(always)]
    fn has_head<L: Lanes>(&self, lanes: L, text: Head<L>) -> bool {
        same(lanes, registers(lanes, &self.head), text) | self.beyond == u32::MAX
    }
}

impl Rests {
    /// Whether the text goes on like a gap that has its head there.
    #[inline(always)]
    fn follow<L: Lanes>(&self, lanes: L, gap: &Gap, text: &[u8], at: usize) -> bool {
        let end = at + gap.length();
        (gap.length() <= HEAD
            || self.has_tail(lanes, gap, text, end) && (gap.length() <= 2 * HEAD || self.is_whole(gap, text, at)))
            && match gap.end {
                End::Text => true,
                End::Scalar => text.get(end).is_some_and(|byte| is_scalar(*byte)),
                End::Event => text.len() == end,
            }
    }

    /// Whether the last bytes of a gap, as many as a head has, stand before `end`.
    #[inline(always)]
    fn has_tail<L: Lanes>(&self, lanes: L, gap: &Gap, text: &[u8], end: usize) -> bool {
        let start = self.rests.get(gap.id as usize).map_or(0, |rest| rest.start as usize);
        let tail = |text: &[u8], end: usize| Some(registers(lanes, text.get(..end)?.last_chunk()?));
        let (own, text) = (tail(&self.texts, start + gap.length()), tail(text, end));
        own.zip(text).is_some_and(|(own, text)| same(lanes, own, text) == u32::MAX)
    }

    #[inline(never)]
    fn is_whole(&self, gap: &Gap, text: &[u8], at: usize) -> bool {
        let start = self.rests.get(gap.id as usize).map_or(0, |rest| rest.start as usize);
        let own = self.texts.get(start..start + gap.length());
        own.is_some_and(|own| text.get(at..at + own.len()) == Some(own))
    }
}

impl History {
    #[inline(always)]
    pub(super) fn with(self, id: u32) -> Self {
        Self((self.0.rotate_left(5) ^ id).wrapping_mul(0x9E37_79B1))
    }

    #[inline(always)]
    fn place(self) -> usize {
        (self.0 >> (u32::BITS - GUESSES_LOG)) as usize
    }
}

impl Default for Gaps {
    fn default() -> Self {
        let mut gaps = Self {
            gaps: Vec::new(),
            rests: Rests::default(),
            by_key: HashTable::new(),
            guesses: vec![[0; GUESSES]; 1 << GUESSES_LOG],
            places: Vec::new(),
            by_place: HashMap::default(),
            gap_bytes_max: GAP_BYTES_MAX,
            hasher: RandomState::default(),
        };
        gaps.forget();
        gaps
    }
}

impl Gaps {
    pub(super) const OUTSIDE: PlaceId = PlaceId(0);
    const NOWHERE: PlaceId = PlaceId(u16::MAX);

    pub(super) fn new(shortcuts: Shortcuts) -> Self {
        let mut gaps = Self::default();
        if !shortcuts.has(Shortcut::GapGuesses) {
            gaps.guesses = Vec::new();
        }
        if !shortcuts.has(Shortcut::GapLearning) {
            gaps.gap_bytes_max = 0;
        }
        gaps
    }

    /// Before an event: makes room when there is little left.
    pub(super) fn make_room(&mut self) {
        if self.gaps.len() >= GAPS_MAX
            || self.rests.texts.len() >= BYTES_MAX
            || self.rests.composites.len() >= COMPOSITES_MAX
            || self.places.len() >= PLACES_MAX
        {
            self.forget();
        }
    }

    /// How many gaps are kept, and how many objects in them.
    #[cfg(test)]
    pub(super) fn kept(&self) -> (usize, usize) {
        (self.gaps.len(), self.rests.composites.len())
    }

    fn forget(&mut self) {
        let outside = Target::default();
        self.by_key.clear();
        self.gaps.clear();
        self.rests.rests.clear();
        self.rests.texts.clear();
        self.rests.composites.clear();
        // The first one is for gaps that are not kept, and is never found.
        self.gaps.push(Gap::new(Self::NOWHERE, Self::OUTSIDE, End::Event, &outside, 0));
        self.rests.rests.push(Rest::default());
        self.places.clear();
        self.places.push(Place { around: Self::OUTSIDE, bracket: Bracket::None, target: outside, depth: 0 });
        self.by_place.clear();
    }

    /// The gap that stands at a place of the text, behind a value at `from`, and its rank among the guesses, if it is one
    /// of those that came before.
    #[inline(always)]
    pub(super) fn guess<L: Lanes>(
        &self,
        lanes: L,
        history: History,
        from: PlaceId,
        text: &[u8],
        at: usize,
    ) -> Option<(u32, &Gap, usize)> {
        let head = head_of(lanes, text, at);
        let guesses = self.guesses.get(history.place())?;
        for (rank, id) in guesses.iter().enumerate() {
            let Some(gap) = self.gaps.get(usize::from(*id)) else { continue };
            if gap.from == from && gap.has_head(lanes, head) && (gap.is_sure || self.rests.follow(lanes, gap, text, at))
            {
                return Some((u32::from(*id), gap, rank));
            }
        }
        None
    }

    /// Puts the guess of a rank before those that were better.
    pub(super) fn prefer(&mut self, history: History, rank: usize) {
        // PERF: a few words in registers; rotating a part of them calls memmove.
        if let Some(guesses) = self.guesses.get_mut(history.place()) {
            let [first, second, third, last] = *guesses;
            *guesses = match rank {
                0 => return,
                1 => [second, first, third, last],
                2 => [third, first, second, last],
                _ => [last, first, second, third],
            };
        }
    }

    /// Remembers what came next, and forgets the guess that was right the longest time ago.
    pub(super) fn learn(&mut self, history: History, id: usize) {
        if let Some([first, second, third, last]) = self.guesses.get_mut(history.place()) {
            (*last, *third, *second, *first) = (*third, *second, *first, id as u16);
        }
    }

    #[inline(always)]
    pub(super) fn get(&self, id: usize) -> Option<&Gap> {
        self.gaps.get(id)
    }

    pub(super) fn composites(&self, gap: &Gap) -> &[Composite] {
        let composites = self.rests.rests.get(gap.id as usize).map_or((0, 0), |rest| rest.composites);
        self.rests.composites.get(composites.0 as usize..composites.1 as usize).unwrap_or_default()
    }

    /// The gap from `place` that stands at a place of the text, if it is known. `key` is the first string from there on.
    pub(super) fn find(&self, place: PlaceId, key: &[u8], text: &[u8], at: usize) -> Option<usize> {
        let head = head_of(Narrow, text, at);
        let stands = |id: &u32| {
            self.gaps.get(*id as usize).is_some_and(|gap| {
                gap.from == place && gap.has_head(Narrow, head) && self.rests.follow(Narrow, gap, text, at)
            })
        };
        let find = |key: &[u8]| self.by_key.find(self.hash(place, key), stands);
        // Where no key stands in a gap, the first string behind its beginning is a value.
        find(key).or_else(|| find(b"")).map(|id| *id as usize)
    }

    /// Keeps a gap whose text begins `rest` and whose first key is `key`.
    pub(super) fn keep(&mut self, mut gap: Gap, key: &[u8], rest: &[u8], composites: &[Composite]) -> Option<usize> {
        let text = rest.get(..gap.length())?;
        let first = self.rests.composites.len() as u32;
        self.rests.composites.extend_from_slice(composites);
        let mut rest = Rest { composites: (first, first + composites.len() as u32), ..Rest::default() };
        gap.has_composites = !composites.is_empty();
        gap.is_passed &= !gap.has_composites;
        if text.len() > self.gap_bytes_max || self.gaps.len() >= GAPS_MAX || self.rests.texts.len() >= BYTES_MAX {
            *self.gaps.first_mut()? = Gap { from: Self::NOWHERE, ..gap };
            *self.rests.rests.first_mut()? = rest;
            return Some(0);
        }
        gap.head.iter_mut().zip(text).for_each(|(own, byte)| *own = *byte);
        gap.id = self.gaps.len() as u32;
        rest.start = self.rests.texts.len() as u32;
        rest.hash = self.hash(gap.from, key);
        self.gaps.push(gap);
        self.rests.rests.push(rest);
        self.rests.texts.extend_from_slice(text);
        let rests = &self.rests.rests;
        self.by_key.insert_unique(rest.hash, gap.id, |id| rests.get(*id as usize).map_or(0, |rest| rest.hash));
        Some(gap.id as usize)
    }

    pub(super) fn place(&self, id: PlaceId) -> Option<Place> {
        self.places.get(usize::from(id.0)).copied()
    }

    /// The number of a place; `None` when there are too many.
    pub(super) fn place_id(&mut self, place: Place) -> Option<PlaceId> {
        if let Some(known) = self.by_place.get(&place) {
            return Some(*known);
        }
        let id = PlaceId(self.places.len() as u16);
        (self.places.len() < 2 * PLACES_MAX).then(|| {
            self.places.push(place);
            self.by_place.insert(place, id);
            id
        })
    }

    fn hash(&self, place: PlaceId, key: &[u8]) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write_u16(place.0);
        hasher.write(key);
        hasher.finish()
    }
}

/// The bytes of a text from a place on, and zeros behind its end; no gap has a zero.
#[inline(always)]
fn head_of<L: Lanes>(lanes: L, text: &[u8], at: usize) -> Head<L> {
    match text.get(at..).and_then(|rest| rest.first_chunk()) {
        Some(head) => registers(lanes, head),
        None => registers(lanes, &last_head(text, at)),
    }
}

/// The bytes of a head, in as many registers as they fill.
type Head<L> = [<L as Lanes>::Bytes; 2];

/// One bit for each byte of two heads that is the same.
#[inline(always)]
fn same<L: Lanes>(lanes: L, one: Head<L>, other: Head<L>) -> u32 {
    one.into_iter()
        .zip(other)
        .enumerate()
        .take(HEAD / L::BYTES)
        .fold(0, |same, (at, (one, other))| same | (lanes.equal(one, other) << (at * L::BYTES)) as u32)
}

#[inline(always)]
fn registers<L: Lanes>(lanes: L, head: &[u8; HEAD]) -> Head<L> {
    [lanes.load(head, 0), if L::BYTES < HEAD { lanes.load(head, L::BYTES) } else { lanes.splat(0) }]
}

#[inline(never)]
fn last_head(text: &[u8], at: usize) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    head.iter_mut().zip(text.get(at..).unwrap_or_default()).for_each(|(own, byte)| *own = *byte);
    head
}

/// Whether a number or a word can begin with this byte.
pub(super) fn is_scalar(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'-' | b't' | b'f' | b'n')
}
