//! From the arguments about rules to a plan.
//!
//! ```text
//! --rules a b --pipeline p --placeholder x=1,2 --timezone +02:00   ─▶   Plan
//! ```

use crate::args::RuleArgs;
use crate::exit::Failure;
use crate::screen::Screen;
use crate::told::{Told, painted};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tieline::diagnostic::Diagnostic;
use tieline::{Rules, TimeOptions};
use tieline_common::fields::logsource;
use tieline_common::load::{RuleOptions, read_pipeline, read_taxonomy};
use tieline_common::reload::Recipe;
use tieline_common::scan::Select;
use tieline_common::source::{Plan, SourceChoice, SourceId};

/// What rules are read and how, as far as the arguments say it.
pub(super) fn recipe(paths: &[PathBuf], args: &RuleArgs) -> Result<Recipe, Failure> {
    let (options, choice) = (options(args)?, args.choice());
    let (pipelines, indicators) = (args.pipelines.clone(), args.indicators.clone());
    let indicators_at_ns = args.indicators_at;
    Ok(Recipe { rules: paths.to_vec(), options, pipelines, choice, indicators, indicators_at_ns })
}

/// The same, where no event says which source it is: rules as they are unless a source is named.
pub(super) fn plan_without_events(paths: &[PathBuf], args: &RuleArgs) -> Result<(Plan, SourceId), Failure> {
    let choice = match args.choice() {
        SourceChoice::Auto => SourceChoice::None,
        other => other,
    };
    let plan = plan_of(&Recipe { choice, ..recipe(paths, args)? })?;
    let id = plan.fixed().unwrap_or_else(|| plan.as_is());
    plan.compile(id)?;
    Ok((plan, id))
}

/// Reads rules and pipelines; nothing is compiled yet.
pub(super) fn plan(paths: &[PathBuf], args: &RuleArgs) -> Result<Plan, Failure> {
    plan_of(&recipe(paths, args)?)
}

/// The same, of what was asked for before.
pub(super) fn plan_of(recipe: &Recipe) -> Result<Plan, Failure> {
    let plan = recipe.plan()?;
    let is_mapped = !recipe.pipelines.is_empty() || matches!(recipe.choice, SourceChoice::Named(_));
    if plan.pack().is_saved() && is_mapped {
        let message = "saved rules were mapped when they were saved; leave --source and --pipeline away, or name the \
                       rules themselves";
        return Err(Failure::Usage(message.to_owned()));
    }
    Ok(plan)
}

/// The compiled rules; that there are some is checked.
pub(super) fn loaded<'a>(plan: &'a Plan, id: SourceId, screen: &Screen, args: &RuleArgs) -> Result<&'a Rules, Failure> {
    let Some(rules) = plan.rules(id) else { return Err(Failure::Rules("no rules were compiled".to_owned())) };
    let mut told = Told::default();
    let found = || plan.pack().diagnostics().iter().chain(rules.diagnostics());
    if args.strict {
        refuse_broken(found(), screen)?;
    }
    told.mention(found(), screen);
    if is_nothing_left(rules) {
        return Err(Failure::Rules(no_rules(plan)));
    }
    Ok(rules)
}

/// Under `--strict`, the first broken rule ends the command.
pub(super) fn refuse_broken<'a>(
    mut found: impl Iterator<Item = &'a Diagnostic>,
    screen: &Screen,
) -> Result<(), Failure> {
    match found.find(|told| told.is_error()) {
        None => Ok(()),
        Some(broken) => {
            let text = painted(broken, |style, text| screen.paint_err(style, text));
            Err(Failure::Strict(format!("stopped by --strict at a broken rule\n{}", text.trim_end())))
        }
    }
}

/// Whether all rules are broken; that all are about other events is no fault.
pub(super) fn is_nothing_left(rules: &Rules) -> bool {
    rules.is_empty() && rules.counts().elsewhere == 0
}

/// Says that nothing is left to evaluate.
pub(super) fn no_rules(plan: &Plan) -> String {
    let files = plan.pack().paths().len() + plan.pack().diagnostics().len();
    format!("no rule could be loaded from {files} file{}", if files == 1 { "" } else { "s" })
}

