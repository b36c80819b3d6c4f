//! Needles of similar length, sought by windows that are a stride apart.
//!
//! ```text
//! needle "invoke-webrequest"           windows of 4 bytes at 8 places in a row: "ke-w" "e-we" "-web" ... "eque"
//! value  "... Invoke-WebRequest ..."   is looked at every 8 bytes only: one of the places is met, whatever the alignment
//! ```
//!
//! Each window that is looked at is hashed and asked of a small bit table; most say no. Where it says yes, the needles
//! with that window are compared in full. The bit that tells upper from lower case is set in every byte first, so that
//! the value needs no folded copy.

use super::nibbles::{Gram, Nibbles, Shape};
use super::{CASE, COMMON, Common, HashMap, Place, Search, gram_of, window_of};
use crate::lanes;
use crate::program::Span;
use crate::program::index::{self, Index};
use crate::program::tables::{Reader, Writer};
use bytemuck::{Pod, Zeroable};

/// Bytes between two windows that are looked at, at most.
const STRIDE_MAX: usize = 8;

/// Windows at the beginning of a needle among which the best ones are chosen.
const WINDOWS_MAX: usize = 48;

/// Bits of a filter for each window, before it is rounded up: the more, the fewer false alarms.
const FILTER_BITS: usize = 32;
/// The bits of the largest filter, as a power of two: it should stay in the first cache.
const FILTER_LOG_MAX: u32 = 17;

/// Needles at most that are sought at every place of a value.
pub(super) const NEEDLES_MAX: usize = 128;

/// Of what logs are full of, every so-manieth place is looked at to guess a cost.
const SAMPLE: usize = 7;

/// Bytes of a window that are hashed, at most.
const HASHED_MAX: usize = 4;

/// What it costs to look a window up that was announced, and each of its places, in instructions.
const COST_OF_ALARM: f64 = 30.0;
const COST_OF_PLACE: f64 = 12.0;

/// For each window in which needles it stands, and where.
type ByWindow = HashMap<u32, Vec<(u32, usize)>>;

#[derive(Debug)]
pub(super) struct Windows<'a> {
    length: usize,
    stride: usize,
    /// Where to look, when it is not at every so-manieth place.
    nibbles: Option<Nibbles>,
    filter: &'a [u64],
    /// How far a hash is shifted so that it numbers a bit of the filter.
    shift: u32,
    windows: Index<'a, Own>,
    places: &'a [Place],
}

/// A window and where in `places` the needles are that hold it.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Own {
    window: u32,
    places: Span,
}

/// The same while it is built.
#[derive(Debug)]
pub(super) struct WindowsDraft {
    length: usize,
    stride: usize,
    nibbles: Option<Nibbles>,
    filter: Vec<u64>,
    shift: u32,
    windows: Vec<(u64, Own)>,
    places: Vec<(u32, usize)>,
    /// What it costs to search a byte, in instructions, guessed from what logs are full of.
    pub(super) cost: f64,
}

/// The window of a needle by which a dense search announces it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chosen {
    offset: usize,
    gram: Gram,
}

/// One window of each needle, chosen for a dense search.
#[derive(Debug)]
pub(super) struct Witnesses {
    by_window: ByWindow,
    windows: Vec<Gram>,
}

/// How far apart windows may be so that every needle of at least `shortest` bytes holds one that is looked at.
pub(super) fn stride(shortest: usize, window: usize) -> usize {
    (shortest + 1 - window).min(STRIDE_MAX)
}

/// What it costs to look at windows that are never there, in instructions for each byte of a value.
pub(super) fn cost_of_steps(length: usize, stride: usize) -> f64 {
    let step = if length == 4 && stride >= 4 { 10.0 } else { 14.0 };
    step / stride as f64
}

impl WindowsDraft {
    /// Builds the search by windows of `length` bytes a stride apart; `None` when there are no needles.
    pub(super) fn strided(length: usize, needles: &[u32], texts: &[Box<[u8]>]) -> Option<Self> {
        let lengths = needles.iter().filter_map(|needle| texts.get(*needle as usize)).map(|text| text.len());
        let stride = stride(lengths.min()?, length);
        let mut by_window = ByWindow::default();
        for needle in needles.iter().copied() {
            let text = texts.get(needle as usize)?;
            let windows: Vec<u32> = text.windows(length).take(WINDOWS_MAX).map(window_of).collect();
            // How bad each window is as a witness: others share it, logs are full of it.
            let common = Common::of(length);
            let cost = |window: &u32| common.count(*window) * 4 + by_window.get(window).map_or(0, Vec::len);
            let costs: Vec<usize> = windows.iter().map(cost).collect();
            let rows = costs.windows(stride).map(|row| row.iter().sum::<usize>()).enumerate();
            let (first, _) = rows.min_by_key(|(_, cost)| *cost)?;
            for (offset, window) in windows.iter().enumerate().skip(first).take(stride) {
                by_window.entry(*window).or_default().push((needle, offset));
            }
        }
        let mut built = Self::of(length, stride, &by_window)?;
        built.cost = built.cost_of_steps();
        Some(built)
    }

