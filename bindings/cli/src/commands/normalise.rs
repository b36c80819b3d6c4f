//! `tieline normalise FILE...`: what OT operations events tell of, in one form whatever sensor saw them.
//!
//! ```text
//! {"layers":{"modbus":{...}}}  ─▶  {"layers":{"modbus":{...}},"ot.protocol":"modbus","ot.operation":"write",...}
//! ```

use super::check::write_error;
use crate::args::{NormaliseArgs, NormaliseForm};
use crate::exit::{Exit, Failure};
use crate::screen::{BOLD, DIM, Screen, counted};
use crate::told::Told;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use tieline::{Compiler, Normaliser};
use tieline_common::context::read_context;
use tieline_common::input::{Batch, EventFiles, Fault, InputError, InputOptions, Reader, expand_paths};
use tieline_common::load::{read_taxonomy, with_taxonomy};

/// How many records there are of each protocol, class, direction, code and name.
type Counts = BTreeMap<[String; 5], u64>;

pub(crate) fn run(args: &NormaliseArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let taxonomy = read_taxonomy(&args.taxonomy).map_err(|error| Failure::Rules(error.to_string()))?;
    let compiler = with_taxonomy(Compiler::new(), &taxonomy);
    let normaliser = if args.context.is_empty() {
        Normaliser::new(compiler)
    } else {
        let context = read_context(&args.context).map_err(|error| Failure::Rules(error.to_string()))?;
        Told::default().mention(context.diagnostics().iter(), screen);
        Normaliser::in_context(compiler, &context)
    };
    let mut run = Run {
        normaliser: normaliser.map_err(|error| refused(&error, screen))?,
        form: args.output.unwrap_or(if screen.out_is_terminal() {
            NormaliseForm::Table
        } else {
            NormaliseForm::Ndjson
        }),
        counts: Counts::new(),
        events: 0,
        silent: 0,
        unreadable: 0,
        bad_files: 0,
    };
    let EventFiles { files, errors, .. } = expand_paths(&args.files);
    errors.iter().for_each(|error| run.bad_file(error, screen));
    for path in files {
        // One that is wrong does not keep the others from being read.
        if let Err(error) = run.file(&path, screen)? {
            run.bad_file(&error, screen);
        }
    }
    if run.form == NormaliseForm::Table {
        run.table(screen)?;
    }
    let Run { events, silent, unreadable, bad_files, .. } = run;
    screen.note(&format!("{} read, {silent} of them tell of no operation", counted(events, "event")));
    match (unreadable, bad_files) {
        (0, 0) => Ok(Exit::Fine),
        (_, 0) => Err(Failure::Input(format!("{} could not be read", counted(unreadable, "event")))),
        _ => Err(Failure::Input(format!("{} could not be read to its end", counted(bad_files, "file")))),
    }
}

pub(super) fn refused(error: &tieline::Error, screen: &Screen) -> Failure {
    error.diagnostics().iter().for_each(|told| screen.error(&told.render()));
    Failure::Rules(error.to_string())
}

struct Run {
    normaliser: Normaliser,
    form: NormaliseForm,
    counts: Counts,
    events: u64,
    /// Events that tell of no operation.
    silent: u64,
    unreadable: u64,
    bad_files: u64,
}

impl Run {
    fn file(&mut self, path: &Path, screen: &mut Screen) -> Result<Result<(), InputError>, Failure> {
        let options = InputOptions::default();
        let opened = match path.as_os_str() == "-" {
            true => Reader::from_read(path, Box::new(std::io::stdin()), &options),
            false => Reader::open(path, &options),
        };
        let mut reader = match opened {
            Ok(reader) => reader,
            Err(error) => return Ok(Err(error)),
        };
        let (mut batch, mut faults) = (Batch::default(), Vec::new());
        loop {
            let more = reader.next_batch(&mut batch, &mut faults);
            for fault in faults.drain(..) {
                self.fault(&fault, path, screen);
            }
            match more {
                Ok(true) => {}
                Ok(false) => return Ok(Ok(())),
                Err(error) => return Ok(Err(error)),
            }
            for record in batch.iter() {
                self.events += 1;
                if let Err(error) = self.event(record.bytes, screen)? {
                    self.unreadable += 1;
                    screen.error(&format!("{}:{}: {error}", path.display(), record.number));
                }
            }
        }
    }

