//! One row per detection or alert, for spreadsheets.
//!
//! ```text
//! rule_id,rule_title,level,kind,file,line,time,tags,source,group,first,last,count
//! 144ed335-…,Security Log Of A Host Cleared,high,detection,a.ndjson,1,2026-…,attack.t1070.001 attack.…,windows,,,,
//! ```
//!
//! Lists are one cell with blanks between their members. The last four columns are there when rules hold correlations.

use super::Printer;
use super::json::tell;
use super::summary::Summary;
use crate::exit::Failure;
use crate::screen::Screen;
use std::borrow::Cow;
use std::io::Write as _;
use tieline::Level;
use tieline_common::record::Found;

/// Rows, and which optional columns they have.
pub(super) struct Csv {
    begun: bool,
    /// Whether there are columns for what correlations tell.
    correlations: bool,
    evidence: bool,
    event: bool,
}

impl Csv {
    pub(super) fn new(evidence: bool, event: bool) -> Self {
        Self { begun: false, correlations: false, evidence, event }
    }

    fn begin(&mut self, screen: &mut Screen) -> Result<(), Failure> {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        let mut columns = vec!["rule_id", "rule_title", "level", "kind", "file", "line", "time", "tags", "source"];
        if self.correlations {
            columns.extend(["group", "first", "last", "count"]);
        }
        if self.evidence {
            columns.extend(["selections", "fields"]);
        }
        if self.event {
            columns.push("event");
        }
        row(screen, columns.into_iter().map(Cow::Borrowed))
    }
}

impl Printer for Csv {
    fn expect_correlations(&mut self) {
        self.correlations |= !self.begun;
    }

    fn found(&mut self, found: &Found<'_>, screen: &mut Screen) -> Result<(), Failure> {
        self.begin(screen)?;
        let mut cells: Vec<Cow<'_, str>> = vec![
            found.rule_id.unwrap_or_default().into(),
            found.rule_title.into(),
            found.level.map_or("", Level::as_str).into(),
            found.kind.into(),
            found.file.into(),
            found.line.to_string().into(),
            found.time.unwrap_or_default().into(),
            found.tags.join(" ").into(),
            found.source.unwrap_or_default().into(),
        ];
        let correlation: [Cow<'_, str>; 4] = match found.correlation {
            Some(told) => {
                let group: Vec<String> =
                    told.group.iter().map(|(name, value)| format!("{name}={}", value.unwrap_or_default())).collect();
                [
                    group.join(" ").into(),
                    told.first.as_str().into(),
                    told.last.as_str().into(),
                    told.count.to_string().into(),
                ]
            }
            None => [const { Cow::Borrowed("") }; 4],
        };
        if self.correlations {
            cells.extend(correlation);
        }
        if self.evidence {
            let (selections, fields) = match found.evidence {
                Some(evidence) => (evidence.selections.join(" "), evidence.fields.as_slice()),
                None => (String::new(), [].as_slice()),
            };
            let fields: Vec<String> = fields
                .iter()
                .map(|field| {
                    format!("{}={}", field.field.as_deref().unwrap_or("*"), field.value.as_deref().unwrap_or(""))
                })
                .collect();
            cells.extend([Cow::from(selections), fields.join(" ").into()]);
        }
        if self.event {
            cells.push(found.event.as_ref().map_or("", |event| event.get()).into());
        }
        row(screen, cells.into_iter())
    }

    fn end(&mut self, summary: &Summary, screen: &mut Screen) -> Result<(), Failure> {
        self.begin(screen)?;
        tell(summary, screen)
    }
}

fn row<'a>(screen: &mut Screen, cells: impl Iterator<Item = Cow<'a, str>>) -> Result<(), Failure> {
    let cells: Vec<Cow<'_, str>> = cells.map(quoted).collect();
    writeln!(screen.out(), "{}", cells.join(","))?;
    Ok(())
}

/// A cell, in quotes where it needs them.
fn quoted(cell: Cow<'_, str>) -> Cow<'_, str> {
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")).into() } else { cell }
}
