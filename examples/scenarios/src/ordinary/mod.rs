//! Ordinary work around a story: hours in which nothing bad happens.
//!
//! ```text
//! office.rs       people: logons, files, mail, web           servers.rs  domain, backups, scanner, clocks
//! control.rs      polls, set points, trends                  engineering.rs  maintenance, suppliers, help desk
//! ```
//!
//! Much of this is what an intruder would also do, and rules tell of some of it: those events are marked with the reason. The
//! intrusion is not known here.

mod control;
mod engineering;
mod office;
mod servers;

use crate::clock::{Moment, SECOND, Span};
use crate::line::Event;
use crate::plant::Plant;
use crate::sensors::Pen;
use crate::tape::{Tape, Told};

/// Where the actors of one file work.
pub(crate) struct Stage<'t> {
    pub(crate) tape: &'t mut Tape,
    pub(crate) pen: Pen,
    pub(crate) span: Span,
    /// How much happens; 1 is the usual.
    density: f64,
}

impl Stage<'_> {
    fn plant(&self) -> &'static Plant {
        self.pen.plant
    }

    fn work(&mut self, event: Event) {
        self.tape.work(event);
    }

    fn works(&mut self, events: impl IntoIterator<Item = Event>) {
        events.into_iter().for_each(|event| self.tape.work(event));
    }

    fn told(&mut self, told: Told, event: Event) {
        self.tape.told(told, event);
    }

    /// A pause around `mean`, shorter where more happens.
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "pauses are far below 2^53 ns")]
    fn pause(&mut self, mean: i64) -> i64 {
        self.pen.chance.pause((mean as f64 / self.density) as i64)
    }

    /// About this time of day at the plant, on every day of the span.
    fn daily(&mut self, hour: i64, minute: i64) -> Vec<Moment> {
        let span = self.span;
        span.daily(hour, minute).map(|at| at.plus(self.pen.chance.between(0, 90 * SECOND))).collect()
    }

    /// Calls `work` again and again until the span is over.
    fn again(&mut self, mean: i64, mut work: impl FnMut(&mut Self, Moment)) {
        let mut at = self.span.begin.plus(self.pen.chance.between(0, mean));
        while self.span.holds(at) {
            work(self, at);
            at = at.plus(self.pause(mean));
        }
    }
}

/// Fills the span with ordinary work.
pub(crate) fn play(tape: &mut Tape, plant: &'static Plant, span: Span, seed: u64, density: f64) {
    let mut stage = |actor: &str, play: fn(&mut Stage<'_>)| {
        play(&mut Stage { tape: &mut *tape, pen: Pen::new(plant, seed, actor), span, density });
    };
    stage("office", office::play);
    stage("servers", servers::play);
    stage("control", control::play);
    stage("engineering", engineering::play);
}
