//! Values that a group has had, so that a new one is noticed.
//!
//! ```text
//! span 10      time   1  2  3  11  12        a is new at 1, b at 2, and a again at 12: the last a is 11 old
//!              value  a  b  a  b   …
//! ```
//!
//! A few values are looked through, more are looked up, and beyond a cap they are bits of a sketch, which may take a new
//! value for a known one, but never a known one for new.

use super::distinct::{self, FEW_MAX, Item, Many, Sample};
use super::extended::Told;
use super::sketch::Sketch;
use super::tail::Tail;
use super::{Entry, Signal, What};
use crate::check::correlation::Learning;
use crate::correlation::alert::FindingKind;
use crate::number::Number;

#[derive(Debug, Clone)]
pub(super) struct Known {
    /// The time of the first event.
    pub(super) began: i64,
    /// Values that came before the latest batch or with it.
    pub(super) seen: u64,
    pub(super) values: Values,
}

#[derive(Debug, Clone)]
pub(super) enum Values {
    /// The oldest first.
    Few(Vec<Item>),
    Many(Box<Many>),
    Sketch(Box<Sketch>),
}

/// The generation of a sketch that a time belongs to.
pub(super) fn generation(time: i64, span: u64) -> i64 {
    time.div_euclid(i64::try_from(span).unwrap_or(i64::MAX).max(1))
}

impl Known {
    pub(super) fn new(time: i64) -> Self {
        Self { began: time, seen: 0, values: Values::Few(Vec::new()) }
    }

    /// Takes in all events of one time, and tells of the values that are new.
    pub(super) fn update(
        &mut self,
        time: i64,
        batch: &[Signal],
        span: u64,
        cap: usize,
        learning: &Learning,
    ) -> Option<Told> {
        let is_mature = self.seen >= learning.maturity && !super::is_within(self.began, learning.span_ns, time);
        self.seen = self.seen.saturating_add(batch.len() as u64);
        self.values.forget(time, span);
        let mut new = Tail::new(time);
        for signal in batch {
            let What::Value(hash) = signal.what else { continue };
            if self.values.add(Item::new(hash, Entry { time, event: signal.event }), span) {
                new.add(time, signal.event);
            }
        }
        self.values.settle(time, span, cap);
        (is_mature && new.count > 0).then(|| {
            let value = Number::Integer(new.count.into());
            Told { kind: FindingKind::Alert, time, last: time, value, detail: new.into_detail() }
        })
    }

    pub(super) fn bytes(&self) -> usize {
        match &self.values {
            Values::Few(few) => few.capacity() * size_of::<Item>(),
            Values::Many(many) => many.bytes(),
            Values::Sketch(sketch) => sketch.bytes(),
        }
    }
}

impl Values {
    /// Forgets what is older than the span at `time`.
    fn forget(&mut self, time: i64, span: u64) {
        match self {
            Self::Few(few) => few.retain(|item| item.entry.is_within(span, time)),
            Self::Many(many) => {
                many.forget(time, span);
                if many.len() <= FEW_MAX / 2 {
                    *self = Self::Few(many.items().copied().collect());
                }
            }
            Self::Sketch(sketch) => sketch.turn(generation(time, span)),
        }
    }

    /// Adds a value; whether it was not there.
    fn add(&mut self, item: Item, span: u64) -> bool {
        match self {
            Self::Few(few) => {
                let before = few.len();
                distinct::add_few(few, item);
                let is_new = few.len() > before;
                if few.len() > FEW_MAX {
                    *self = Self::Many(Box::new(Many::new(few, Sample::default())));
                }
                is_new
            }
            Self::Many(many) => {
                let before = many.len();
                many.add(item);
                many.len() > before
            }
            Self::Sketch(sketch) => {
                let is_new = !sketch.has(item.hash());
                sketch.add(item.hash(), generation(item.entry.time, span));
                is_new
            }
        }
    }

    /// Goes over to a sketch when there are more values than are kept exactly.
    fn settle(&mut self, time: i64, span: u64, cap: usize) {
        let len = match self {
            Self::Few(few) => few.len(),
            Self::Many(many) => many.len(),
            Self::Sketch(_) => 0,
        };
        if len <= cap {
            return;
        }
        let mut sketch = Sketch::new(cap, generation(time, span));
        let mut add = |item: &Item| sketch.add(item.hash(), generation(item.entry.time, span));
        match self {
            Self::Few(few) => few.iter().for_each(&mut add),
            Self::Many(many) => many.items().for_each(&mut add),
            Self::Sketch(_) => {}
        }
        *self = Self::Sketch(Box::new(sketch));
    }
}
