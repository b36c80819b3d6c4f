//! The report as one HTML file that needs nothing else: no network, no server.
//!
//! ```text
//! report document (JSON) ─▶ cut to its limits, what is cut is counted ─▶ gzip, base64 ─▶ into the template ─▶ out.html
//! ```
//!
//! Nothing of the document stands in the page as text, so nothing in it can be read as markup or script; the script of the
//! page unpacks it and writes it as text only. The template is built from `bindings/cli/page`. What a document holds is decided
//! elsewhere; here it is only made to fit.

mod cut;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{self, Write};

/// The page without a document.
const TEMPLATE: &str = include_str!("page/page.html");
/// Where the document goes.
const PLACE: &str = "<!--DOCUMENT-->";
/// Bytes that a packed document may have, which are a third more as text; then less of it is kept.
const PACKED_BYTES_MAX: usize = 3_400_000;
/// Into how many parts a document is cut at most until it fits.
const PARTS_MAX: usize = 1 << 12;

/// Writes the page of a report document.
///
/// What is too long is cut to what matters most, which the page tells: assets by incidents, criticality and findings, incidents by
/// score. It takes about twice the memory of the document.
///
/// ```
/// let mut page = Vec::new();
/// tieline_common::page::page(br#"{"form":"tieline.report/1","incidents":[]}"#, &mut page)?;
/// assert!(page.starts_with(b"<!doctype html>"));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// When the document is no JSON object, or the page cannot be written.
pub fn page(document: &[u8], out: &mut dyn Write) -> io::Result<()> {
    let packed = packed(document)?;
    let (before, after) = TEMPLATE.split_once(PLACE).unwrap_or((TEMPLATE, ""));
    out.write_all(before.as_bytes())?;
    out.write_all(STANDARD.encode(&packed).as_bytes())?;
    out.write_all(after.as_bytes())
}

/// The document, cut until it fits.
fn packed(document: &[u8]) -> io::Result<Vec<u8>> {
    let mut parts = 1;
    loop {
        let packed = gzip(&cut::cut(document, parts)?)?;
        if packed.len() <= PACKED_BYTES_MAX || parts >= PARTS_MAX {
            return Ok(packed);
        }
        parts *= 2;
    }
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

#[cfg(test)]
mod tests;
