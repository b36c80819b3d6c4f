//! Placeholders: `%name%` under the modifier `expand`, and the lists that fill them.
//!
//! ```text
//! 'C:\Users\\%admins%\*' with admins = [root, adm*]   ─▶   'C:\Users\root\*', 'C:\Users\adm*\*'
//! ```
//!
//! Lists come from the caller or from a pipeline. Several placeholders in one value give every
//! combination. A name is anything but `%`, a backslash or a wildcard; `\%` is a plain percent sign.

use super::{Part, Pattern};
use crate::text::Texts;
use std::collections::BTreeMap;

/// Lists of values by placeholder name.
pub(crate) type Placeholders = BTreeMap<String, Texts>;

/// A value under `expand`, cut into plain text and names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    Plain(&'a str),
    Name(&'a str),
}

/// Cuts a value at its placeholders. Escaped percent signs are left as they are written.
pub(crate) fn pieces(value: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let (mut start, mut at) = (0, 0);
    let bytes = value.as_bytes();
    while let Some(offset) = bytes.get(at..).and_then(|rest| memchr::memchr(b'%', rest)) {
        let open = at + offset;
        let backslashes = bytes.get(..open).unwrap_or_default().iter().rev().take_while(|byte| **byte == b'\\').count();
        let escaped = backslashes % 2 == 1;
        let name = value.get(open + 1..).and_then(|rest| rest.split_once('%')).map(|(name, _)| name);
        match name {
            Some(name) if !escaped && is_name(name) => {
                found.extend(value.get(start..open).filter(|text| !text.is_empty()).map(Piece::Plain));
                found.push(Piece::Name(name));
                start = open + name.len() + 2;
                at = start;
            }
            _ => at = open + 1,
        }
    }
    found.extend(value.get(start..).filter(|text| !text.is_empty()).map(Piece::Plain));
    found
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(['\\', '*', '?'])
}

/// Every text that `value` stands for; names without a list stay as they are and are given back.
///
/// `None` when there would be more than `max` texts.
pub(crate) fn expand(value: &str, lists: &Placeholders, max: usize) -> Option<(Texts, Vec<String>)> {
    let mut texts = Texts::from_iter([""]);
    let mut unresolved = Vec::new();
    let each = |texts: &Texts, more: &str| texts.iter().map(|own| format!("{own}{more}")).collect();
    for piece in pieces(value) {
        match piece {
            Piece::Plain(text) => texts = each(&texts, text),
            Piece::Name(name) => match lists.get(name) {
                Some(list) => {
                    if texts.len().checked_mul(list.len())? > max {
                        return None;
                    }
                    texts = texts.iter().flat_map(|own| list.iter().map(move |more| format!("{own}{more}"))).collect();
                }
                None => {
                    unresolved.push(name.to_owned());
                    texts = each(&texts, &format!("%{name}%"));
                }
            },
        }
    }
    Some((texts, unresolved))
}

/// Reads a text under `expand`: wildcards, escapes with `\%` among them, and placeholders that are left.
pub(crate) fn parse(value: &str) -> Pattern {
    let mut pattern = Pattern::default();
    for piece in pieces(value) {
        match piece {
            Piece::Plain(text) => {
                for part in Pattern::parse(&text.replace(r"\%", "%")).parts {
                    pattern.push(part);
                }
            }
            Piece::Name(name) => pattern.push(Part::Placeholder(name.to_owned())),
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_names_between_percent_signs() {
        use Piece::{Name, Plain};
        for (value, cut) in [
            ("%a%", vec![Name("a")]),
            ("x%a%y%b%", vec![Plain("x"), Name("a"), Plain("y"), Name("b")]),
            (r"\%plain%name%", vec![Plain(r"\%plain"), Name("name")]),
            ("%jump servers%", vec![Name("jump servers")]),
            ("%a*b%", vec![Plain("%a*b%")]),
            (r"%a\b%", vec![Plain(r"%a\b%")]),
            ("100%", vec![Plain("100%")]),
            (r"a\\%b%", vec![Plain(r"a\\"), Name("b")]),
            ("%%", vec![Plain("%%")]),
        ] {
            assert_eq!(pieces(value), cut, "{value}");
        }
    }

    #[test]
    fn several_placeholders_give_every_combination() {
        let lists = Placeholders::from([
            ("a".into(), Texts::from_iter(["1", "2"])),
            ("b".into(), Texts::from_iter(["x", "y"])),
        ]);
        let (texts, unresolved) = expand("%a%-%b%-%c%", &lists, 100).unwrap();
        assert_eq!(texts.iter().collect::<Vec<_>>(), ["1-x-%c%", "1-y-%c%", "2-x-%c%", "2-y-%c%"]);
        assert_eq!(unresolved, ["c"]);
        assert!(expand("%a%%b%", &lists, 3).is_none());
    }
}
