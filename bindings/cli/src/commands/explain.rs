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
use crate::screen::{BOLD, DIM, GREEN, RED, Screen, visible};
use std::io::Write as _;
use tieline::{Explanation, JsonEvent, Rules, Step};
use tieline_common::event::find_event;
use tieline_common::input::InputOptions;

/// Columns of a value that are shown in the narrowest terminal.
const SAW_WIDTH_MIN: usize = 24;

/// Rules that are explained when none is named.
const EXPLAINED_MAX: usize = 20;

/// Steps without steps of their own that are shown side by side.
const LEAVES_SHOWN: usize = 4;

/// Steps of so few lines are shown whole, whether or not they decided.
const LINES_ALWAYS: usize = 3;

/// What the selections begin with that a pipeline adds to tell events of one kind from others.
const ADDED: &str = "_added";

/// What a step is called of which any part will do; pipelines give fields of many names in this way.
const ALTERNATIVES: &str = "any of these";

/// How much of a tree is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// What decided the verdict.
    Decisive,
    /// Every step.
    Full,
}

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
            let detail = if args.full { Depth::Full } else { Depth::Decisive };
            for explanation in &explained {
                print(explanation, detail, screen)?;
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
    if rules.is_empty() {
        screen.note("no rule is about such events; --source none asks all of them");
    } else if matched.is_empty() {
        screen.note(&format!("none of {} rules matches; name one with --rule to see why not", rules.len()));
    }
    if matched.len() > EXPLAINED_MAX {
        screen.note(&format!("{} rules match; the first {EXPLAINED_MAX} are explained", matched.len()));
        matched.truncate(EXPLAINED_MAX);
    }
    matched
}

fn print(explanation: &Explanation, detail: Depth, screen: &mut Screen) -> Result<(), Failure> {
    let title = if explanation.title.is_empty() { &explanation.rule } else { &explanation.title };
    let verdict = match explanation.matched {
        true => screen.paint(GREEN, "matches"),
        false => screen.paint(RED, "does not match"),
    };
    let line = format!("{} {verdict}", screen.paint(BOLD, visible(title)));
    writeln!(screen.out(), "{line}")?;
    let mut tree = Tree { screen, detail, folded: false };
    tree.steps(&explanation.steps, Above { what: "", held: explanation.matched, said: None }, 1)?;
    if tree.folded {
        let note = screen.paint(DIM, "  … what did not decide is left out; --full shows every step").to_string();
        writeln!(screen.out(), "{note}")?;
    }
    Ok(())
}

/// The tree as it is printed.
struct Tree<'a> {
    screen: &'a mut Screen,
    detail: Depth,
    folded: bool,
}

impl Tree<'_> {
    /// Prints steps that stand side by side.
    ///
    /// A step that holds owes that to those below it that hold, and one that does not to those that do not. Others
    /// explain nothing: in a list of alternatives they are counted, elsewhere they are one line.
    fn steps(&mut self, steps: &[Step], above: Above<'_>, depth: usize) -> Result<(), Failure> {
        let Above { held, said, .. } = above;
        if self.detail == Depth::Full {
            return steps.iter().try_for_each(|step| self.step(step, depth, said, true));
        }
        // Below `not`, the only step came out the other way round, and decided all the same.
        let decides = |step: &Step| step.held == held || steps.len() == 1;
        let wrong_kind = |step: &Step| !step.held && step.what.starts_with(ADDED);
        let other_kind = steps.iter().any(wrong_kind);
        let (mut shown, mut left_out) = (0, 0);
        for step in steps {
            let is_leaf = step.steps.is_empty();
            let many = is_leaf && shown >= LEAVES_SHOWN && steps.len() > LEAVES_SHOWN + 1;
            // Forms of the event, and selections, are worth a line each.
            let is_named = depth == 1 || step.selection.is_some();
            let by_other_name = above.what == ALTERNATIVES && is_missing(step) && !steps.iter().all(is_missing);
            if many || (held && !decides(step) && !is_named) || (!held && by_other_name) {
                left_out += 1;
                continue;
            }
            shown += 1;
            let whole = lines(step) <= LINES_ALWAYS || (decides(step) && (!other_kind || wrong_kind(step)));
            self.step(step, depth, said, whole)?;
        }
        if left_out > 0 {
            self.folded = true;
            let verb = if left_out == 1 { "does" } else { "do" };
            let which =
                if held { format!("{left_out} that {verb} not hold") } else { format!("{left_out} more like these") };
            let line = self.screen.paint(DIM, format!("… and {which}")).to_string();
            writeln!(self.screen.out(), "{:width$}{line}", "", width = depth * 2)?;
        }
        Ok(())
    }

    /// Prints a step, and when `whole`, what is below it.
    fn step(&mut self, step: &Step, depth: usize, said: Option<&str>, whole: bool) -> Result<(), Failure> {
        let screen = &mut *self.screen;
        let mark = if step.held { screen.paint(GREEN, "✓") } else { screen.paint(RED, "✗") };
        let mut line = format!("{:width$}{mark} {}", "", visible(&step.what), width = depth * 2);
        let own = if step.steps.is_empty() { saw(step) } else { common(&step.steps) };
        if let Some(own) = own.as_deref().filter(|own| Some(*own) != said) {
            let used = console::measure_text_width(&line) + 3;
            let room = screen.width().map_or(usize::MAX, |width| width.saturating_sub(used).max(SAW_WIDTH_MIN));
            line.push_str(&format!("   {}", screen.paint(DIM, console::truncate_str(own, room, "…"))));
        }
        if !whole && !step.steps.is_empty() {
            self.folded = true;
            line.push_str(&format!("   {}", screen.paint(DIM, "…")));
        }
        writeln!(screen.out(), "{line}")?;
        if !whole {
            return Ok(());
        }
        let above = Above { what: &step.what, held: step.held, said: own.as_deref().or(said) };
        self.steps(&step.steps, above, depth + 1)
    }
}

/// What stands above steps.
#[derive(Debug, Clone, Copy)]
struct Above<'a> {
    what: &'a str,
    held: bool,
    /// What it said that all of its tests saw.
    said: Option<&'a str>,
}

/// Whether an event has no field that a step is about.
fn is_missing(step: &Step) -> bool {
    step.values.is_empty() && step.steps.iter().all(is_missing)
}

/// The lines that a step takes when nothing is left out.
fn lines(step: &Step) -> usize {
    1 + step.steps.iter().map(lines).sum::<usize>()
}

/// What a test saw: the value that passed, else the first one.
fn saw(step: &Step) -> Option<String> {
    match step.values.iter().find(|seen| seen.passed).or(step.values.first()) {
        Some(seen) => Some(format!("saw '{}'", visible(&seen.value))),
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
