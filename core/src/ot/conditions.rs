//! Conditions on inputs: which values they may have.
//!
//! ```text
//! {unit: 0, class: [write, control], request_frame: '*'}
//! ```

use super::InputId;
use super::names;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Conditions all of which must hold; none hold always.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Conditions(pub(super) Vec<(InputId, Vec<Want>)>);

/// What an input may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Want {
    Present,
    Absent,
    Range(i64, i64),
    /// A text, compared without regard to the case of ASCII letters.
    Text(String),
    /// Parts of a text, with anything between them.
    Pattern(Vec<String>),
}

/// A value as conditions see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value<'e> {
    Number(i64),
    Text(Cow<'e, str>),
}

impl Value<'_> {
    /// Whether this is how the value is written.
    pub(super) fn is_spelled(&self, raw: &str) -> bool {
        match self {
            Self::Number(number) => itoa::Buffer::new().format(*number) == raw,
            Self::Text(text) => text == raw,
        }
    }
}

impl Want {
    /// Reads what a condition asks for.
    pub(super) fn parse(text: &str) -> Self {
        let range = || {
            let (first, last) = text.split_once("..")?;
            Some(Self::Range(names::number(first)?, names::number(last)?))
        };
        match text {
            "*" => Self::Present,
            "-" => Self::Absent,
            // Sensors write yes and no in their own ways, which are all read as numbers.
            "true" => Self::Range(1, 1),
            "false" => Self::Range(0, 0),
            _ => names::number(text).map(|number| Self::Range(number, number)).or_else(range).unwrap_or_else(|| {
                match text.contains('*') {
                    true => Self::Pattern(text.split('*').map(str::to_owned).collect()),
                    false => Self::Text(text.to_owned()),
                }
            }),
        }
    }

    #[inline]
    pub(super) fn holds(&self, value: Option<&Value<'_>>) -> bool {
        match (self, value) {
            (Self::Present, value) => value.is_some(),
            (Self::Absent, value) => value.is_none(),
            (Self::Range(first, last), Some(Value::Number(number))) => (first..=last).contains(&number),
            (Self::Text(want), Some(Value::Text(text))) => want.eq_ignore_ascii_case(text),
            (Self::Pattern(parts), Some(Value::Text(text))) => has_parts(text, parts),
            _ => false,
        }
    }
}

/// Whether a text begins with the first part, ends with the last, and has the others in between, in their order.
fn has_parts(text: &str, parts: &[String]) -> bool {
    let Some((first, rest)) = parts.split_first() else { return false };
    let Some((last, inner)) = rest.split_last() else { return text == first };
    let Some(mut text) = text.strip_prefix(&**first) else { return false };
    for part in inner {
        match text.split_once(&**part) {
            Some((_, behind)) => text = behind,
            None => return false,
        }
    }
    text.ends_with(&**last)
}
