//! Encodings that modifiers give to a value: UTF-16 and Base64.
//!
//! ```text
//! wide|base64offset: 'foo'   ─▶   66 00 6f 00 6f 00   ─▶   'ZgBvAG', 'YAbwBv', 'mAG8Ab' ...
//! ```
//!
//! A value inside encoded data may begin at any of three bit positions. Each gives one text, cut so that
//! no character depends on what stands before or behind the value.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Which UTF-16 a modifier asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Utf16 {
    LittleEndian,
    BigEndian,
    /// Little endian with a byte order mark before it.
    Marked,
}

/// The bytes of a text in UTF-16.
pub(super) fn utf16(text: &str, form: Utf16) -> Vec<u8> {
    let units = text.encode_utf16();
    match form {
        Utf16::LittleEndian => units.flat_map(u16::to_le_bytes).collect(),
        Utf16::BigEndian => units.flat_map(u16::to_be_bytes).collect(),
        Utf16::Marked => [0xFEFF].into_iter().chain(units).flat_map(u16::to_le_bytes).collect(),
    }
}

/// The bytes in Base64, padded.
pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// What the bytes look like inside longer Base64, at each of the three offsets; offsets at which nothing
/// certain remains are left out.
pub(super) fn base64_offsets(bytes: &[u8]) -> Vec<String> {
    // Characters that depend on the bytes before (by offset) and behind (by how full the last group is).
    const START: [usize; 3] = [0, 2, 3];
    const END: [usize; 3] = [0, 3, 2];
    let mut texts = Vec::new();
    for offset in 0..3 {
        let mut padded = vec![b' '; offset];
        padded.extend_from_slice(bytes);
        let encoded = STANDARD.encode(&padded);
        let (Some(start), Some(cut)) = (START.get(offset), END.get(padded.len() % 3)) else { continue };
        if let Some(text) = encoded.get(*start..encoded.len().saturating_sub(*cut)).filter(|text| !text.is_empty()) {
            texts.push(text.to_owned());
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn encodings_are_those_of_the_specification() {
        assert_eq!(utf16("cmd", Utf16::LittleEndian), b"c\0m\0d\0");
        assert_eq!(utf16("cmd", Utf16::BigEndian), b"\0c\0m\0d");
        assert_eq!(utf16("c", Utf16::Marked), [0xFF, 0xFE, b'c', 0]);
        assert_eq!(utf16("😀", Utf16::LittleEndian), [0x3D, 0xD8, 0x00, 0xDE]);
        assert_eq!(base64(b"foobar"), "Zm9vYmFy");
        assert_eq!(base64_offsets(b"foobar"), ["Zm9vYmFy", "Zvb2Jhc", "mb29iYX"]);
    }

    proptest! {
        #[test]
        fn a_value_is_found_at_every_offset(value in prop::collection::vec(any::<u8>(), 3..40),
                                            before in prop::collection::vec(any::<u8>(), 0..8),
                                            behind in prop::collection::vec(any::<u8>(), 0..8)) {
            let encoded = base64(&[before, value.clone(), behind].concat());
            prop_assert!(base64_offsets(&value).iter().any(|text| encoded.contains(text.as_str())));
        }
    }
}
