//! Names what is often taken for an event file and is none, so that a message can say what to do.
//!
//! ```text
//!  FD 37 7A 58 5A 00 ...   xz data; unpack it first
//! ```
//!
//! Nothing here is read any further than its first bytes.

const UNPACK: &str = "unpack it first";
const CAPTURE: &str = "let Zeek, Suricata or `tshark -T ek` make events of it";

/// First bytes, what they are, and what to do.
const KNOWN: &[(&[u8], &str, &str)] = &[
    (b"BZh91AY&SY", "bzip2 data", UNPACK),
    (b"\xfd7zXZ\0", "xz data", UNPACK),
    (b"\x04\x22\x4d\x18", "LZ4 data", UNPACK),
    (b"PK\x03\x04", "a ZIP archive", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK),
    (b"\xd4\xc3\xb2\xa1", "a packet capture", CAPTURE),
    (b"\xa1\xb2\xc3\xd4", "a packet capture", CAPTURE),
    (b"\x4d\x3c\xb2\xa1", "a packet capture", CAPTURE),
    (b"\x0a\x0d\x0d\x0a", "a packet capture", CAPTURE),
    (b"PAR1", "a Parquet file", "write it as JSON lines"),
    (b"SQLite format 3\0", "an SQLite database", "write its tables as JSON lines or CSV"),
    (b"<?xml", "XML", "export events as EVTX, JSON or CSV"),
    (b"<Event", "XML", "export events as EVTX, JSON or CSV"),
    (b"%PDF-", "a PDF file", "it holds no events"),
    (b"\x89PNG", "a picture", "it holds no events"),
    (b"MZ", "a Windows program", "it holds no events"),
    (b"\x7fELF", "a program", "it holds no events"),
];

/// What an input with this head is, when it is something well known that is not read here.
pub(super) fn name(head: &[u8]) -> Option<String> {
    // What text may begin with as well counts only when it goes on as no text does.
    let is_text = |magic: &[u8]| magic == b"MZ" && !head.iter().take(256).any(|byte| *byte == 0);
    let (_, what, advice) = KNOWN.iter().find(|(magic, ..)| head.starts_with(magic) && !is_text(magic))?;
    Some(format!("{what}; {advice}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_captured_and_other_files_are_named() {
        let cases: [(&[u8], Option<&str>); 6] = [
            (b"\xfd7zXZ\0\0\x04", Some("xz data; unpack it first")),
            (
                b"\xd4\xc3\xb2\xa1\x02\0",
                Some("a packet capture; let Zeek, Suricata or `tshark -T ek` make events of it"),
            ),
            (b"<Events><Event>", Some("XML; export events as EVTX, JSON or CSV")),
            (b"MZ\x90\0\x03", Some("a Windows program; it holds no events")),
            (b"MZ_id,name\n1,2\n", None),
            (b"{\"a\":1}", None),
        ];
        for (head, expected) in cases {
            assert_eq!(name(head).as_deref(), expected, "{head:?}");
        }
    }
}