    /// Builds the search by one window of each needle, at every place of a value.
    pub(super) fn dense(shape: Shape, witnesses: &Witnesses) -> Option<Self> {
        let mut built = Self::of(shape.low.min(HASHED_MAX), 1, &witnesses.by_window)?;
        let nibbles = Nibbles::new(shape, witnesses.windows.iter().copied());
        // What the sample does not hold is not impossible.
        let unseen = witnesses.windows.len() as f64 * shape.chance();
        let places = built.places.len() as f64 / built.windows.len() as f64;
        built.cost = shape.cost() + (COST_OF_ALARM + COST_OF_PLACE * places) * (nibbles.rate() + unseen);
        built.nibbles = Some(nibbles);
        Some(built)
    }

    fn of(length: usize, stride: usize, by_window: &ByWindow) -> Option<Self> {
        let log = (by_window.len() * FILTER_BITS).next_power_of_two().ilog2().clamp(6, FILTER_LOG_MAX);
        let mut built = Self {
            length,
            stride,
            nibbles: None,
            filter: vec![0; 1 << (log - 6)],
            shift: u32::BITS - log,
            windows: Vec::with_capacity(by_window.len()),
            places: Vec::new(),
            cost: 0.0,
        };
        let mut sorted: Vec<(&u32, &Vec<(u32, usize)>)> = by_window.iter().collect();
        sorted.sort_unstable_by_key(|(window, _)| **window);
        for (window, places) in sorted {
            let window = *window;
            let start = built.places.len() as u32;
            built.places.extend(places);
            let span = Span { start, end: built.places.len() as u32 };
            built.windows.push((spread(window), Own { window, places: span }));
            let bit = hash(window) >> built.shift;
            *built.filter.get_mut(bit as usize / 64)? |= 1 << (bit % 64);
        }
        Some(built)
    }

    /// What it costs to look at a window each stride.
    fn cost_of_steps(&self) -> f64 {
        let looked_at = COMMON.as_bytes().windows(self.length).step_by(SAMPLE);
        let count = looked_at.len() as f64;
        let alarms = looked_at.filter(|bytes| is_in(&self.filter, self.shift, window_of(bytes))).count();
        cost_of_steps(self.length, self.stride) + 60.0 * alarms as f64 / count / self.stride as f64
    }

    pub(super) fn write(self, texts: &[Box<[u8]>], writer: &mut Writer) {
        [self.length, self.stride, self.shift as usize].into_iter().for_each(|size| writer.size(size));
        self.nibbles.map_or([0; 2], |nibbles| nibbles.shape().sizes()).into_iter().for_each(|size| writer.size(size));
        writer.table(self.nibbles.as_ref().map_or(&[][..], Nibbles::tables));
        writer.table(&self.filter);
        index::write(self.windows, writer);
        let place = |(needle, offset)| Some(Place::new(needle, texts.get(needle as usize)?, offset));
        writer.table(&self.places.into_iter().filter_map(place).collect::<Vec<Place>>());
    }
}

impl Witnesses {
    /// Takes the window of so many bytes that was chosen for each needle; `None` when one has none, or they are too many.
    pub(super) fn of(length: usize, needles: &[u32], chosen: &[Option<Chosen>]) -> Option<Self> {
        if needles.is_empty() || needles.len() > NEEDLES_MAX || !lanes::has_lookup() {
            return None;
        }
        let (mut by_window, mut windows) = (ByWindow::default(), Vec::new());
        for needle in needles {
            let Chosen { offset, gram } = (*chosen.get(*needle as usize)?)?;
            windows.push(gram);
            by_window.entry(window_of(gram.get(..length.min(HASHED_MAX))?)).or_default().push((*needle, offset));
        }
        windows.sort_unstable();
        windows.dedup();
        Some(Self { by_window, windows })
    }
}

impl Chosen {
    /// The rarest window of so many bytes in a needle; `None` when it is shorter or not ASCII.
    pub(super) fn of(length: usize, text: &[u8]) -> Option<Self> {
        let hashed = length.min(HASHED_MAX);
        let common = Common::of(hashed);
        let count = |window: Option<&[u8]>| window.map_or(0, |window| common.count(window_of(window)));
        let cost = |window: &[u8]| count(window.get(..hashed)).min(count(window.get(length - hashed..)));
        let windows = text.windows(length).take(WINDOWS_MAX).enumerate();
        let (offset, window) = windows.min_by_key(|(_, window)| cost(window)).filter(|_| text.is_ascii())?;
        Some(Self { offset, gram: gram_of(window) })
    }
}

