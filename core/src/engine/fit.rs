//! Rules fitted to the events they will see, by the caller's pipelines.
//!
//! ```text
//! pack of rules ─▶ each through all pipelines ─▶ mapped · about other events, left out · refused, told
//! ```
//!
//! What a pipeline does is said in `pipeline`; here is only what becomes of the pack.

use super::{Error, ErrorKind};
use crate::check::{Options, Pack};
use crate::config::Limits;
use crate::diagnostic::{Diagnostic, Source};
use crate::pipeline::{Mapped, Pipeline, Pipelines};

/// Reads pipelines; one that is broken is an error, because without it every rule would mean something else.
pub(super) fn read(
    texts: &[(Option<String>, String)],
    limits: &Limits,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Pipelines, Error> {
    let mut pipelines = Vec::new();
    let mut broken = Vec::new();
    for (name, text) in texts {
        let (read, found) = Pipeline::parse(&Source::new(name.as_deref(), text.as_str()), limits);
        pipelines.extend(read);
        let (errors, rest): (Vec<_>, Vec<_>) = found.into_iter().partition(Diagnostic::is_error);
        broken.extend(errors);
        diagnostics.extend(rest);
    }
    if broken.is_empty() {
        Ok(Pipelines::new(pipelines))
    } else {
        Err(Error::new(ErrorKind::Pipeline, "a pipeline cannot be used").with(broken))
    }
}

/// Fits every rule of a pack. Rules that a pipeline refuses are told and left out with the correlations that
/// need them; rules about other events are left out without a word, and so are their correlations.
/// Returns how many are about other events.
pub(super) fn apply(
    pipelines: &Pipelines,
    pack: &mut Pack,
    options: &Options,
    diagnostics: &mut Vec<Diagnostic>,
) -> usize {
    if pipelines.is_empty() {
        return 0;
    }
    let mut used = vec![false; pipelines.iter().count()];
    let (mut here, mut sound) = (Vec::with_capacity(pack.rules.len()), Vec::new());
    for rule in &mut pack.rules {
        let outcome = pipelines.apply(rule.clone(), &options.limits, &options.placeholders);
        used.iter_mut().zip(&outcome.used).for_each(|(all, one)| *all |= one);
        here.push(!matches!(outcome.mapped, Mapped::Elsewhere));
        match outcome.mapped {
            Mapped::Rule(mapped) => {
                *rule = *mapped;
                sound.push(true);
            }
            Mapped::Elsewhere => {}
            Mapped::Refused(fault) => {
                diagnostics.push(*fault);
                sound.push(false);
            }
        }
    }
    let told = pack.diagnostics.len();
    pack.keep_rules(&here);
    pack.diagnostics.truncate(told);
    pack.keep_rules(&sound);
    if !pack.rules.is_empty() {
        diagnostics.extend(pipelines.unused(&used));
    }
    here.iter().filter(|here| !**here).count()
}
