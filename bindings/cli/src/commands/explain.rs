//! `tieline explain --rules PATH... --rule ID --event EVENT`: the condition tree, step by step.
//!
//! ```text
//! Whoami does not match
//!   ✗ selection
//!     ✗ Image endswith '\whoami.exe'   saw 'C:\Windows\System32\cmd.exe'
//! ```

use super::check::write_error;
use super::plan;
use crate::args::{ExplainArgs, ReportForm};
use crate::exit::{Exit, Failure};
use crate::screen::{BOLD, DIM, GREEN, RED, Screen};
use std::io::Write as _;
use tieline::{Explanation, JsonEvent, Rules, Step};
use tieline_common::event::find_event;
use tieline_common::input::InputOptions;

/// Columns of a value that are shown in the narrowest terminal.
const SAW_WIDTH_MIN: usize = 24;

/// Rules that are explained when none is named.
const EXPLAINED_MAX: usize = 20;

pub(crate) fn run(args: &ExplainArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let mut plan = plan::plan(&args.rules.all(), &args.how)?;
    let bytes = find_event(&args.event, &InputOptions::default()).map_err(Failure::Input)?;
    let event =
        JsonEvent::parse(&bytes).map_err(|error| Failure::Input(format!("the event cannot be read: {error}")))?;
    let id = plan.choose(&bytes, None);
    plan.compile(id)?;
    if plan.fixed().is_none() {
        let source = plan.source(id).map_or("no known source; rules are taken as they are".to_owned(), |source| {
            format!("{} ({})", source.title(), source.name())
        });
        screen.note(&format!("the event is of {source}"));
    }
    let rules = plan::loaded(&plan, id, screen, &args.how)?.clone();
    let chosen = match &args.rule {
        Some(name) => match rules.find(name) {
            Some(index) => vec![index],
            None => return Err(Failure::Rules(plan::not_there(name, &mut plan, id)?)),
        },
        None => matching(&rules, &bytes, screen),
    };
    let explained: Vec<Explanation> = chosen.iter().map(|index| rules.explain(*index, &event)).collect();
    match args.format {
        ReportForm::Json => {
            serde_json::to_writer_pretty(screen.out(), &explained).map_err(write_error)?;
            writeln!(screen.out())?;
        }
        ReportForm::Text => {
            for explanation in &explained {
                print(explanation, screen)?;
            }
        }
    }
    Ok(Exit::Fine)
}

/// The only rule, or those that match the event.
fn matching(rules: &Rules, event: &[u8], screen: &Screen) -> Vec<usize> {
    if rules.len() == 1 {
        return vec![0];
    }
    let results = rules.scan_batch(&[event], None);
    let mut matched: Vec<usize> = results.into_iter().flatten().flatten().map(|index| index as usize).collect();
    if matched.is_empty() {
        screen.note(&format!("none of {} rules matches; name one with --rule to see why not", rules.len()));
    }
    if matched.len() > EXPLAINED_MAX {
        screen.note(&format!("{} rules match; the first {EXPLAINED_MAX} are explained", matched.len()));
        matched.truncate(EXPLAINED_MAX);
    }
    matched
}

fn print(explanation: &Explanation, screen: &mut Screen) -> Result<(), Failure> {
    let title = if explanation.title.is_empty() { &explanation.rule } else { &explanation.title };
    let verdict = match explanation.matched {
        true => screen.paint(GREEN, "matches"),
        false => screen.paint(RED, "does not match"),
    };
    let line = format!("{} {verdict}", screen.paint(BOLD, title));
    writeln!(screen.out(), "{line}")?;
    explanation.steps.iter().try_for_each(|step| print_step(step, 1, None, screen))
}

/// Prints a step and those below it. `said` is what the step above said that all of its tests saw.
fn print_step(step: &Step, depth: usize, said: Option<&str>, screen: &mut Screen) -> Result<(), Failure> {
    let mark = if step.held { screen.paint(GREEN, "✓") } else { screen.paint(RED, "✗") };
    let mut line = format!("{:width$}{mark} {}", "", step.what, width = depth * 2);
    let own = if step.steps.is_empty() { saw(step) } else { common(&step.steps) };
    if let Some(own) = own.as_deref().filter(|own| Some(*own) != said) {
        let used = console::measure_text_width(&line) + 3;
        let room = screen.width().map_or(usize::MAX, |width| width.saturating_sub(used).max(SAW_WIDTH_MIN));
        line.push_str(&format!("   {}", screen.paint(DIM, console::truncate_str(own, room, "…"))));
    }
    writeln!(screen.out(), "{line}")?;
    step.steps.iter().try_for_each(|inner| print_step(inner, depth + 1, own.as_deref().or(said), screen))
}

/// What a test saw: the value that passed, else the first one.
fn saw(step: &Step) -> Option<String> {
    match step.values.iter().find(|seen| seen.passed).or(step.values.first()) {
        Some(seen) => Some(format!("saw '{}'", seen.value)),
        None if step.field.is_some() => Some("field is missing".to_owned()),
        None => None,
    }
}

/// What several tests saw, when it was the same, so that it is said once.
fn common(steps: &[Step]) -> Option<String> {
    let mut all = steps.iter().map(|step| if step.steps.is_empty() { saw(step) } else { None });
    let first = all.next().flatten()?;
    (steps.len() > 1 && all.all(|other| other.as_ref() == Some(&first))).then_some(first)
}