/// Says that no rule is among those asked for.
pub(super) fn nothing_selected(select: &Select) -> String {
    let names = |names: &[String]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ");
    let mut asked = Vec::new();
    if !select.rules.is_empty() {
        asked.push(format!("the id, name or title {}", names(&select.rules)));
    }
    if !select.tags.is_empty() {
        asked.push(format!("the tag {}", names(&select.tags)));
    }
    if let Some(level) = select.level_min {
        asked.push(format!("the level {} or above", level.as_str()));
    }
    format!("no rule for these events has {}", asked.join(" and "))
}

/// Why a rule that was named is not among those for a source.
pub(super) fn not_there(name: &str, plan: &mut Plan, id: SourceId) -> Result<String, Failure> {
    let as_is = plan.as_is();
    plan.compile(as_is)?;
    let Some(rules) = plan.rules(as_is) else { return Ok(no_rules(plan)) };
    let refused_as = |rules: &Rules, name: &str| {
        let mut told = rules.diagnostics().iter();
        told.find(|told| told.is_error() && told.rule.as_deref() == Some(name)).map(ToString::to_string)
    };
    let Some(index) = rules.find(name) else {
        return Ok(match refused_as(rules, name) {
            Some(why) => format!("the rule `{name}` was left out: {why}"),
            None => format!("there is no rule with the id, name or title `{name}`"),
        });
    };
    let rule = rules.rule(index);
    let refused = plan.rules(id).and_then(|form| refused_as(form, rule.metadata().identity()));
    if let Some(why) = refused {
        return Ok(format!("the rule `{name}` was left out: {why}"));
    }
    let about = logsource(rule.logsource());
    Ok(match plan.source(id) {
        Some(source) => format!(
            "the rule `{name}` is about {about}, and so is not asked about events of the source `{}`; \
             --source none asks it all the same",
            source.name()
        ),
        None => format!("the rule `{name}` is about {about}, for which there is no shipped source"),
    })
}

fn options(args: &RuleArgs) -> Result<RuleOptions, Failure> {
    let mut placeholders: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in &args.placeholder_files {
        placeholders.extend(placeholder_file(file)?);
    }
    for text in &args.placeholders {
        let (name, values) = placeholder(text)?;
        placeholders.entry(name).or_default().extend(values);
    }
    let time = TimeOptions { zone: args.timezone.clone(), unit: args.time_unit, fields: args.time_fields.clone() };
    let taxonomy = read_taxonomy(&args.taxonomy).map_err(|error| Failure::Rules(error.to_string()))?;
    let table = |path: &PathBuf| read_pipeline(path).map_err(|error| Failure::Rules(error.to_string()));
    let indicator_fields = args.indicator_fields.iter().map(table).collect::<Result<_, _>>()?;
    let (placeholders, allow) = (placeholders.into_iter().collect(), args.allow.clone());
    Ok(RuleOptions { placeholders, time, allow, taxonomy, indicator_fields, context: args.context.clone() })
}

/// `NAME=V1,V2` or `NAME=@FILE`.
fn placeholder(text: &str) -> Result<(String, Vec<String>), Failure> {
    let Some((name, values)) = text.split_once('=') else {
        return Err(Failure::Usage(format!("--placeholder `{text}` has no `=`; write NAME=V1,V2 or NAME=@FILE")));
    };
    let name = name.trim_matches('%').to_owned();
    let Some(file) = values.strip_prefix('@') else {
        return Ok((name, values.split(',').map(str::to_owned).collect()));
    };
    let lines = read(Path::new(file))?;
    let lines = lines.trim_start_matches('\u{feff}').lines().map(str::trim_end).filter(|line| !line.is_empty());
    Ok((name, lines.map(str::to_owned).collect()))
}

fn placeholder_file(file: &Path) -> Result<BTreeMap<String, Vec<String>>, Failure> {
    let text = read(file)?;
    serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
        let expected = r#"expected a JSON object of lists such as {"admins": ["root", "svc_*"]}"#;
        Failure::Input(format!("`{}`: {expected}: {error}", file.display()))
    })
}

fn read(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|error| Failure::Input(format!("`{}`: cannot be read: {error}", file.display())))
}
