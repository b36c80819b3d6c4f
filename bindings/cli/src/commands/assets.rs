//! `tieline assets FILE... [--context FILE]`: which assets do events tell of, and how do they differ from the inventory?
//!
//! ```text
//! ASSET     ROLE        CONF  VENDOR   MODEL      FIRMWARE  SERVES  USES  LAST SEEN
//! 10.1.7.2  controller  0.98  Siemens  CPU 315-2  -         s7comm  -     2026-11-26T10:02:03Z
//! changed   plc-7 (10.1.7.2): firmware V2.8 is V2.9
//! ```

use super::check::write_error;
use super::coverage::save;
use super::scan::{PATIENCE, new_bar};
use crate::args::{AssetsArgs, AssetsForm, DifferenceForm};
use crate::exit::{Exit, Failure};
use crate::screen::{BOLD, DIM, RED, Screen, YELLOW, counted, visible};
use crate::told::Told;
use anstyle::Style;
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::time::Instant;
use tieline::context::{Asset, Context, InventoryForm};
use tieline::{Compiler, Normaliser};
use tieline_common::context::read_context;
use tieline_common::discovery::{Difference, DifferenceKind, Discovery, SeenAsset, compare};
use tieline_common::input::{Batch, EventFiles, InputOptions, Reader, expand_paths};
use tieline_common::load::{read_taxonomy, with_taxonomy};

pub(crate) fn run(args: &AssetsArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let plant = match args.context.is_empty() {
        true => None,
        false => {
            let plant = read_context(&args.context)?;
            let mut told = Told::default();
            told.show(plant.diagnostics(), screen);
            told.conclude(screen);
            Some(plant)
        }
    };
    let is_page = args.output.is_none() && screen.out_is_terminal();
    let form = args.format.unwrap_or(if is_page { AssetsForm::Table } else { AssetsForm::Ndjson });
    if let Some(plant) = plant.as_ref().filter(|_| args.files.is_empty()) {
        let text = match inventory(form) {
            Some(form) => plant.write(form),
            None => text_of(form, &declared(plant), &[], args, screen)?,
        };
        print(&text, args, screen)?;
        return Ok(Exit::Fine);
    }
    let taxonomy = read_taxonomy(&args.taxonomy).map_err(|error| Failure::Rules(error.to_string()))?;
    let normaliser = Normaliser::new(with_taxonomy(Compiler::new(), &taxonomy))?;
    let mut reading =
        Reading { discovery: Discovery::new(normaliser, plant.as_ref()), started: Instant::now(), bytes: 0, bad: 0 };
    let bad_files = reading.all(args, screen)?;
    let Reading { discovery, bad, .. } = reading;
    let seen = discovery.assets();
    let differences = plant.as_ref().map(|plant| compare(plant, &seen)).unwrap_or_default();
    let text = match inventory(form) {
        Some(form) => form.write(&seen.iter().map(|seen| seen.asset.clone()).collect::<Vec<Asset>>()),
        None => text_of(form, &seen, &differences, args, screen)?,
    };
    print(&text, args, screen)?;
    summary(&discovery, &seen, plant.as_ref().map(|_| differences.as_slice()), screen);
    let fails = |difference: &Difference| {
        args.fail_on.iter().any(|kind| match kind {
            DifferenceForm::Any => true,
            DifferenceForm::Unknown => difference.kind == DifferenceKind::Unknown,
            DifferenceForm::Silent => difference.kind == DifferenceKind::Silent,
            DifferenceForm::Moved => difference.kind == DifferenceKind::Moved,
            DifferenceForm::Changed => difference.kind == DifferenceKind::Changed,
        })
    };
    match (bad, bad_files) {
        (0, 0) => Ok(if differences.iter().any(fails) { Exit::Findings } else { Exit::Fine }),
        (_, 0) => Err(Failure::Input(format!("{} could not be read", counted(bad, "event")))),
        _ => Err(Failure::Input(format!("{} could not be read to its end", counted(bad_files, "file")))),
    }
}

fn inventory(form: AssetsForm) -> Option<InventoryForm> {
    match form {
        AssetsForm::Table | AssetsForm::Ndjson => None,
        AssetsForm::Yaml => Some(InventoryForm::Yaml),
        AssetsForm::Csv => Some(InventoryForm::Csv),
        AssetsForm::Netbox => Some(InventoryForm::NetBox),
        AssetsForm::Cyclonedx => Some(InventoryForm::CycloneDx),
    }
}

