//! The effects of values by their codes, which are those of a dictionary, or small numbers: each distinct value meets a matcher once.
//!
//! ```text
//! matcher 7, column 3:   code 0 ─▶ -   code 1 ─▶ effects [12, 40]   code 2 ─▶ not looked at yet
//! ```
//!
//! A table of places is made for a matcher when the first code is put. All is forgotten when another table of events comes, since
//! the same code may mean another value there.

/// Places of all matchers together, at most; then effects are no longer remembered by code.
const PLACES_MAX: usize = 1 << 24;
/// Words of effects, at most.
const WORDS_MAX: usize = 1 << 24;

/// Where it says that there are no effects, in the way of [`Places::starts`].
pub(super) const NOTHING: u32 = 1;

/// Effects by matcher and code.
#[derive(Debug, Default)]
pub(super) struct Codes {
    by_matcher: Vec<Places>,
    /// Matchers that have places.
    used: Vec<u32>,
    places: usize,
    /// For each code that was put, the number of its effects and then those. The first one has none.
    words: Vec<u32>,
}

/// Where the effects of each code stand.
#[derive(Debug, Clone, Default)]
struct Places {
    column: u32,
    /// One more than where they begin, and 0 for codes that were not put.
    starts: Vec<u32>,
    /// The same, of those that were put last. PERF: most values have the same, which are read from where they were read before.
    last: u32,
}

impl Codes {
    /// Forgets all.
    pub(super) fn begin(&mut self, matchers: usize) {
        self.by_matcher.resize_with(matchers, Places::default);
        for matcher in self.used.drain(..) {
            if let Some(places) = self.by_matcher.get_mut(matcher as usize) {
                *places = Places::default();
            }
        }
        self.places = 0;
        self.words.clear();
        self.words.push(0);
    }

    /// How much is remembered, in words of four bytes.
    pub(super) fn words(&self) -> usize {
        self.places + self.words.len()
    }

    /// The effects of a code, if they were put.
    #[cfg(test)]
    fn find(&self, matcher: u32, column: u32, code: u32) -> Option<&[u32]> {
        effects(&self.words, *self.starts(matcher, column).get(code as usize)?)
    }

    /// For each code where its effects begin; [`NOTHING`] if it has none, and 0 if they were not put.
    #[inline]
    pub(super) fn starts(&self, matcher: u32, column: u32) -> &[u32] {
        let places = self.by_matcher.get(matcher as usize).filter(|places| places.column == column);
        places.map_or(&[], |places| &places.starts)
    }

    /// The effects that begin there.
    #[inline]
    pub(super) fn effects(&self, start: u32) -> &[u32] {
        effects(&self.words, start).unwrap_or_default()
    }

    /// Puts the effects of a code, and makes room for so many codes; unless there is no room, or the matcher looks at another column as
    /// well.
    pub(super) fn put(&mut self, (matcher, column): (u32, u32), (code, room): (u32, usize), own: &[u32]) {
        let Some(places) = self.by_matcher.get_mut(matcher as usize) else { return };
        if places.starts.is_empty() {
            places.column = column;
        }
        if places.starts.len() <= code as usize && places.column == column {
            let more = room.saturating_sub(places.starts.len());
            if self.places + more > PLACES_MAX {
                return;
            }
            if places.starts.is_empty() {
                self.used.push(matcher);
                places.last = NOTHING;
            }
            self.places += more;
            places.starts.resize(room, 0);
        }
        if places.column != column || self.words.len() + own.len() >= WORDS_MAX {
            return;
        }
        if let Some(start) = places.starts.get_mut(code as usize) {
            if effects(&self.words, places.last) != Some(own) {
                places.last = self.words.len() as u32 + 1;
                self.words.push(own.len() as u32);
                self.words.extend_from_slice(own);
            }
            *start = places.last;
        }
    }
}

/// The effects that begin there.
#[inline]
fn effects(words: &[u32], start: u32) -> Option<&[u32]> {
    let (count, rest) = words.get((start as usize).checked_sub(1)?..)?.split_first()?;
    rest.get(..*count as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_known_by_matcher_and_column_until_the_next_table() {
        let mut codes = Codes::default();
        codes.begin(2);
        assert_eq!(codes.find(0, 3, 1), None);
        codes.put((0, 3), (1, 4), &[12, 40]);
        codes.put((0, 3), (2, 4), &[]);
        codes.put((0, 5), (2, 4), &[7]);
        codes.put((0, 3), (9, 4), &[7]);
        codes.put((9, 3), (0, 4), &[7]);
        assert_eq!(codes.find(0, 3, 1), Some([12, 40].as_slice()));
        assert_eq!(codes.find(0, 3, 2), Some([].as_slice()));
        assert_eq!(
            (codes.find(0, 5, 2), codes.find(0, 3, 0), codes.find(1, 3, 1), codes.find(0, 3, 9)),
            (None, None, None, None)
        );
        codes.begin(2);
        assert_eq!(codes.find(0, 3, 1), None);
    }

    #[test]
    fn a_dictionary_that_is_too_large_is_not_remembered() {
        let mut codes = Codes::default();
        codes.begin(2);
        codes.put((0, 0), (1, PLACES_MAX + 1), &[1]);
        assert_eq!(codes.find(0, 0, 1), None);
        codes.put((0, 0), (1, 2), &vec![1; WORDS_MAX]);
        assert_eq!(codes.find(0, 0, 1), None);
        codes.put((0, 0), (1, 2), &[1]);
        assert_eq!(codes.find(0, 0, 1), Some([1].as_slice()));
    }
}
