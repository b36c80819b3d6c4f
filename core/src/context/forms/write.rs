//! An inventory as YAML that [`Context::read`](crate::context::Context::read) reads to the same.
//!
//! ```text
//! assets:
//!   - id: plc-7
//!     ip: [10.1.7.2]
//! ```

use crate::context::model::{Asset, Conduit, Site, Zone};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// The sites that assets name, so that a file of assets alone can be read.
pub(super) fn sites_of(assets: &[Asset]) -> Vec<Site> {
    let names: BTreeSet<&String> = assets.iter().flat_map(|asset| asset.site.iter().chain(asset.nat.keys())).collect();
    names.into_iter().map(|name| Site { name: name.clone(), ..Site::default() }).collect()
}

/// All sections that hold anything.
pub(super) fn yaml(sites: &[Site], assets: &[Asset], zones: &[Zone], conduits: &[Conduit]) -> String {
    let mut out = String::new();
    section(&mut out, "sites", sites);
    section(&mut out, "assets", assets);
    section(&mut out, "zones", zones);
    section(&mut out, "conduits", conduits);
    if out.is_empty() {
        out.push_str("assets: []\n");
    }
    out
}

fn section<T: Serialize>(out: &mut String, name: &str, items: &[T]) {
    if items.is_empty() {
        return;
    }
    out.push_str(name);
    out.push_str(":\n");
    for item in items {
        let Ok(Value::Object(entries)) = serde_json::to_value(item) else { continue };
        for (at, (key, value)) in entries.iter().enumerate() {
            out.push_str(if at == 0 { "  - " } else { "    " });
            out.push_str(key);
            out.push_str(": ");
            put(out, value);
            out.push('\n');
        }
    }
}

/// A value in one line; texts without quotes only where these could not be missed.
fn put(out: &mut String, value: &Value) {
    match value {
        Value::String(text) if is_plain(text) => out.push_str(text),
        Value::String(text) => put_quoted(out, text),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                put(out, item);
            }
            out.push(']');
        }
        Value::Object(entries) => {
            out.push('{');
            for (at, (key, value)) in entries.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                put_quoted(out, key);
                out.push_str(": ");
                put(out, value);
            }
            out.push('}');
        }
        other => out.push_str(&other.to_string()),
    }
}

fn is_plain(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ' ');
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !text.ends_with(' ')
        && text.chars().all(is_word)
        && !matches!(text, "null" | "Null" | "NULL")
}

/// In double quotes, with an escape for all that no line of YAML may hold.
fn put_quoted(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') => {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
