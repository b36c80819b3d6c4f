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
use tieline_common::fields::logsource;
use tieline_common::input::InputOptions;
use tieline_common::source::{Plan, SourceId};

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
            format!("{} ({})", source.title, source.name)
        });
        screen.note(&format!("the event is of {source}"));
    }
    let rules = plan::loaded(&plan, id, screen, &args.how)?.clone();
    let chosen = match &args.rule {
        Some(name) => match rules.find(name) {
            Some(index) => vec![index],
            None => return Err(Failure::Rules(not_there(name, &mut plan, id)?)),
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

/// Why a rule that was named is not among the compiled ones.
fn not_there(name: &str, plan: &mut Plan, id: SourceId) -> Result<String, Failure> {
    let as_is = plan.as_is();
    plan.compile(as_is)?;
    let about = |rules: &Rules| rules.find(name).map(|index| logsource(rules.rule(index).logsource()));
    if let (Some(about), Some(source)) = (plan.rules(as_is).and_then(about), plan.source(id)) {
        let source = &source.name;
        return Ok(format!(
            "the rule `{name}` is about {about}, and the event is of the source `{source}`, so it is never asked; \
             --source none asks it all the same"
        ));
    }
    Ok(format!("there is no rule with the id, name or title `{name}`; `tieline check` lists what was left out"))
}

fn print(explanation: &Explanation, screen: &mut Screen) -> Result<(), Failure> {
    let title = if explanation.title.is_empty() { &explanation.rule } else { &explanation.title };
    let verdict = match explanation.matched {
        true => screen.paint(GREEN, "matches"),
        false => screen.paint(RED, "does not match"),
    };
    let line = format!("{} {verdict}", screen.paint(BOLD, title));
    writeln!(screen.out(), "{line}")?;
    explanation.steps.iter().try_for_each(|step| print_step(step, 1, screen))
}

fn print_step(step: &Step, depth: usize, screen: &mut Screen) -> Result<(), Failure> {
    let mark = if step.held { screen.paint(GREEN, "✓") } else { screen.paint(RED, "✗") };
    let mut line = format!("{:width$}{mark} {}", "", step.what, width = depth * 2);
    if step.steps.is_empty() {
        let seen = step.values.iter().find(|seen| seen.passed).or(step.values.first());
        let saw = match seen {
            Some(seen) => format!("saw '{}'", seen.value),
            None if step.field.is_some() => "field is missing".to_owned(),
            None => String::new(),
        };
        if !saw.is_empty() {
            line.push_str(&format!("   {}", screen.paint(DIM, saw)));
        }
    }
    writeln!(screen.out(), "{line}")?;
    step.steps.iter().try_for_each(|inner| print_step(inner, depth + 1, screen))
}