    fn bad_file(&mut self, error: &InputError, screen: &Screen) {
        self.bad_files += 1;
        screen.error(&error.to_string());
    }

    fn fault(&mut self, fault: &Fault, path: &Path, screen: &Screen) {
        self.unreadable += 1;
        screen.error(&format!("{}: {fault}", path.display()));
    }

    fn event(&mut self, event: &[u8], screen: &mut Screen) -> Result<Result<(), tieline::EventError>, Failure> {
        let records = match self.normaliser.records_json(event) {
            Ok(records) => records,
            Err(error) => return Ok(Err(error)),
        };
        self.silent += u64::from(records.is_empty());
        if records.is_empty() && self.form == NormaliseForm::Ndjson {
            screen.out().write_all(event.trim_ascii())?;
            writeln!(screen.out())?;
        }
        for record in records {
            let written = serde_json::to_string(&record).map_err(write_error)?;
            match self.form {
                NormaliseForm::Records => writeln!(screen.out(), "{written}")?,
                NormaliseForm::Ndjson => {
                    // The record stands behind what the sensor wrote, of which nothing is changed.
                    let whole = event.trim_ascii();
                    let open = whole.strip_suffix(b"}").unwrap_or(whole).trim_ascii_end();
                    screen.out().write_all(open)?;
                    let comma = if open.ends_with(b"{") { "" } else { "," };
                    writeln!(screen.out(), "{comma}{}", written.strip_prefix('{').unwrap_or(&written))?;
                }
                NormaliseForm::Table => {
                    let text = |field: &str| match record.get(field) {
                        Some(serde_json::Value::String(text)) => text.clone(),
                        Some(other) => other.to_string(),
                        None => String::new(),
                    };
                    let name = [text("ot.name"), text("ot.subname")].join(" ").trim().to_owned();
                    let code = [text("ot.code"), text("ot.subcode")].join(".").trim_end_matches('.').to_owned();
                    let key = [text("ot.protocol"), text("ot.operation"), text("ot.direction"), code, name];
                    *self.counts.entry(key).or_default() += 1;
                }
            }
        }
        Ok(Ok(()))
    }

    fn table(&self, screen: &mut Screen) -> Result<(), Failure> {
        let heads = ["PROTOCOL", "OPERATION", "DIRECTION", "CODE", "NAME"];
        let width = |at: usize| {
            let longest =
                self.counts.keys().filter_map(|key| key.get(at)).map(|text| console::measure_text_width(text));
            longest.max().unwrap_or(0).max(heads.get(at).map_or(0, |head| head.len()))
        };
        let line = |key: [&str; 5]| {
            let cells = key
                .iter()
                .enumerate()
                .map(|(at, text)| console::pad_str(text, width(at), console::Alignment::Left, None).into_owned());
            cells.collect::<Vec<_>>().join("  ")
        };
        let head = screen.paint(BOLD, format!("{:>8}  {}", "RECORDS", line(heads))).to_string();
        writeln!(screen.out(), "{}", head.trim_end())?;
        for (key, count) in &self.counts {
            let row = line([0, 1, 2, 3, 4].map(|at| key.get(at).map_or("", |text| &**text)));
            let row = if key.get(1).is_some_and(|class| class == "unknown") {
                screen.paint(DIM, row).to_string()
            } else {
                row
            };
            writeln!(screen.out(), "{count:>8}  {}", row.trim_end())?;
        }
        Ok(())
    }
}
