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
//! next one is too, nearly always. What is kept is bounded, and forgotten as a whole.

use crate::program::{NodeId, SlotId};
use crate::shortcut::{Shortcut, Shortcuts};
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashTable};
use std::hash::{BuildHasher, Hasher};
use wide::u8x16;

/// Gaps that are kept at most.
const GAPS_MAX: usize = 1 << 13;
/// Bytes of gaps that are kept at most.
const BYTES_MAX: usize = 1 << 19;
/// Longer gaps are read anew each time.
const GAP_BYTES_MAX: usize = 256;
/// Bytes of a gap that are compared at once.
const HEAD: usize = 32;
/// Guesses that are kept, as a power of two.
const GUESSES_LOG: u32 = 14;
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
pub(super) struct PlaceId(u32);

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

/// What stands between two values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gap {
    /// Its first bytes.
    head: [u8; HEAD],
    length: u32,
    /// Where the value before it stands.
    from: PlaceId,
    /// Where the value behind it stands, and what rules want of that.
    pub(super) to: PlaceId,
    pub(super) slot: Option<SlotId>,
    pub(super) way: u64,
    pub(super) end: End,
    /// Where the whole text is.
    start: u32,
    composites: (u32, u32),
}

/// The gaps that an event had so far, as a number.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct History(u32);

/// An object or an empty array inside a gap for which rules ask.
#[derive(Debug, Clone, Copy)]
pub(super) struct Composite {
    pub(super) slot: SlotId,
    pub(super) way: u64,
}

/// The gaps that were read so far.
#[derive(Debug)]
pub(super) struct Gaps {
    texts: Vec<u8>,
    gaps: Vec<Gap>,
    composites: Vec<Composite>,
    by_key: HashTable<u32>,
    /// By history, the gap that came next the last time.
    guesses: Vec<u16>,
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
            length: length as u32,
            from,
            to,
            slot: target.slot,
            way: target.way,
            end,
            start: 0,
            composites: (0, 0),
        }
    }

    #[inline(always)]
    pub(super) fn length(&self) -> usize {
        self.length as usize
    }

    #[inline(always)]
    pub(super) fn has_composites(&self) -> bool {
        self.composites.0 < self.composites.1
    }
}

impl History {
    #[inline(always)]
    pub(super) fn with(self, gap: usize) -> Self {
        Self((self.0.rotate_left(5) ^ gap as u32).wrapping_mul(0x9E37_79B1))
    }

    #[inline(always)]
    fn place(self) -> usize {
        (self.0 >> (u32::BITS - GUESSES_LOG)) as usize
    }
}

impl Default for Gaps {
    fn default() -> Self {
        let mut gaps = Self {
            texts: Vec::new(),
            gaps: Vec::new(),
            composites: Vec::new(),
            by_key: HashTable::new(),
            guesses: vec![0; 1 << GUESSES_LOG],
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
    const NOWHERE: PlaceId = PlaceId(u32::MAX);

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
        if self.gaps.len() >= GAPS_MAX || self.texts.len() >= BYTES_MAX || self.places.len() >= PLACES_MAX {
            self.forget();
        }
    }

    /// How many gaps are kept.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.gaps.len()
    }

    fn forget(&mut self) {
        let outside = Target::default();
        self.texts.clear();
        self.composites.clear();
        self.by_key.clear();
        self.gaps.clear();
        // The first one is for gaps that are not kept, and is never found.
        self.gaps.push(Gap::new(Self::NOWHERE, Self::OUTSIDE, End::Event, &outside, 0));
        self.places.clear();
        self.places.push(Place { around: Self::OUTSIDE, bracket: Bracket::None, target: outside, depth: 0 });
        self.by_place.clear();
    }

    /// The gap that stands at the beginning of `rest`, behind a value at `from`, if it is the one that came last time.
    #[inline(always)]
    pub(super) fn guess(&self, history: History, from: PlaceId, rest: &[u8]) -> Option<usize> {
        let id = usize::from(*self.guesses.get(history.place())?);
        let gap = self.gaps.get(id)?;
        (gap.from == from && self.stands(gap, rest)).then_some(id)
    }

    /// Remembers what came next.
    pub(super) fn learn(&mut self, history: History, id: usize) {
        if let Some(guess) = self.guesses.get_mut(history.place()) {
            *guess = id as u16;
        }
    }

