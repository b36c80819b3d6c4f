//! Rows of text: cells with their places, and inventories under a header with the keys of an asset.
//!
//! ```text
//! id,ip,tags                       {id: plc-7, ip: [10.1.7.2, 10.1.7.3], tags: [boiler]}
//! plc-7,10.1.7.2;10.1.7.3,boiler
//! ```
//!
//! Cells are quoted as RFC 4180 says. Between them stands a comma, or a semicolon or a tab when the header has no comma. A cell that a
//! spreadsheet would take for a formula is written with `'` before it, and read without.

use super::{list, map, put, put_translated, text};
use crate::context::model::Asset;
use crate::context::read::{ASSET_KEYS, LISTS};
use crate::diagnostic::{Code, Diagnostic, Source, Span};
use crate::syntax::form::Form;
use crate::syntax::yaml::Node;
use serde_json::Value;

/// A cell without its quotes, and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) span: Span,
}

/// The rows of a text one by one.
struct Rows<'t> {
    rest: &'t str,
    line: u32,
    column: u32,
    separator: char,
}

impl<'t> Rows<'t> {
    fn new(text: &'t str) -> Self {
        let text = text.trim_start_matches('\u{feff}');
        let first = text.lines().next().unwrap_or_default();
        let separator = [',', ';', '\t'].into_iter().find(|separator| first.contains(*separator)).unwrap_or(',');
        Self { rest: text, line: 1, column: 1, separator }
    }

    fn next_char(&mut self) -> Option<char> {
        let next = self.rest.chars().next()?;
        self.rest = self.rest.get(next.len_utf8()..).unwrap_or_default();
        match next {
            '\n' => (self.line, self.column) = (self.line + 1, 1),
            _ => self.column += 1,
        }
        Some(next)
    }

    /// The next row that says something; the error is the place of quotes that are never closed.
    fn next_row(&mut self) -> Option<Result<Vec<Cell>, Span>> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let row = self.row();
            match row {
                Ok(cells) if cells.iter().all(|cell| cell.text.is_empty()) => {}
                row => return Some(row),
            }
        }
    }

    fn row(&mut self) -> Result<Vec<Cell>, Span> {
        let mut cells = Vec::new();
        loop {
            let (line, column) = (self.line, self.column);
            let mut text = String::new();
            let mut quotes = None;
            // A cell ends at a separator or a line end outside of quotes.
            let ended_by = loop {
                let at =
                    Span { line: self.line, column: self.column, end_line: self.line, end_column: self.column + 1 };
                match self.next_char() {
                    Some('"') if quotes.is_some() => match self.rest.strip_prefix('"') {
                        Some(_) => text.extend(self.next_char()),
                        None => quotes = None,
                    },
                    None if quotes.is_some() => return Err(quotes.unwrap_or(at)),
                    Some(c) if quotes.is_some() => text.push(c),
                    Some('"') if text.trim().is_empty() => {
                        text.clear();
                        quotes = Some(at);
                    }
                    Some('\n') | None => break None,
                    Some(c) if c == self.separator => break Some(c),
                    Some(c) => text.push(c),
                }
            };
            let end_column = if self.line == line { self.column.saturating_sub(1).max(column + 1) } else { column + 1 };
            let text = unguarded(text.trim()).to_owned();
            cells.push(Cell { text, span: Span { line, column, end_line: line, end_column } });
            if ended_by.is_none() {
                return Ok(cells);
            }
        }
    }
}

/// The cells of the first row.
pub(super) fn header(text: &str) -> Vec<String> {
    let row = Rows::new(text).next_row().and_then(Result::ok).unwrap_or_default();
    row.into_iter().map(|cell| cell.text).collect()
}

/// Whether these are keys of an asset, `id` among them.
pub(super) fn is_header(cells: &[String]) -> bool {
    let known = cells.iter().filter(|cell| ASSET_KEYS.contains(&cell.to_lowercase().as_str())).count();
    cells.len() > 1 && known * 2 > cells.len() && cells.iter().any(|cell| cell.eq_ignore_ascii_case("id"))
}

