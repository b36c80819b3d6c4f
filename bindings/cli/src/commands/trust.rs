//! `tieline trust EVENTS --context PLANT`: who has changed controllers, and which of it nothing explains.
//!
//! ```text
//! COUNT  FIRST                 SOURCE  DEVICE  OPERATION  MISSING
//!     1  2026-11-26T21:30:00Z  ews-1   plc-7   mode_stop  hours, session:vpn
//!        jump_host: mk by rdp from 10.71.8.23 on jump-1 since 2026-11-26T21:02:11Z (security.ndjson:18)
//! ```

use super::check::write_error;
use super::every::Tally;
use super::normalise::refused;
use crate::args::{TrustArgs, TrustForm};
use crate::exit::{Exit, Failure};
use crate::screen::{BOLD, DIM, Screen, counted};
use crate::told::Told;
use std::collections::BTreeMap;
use std::io::Write as _;
use tieline::Compiler;
use tieline::context::Context;
use tieline::trust::{Judgement, Trust};
use tieline_common::context::read_context;
use tieline_common::load::{read_taxonomy, with_logons};

pub(crate) fn run(args: &TrustArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let taxonomy = read_taxonomy(&args.taxonomy).map_err(|error| Failure::Rules(error.to_string()))?;
    let compiler = with_logons(Compiler::new(), &taxonomy);
    let context = read_context(&args.context).map_err(|error| Failure::Rules(error.to_string()))?;
    tell(&context, screen);
    let mut trust = Trust::new(compiler, &context).map_err(|error| refused(&error, screen))?;
    let tally = Tally::of(&args.files, screen, |event, at, _| trust.push_json(event, at));
    trust.finish();
    let judged: Vec<Judgement> =
        trust.take().into_iter().filter(|judgement| args.all || !judgement.is_explained()).collect();
    let form = args.output.unwrap_or(if screen.out_is_terminal() { TrustForm::Table } else { TrustForm::Ndjson });
    match form {
        TrustForm::Table => table(&judged, screen)?,
        TrustForm::Ndjson => {
            for judgement in &judged {
                serde_json::to_writer(screen.out(), judgement).map_err(write_error)?;
                writeln!(screen.out())?;
            }
        }
    }
    let stats = trust.stats();
    let acts = counted(stats.operations, "privileged operation");
    let logons = counted(stats.logons, "logon event");
    screen.note(&format!(
        "{} read: {logons}, {acts}, {} unexplained",
        counted(tally.events, "event"),
        stats.unexplained
    ));
    if stats.sessions_given_up + stats.early > 0 {
        let given_up = counted(stats.sessions_given_up, "session");
        screen.note(&format!("{given_up} given up because there were too many, {} entries taken early", stats.early));
    }
    tally.exit(if args.fail && stats.unexplained > 0 { Exit::Findings } else { Exit::Fine })
}

/// Shows what is wrong in a plant.
pub(super) fn tell(context: &Context, screen: &mut Screen) {
    let mut told = Told::default();
    told.show(context.diagnostics(), screen);
    told.conclude(screen);
}

/// One line for equal judgements, with the sessions of the first below it.
fn table(judged: &[Judgement], screen: &mut Screen) -> Result<(), Failure> {
    let mut rows: BTreeMap<[String; 4], (u64, &Judgement)> = BTreeMap::new();
    for own in judged {
        let missing = if own.is_explained() { "-".to_owned() } else { own.missing.join(", ") };
        let key = [own.source.clone(), own.destination.clone(), own.operation.clone(), missing];
        rows.entry(key).or_insert((0, own)).0 += 1;
    }
    let heads = ["SOURCE", "DEVICE", "OPERATION"];
    let width = |at: usize| {
        let longest = rows.keys().filter_map(|key| key.get(at)).map(|text| console::measure_text_width(text)).max();
        longest.unwrap_or(0).max(heads.get(at).map_or(0, |head| head.len()))
    };
    let widths = [width(0), width(1), width(2)];
    let line = |cells: [&str; 3], last: &str| {
        let cells = cells
            .iter()
            .zip(widths)
            .map(|(text, width)| console::pad_str(text, width, console::Alignment::Left, None).into_owned());
        format!("{}  {last}", cells.collect::<Vec<_>>().join("  "))
    };
    let time = rows.values().map(|(_, first)| first.time.len()).max().unwrap_or(0).max("FIRST".len());
    let head = format!("{:>5}  {:time$}  {}", "COUNT", "FIRST", line(heads, "MISSING"));
    let head = screen.paint(BOLD, head).to_string();
    writeln!(screen.out(), "{head}")?;
    let mut rows: Vec<_> = rows.iter().collect();
    rows.sort_by_key(|(_, (_, first))| &first.time);
    for ([source, destination, operation, missing], (count, first)) in rows {
        let row = line([source, destination, operation], missing);
        writeln!(screen.out(), "{count:>5}  {:time$}  {row}", first.time)?;
        for own in &first.sessions {
            let user = own.user.as_deref().unwrap_or("somebody");
            let from = own.from.as_ref().map(|from| format!(" from {from}")).unwrap_or_default();
            let text = format!(
                "{:>5}  {}: {user} by {}{from} on {} since {} ({})",
                "", own.step, own.kind, own.host, own.begun, own.at
            );
            let text = screen.paint(DIM, text).to_string();
            writeln!(screen.out(), "{text}")?;
        }
    }
    Ok(())
}
