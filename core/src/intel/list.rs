//! Lists as CSV, or one value on a line.
//!
//! ```text
//! value,type,name,valid_until          198.51.100.7
//! evil.example,domain,Dropper,         evil.example
//! ```
//!
//! Columns are known by their header, in any order; only `value` must be there. Fields are separated by commas, semicolons or
//! tabs, and lines that begin with `#` are remarks.

use super::read::{Reader, Told, tag_of};
use super::value;
use crate::check::Level;
use crate::diagnostic::Code;
use std::str::FromStr;
use std::sync::Arc;

/// What columns are called.
const COLUMNS: &[(Column, &[&str])] = &[
    (Column::Value, &["value", "indicator", "ioc", "iocvalue", "observable", "indicatorvalue"]),
    (Column::Kind, &["type", "kind", "indicatortype", "ioctype"]),
    (Column::Id, &["id", "uuid", "iocid", "indicatorid"]),
    (Column::Name, &["name", "title", "description", "comment", "malware", "malwareprintable", "threat"]),
    (Column::From, &["validfrom", "firstseen", "firstseenutc", "created", "start"]),
    (Column::Until, &["validuntil", "expires", "expiration", "expirationdate", "validto", "end"]),
    (Column::Confidence, &["confidence", "confidencelevel", "score"]),
    (Column::Level, &["level", "severity"]),
    (Column::Tags, &["tags", "labels", "tag"]),
    (Column::Revoked, &["revoked", "disabled"]),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Value,
    Kind,
    Id,
    Name,
    From,
    Until,
    Confidence,
    Level,
    Tags,
    Revoked,
}

fn column(header: &str) -> Option<Column> {
    let plain: String = header.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    COLUMNS.iter().find(|(_, names)| names.contains(&&*plain)).map(|(column, _)| *column)
}

/// Reads a list.
pub(super) fn read(reader: &mut Reader<'_>, text: &str) {
    let is_remark = |line: &&str| !line.trim().is_empty() && !line.starts_with('#');
    let Some(first) = text.trim_start_matches('\u{feff}').lines().find(is_remark) else {
        return reader.tell(Code::IndicatorList, None, "the list is empty");
    };
    let mut rows = csv::ReaderBuilder::new()
        .delimiter(delimiter(first))
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .trim(csv::Trim::All)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let shift = text.len() - text.trim_start_matches('\u{feff}').len();
    let mut columns: Option<Vec<Option<Column>>> = None;
    let mut row = csv::StringRecord::new();
    loop {
        let start = rows.position().byte() as usize + shift;
        match rows.read_record(&mut row) {
            Ok(false) => return,
            Ok(true) => {}
            Err(error) => {
                return reader.tell(Code::IndicatorList, Some((start, 1)), &format!("a row is no CSV: {error}"));
            }
        }
        let start = row.position().map_or(start, |position| position.byte() as usize + shift);
        // Empty lines and remarks in front of the row belong to none.
        let start = start + skipped(text.get(start..).unwrap_or_default());
        let place = (start, text.get(start..).map_or(1, |rest| rest.lines().next().map_or(1, str::len)));
        if row.iter().all(str::is_empty) {
            continue;
        }
        match &columns {
            Some(columns) => indicator(reader, columns, &row, place),
            None => {
                let found: Vec<Option<Column>> = row.iter().map(column).collect();
                if found.contains(&Some(Column::Value)) {
                    columns = Some(found);
                } else if row.get(0).and_then(value::guess).is_some() {
                    let bare = vec![Some(Column::Value)];
                    indicator(reader, &bare, &row, place);
                    columns = Some(bare);
                } else {
                    let message = "the first line names no column `value`; write a header such as \
                                   value,type,name,valid_from,valid_until, or one value on each line";
                    return reader.tell(Code::IndicatorList, Some(place), message);
                }
            }
        }
    }
}

fn skipped(text: &str) -> usize {
    let is_skipped = |line: &&str| line.trim().is_empty() || line.starts_with('#');
    text.split_inclusive('\n').take_while(is_skipped).map(str::len).sum()
}

fn delimiter(line: &str) -> u8 {
    let count = |byte: u8| line.bytes().filter(|own| *own == byte).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|byte| count(*byte)).unwrap_or(b',')
}

fn indicator(reader: &mut Reader<'_>, columns: &[Option<Column>], row: &csv::StringRecord, place: (usize, usize)) {
    let get = |wanted: Column| {
        let at = columns.iter().position(|column| *column == Some(wanted))?;
        row.get(at).map(str::trim).filter(|text| !text.is_empty())
    };
    if matches!(get(Column::Revoked), Some("true" | "True" | "TRUE" | "yes" | "1")) {
        return;
    }
    let id = get(Column::Id);
    let Some(text) = get(Column::Value) else {
        return reader.refuse(id, place, "the row has no value");
    };
    let kind = match get(Column::Kind) {
        None => None,
        Some(word) => match value::kind_named(word) {
            Some(kind) => Some(kind),
            None => {
                let message = format!("`{word}` is no type that is looked for; leave it empty to have it guessed");
                return reader.refuse(id, place, &message);
            }
        },
    };
    let level = match get(Column::Level).map(|text| (text, Level::from_str(&text.to_ascii_lowercase()))) {
        Some((text, Err(_))) => {
            let message = format!("`{text}` is no level; write informational, low, medium, high or critical");
            reader.doubt(id, place, &message);
            None
        }
        other => other.and_then(|(_, level)| level.ok()),
    };
    let confidence = get(Column::Confidence).and_then(|text| {
        let read = text.trim_end_matches('%').parse::<f64>().ok().filter(|number| (0.0..=100.0).contains(number));
        if read.is_none() {
            reader.doubt(id, place, &format!("the confidence `{text}` is no number from 0 to 100"));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 100")]
        read.map(|number| number.round() as u8)
    });
    let tags = get(Column::Tags).map_or(Vec::new(), |text| {
        let all = text.split([',', ';', '|']).map(str::trim).filter(|tag| !tag.is_empty());
        all.map(tag_of).collect()
    });
    let told = Told {
        id: id.map(str::to_owned),
        name: get(Column::Name).map(Arc::from),
        level,
        confidence,
        tags: tags.into(),
        ..reader.told()
    };
    let times = [("valid_from", get(Column::From)), ("valid_until", get(Column::Until))];
    if let Some(told) = reader.with_times(told, times, place) {
        reader.add(&told, kind, text, place);
    }
}