    #[inline(always)]
    pub(super) fn get(&self, id: usize) -> Option<&Gap> {
        self.gaps.get(id)
    }

    pub(super) fn composites(&self, gap: &Gap) -> &[Composite] {
        self.composites.get(gap.composites.0 as usize..gap.composites.1 as usize).unwrap_or_default()
    }

    /// The gap from `place` that stands at the beginning of `rest`, if it is known. `key` is the first string of the rest.
    pub(super) fn find(&self, place: PlaceId, key: &[u8], rest: &[u8]) -> Option<usize> {
        let find = |key: &[u8]| {
            self.by_key.find(self.hash(place, key), |id| {
                self.gaps.get(*id as usize).is_some_and(|gap| gap.from == place && self.stands(gap, rest))
            })
        };
        // Where no key stands in a gap, the first string behind its beginning is a value.
        find(key).or_else(|| find(b"")).map(|id| *id as usize)
    }

    /// Keeps a gap whose text begins `rest` and whose first key is `key`.
    pub(super) fn keep(&mut self, mut gap: Gap, key: &[u8], rest: &[u8], composites: &[Composite]) -> Option<usize> {
        let text = rest.get(..gap.length as usize)?;
        let start = self.composites.len() as u32;
        self.composites.extend_from_slice(composites);
        gap.composites = (start, self.composites.len() as u32);
        if text.len() > self.gap_bytes_max || self.gaps.len() >= GAPS_MAX || self.texts.len() >= BYTES_MAX {
            *self.gaps.first_mut()? = Gap { from: Self::NOWHERE, ..gap };
            return Some(0);
        }
        gap.head.iter_mut().zip(text).for_each(|(own, byte)| *own = *byte);
        gap.start = self.texts.len() as u32;
        self.texts.extend_from_slice(text);
        let id = self.gaps.len();
        self.gaps.push(gap);
        let hash = self.hash(gap.from, key);
        self.by_key.insert_unique(hash, id as u32, |_| hash);
        Some(id)
    }

    pub(super) fn place(&self, id: PlaceId) -> Option<Place> {
        self.places.get(id.0 as usize).copied()
    }

    /// The number of a place; `None` when there are too many.
    pub(super) fn place_id(&mut self, place: Place) -> Option<PlaceId> {
        if let Some(known) = self.by_place.get(&place) {
            return Some(*known);
        }
        let id = PlaceId(self.places.len() as u32);
        (self.places.len() < 2 * PLACES_MAX).then(|| {
            self.places.push(place);
            self.by_place.insert(place, id);
            id
        })
    }

    fn hash(&self, place: PlaceId, key: &[u8]) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write_u32(place.0);
        hasher.write(key);
        hasher.finish()
    }

    /// Whether a gap stands at the beginning of `rest`.
    #[inline(always)]
    fn stands(&self, gap: &Gap, rest: &[u8]) -> bool {
        let length = gap.length as usize;
        let is_same = match rest.first_chunk::<HEAD>() {
            Some(there) => {
                same_bytes(&gap.head, there) | u64::MAX << length.min(HEAD) == u64::MAX
                    && (length <= HEAD || self.is_whole(gap, rest))
            }
            None => self.is_whole(gap, rest),
        };
        is_same
            && match gap.end {
                End::Text => true,
                End::Scalar => rest.get(length).is_some_and(|byte| is_scalar(*byte)),
                End::Event => rest.len() == length,
            }
    }

    #[inline(never)]
    fn is_whole(&self, gap: &Gap, rest: &[u8]) -> bool {
        let (start, length) = (gap.start as usize, gap.length as usize);
        self.texts.get(start..start + length).is_some_and(|own| rest.starts_with(own))
    }
}

/// One bit for each place at which two texts have the same byte.
#[inline(always)]
fn same_bytes(own: &[u8; HEAD], there: &[u8; HEAD]) -> u64 {
    let mut bits = 0;
    for (number, (own, there)) in own.as_chunks::<16>().0.iter().zip(there.as_chunks::<16>().0).enumerate() {
        let same = u8x16::new(*own).simd_eq(u8x16::new(*there));
        bits |= u64::from(same.to_bitmask()) << (number * 16);
    }
    bits
}

/// Whether a number or a word can begin with this byte.
pub(super) fn is_scalar(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'-' | b't' | b'f' | b'n')
}