impl<'a> Windows<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let (length, stride, shift) = (reader.word()? as usize, reader.word()? as usize, reader.word()?);
        let is_sound = (1..=4).contains(&length) && (1..=STRIDE_MAX).contains(&stride) && shift < u32::BITS;
        let shape = Shape::of(reader.word()? as usize, reader.word()? as usize);
        let tables = reader.table()?;
        let nibbles = shape.and_then(|shape| Nibbles::of(shape, tables));
        let (filter, windows, places) = (reader.table()?, Index::read(reader)?, reader.table()?);
        is_sound.then_some(Self { length, stride, nibbles, filter, shift, windows, places })
    }

    /// Finds the needles in the value.
    pub(super) fn search(&self, search: &mut Search<'_>) {
        // Windows of other lengths may have the same number.
        search.known = [0; 4];
        if let Some(nibbles) = &self.nibbles {
            return self.scan_dense(nibbles, search);
        }
        // Each length and each stride is a loop of its own, so that the compiler knows them.
        match (self.length, self.stride) {
            (4, 4) => self.scan::<4, 4>(search),
            (4, 5) => self.scan::<4, 5>(search),
            (4, 6) => self.scan::<4, 6>(search),
            (4, 7) => self.scan::<4, 7>(search),
            (4, 8) => self.scan::<4, 8>(search),
            (4, stride) => self.scan_by::<4>(stride, search),
            (3, 1) => self.scan_by::<3>(1, search),
            (3, stride) => self.scan_by::<3>(stride, search),
            (2, _) => self.scan_by::<2>(1, search),
            (_, _) => self.scan_by::<1>(1, search),
        }
    }

    /// Looks at the window at each multiple of a stride that is no shorter than a window.
    ///
    /// PERF: with the stride known to the compiler a step takes 9 instructions, else 13.
    #[inline(always)]
    fn scan<const WINDOW: usize, const STRIDE: usize>(&self, search: &mut Search<'_>) {
        let (filter, shift) = (self.filter, self.shift);
        let (chunks, rest) = search.value.as_chunks::<STRIDE>();
        for (number, chunk) in chunks.iter().enumerate() {
            if let Some(bytes) = chunk.first_chunk::<WINDOW>()
                && is_in(filter, shift, window_of(bytes))
            {
                self.alarm(search, number * STRIDE, window_of(bytes));
            }
        }
        if let Some(bytes) = rest.first_chunk::<WINDOW>() {
            self.alarm(search, chunks.len() * STRIDE, window_of(bytes));
        }
    }

    /// The same for any stride.
    #[inline(always)]
    fn scan_by<const WINDOW: usize>(&self, stride: usize, search: &mut Search<'_>) {
        let (filter, shift, value) = (self.filter, self.shift, search.value);
        let mut at = 0;
        while let Some(bytes) = value.get(at..).and_then(|rest| rest.first_chunk::<WINDOW>()) {
            if is_in(filter, shift, window_of(bytes)) {
                self.alarm(search, at, window_of(bytes));
            }
            at += stride;
        }
    }

    fn scan_dense(&self, nibbles: &Nibbles, search: &mut Search<'_>) {
        let (filter, shift, value) = (self.filter, self.shift, search.value);
        let mask = u32::MAX >> (u32::BITS - 8 * self.length as u32);
        nibbles.search(value, |at| {
            let rest = value.get(at..).unwrap_or_default();
            let window =
                rest.first_chunk().map_or_else(|| window_of(rest), |bytes: &[u8; 4]| window_of(bytes)) & mask | CASE;
            if is_in(filter, shift, window) {
                self.alarm(search, at, window);
            }
        });
    }

    #[inline(never)]
    fn alarm(&self, search: &mut Search<'_>, at: usize, window: u32) {
        if search.known.contains(&window) {
            return;
        }
        if let Some(own) = self.windows.bucket(spread(window)).iter().find(|own| own.window == window)
            && search.compare(own.places.of(self.places), at)
        {
            let [a, b, c, _] = search.known;
            search.known = [window, a, b, c];
        }
    }
}

#[inline(always)]
fn is_in(filter: &[u64], shift: u32, window: u32) -> bool {
    let bit = hash(window) >> shift;
    filter.get(bit as usize / 64).is_some_and(|word| word >> (bit % 64) & 1 == 1)
}

#[inline(always)]
fn hash(window: u32) -> u32 {
    window.wrapping_mul(0x9E37_79B1)
}

fn spread(window: u32) -> u64 {
    u64::from(window).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}
