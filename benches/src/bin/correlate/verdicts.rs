//! Who is right on the timelines.
//!
//! ```text
//! timeline ─▶ right alerts · ours (asserted) · rsigma-eval as it comes, and with the setting that helps it most
//! ```
//!
//! It is taken for right when its alerts are those of the same correlations and groups; time and number may be others.

use std::io;
use tieline_benches::contenders::rsigma_correlation::{self as rival, SETTINGS, Setting, Told};
use tieline_benches::report::Table;
use tieline_benches::timelines::{self, Decided, Timeline};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    /// The same alerts.
    Right,
    /// The same alerts, told of another time or with another number.
    Otherwise,
    /// Other alerts.
    Other,
}

struct Row {
    timeline: Timeline,
    default: Result<Vec<Told>, String>,
    default_verdict: Verdict,
    best: Result<Vec<Told>, String>,
    best_verdict: Verdict,
    setting: Setting,
}

/// Answers all timelines.
pub fn part() -> io::Result<String> {
    let timelines = timelines::all().map_err(io::Error::other)?;
    let rows: Vec<Row> = timelines.into_iter().map(row).collect::<io::Result<_>>()?;
    let mut table = Table::new(&[
        "timeline",
        "right: `time correlation group number`",
        "rsigma-eval, default",
        "with its best setting",
        "decided by",
        "rsigma-eval is",
    ]);
    for row in &rows {
        let best = if row.setting == Setting::Default {
            String::from("-")
        } else {
            format!("{}: {}", row.setting.name(), show(&row.best))
        };
        table.row(vec![
            row.timeline.name.clone(),
            right(&row.timeline).iter().map(one).collect::<Vec<_>>().join("; "),
            show(&row.default),
            best,
            decided(&row.timeline),
            word(row).to_owned(),
        ]);
    }
    Ok(format!("{}\n{}", summary(&rows), table.markdown()))
}

fn row(timeline: Timeline) -> io::Result<Row> {
    let ours = timeline.ours().map_err(io::Error::other)?;
    if ours != timeline.alerts {
        let message = format!("{}: a stream tells {ours:?}, right is {:?}", timeline.name, timeline.alerts);
        return Err(io::Error::other(message));
    }
    let right = right(&timeline);
    let judged = SETTINGS.map(|setting| {
        let told = rival::alerts(&timeline, setting);
        (judge(told.as_deref().unwrap_or_default(), &right, told.is_ok()), setting, told)
    });
    let [(default_verdict, _, default), ..] = judged.clone();
    // The first of the best, so the default where nothing helps.
    let best = judged.into_iter().min_by_key(|(verdict, ..)| *verdict);
    let Some((best_verdict, setting, best)) = best else { return Err(io::Error::other("no settings")) };
    Ok(Row { timeline, default, default_verdict, best, best_verdict, setting })
}

/// The right alerts, as far as the rival tells of them.
fn right(timeline: &Timeline) -> Vec<Told> {
    let told = |alert: &String| {
        let words: Vec<&str> = alert.split(' ').collect();
        let [time, correlation, group, _, _, value] = words.as_slice() else { return None };
        let time: f64 = time.parse().ok()?;
        Some(Told { time: time as i64, what: format!("{correlation} {group}"), value: (*value).to_owned() })
    };
    timeline.alerts.iter().filter_map(told).collect()
}

fn judge(told: &[Told], right: &[Told], accepted: bool) -> Verdict {
    let sorted = |all: &[Told]| {
        let mut all = all.to_vec();
        all.sort();
        all
    };
    let groups = |all: &[Told]| {
        let mut all: Vec<String> = all.iter().map(|one| one.what.clone()).collect();
        all.sort();
        all
    };
    match accepted {
        true if sorted(told) == sorted(right) => Verdict::Right,
        true if groups(told) == groups(right) => Verdict::Otherwise,
        _ => Verdict::Other,
    }
}

fn one(told: &Told) -> String {
    format!("{} {} {}", told.time, told.what, told.value)
}

fn show(told: &Result<Vec<Told>, String>) -> String {
    match told {
        Err(_) => "refuses the rule".to_owned(),
        Ok(all) => all.iter().map(one).collect::<Vec<_>>().join("; "),
    }
}

fn decided(timeline: &Timeline) -> String {
    match timeline.decided {
        Decided::Specification => format!("specification: {}", timeline.why),
        Decided::Sense => format!("sense: {}", timeline.why),
        Decided::Open if timeline.why.is_empty() => "open".to_owned(),
        Decided::Open => format!("open: {}", timeline.why),
    }
}

fn word(row: &Row) -> &'static str {
    match (row.best_verdict, row.timeline.decided, row.default_verdict) {
        (Verdict::Other, Decided::Open, _) => "other",
        (Verdict::Other, ..) => "**wrong**",
        (_, Decided::Open, Verdict::Other) => "other, the same when set",
        (_, _, Verdict::Other) => "right when set",
        (Verdict::Right, ..) => "right",
        (Verdict::Otherwise, ..) => "right, told otherwise",
    }
}

fn summary(rows: &[Row]) -> String {
    let decided = |row: &&Row| row.timeline.decided != Decided::Open;
    let count = |wrong: &dyn Fn(&Row) -> bool| rows.iter().filter(decided).filter(|row| wrong(row)).count();
    let total = rows.iter().filter(decided).count();
    format!(
        "{} timelines; tieline tells the right alerts of all. {total} of them are decided by the specification or by plain \
         sense: rsigma-eval is wrong on {} of these as it comes, and on {} with the setting that helps most in each. The \
         others can be answered in more than one way; it answers {} of them in another way whatever is set.\n",
        rows.len(),
        count(&|row| row.default_verdict == Verdict::Other),
        count(&|row| row.best_verdict == Verdict::Other),
        rows.iter().filter(|row| !decided(row) && row.best_verdict == Verdict::Other).count(),
    )
}
