//! `tieline learn EVENTS`: conduits as they would have to be for what was seen, to be reviewed.
//!
//! ```text
//! conn.log, modbus.log  ─▶  conduits: [{name: supervision-to-cell-7, protocols: [modbus], operations: [read], ...}]
//! ```

use super::every::Tally;
use super::normalise::refused;
use super::trust::tell;
use crate::args::LearnArgs;
use crate::exit::{Exit, Failure};
use crate::screen::{Screen, counted};
use std::io::Write as _;
use tieline::{Compiler, Learner};
use tieline_common::context::read_context;
use tieline_common::load::{read_taxonomy, with_taxonomy};

pub(crate) fn run(args: &LearnArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let taxonomy = read_taxonomy(&args.taxonomy).map_err(|error| Failure::Rules(error.to_string()))?;
    let context = read_context(&args.context).map_err(|error| Failure::Rules(error.to_string()))?;
    tell(&context, screen);
    let learner = Learner::new(with_taxonomy(Compiler::new(), &taxonomy), &context);
    let mut learner = learner.map_err(|error| refused(&error, screen))?;
    let tally = Tally::of(&args.files, screen, |event, _, _| learner.push_json(event));
    write!(screen.out(), "{}", learner.proposal())?;
    screen.note(&format!("{} read", counted(tally.events, "event")));
    if learner.given_up() > 0 {
        screen.warning(&format!("there was no room for {}", counted(learner.given_up(), "flow")));
    }
    tally.exit(Exit::Fine)
}
