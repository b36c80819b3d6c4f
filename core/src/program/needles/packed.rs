//! A few needles, sought by a short window of each with vector instructions.
//!
//! ```text
//! "lsadump::" "sekurlsa::" "kerberos::ptt"   ─▶   windows "p::" "P::" "a::" "A::" "s::" "S::"
//! ```
//!
//! Windows are written out in every case of their letters, so that the value needs no folded copy. One window may stand for
//! many needles. Where a window is found, the needles that hold it are compared in full.

use super::{Place, Search, common_windows, letters_of, window_of};
use crate::program::Span;
use crate::program::tables::{Reader, Writer};
use aho_corasick::packed::{Config, Searcher};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Windows with all their cases for which the search is at its fastest.
const PATTERNS_FEW: usize = 32;
/// With more, there is none.
const PATTERNS_MAX: usize = 64;

/// Needles at most: choosing windows for them takes time that grows with the square.
const NEEDLES_MAX: usize = 64;

/// Places that are looked at in one value before the search gives up, and for how many bytes it may be one more.
const HITS_MAX: usize = 16;
const BYTES_PER_HIT: usize = 32;

/// A few needles, sought together.
#[derive(Debug)]
pub(super) struct Packed<'a> {
    /// Built when the first value comes.
    searcher: OnceLock<Option<Searcher>>,
    /// The patterns of the searcher behind each other, all of one length.
    patterns: &'a [u8],
    /// For each pattern of the searcher, where in `places` its needles are.
    spans: &'a [Span],
    places: &'a [Place],
}

/// The same while it is built.
#[derive(Debug)]
pub(super) struct PackedDraft {
    patterns: Vec<u8>,
    spans: Vec<Span>,
    places: Vec<Place>,
}

impl PackedDraft {
    /// Builds the search by windows of `length` bytes or fewer; `None` when there are too many needles.
    pub(super) fn new(length: usize, needles: &[u32], texts: &[Box<[u8]>]) -> Option<Self> {
        if needles.len() > NEEDLES_MAX {
            return None;
        }
        // Long windows are rarer, but have more letters.
        let all: Vec<(usize, Vec<Window>)> = (length.min(2)..=length)
            .rev()
            .filter_map(|length| choose(length, needles, texts))
            .map(|windows| (windows.iter().map(|window| 1 << letters_of(&window.bytes)).sum(), windows))
            .collect();
        let few = all.iter().position(|(patterns, _)| *patterns <= PATTERNS_FEW);
        let (patterns, windows) = all.into_iter().nth(few.unwrap_or(0))?;
        (patterns <= PATTERNS_MAX).then(|| Self::of(windows))?
    }

    fn of(windows: Vec<Window>) -> Option<Self> {
        let (mut patterns, mut spans, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for window in windows {
            let start = places.len() as u32;
            places.extend(window.places);
            let span = Span { start, end: places.len() as u32 };
            for pattern in cases(&window.bytes) {
                patterns.extend(pattern);
                spans.push(span);
            }
        }
        // Where no searcher can be built, there is no packed search.
        searcher(&patterns, spans.len())?;
        Some(Self { patterns, spans, places })
    }

    /// Whether it is one of the fastest.
    pub(super) fn is_small(&self) -> bool {
        self.spans.len() <= PATTERNS_FEW
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.table(&self.patterns);
        writer.table(&self.spans);
        writer.table(&self.places);
    }
}

/// The search for so many patterns, which stand behind each other.
fn searcher(patterns: &[u8], count: usize) -> Option<Searcher> {
    let length = patterns.len().checked_div(count).filter(|length| *length > 0 && count <= PATTERNS_MAX)?;
    Config::new().builder().extend(patterns.chunks_exact(length)).build()
}

impl<'a> Packed<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let searcher = OnceLock::new();
        Some(Self { searcher, patterns: reader.table()?, spans: reader.table()?, places: reader.table()? })
    }

    /// Finds the needles in the value; false when it gave up because there are too many places to look at.
    pub(super) fn search(&self, search: &mut Search<'_>) -> bool {
        let build = || searcher(self.patterns, self.spans.len());
        let Some(searcher) = self.searcher.get_or_init(build) else { return false };
        let value = search.value;
        let mut rest = aho_corasick::Span { start: 0, end: value.len() };
        for _ in 0..HITS_MAX + value.len() / BYTES_PER_HIT {
            let Some(hit) = searcher.find_in(value, rest) else { return true };
            if let Some(own) = self.spans.get(hit.pattern().as_usize()) {
                search.compare(own.of(self.places), hit.start());
            }
            rest.start = hit.start() + 1;
        }
        false
    }
}

/// A few bytes, and where they stand in which needles.
struct Window {
    bytes: Vec<u8>,
    places: Vec<Place>,
}

/// Windows of which every needle holds one: few, rare, and with few letters. `None` when a needle is shorter, or when they
/// are too many.
fn choose(length: usize, needles: &[u32], texts: &[Box<[u8]>]) -> Option<Vec<Window>> {
    let mut holders: BTreeMap<&[u8], Vec<Place>> = BTreeMap::new();
    for needle in needles.iter().copied() {
        let text = texts.get(needle as usize).filter(|text| text.len() >= length)?;
        for (offset, window) in text.windows(length).enumerate() {
            let places = holders.entry(window).or_default();
            if places.last().is_none_or(|last| last.needle != needle) {
                places.push(Place { needle, offset: offset as u32 });
            }
        }
    }
    let common = common_windows(length);
    let cost = |window: &[u8]| {
        let how_common = common.get(&window_of(window)).copied().unwrap_or(0);
        (1_usize << letters_of(window)) * (1 + 2 * how_common)
    };
    let costs: BTreeMap<&[u8], usize> = holders.keys().map(|window| (*window, cost(window))).collect();
    let mut chosen = Vec::new();
    while let Some((bytes, places)) = holders
        .iter()
        .filter(|(_, places)| !places.is_empty())
        .min_by_key(|(window, places)| costs.get(*window).map_or(usize::MAX, |cost| cost * 1024 / places.len()))
    {
        let (bytes, places) = (bytes.to_vec(), places.clone());
        let is_done = |place: &Place| places.iter().any(|own| own.needle == place.needle);
        holders.values_mut().for_each(|others| others.retain(|place| !is_done(place)));
        chosen.push(Window { bytes, places });
        if chosen.len() > PATTERNS_MAX {
            return None;
        }
    }
    Some(chosen)
}

/// A window in every case of its letters.
fn cases(window: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new()];
    for byte in window {
        let mut upper: Vec<Vec<u8>> = if byte.is_ascii_lowercase() { all.clone() } else { Vec::new() };
        upper.iter_mut().for_each(|text| text.push(byte.to_ascii_uppercase()));
        all.iter_mut().for_each(|text| text.push(*byte));
        all.append(&mut upper);
    }
    all
}