/// The assets of an inventory, of which nothing was seen.
fn declared(plant: &Context) -> Vec<SeenAsset> {
    plant.assets().iter().map(|asset| SeenAsset { asset: asset.clone(), ..SeenAsset::default() }).collect()
}

fn print(text: &str, args: &AssetsArgs, screen: &mut Screen) -> Result<(), Failure> {
    match &args.output {
        Some(path) => save(path, text.as_bytes(), screen),
        None => Ok(screen.out().write_all(text.as_bytes())?),
    }
}

struct Reading {
    discovery: Discovery,
    started: Instant,
    bytes: u64,
    bad: u64,
}

impl Reading {
    /// Reads all files, and says how many could not be read. One that is wrong does not keep the others from being read.
    fn all(&mut self, args: &AssetsArgs, screen: &mut Screen) -> Result<u64, Failure> {
        let EventFiles { files, errors, .. } = expand_paths(&args.files);
        errors.iter().for_each(|error| screen.error(&error.to_string()));
        let mut bad_files = errors.len() as u64;
        for path in files {
            if let Err(error) = self.file(&path, screen) {
                bad_files += 1;
                screen.error(&error);
            }
        }
        if let Some(bar) = screen.bar.take() {
            bar.finish_and_clear();
        }
        Ok(bad_files)
    }

    fn file(&mut self, path: &Path, screen: &mut Screen) -> Result<(), String> {
        let options = InputOptions::default();
        let opened = match path.as_os_str() == "-" {
            true => Reader::from_read(path, Box::new(std::io::stdin()), &options),
            false => Reader::open(path, &options),
        };
        let mut reader = opened.map_err(|error| error.to_string())?;
        let (mut batch, mut faults) = (Batch::default(), Vec::new());
        loop {
            let more = reader.next_batch(&mut batch, &mut faults);
            for fault in faults.drain(..) {
                self.bad += 1;
                screen.error(&format!("{}: {fault}", path.display()));
            }
            if !more.map_err(|error| error.to_string())? {
                let part = format!("`{}`: could be read only in part", path.display());
                return if reader.is_incomplete() { Err(part) } else { Ok(()) };
            }
            for record in batch.iter() {
                self.bytes += record.bytes.len() as u64;
                if let Err(error) = self.discovery.push(record.bytes) {
                    self.bad += 1;
                    screen.error(&format!("{}:{}: {error}", path.display(), record.number));
                }
            }
            self.progress(screen);
        }
    }

    fn progress(&self, screen: &mut Screen) {
        if screen.is_quiet() || self.started.elapsed() < PATIENCE || !std::io::stderr().is_terminal() {
            return;
        }
        let bar = screen.bar.get_or_insert_with(|| new_bar(None));
        bar.set_position(self.bytes);
        bar.set_message(counted(self.discovery.events(), "event"));
    }
}

fn summary(discovery: &Discovery, seen: &[SeenAsset], differences: Option<&[Difference]>, screen: &Screen) {
    let mut text = format!("{} in {}", counted(seen.len() as u64, "asset"), counted(discovery.events(), "event"));
    for kind in [DifferenceKind::Unknown, DifferenceKind::Silent, DifferenceKind::Moved, DifferenceKind::Changed] {
        if let Some(differences) = differences {
            let of_kind = differences.iter().filter(|difference| difference.kind == kind);
            let assets: std::collections::BTreeSet<_> = of_kind.map(|one| (&one.declared, &one.seen)).collect();
            let _ = write!(text, ", {} {}", assets.len(), kind.as_str());
        }
    }
    screen.note(&text);
    let lost = discovery.given_up();
    if lost.assets + lost.signs + lost.links > 0 {
        screen.warning(&format!(
            "there was no room for all: new assets were met {} times, new facts of an asset {} times, new peers {} times",
            lost.assets, lost.signs, lost.links
        ));
    }
}

fn text_of(
    form: AssetsForm,
    seen: &[SeenAsset],
    differences: &[Difference],
    args: &AssetsArgs,
    screen: &Screen,
) -> Result<String, Failure> {
    if form == AssetsForm::Table {
        return Ok(Table { screen, is_file: args.output.is_some() }.text(seen, differences));
    }
    let mut out = String::new();
    let mut line = |record: &str, value: serde_json::Result<serde_json::Value>| {
        let mut value = value.map_err(write_error)?;
        if let Some(entries) = value.as_object_mut() {
            entries.insert("record".to_owned(), record.into());
        }
        let _ = writeln!(out, "{value}");
        Ok::<(), Failure>(())
    };
    for one in seen {
        line("asset", serde_json::to_value(one))?;
    }
    for one in differences {
        line("difference", serde_json::to_value(one))?;
    }
    Ok(out)
}

