//! A scan that goes on: waits for more, ends when it is told to, and takes new rules between batches.
//!
//! ```text
//!  feed ─▶ batch ─▶ batch ─▶ quiet ─▶ batch ─▶ ...      stop, or quiet for too long ─▶ last lines ─▶ end
//!                       └ rules have changed ─▶ other plan, fresh scanners
//! ```
//!
//! What a batch means is the same as in any scan. Nothing that lives across batches is lost when rules change but
//! what belongs to the rules.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::feed::{Feed, Message};
use super::{End, Notice, Scan, Step, asked};
use crate::reload::{Refused, Reload};
use crate::source::PlanError;

/// How long last lines are waited for; who reads them may hang in a share that is gone.
const PATIENCE: Duration = Duration::from_secs(2);

impl Scan<'_> {
    pub(super) fn follow(&mut self, feed: &mut Feed) -> Result<End, PlanError> {
        let mut last = Instant::now();
        let mut ending: Option<(End, Instant)> = None;
        loop {
            if ending.is_none()
                && let Some(end) = self.reason_to_end(last)
            {
                feed.quit();
                ending = Some((end, Instant::now()));
            }
            let message = match feed.next() {
                None | Some(Message::End) => return Ok(ending.map_or(End::Finished, |(end, _)| end)),
                Some(message) => message,
            };
            if matches!(message, Message::Quiet) {
                self.over_time.rest()?;
                if let Some((end, since)) = ending
                    && since.elapsed() >= PATIENCE
                {
                    return Ok(end);
                }
            } else {
                if let ControlFlow::Break(end) = self.message(message, feed)? {
                    return Ok(end);
                }
                last = Instant::now();
            }
            if ending.is_none()
                && let ControlFlow::Break(end) = self.reload()
            {
                return Ok(end);
            }
        }
    }

    fn reason_to_end(&self, last: Instant) -> Option<End> {
        if self.options.stop.load(Ordering::Relaxed) {
            return Some(End::Interrupted);
        }
        self.idle.is_some_and(|idle| last.elapsed() >= idle).then_some(End::Finished)
    }

    /// Takes other rules when their files have changed.
    fn reload(&mut self) -> Step {
        let Some(result) = self.rules.as_mut().and_then(|rules| rules.poll(self.plan)) else {
            return Step::Continue(());
        };
        let Reload { plan, changes, forms } = match result {
            Ok(reload) => reload,
            Err(Refused { error, diagnostics }) => {
                return asked((self.each)(Notice::Kept { error: &error, diagnostics: &diagnostics }));
            }
        };
        *self.plan = plan;
        self.workers.renew();
        self.over_time.renew();
        let mut step = asked((self.each)(Notice::Reloaded { changes, plan: self.plan }));
        for id in forms {
            if step.is_continue() {
                step = asked((self.each)(Notice::Compiled { id, plan: self.plan }));
            }
        }
        step
    }
}
