//! `windash`: a dash that begins a word stands for all five dashes.
//!
//! ```text
//! 'cmd -a b-c /d'   ─▶   cmd [Dash]a b-c [Dash]d
//! ```
//!
//! The place is pySigma's `\B[dash]\b`. Each place is a class of five characters, never a product of
//! texts; only an encoding, which needs bytes, has to write the texts out.

use super::{Part, Pattern};
use crate::text::DASHES;

/// The pattern with all five dashes at each place, and how many places there are.
pub(super) fn widen(pattern: Pattern) -> (Pattern, usize) {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut out = Pattern { parts: Vec::new(), cased: pattern.cased };
    let mut places = 0;
    for part in pattern.parts {
        let Part::Text(text) = part else {
            out.push(part);
            continue;
        };
        let mut before = None;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let begins_word = !before.is_some_and(is_word) && chars.peek().copied().is_some_and(is_word);
            if DASHES.contains(&c) && begins_word {
                places += 1;
                out.push(Part::Dash);
            } else {
                out.push_char(c);
            }
            before = Some(c);
        }
    }
    (out, places)
}

/// Every text that a pattern of literals and dashes stands for; `None` when there are more than `max`.
pub(super) fn variants(pattern: &Pattern, max: usize) -> Option<Vec<String>> {
    let mut texts = vec![String::new()];
    for part in &pattern.parts {
        match part {
            Part::Text(text) => texts.iter_mut().for_each(|own| own.push_str(text)),
            _ => {
                if texts.len() * DASHES.len() > max {
                    return None;
                }
                texts = texts.iter().flat_map(|own| DASHES.iter().map(move |dash| format!("{own}{dash}"))).collect();
            }
        }
    }
    Some(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn widened(text: &str) -> (String, usize) {
        let (pattern, places) = widen(Pattern::parse(text));
        let shown = pattern.parts.iter().map(|part| match part {
            Part::Text(text) => text.as_str(),
            Part::Many => "*",
            Part::Dash => "#",
            _ => "?",
        });
        (shown.collect(), places)
    }

    #[test]
    fn a_dash_counts_where_it_begins_a_word() {
        for (text, shown, places) in [
            ("-enc", "#enc", 1),
            ("/c -x a-b", "#c #x a-b", 2),
            ("--long", "-#long", 1),
            ("a - b", "a - b", 0),
            ("–x —y ―z", "#x #y #z", 3),
            ("*-a*/b", "*#a*#b", 2),
            ("x*-a", "x*#a", 1),
            ("-é", "#é", 1),
            ("-_", "#_", 1),
            ("", "", 0),
        ] {
            assert_eq!(widened(text), (shown.to_owned(), places), "{text}");
        }
    }

    #[test]
    fn an_encoding_gets_every_text_up_to_a_limit() {
        let (pattern, _) = widen(Pattern::parse("-a /b"));
        assert_eq!(variants(&pattern, 25).map(|texts| texts.len()), Some(25));
        assert_eq!(variants(&pattern, 24), None);
    }
}