/// What people read.
struct Table<'s> {
    screen: &'s Screen,
    is_file: bool,
}

const HEADS: [&str; 9] = ["ASSET", "ROLE", "CONF", "VENDOR", "MODEL", "FIRMWARE", "SERVES", "USES", "LAST SEEN"];

/// Columns of a cell at most, so that one long name does not push all others off the screen.
const CELL_MAX: usize = 32;

impl Table<'_> {
    fn text(&self, seen: &[SeenAsset], differences: &[Difference]) -> String {
        let rows: Vec<[String; 9]> = seen.iter().map(cells).collect();
        let width = |at: usize| {
            let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| console::measure_text_width(cell));
            cells.max().unwrap_or(0).max(HEADS.get(at).map_or(0, |head| head.len()))
        };
        let widths: Vec<usize> = (0..HEADS.len()).map(width).collect();
        let line = |cells: &[&str]| {
            let padded = cells.iter().zip(&widths);
            let padded = padded.map(|(cell, width)| console::pad_str(cell, *width, console::Alignment::Left, None));
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let mut out = String::new();
        self.put(&mut out, BOLD, &line(&HEADS));
        for (row, one) in rows.iter().zip(seen) {
            let cells: Vec<&str> = row.iter().map(String::as_str).collect();
            // Of what was only spoken to, nobody knows that it is there.
            self.put(&mut out, if one.heard || one.events == 0 { Style::new() } else { DIM }, &line(&cells));
        }
        for one in differences {
            let style = if one.kind == DifferenceKind::Silent { YELLOW } else { RED };
            self.put(&mut out, style, &told(one));
        }
        out
    }

    fn put(&self, out: &mut String, style: Style, line: &str) {
        let width = self.screen.width().filter(|_| !self.is_file);
        let line = width.map_or(line.into(), |width| console::truncate_str(line, width, "…"));
        let style = if self.is_file { Style::new() } else { style };
        let _ = writeln!(out, "{}", self.screen.paint(style, line));
    }
}

fn cells(seen: &SeenAsset) -> [String; 9] {
    let asset = &seen.asset;
    let cut = |text: &str| console::truncate_str(&visible(text), CELL_MAX, "…").into_owned();
    let own = |value: &Option<String>| value.as_deref().map_or("-".to_owned(), cut);
    // What is only a guess has a question mark.
    let guessed = |what: &str, value: &Option<String>| {
        let doubt = seen.confidence.get(what).is_some_and(|confidence| *confidence < 0.5);
        if doubt { own(value) + "?" } else { own(value) }
    };
    let list = |values: &[String]| if values.is_empty() { "-".to_owned() } else { cut(&values.join(",")) };
    let addresses = asset.ip.first().map(ToString::to_string).filter(|ip| !asset.id.contains(ip.as_str()));
    let name = addresses.map_or(asset.id.clone(), |ip| format!("{} ({ip})", asset.id));
    [
        visible(&name).into_owned(),
        guessed("role", &asset.role),
        seen.confidence.get("role").map_or("-".to_owned(), |confidence| format!("{confidence:.2}")),
        guessed("vendor", &asset.vendor),
        guessed("model", &asset.model),
        guessed("firmware", &asset.firmware),
        list(&seen.serves),
        list(&seen.uses),
        own(&seen.last),
    ]
}

fn told(one: &Difference) -> String {
    let who = match (&one.declared, &one.seen) {
        (Some(declared), Some(seen)) if declared != seen => format!("{declared} ({seen})"),
        (Some(who), _) | (None, Some(who)) => who.clone(),
        (None, None) => String::new(),
    };
    let what = match (one.what, &one.was, &one.is) {
        (Some(what), Some(was), Some(is)) => format!(": {what} {was} is {is}"),
        _ => String::new(),
    };
    let last = one.last.as_ref().map(|last| format!(", last seen {last}")).unwrap_or_default();
    visible(&format!("{:8}  {who}{what}{last}", one.kind.as_str())).into_owned()
}
