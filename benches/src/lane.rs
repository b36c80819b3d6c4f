//! A lane: named events as bytes, in an order.
//!
//! ```text
//! bytes  {"a":1}\n{"a":2}\n      events 0..7, 8..15      order may repeat and shuffle them
//! ```
//!
//! Every contender gets the very same slices. A lane knows nothing about what the bytes mean.

use crate::generated::Chance;
use std::ops::Range;
use std::sync::Arc;

/// Named events.
#[derive(Debug, Clone)]
pub struct Lane {
    /// What it is called in tables.
    pub name: String,
    bytes: Arc<Vec<u8>>,
    events: Vec<Range<usize>>,
}

impl Lane {
    /// A lane from NDJSON; empty lines are no events.
    #[must_use]
    pub fn new(name: &str, bytes: Vec<u8>) -> Self {
        let mut events = Vec::new();
        let mut start = 0;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let trimmed = line.trim_ascii_end();
            if !trimmed.is_empty() {
                events.push(start..start + trimmed.len());
            }
            start += line.len();
        }
        Self { name: name.to_owned(), bytes: Arc::new(bytes), events }
    }

    /// The events, in the order of the lane.
    pub fn events(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.events.iter().map(|range| self.bytes.get(range.clone()).unwrap_or_default())
    }

    /// How many events there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether there is no event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Bytes of all events together.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.events.iter().map(Range::len).sum()
    }

    /// At most `most` of the events, evenly spread over the lane.
    #[must_use]
    pub fn thinned(&self, most: usize) -> Self {
        let most = most.clamp(1, self.len().max(1));
        let events = (0..most).filter_map(|number| self.events.get(number * self.len() / most).cloned()).collect();
        Self { name: self.name.clone(), bytes: Arc::clone(&self.bytes), events }
    }

    /// The events over and over until there are `total`, in a new order each time.
    #[must_use]
    pub fn repeated(&self, total: usize) -> Self {
        let mut chance = Chance::new(0x7469_656c_696e_6531);
        let mut events = Vec::with_capacity(total);
        while events.len() < total && !self.is_empty() {
            let mut pass = self.events.clone();
            for last in (1..pass.len()).rev() {
                pass.swap(last, chance.below(last + 1));
            }
            events.extend(pass);
        }
        events.truncate(total);
        Self { name: self.name.clone(), bytes: Arc::clone(&self.bytes), events }
    }

    /// The events that `keep` wants.
    #[must_use]
    pub fn filtered(&self, mut keep: impl FnMut(&[u8]) -> bool) -> Self {
        let wanted = |range: &&Range<usize>| keep(self.bytes.get((*range).clone()).unwrap_or_default());
        let events = self.events.iter().filter(wanted).cloned().collect();
        Self { name: self.name.clone(), bytes: Arc::clone(&self.bytes), events }
    }

    /// The same under another name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::Lane;

    fn lane() -> Lane {
        Lane::new("x", b"{\"a\":1}\r\n\n{\"a\":2}\n{\"a\":3}".to_vec())
    }

    #[test]
    fn lines_are_events() {
        let lane = lane();
        assert_eq!(lane.events().collect::<Vec<_>>(), [b"{\"a\":1}", b"{\"a\":2}", b"{\"a\":3}"]);
        assert_eq!(lane.bytes(), 21);
    }

    #[test]
    fn repeating_keeps_every_event_equally_often() {
        let repeated = lane().repeated(9);
        for event in lane().events() {
            assert_eq!(repeated.events().filter(|own| *own == event).count(), 3);
        }
    }

    #[test]
    fn thinning_takes_the_first_and_never_too_many() {
        assert_eq!(lane().thinned(2).events().collect::<Vec<_>>(), [b"{\"a\":1}", b"{\"a\":2}"]);
        assert_eq!(lane().thinned(99).len(), 3);
    }
}
