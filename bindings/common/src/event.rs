//! One event, from wherever a person points at it.
//!
//! ```text
//! {"Image":"a.exe"}      the event itself
//! logs/a.ndjson:17       line or record 17 of a file, in any format and packing
//! -                      standard input
//! ```

use std::io::Read;
use std::path::Path;

use crate::input::{Batch, InputError, InputOptions, RECORD_BYTES_MAX, Reader};

/// Finds the event that `place` names.
///
/// # Errors
/// When the file cannot be read, or has no such line or record; the text says which.
pub fn find_event(place: &str, options: &InputOptions) -> Result<Vec<u8>, String> {
    if place.trim_start().starts_with('{') {
        return Ok(place.as_bytes().to_vec());
    }
    if place == "-" {
        let mut bytes = Vec::new();
        let read = std::io::stdin().take(RECORD_BYTES_MAX as u64).read_to_end(&mut bytes);
        return match read {
            Ok(_) => Ok(bytes),
            Err(error) => Err(format!("standard input cannot be read: {error}")),
        };
    }
    let (file, line) = match place.rsplit_once(':') {
        Some((file, line)) if !Path::new(place).exists() => match line.parse::<u64>() {
            Ok(line) if line > 0 => (file, Some(line)),
            _ => (place, None),
        },
        _ => (place, None),
    };
    in_file(Path::new(file), line, options).map_err(|error| error.to_string())?.ok_or_else(|| match line {
        Some(line) => format!("`{file}` has no event at line or record {line}; blank and header lines hold none"),
        None => format!("`{file}` has no event"),
    })
}

/// The event at a line or record, or the first one.
fn in_file(path: &Path, line: Option<u64>, options: &InputOptions) -> Result<Option<Vec<u8>>, InputError> {
    let mut reader = Reader::open(path, options)?;
    let (mut batch, mut faults) = (Batch::default(), Vec::new());
    while reader.next_batch(&mut batch, &mut faults)? {
        faults.clear();
        for record in batch.iter() {
            if line.is_none_or(|line| record.number == line) {
                return Ok(Some(record.bytes.to_vec()));
            }
            if line.is_some_and(|line| record.number > line) {
                return Ok(None);
            }
        }
    }
    Ok(None)
}