/// Reads each row under the header: `row` gets the cells that say something, by column.
pub(super) fn each_row(
    source: &Source,
    found: &mut Vec<Diagnostic>,
    column: impl Fn(usize, &Cell, &mut Form<'_>) -> Option<&'static str>,
    mut row: impl FnMut(Span, Vec<(&'static str, Cell)>),
) {
    let mut form = Form { source, code: Code::ContextSyntax, found };
    let mut rows = Rows::new(source.text());
    let mut columns: Option<Vec<Option<&'static str>>> = None;
    while let Some(cells) = rows.next_row() {
        let cells = match cells {
            Ok(cells) => cells,
            Err(place) => {
                let help = "the file may be cut off; the rows before this one count";
                form.refuse_with::<()>(place, "the quotes of this cell are never closed", help);
                return;
            }
        };
        let Some(columns) = &columns else {
            columns = Some(cells.iter().enumerate().map(|(at, cell)| column(at, cell, &mut form)).collect());
            continue;
        };
        let span = cells.first().map_or(Span::default(), |cell| cell.span);
        let extra = cells.iter().skip(columns.len()).any(|cell| !cell.text.is_empty());
        if extra || cells.len() < columns.len() {
            let message = format!("this row has {} cells, but the header {}", cells.len(), columns.len());
            let help = match extra {
                true => "put a cell that holds a separator in quotes; the row is left out",
                false => "the file may be cut off; the row is left out",
            };
            form.refuse_with::<()>(span, message, help);
            continue;
        }
        let said = columns.iter().zip(cells).filter(|(_, cell)| !cell.text.is_empty());
        row(span, said.filter_map(|(column, cell)| Some(((*column)?, cell))).collect());
    }
}

/// The assets of a file of our own.
pub(super) fn assets(source: &Source, found: &mut Vec<Diagnostic>) -> Vec<Node> {
    let mut assets = Vec::new();
    let header = header(source.text());
    let column = |at: usize, cell: &Cell, form: &mut Form<'_>| {
        let name = cell.text.to_lowercase();
        if header.iter().take(at).any(|other| other.eq_ignore_ascii_case(&name)) {
            return form.refuse(cell.span, format!("there are two columns `{name}`; the first of them counts"));
        }
        form.one_of(&name, cell.span, ASSET_KEYS, "column of an inventory")?;
        ASSET_KEYS.iter().find(|key| **key == name).copied()
    };
    each_row(source, found, column, |span, cells| {
        let mut entries = Vec::new();
        for (key, cell) in cells {
            match key {
                "nat" => members(&cell.text).iter().for_each(|one| put_translated(&mut entries, one, cell.span)),
                _ if LISTS.contains(&key) => {
                    let members = members(&cell.text).into_iter().map(|one| text(one, cell.span)).collect();
                    entries.push((text(key, cell.span), list(cell.span, members)));
                }
                _ => put(&mut entries, key, text(cell.text, cell.span)),
            }
        }
        assets.push(map(span, entries));
    });
    assets
}

/// The members of a list in a cell; `\;` is a semicolon within one.
fn members(cell: &str) -> Vec<String> {
    let marked = cell.replace("\\;", "\u{0}");
    let members = marked.split(';').map(|member| member.replace('\u{0}', ";").trim().to_owned());
    members.filter(|member| !member.is_empty()).collect()
}

/// Writes assets under the keys that any of them has.
pub(super) fn write(assets: &[Asset]) -> String {
    let values: Vec<Value> = assets.iter().map(|asset| serde_json::to_value(asset).unwrap_or_default()).collect();
    let is_used =
        |key: &&&str| matches!(**key, "id" | "ip" | "role") || values.iter().any(|value| value.get(**key).is_some());
    let columns: Vec<&str> = ASSET_KEYS.iter().filter(is_used).copied().collect();
    let mut out = columns.join(",") + "\n";
    for value in &values {
        let cell = |key: &&str| match value.get(*key) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(members)) => joined(members.iter().filter_map(Value::as_str).map(str::to_owned)),
            Some(Value::Object(sites)) => joined(sites.iter().flat_map(|(site, addresses)| {
                let addresses = addresses.as_array().into_iter().flatten().filter_map(Value::as_str);
                addresses.map(move |address| format!("{site}={address}"))
            })),
            _ => String::new(),
        };
        push_row(&mut out, columns.iter().map(cell));
    }
    out
}

fn joined(members: impl Iterator<Item = String>) -> String {
    members.map(|member| member.replace(';', "\\;")).collect::<Vec<_>>().join(";")
}

/// Adds a row, with quotes where they are needed.
pub(super) fn push_row(out: &mut String, cells: impl Iterator<Item = String>) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            out.push(',');
        }
        let guard = if is_formula(&cell) { "'" } else { "" };
        if cell.contains([',', '"', '\n', '\r', ';', '\t']) || cell.trim() != cell {
            out.push_str(&format!("\"{guard}{}\"", cell.replace('"', "\"\"")));
        } else {
            out.push_str(guard);
            out.push_str(&cell);
        }
    }
    out.push('\n');
}

/// Whether a spreadsheet would run a cell, or it is one that has been guarded against that.
fn is_formula(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(['=', '+', '-', '@'])
}

fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(cell)
}
