//! Case folding: the one way in which texts are made equal regardless of case.
//!
//! ```text
//! "ΣΑΣ" and "σας"  ─▶  "σασ"        "K" (Kelvin sign)  ─▶  "k"        "ß"  ─▶  "ß"
//! ```
//!
//! Simple case folding of Unicode (rows C and S of `CaseFolding.txt`): one character becomes one
//! character, so wildcards keep counting characters. Nothing here depends on a language or locale.

/// The simple case folding of one character.
pub(crate) fn char(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    unicode_case_mapping::case_folded(c).and_then(|folded| char::from_u32(folded.get())).unwrap_or(c)
}

/// The folded copy of a text.
pub(crate) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push(text, &mut out);
    out
}

/// Adds the folded copy of a text to `out`.
pub(crate) fn push(text: &str, out: &mut String) {
    let start = out.len();
    out.push_str(text);
    if text.is_ascii() {
        if let Some(copy) = out.get_mut(start..) {
            copy.make_ascii_lowercase();
        }
    } else {
        out.truncate(start);
        out.extend(text.chars().map(char));
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn folding_is_simple_and_idempotent() {
        assert_eq!(super::text("ΣΑΣ"), super::text("σας"));
        assert_eq!(super::text("\u{212A}\u{17F}"), "ks");
        assert_eq!(super::text("İß"), "İß");
        for c in ('\0'..=char::MAX).filter(|c| super::char(*c) != *c) {
            assert_eq!(super::char(super::char(c)), super::char(c), "{c:?}");
        }
    }
}
