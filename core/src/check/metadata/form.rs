//! The forms that the official JSON schemas give to metadata.
//!
//! ```text
//! id: 929a690e-bef0-4204-a928-ef5e620d6fcc    date: 2024-08-08    tags: [attack.t1059]
//! ```
//!
//! Only the form is looked at: whether a date exists or a tag is in use is not known here.

/// Characters of a `title`, `name` or `taxonomy`.
pub(super) const NAME_CHARS_MAX: usize = 256;
/// Characters of a `description`.
pub(super) const DESCRIPTION_CHARS_MAX: usize = 65_535;
/// Characters of an entry of `falsepositives` or `scope`.
pub(super) const ENTRY_CHARS_MIN: usize = 2;
/// What `related` may say.
pub(super) const RELATED_TYPES: &[&str] = &["derived", "obsolete", "merged", "renamed", "similar"];

/// 8-4-4-4-12 hexadecimal digits.
pub(super) fn is_uuid(text: &str) -> bool {
    let mut groups = text.split('-');
    let fits = [8, 4, 4, 4, 12].into_iter().all(|length| {
        groups.next().is_some_and(|group| group.len() == length && group.bytes().all(|byte| byte.is_ascii_hexdigit()))
    });
    fits && groups.next().is_none()
}

/// `YYYY-MM-DD` with a month from 01 to 12 and a day from 01 to 31.
pub(super) fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut part = |length: usize, max: u32| {
        let digits = parts.next().filter(|part| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit()));
        digits
            .and_then(|digits| digits.parse::<u32>().ok())
            .is_some_and(|value| value <= max && (length == 4 || value > 0))
    };
    part(4, 9_999) && part(2, 12) && part(2, 31) && parts.next().is_none()
}

/// `namespace.name` in lower case, digits, `_`, `-`, and dots within the name.
pub(super) fn is_tag(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
    text.split_once('.').is_some_and(|(namespace, name)| {
        !namespace.is_empty()
            && namespace.bytes().all(is_word)
            && !name.is_empty()
            && name.bytes().all(|byte| is_word(byte) || byte == b'.')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_those_of_the_schemas() {
        for (text, uuid, date, tag) in [
            ("929a690e-bef0-4204-a928-ef5e620d6fcc", true, false, false),
            ("929A690E-BEF0-4204-A928-EF5E620D6FCC", true, false, false),
            ("929a690e-bef0-4204-a928-ef5e620d6fc", false, false, false),
            ("929a690e-bef0-4204-a928-ef5e620d6fcc-", false, false, false),
            ("929a690ebef04204a928ef5e620d6fcc", false, false, false),
            ("2024-08-08", false, true, false),
            ("2024-02-31", false, true, false),
            ("2024/08/08", false, false, false),
            ("2024-13-01", false, false, false),
            ("2024-00-01", false, false, false),
            ("2024-8-8", false, false, false),
            ("+024-08-08", false, false, false),
            ("attack.t1059.001", false, false, true),
            ("attack.credential-access", false, false, true),
            ("Attack.t1059", false, false, false),
            ("attack", false, false, false),
            (".x", false, false, false),
            ("attack.", false, false, false),
            ("", false, false, false),
        ] {
            assert_eq!((is_uuid(text), is_date(text), is_tag(text)), (uuid, date, tag), "{text}");
        }
    }
}
