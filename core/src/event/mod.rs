//! What an event is to a rule: fields with values.
//!
//! ```text
//! {"EventID": 1, "a": [{"b": "x"}, {"b": "y"}]}
//!   values("EventID") ─▶ 1        values("a.b") ─▶ "x", "y"        leaves ─▶ 1, "x", "y"
//! ```
//!
//! [`Event`] is what an event type must offer; [`JsonEvent`] is the one for JSON, kept as a tree, and the
//! engine's own walk over JSON bytes is in `slots`. This room knows names and values, never rules.

pub(crate) mod columns;
mod gaps;
pub(crate) mod json;
mod quotes;
pub(crate) mod slots;
mod tree;
mod walk;

pub use tree::JsonEvent;

use crate::number::Number;
use std::borrow::Cow;

/// One value of an event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// Present, but holding nothing.
    Null,
    /// A boolean; equals the texts `true` and `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(&'a str),
    /// Present, but no single value: an object or an empty array.
    Composite,
}

impl<'a> Value<'a> {
    /// The value as text: numbers in their own decimal spelling, booleans as `true` and `false`; `None` for
    /// null and composites.
    #[must_use]
    pub fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Null | Self::Composite => None,
            Self::Bool(true) => Some(Cow::Borrowed("true")),
            Self::Bool(false) => Some(Cow::Borrowed("false")),
            Self::Number(number) => Some(Cow::Owned(number.text())),
            Self::Text(text) => Some(Cow::Borrowed(text)),
        }
    }

    /// The value as a number: a number, or a text that is a JSON number without exponent or leading zeros.
    #[must_use]
    pub fn number(self) -> Option<Number> {
        match self {
            Self::Number(number) => Some(number),
            Self::Text(text) => Number::from_numeric_text(text),
            _ => None,
        }
    }
}

/// An event of any shape. Implement it to evaluate rules on your own type without going through JSON.
///
/// ```
/// use tieline::{Event, Value};
///
/// struct Login { user: String, failed: bool }
///
/// impl Event for Login {
///     fn values(&self, field: &str, each: &mut dyn FnMut(Value<'_>)) {
///         match field {
///             "user" => each(Value::Text(&self.user)),
///             "failed" => each(Value::Bool(self.failed)),
///             _ => {}
///         }
///     }
///     fn leaves(&self, each: &mut dyn FnMut(Value<'_>)) {
///         each(Value::Text(&self.user));
///         each(Value::Bool(self.failed));
///     }
/// }
/// ```
pub trait Event {
    /// Calls `each` for every value of a field, in the event's order; never, when the field is missing.
    ///
    /// A field that holds a list gives each member; an empty list or an object gives [`Value::Composite`].
    fn values(&self, field: &str, each: &mut dyn FnMut(Value<'_>));

    /// Calls `each` for every scalar of the event, which is what keywords look at.
    fn leaves(&self, each: &mut dyn FnMut(Value<'_>));

    /// Calls `each` for every object that stands at a field, also where several stand in a list. Only messages of OT protocols
    /// are told apart by it; an event that holds no objects has nothing to say.
    fn objects(&self, field: &str, each: &mut dyn FnMut(&dyn Event)) {
        let _ = (field, each);
    }

    /// Whether a field holds a list, also one of a single member. Correlations count no list; no other rule asks.
    fn is_list(&self, field: &str) -> bool {
        let _ = field;
        false
    }
}

/// Whether a text is an address in the network; v4-mapped v6 is v4, and zone ids make it no address.
pub(crate) fn in_network(network: ipnet::IpNet, text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok_and(|address| network.contains(&address.to_canonical()))
}
