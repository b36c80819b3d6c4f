//! Modifiers applied: a written item becomes tests.
//!
//! ```text
//! CommandLine|windash|contains: '-enc'
//!   Text(-enc)  ─windash▶  Text([Dash, "enc"])  ─contains▶  Text([Many, Dash, "enc", Many])
//! ```
//!
//! Modifiers work in the order in which they are written, as the specification says; only `expand` is
//! done first, so that every other modifier sees the values a placeholder stands for. What a modifier
//! cannot take is refused here, never ignored.

use super::encode::{self, Utf16};
use super::list::Packer;
use super::{Anchor, Body, FieldRef, Item, Join, Options, Pattern, Regex, Relation, Report, Test, TimePart};
use super::{placeholder, regex, windash};
use crate::diagnostic::{Code, Span};
use crate::number::Number;
use crate::syntax::{self, Modifier, Value};
use ipnet::IpNet;

/// The largest number of a rule whose bits may be asked for: one that every tool takes for a number.
const BITS_MAX: u64 = i64::MAX.cast_unsigned();

/// Lowers a selection; `values` counts the tests of the whole rule so far.
pub(super) fn body(
    written: &syntax::Body,
    options: &Options,
    values: &mut usize,
    report: &mut Report<'_>,
) -> Option<Body> {
    let mut all = |parts: &[syntax::Body]| -> Option<Vec<Body>> {
        let lowered: Vec<_> = parts.iter().map(|part| body(part, options, values, report)).collect();
        lowered.into_iter().collect()
    };
    match written {
        syntax::Body::All(parts) => all(parts).map(Body::All),
        syntax::Body::Any(parts) => all(parts).map(Body::Any),
        syntax::Body::Item(written) => {
            let lowered = item(written, options, report)?;
            *values = values.saturating_add(lowered.tests.iter().map(Test::count).sum());
            let max = options.limits.rule_values_max;
            if *values > max {
                report.tell(Code::TooManyValues, written.span, format!("the rule has more than {max} values"));
                return None;
            }
            Some(Body::Item(lowered))
        }
    }
}

fn item(written: &syntax::Item, options: &Options, report: &mut Report<'_>) -> Option<Item> {
    let has = |wanted| written.modifiers.iter().any(|(modifier, _)| *modifier == wanted);
    if let Some((span, message)) = clash(&written.modifiers) {
        report.advise(Code::ModifierConflict, span, message, "remove one of the two");
        return None;
    }
    let join = if has(Modifier::All) { Join::All } else { Join::Any };
    if join == Join::All && written.values.len() == 1 {
        let message = "`all` has nothing to join: there is only one value";
        report.advise(Code::AllOnOneValue, written.span, message, "remove `all`, or write a list");
    }
    let mut tests = Vec::with_capacity(written.values.len());
    for (value, span) in &written.values {
        tests.push(lower_value(written, value, *span, options, report)?);
    }
    if written.values.is_empty() {
        let joins = |modifier: Modifier| matches!(modifier, Modifier::All | Modifier::Neq);
        if let Some((modifier, span)) = written.modifiers.iter().find(|(modifier, _)| !joins(*modifier)) {
            let message = format!("modifier `{}` cannot take an empty list", modifier.name());
            report.advise(Code::ModifierValue, *span, message, "write the values, or remove the line");
            return None;
        }
        let message = "an empty list of values is read as null";
        report.advise(Code::EmptyValueList, written.span, message, "write `null`, or the values");
        tests.push(lower_value(written, &Value::Null, written.span, options, report)?);
    }
    Some(Item { field: written.field.clone(), tests, join, negated: has(Modifier::Neq), span: written.span })
}

/// Whether the modifier says where in a text the value must stand.
fn is_anchor(modifier: Modifier) -> bool {
    matches!(modifier, Modifier::Contains | Modifier::StartsWith | Modifier::EndsWith)
}

/// The first modifier that cannot stand beside an earlier one, whatever the values are.
fn clash(modifiers: &[(Modifier, Span)]) -> Option<(Span, String)> {
    modifiers.iter().enumerate().find_map(|(at, (modifier, span))| {
        let earlier = modifiers.iter().take(at).map(|(earlier, _)| *earlier);
        let name = modifier.name();
        earlier.into_iter().find_map(|earlier| match (earlier, *modifier) {
            (earlier, modifier) if earlier == modifier => Some((*span, format!("modifier `{name}` stands twice"))),
            (earlier, modifier) if is_anchor(earlier) && is_anchor(modifier) => {
                Some((*span, format!("modifier `{name}` cannot be combined with `{}`", earlier.name())))
            }
            (Modifier::Cased, Modifier::Insensitive) | (Modifier::Insensitive, Modifier::Cased) => {
                Some((*span, format!("modifier `{name}` contradicts `{}`", earlier.name())))
            }
            (earlier, Modifier::Exists) if !matches!(earlier, Modifier::All | Modifier::Neq) => {
                Some((*span, format!("modifier `exists` cannot be combined with `{}`", earlier.name())))
            }
            _ => None,
        })
    })
}

/// One written value as one test; placeholders and encodings make several texts of it, any of which will do.
fn lower_value(
    item: &syntax::Item,
    value: &Value,
    span: Span,
    options: &Options,
    report: &mut Report<'_>,
) -> Option<Test> {
    let expands = item.modifiers.iter().any(|(modifier, _)| *modifier == Modifier::Expand);
    let mut tests = Packer::default();
    if let (true, Value::Text(text)) = (expands, value) {
        let Some((texts, _)) = placeholder::expand(text, &options.placeholders, options.limits.rule_values_max) else {
            let message = format!("placeholders make more than {} values", options.limits.rule_values_max);
            report.tell(Code::TooManyValues, span, message);
            return None;
        };
        for text in texts.iter() {
            let start = Working { raw: text.to_owned(), state: State::Text(placeholder::parse(text)), expands: true };
            let made = Chain { item, span, options, report }.run(start)?;
            made.into_iter().for_each(|test| tests.push(test));
        }
    } else {
        let made = Chain { item, span, options, report }.run(Working::from(value))?;
        made.into_iter().for_each(|test| tests.push(test));
    }
    Some(tests.finish())
}

/// A value on its way through the modifiers.
struct Working {
    /// The value as written, for modifiers that read it in a language of their own.
    raw: String,
    state: State,
    expands: bool,
}

enum State {
    Null,
    Bool(bool),
    Number(Number),
    Text(Pattern),
    /// UTF-16, which only Base64 can use.
    Bytes(Vec<u8>),
    /// Base64 at each offset.
    Texts(Vec<Pattern>),
    Regex(Regex),
    Cidr(IpNet),
    Exists(bool),
    Compare(Relation, Number),
    Bits(u64),
    Time(TimePart, Relation, Number),
    FieldRef(FieldRef),
}

impl From<&Value> for Working {
    fn from(value: &Value) -> Self {
        let (raw, state) = match value {
            Value::Null => (String::new(), State::Null),
            Value::Bool(value) => (value.to_string(), State::Bool(*value)),
            Value::Number(number, written) => (written.clone(), State::Number(*number)),
            Value::Text(text) => (text.clone(), State::Text(Pattern::parse(text))),
        };
        Self { raw, state, expands: false }
    }
}

struct Chain<'a, 'b, 'c> {
    item: &'a syntax::Item,
    span: Span,
    options: &'a Options,
    report: &'b mut Report<'c>,
}

impl Chain<'_, '_, '_> {
    fn run(mut self, mut value: Working) -> Option<Vec<Test>> {
        for (modifier, span) in &self.item.modifiers {
            value = self.apply(*modifier, *span, value)?;
        }
        self.finish(value)
    }

    fn refuse<T>(&mut self, code: Code, span: Span, message: String, help: &str) -> Option<T> {
        self.report.tell(code, span, message).help = (!help.is_empty()).then(|| help.to_owned());
        None
    }

    fn conflict<T>(&mut self, modifier: Modifier, span: Span, other: &str) -> Option<T> {
        let message = format!("modifier `{}` cannot be combined with {other}", modifier.name());
        self.refuse(Code::ModifierConflict, span, message, "remove one of the two")
    }

    /// The modifier needs a field, and keywords have none.
    fn fieldless<T>(&mut self, modifier: Modifier, span: Span) -> Option<T> {
        let message = format!("modifier `{}` cannot be used on keywords, which have no field", modifier.name());
        self.refuse(Code::ModifierConflict, span, message, "name a field before the `|`")
    }

    /// The modifier cannot take the value as it stands by now.
    fn unfit<T>(&mut self, modifier: Modifier, span: Span, state: &State) -> Option<T> {
        let name = modifier.name();
        let what = match state {
            State::Null => "null",
            State::Bool(_) => "a boolean",
            State::Number(_) => "a number",
            State::Text(pattern) if pattern.has_placeholder() => "a placeholder that has no values yet",
            State::Text(pattern) if pattern.has_wildcard() => "a text with wildcards",
            State::Text(_) => "a text",
            State::Bytes(_) => {
                let message = format!("`{name}` cannot follow UTF-16 bytes");
                return self.refuse(
                    Code::ModifierConflict,
                    span,
                    message,
                    "let `base64` or `base64offset` follow `wide` or `utf16`",
                );
            }
            State::Texts(_) => return self.conflict(modifier, span, "`base64offset` before it"),
            State::Regex(_) => return self.conflict(modifier, span, "`re` before it"),
            State::Cidr(_) => return self.conflict(modifier, span, "`cidr` before it"),
            State::Exists(_) => return self.conflict(modifier, span, "`exists` before it"),
            State::Compare(..) => {
                let message = format!("modifier `{name}` cannot be combined with a comparison before it");
                let help = "write each comparison in a line of its own; a map joins them with `and`";
                return self.refuse(Code::ModifierConflict, span, message, help);
            }
            State::Bits(_) => return self.conflict(modifier, span, "`bits` before it"),
            State::Time(..) => return self.conflict(modifier, span, "a time modifier before it"),
            State::FieldRef(_) => return self.conflict(modifier, span, "`fieldref` before it"),
        };
        let message = format!("modifier `{name}` cannot take {what}");
        let help = match modifier {
            _ if matches!(state, State::Null) => "remove the modifier, or write a value",
            Modifier::Base64
            | Modifier::Base64Offset
            | Modifier::Wide
            | Modifier::Utf16
            | Modifier::Utf16Le
            | Modifier::Utf16Be => match state {
                State::Text(_) => r"write `\*` or `\?` for the character itself",
                _ => "put the value in quotes",
            },
            Modifier::Exists => "write `true` or `false` without quotes",
            Modifier::Lt | Modifier::Lte | Modifier::Gt | Modifier::Gte => "write a number without quotes",
            Modifier::Minute | Modifier::Hour | Modifier::Day | Modifier::Week | Modifier::Month | Modifier::Year => {
                "write a number without quotes"
            }
            Modifier::Bits => "write a number without quotes, such as `0x0c` or `12`",
            _ => "",
        };
        self.refuse(Code::ModifierValue, self.span, message, help)
    }

    fn apply(&mut self, modifier: Modifier, span: Span, mut value: Working) -> Option<Working> {
        use Modifier as M;
        value.state = match modifier {
            M::All | M::Neq => value.state,
            M::Expand => match value.state {
                state @ (State::Text(_) | State::Regex(_) | State::Cidr(_) | State::FieldRef(_) | State::Texts(_)) => {
                    state
                }
                state => return self.unfit(modifier, span, &state),
            },
            M::Contains | M::StartsWith | M::EndsWith => self.anchor(modifier, span, value.state)?,
            M::Cased => self.cased(span, value.state)?,
            M::Windash => self.windash(span, value.state)?,
            M::Utf16Le | M::Wide => self.utf16(modifier, span, value.state, Utf16::LittleEndian)?,
            M::Utf16Be => self.utf16(modifier, span, value.state, Utf16::BigEndian)?,
            M::Utf16 => self.utf16(modifier, span, value.state, Utf16::Marked)?,
            M::Base64 | M::Base64Offset => self.base64(modifier, span, value.state)?,
            M::Re => self.regex(span, &value)?,
            M::Insensitive | M::Multiline | M::DotAll => self.flag(modifier, span, value.state)?,
            M::Cidr => self.cidr(span, &value)?,
            M::Exists => match value.state {
                State::Bool(wanted) if self.item.field.is_some() => State::Exists(wanted),
                State::Bool(_) => return self.fieldless(modifier, span),
                state => return self.unfit(modifier, span, &state),
            },
            M::Lt => self.compare(modifier, span, value.state, Relation::Less)?,
            M::Lte => self.compare(modifier, span, value.state, Relation::LessOrEqual)?,
            M::Gt => self.compare(modifier, span, value.state, Relation::Greater)?,
            M::Gte => self.compare(modifier, span, value.state, Relation::GreaterOrEqual)?,
            M::Bits => self.bits(span, &value)?,
            M::Minute => self.time(modifier, span, value.state, TimePart::Minute)?,
            M::Hour => self.time(modifier, span, value.state, TimePart::Hour)?,
            M::Day => self.time(modifier, span, value.state, TimePart::Day)?,
            M::Week => self.time(modifier, span, value.state, TimePart::Week)?,
            M::Month => self.time(modifier, span, value.state, TimePart::Month)?,
            M::Year => self.time(modifier, span, value.state, TimePart::Year)?,
            M::FieldRef => self.field_ref(span, &value)?,
        };
        Some(value)
    }

    fn anchor(&mut self, modifier: Modifier, span: Span, state: State) -> Option<State> {
        let open = |mut pattern: Pattern| {
            if modifier != Modifier::StartsWith {
                pattern.open_start();
            }
            if modifier != Modifier::EndsWith {
                pattern.open_end();
            }
            pattern
        };
        Some(match state {
            State::Text(pattern) => State::Text(open(pattern)),
            State::Texts(patterns) => State::Texts(patterns.into_iter().map(open).collect()),
            State::Number(number) => State::Text(open(Pattern::literal(number.text()))),
            State::Bool(value) => State::Text(open(Pattern::literal(value.to_string()))),
            State::Regex(regex) => State::Regex(self.anchored(modifier, regex)?),
            State::FieldRef(reference) => {
                let anchor = match modifier {
                    Modifier::StartsWith => Anchor::Start,
                    Modifier::EndsWith => Anchor::End,
                    _ => Anchor::Anywhere,
                };
                State::FieldRef(FieldRef { anchor, ..reference })
            }
            state => return self.unfit(modifier, span, &state),
        })
    }

    /// `re`, `cidr`, `fieldref` and `bits` read the value as it is written, so nothing may have changed the text before.
    fn unchanged(&mut self, modifier: Modifier, span: Span) -> Option<()> {
        let before = self.item.modifiers.iter().map(|(own, _)| *own).take_while(|own| *own != modifier);
        let Some(earlier) = before.into_iter().find(|own| is_anchor(*own) || *own == Modifier::Windash) else {
            return Some(());
        };
        let (name, earlier_name) = (modifier.name(), earlier.name());
        let message = format!("modifier `{name}` cannot follow `{earlier_name}`, which changes the text");
        let turns = is_anchor(earlier) && !matches!(modifier, Modifier::Cidr | Modifier::Bits);
        let help = if turns { format!("write `{name}|{earlier_name}`") } else { format!("remove `{earlier_name}`") };
        self.refuse(Code::ModifierConflict, span, message, &help)
    }

    /// A search stands anywhere already; the other two hold it to the start or the end of the text.
    fn anchored(&mut self, modifier: Modifier, regex: Regex) -> Option<Regex> {
        // Faults are told with their place in what is written, so before something is put around it.
        let regex = self.validated(regex)?;
        Some(match modifier {
            Modifier::StartsWith => Regex { pattern: format!(r"\A(?:{})", regex.pattern), ..regex },
            Modifier::EndsWith => Regex { pattern: format!(r"(?:{})\z", regex.pattern), ..regex },
            _ => regex,
        })
    }

    fn cased(&mut self, span: Span, state: State) -> Option<State> {
        let case = |pattern: Pattern| Pattern { cased: true, ..pattern };
        Some(match state {
            State::Text(pattern) => State::Text(case(pattern)),
            State::Texts(patterns) => State::Texts(patterns.into_iter().map(case).collect()),
            State::FieldRef(reference) => State::FieldRef(FieldRef { cased: true, ..reference }),
            state @ (State::Regex(_) | State::Number(_) | State::Bool(_) | State::Bytes(_)) => state,
            state => return self.unfit(Modifier::Cased, span, &state),
        })
    }

    fn windash(&mut self, span: Span, state: State) -> Option<State> {
        let State::Text(pattern) = state else { return self.unfit(Modifier::Windash, span, &state) };
        let (pattern, places) = windash::widen(pattern);
        let max = self.options.limits.windash_places_max;
        if places > max {
            let message = format!("`windash` finds {places} dashes that begin a word, but the limit is {max}");
            return self.refuse(
                Code::WindashTooMany,
                self.span,
                message,
                "split the value into several, joined with `all`",
            );
        }
        Some(State::Text(pattern))
    }

    fn utf16(&mut self, modifier: Modifier, span: Span, state: State, form: Utf16) -> Option<State> {
        let behind = self.item.modifiers.iter().skip_while(|(own, _)| *own != modifier);
        if !behind.into_iter().any(|(own, _)| matches!(own, Modifier::Base64 | Modifier::Base64Offset)) {
            let message = "UTF-16 has to be encoded with Base64 to be found in a text".to_owned();
            let help = "add `base64offset|contains` behind it; texts of events are compared as Unicode already";
            return self.refuse(Code::EncodingAlone, span, message, help);
        }
        match state {
            State::Text(pattern) => match pattern.as_literal() {
                Some(text) => Some(State::Bytes(encode::utf16(text, form))),
                None => self.unfit(modifier, span, &State::Text(pattern)),
            },
            state => self.unfit(modifier, span, &state),
        }
    }

    fn base64(&mut self, modifier: Modifier, span: Span, state: State) -> Option<State> {
        let (variants, cased): (Vec<Vec<u8>>, bool) = match state {
            State::Bytes(bytes) => (vec![bytes], false),
            State::Text(pattern) if pattern.has_wildcard() || pattern.has_placeholder() => {
                return self.unfit(modifier, span, &State::Text(pattern));
            }
            State::Text(pattern) => match windash::variants(&pattern, self.options.limits.rule_values_max) {
                Some(texts) => (texts.into_iter().map(String::into_bytes).collect(), pattern.cased),
                None => {
                    let message = "`windash` makes too many texts to encode".to_owned();
                    return self.refuse(Code::TooManyValues, self.span, message, "use fewer dashes");
                }
            },
            state => return self.unfit(modifier, span, &state),
        };
        let texts: Vec<String> = match modifier {
            Modifier::Base64 => variants.iter().map(|bytes| encode::base64(bytes)).collect(),
            _ => {
                let offsets: Vec<_> = variants.iter().map(|bytes| encode::base64_offsets(bytes)).collect();
                if offsets.iter().any(|texts| texts.len() < 3) {
                    let message = "the value is too short for `base64offset`: it leaves no trace at some offset";
                    let help = "use a value of at least two bytes";
                    return self.refuse(Code::ModifierValue, self.span, message.to_owned(), help);
                }
                offsets.into_iter().flatten().collect()
            }
        };
        let mut patterns: Vec<Pattern> =
            texts.into_iter().map(|text| Pattern { cased, ..Pattern::literal(text) }).collect();
        match patterns.pop() {
            Some(pattern) if patterns.is_empty() => Some(State::Text(pattern)),
            last => {
                patterns.extend(last);
                Some(State::Texts(patterns))
            }
        }
    }

    fn regex(&mut self, span: Span, value: &Working) -> Option<State> {
        self.unchanged(Modifier::Re, span)?;
        match &value.state {
            // An expression tells upper from lower case anyway, so `cased` before it is no news.
            State::Text(_) | State::Number(_) | State::Bool(_) => {}
            state => return self.unfit(Modifier::Re, span, state),
        }
        let regex = Regex {
            pattern: value.raw.clone(),
            insensitive: false,
            multiline: false,
            dot_all: false,
            placeholders: value.expands
                && placeholder::pieces(&value.raw).iter().any(|piece| matches!(piece, placeholder::Piece::Name(_))),
        };
        Some(State::Regex(regex))
    }

    fn flag(&mut self, modifier: Modifier, span: Span, state: State) -> Option<State> {
        let State::Regex(mut regex) = state else {
            let message = format!("modifier `{}` only follows `re`", modifier.name());
            return self.refuse(Code::ModifierConflict, span, message, "write `re` before it");
        };
        match modifier {
            Modifier::Insensitive => regex.insensitive = true,
            Modifier::Multiline => regex.multiline = true,
            _ => regex.dot_all = true,
        }
        Some(State::Regex(regex))
    }

    fn cidr(&mut self, span: Span, value: &Working) -> Option<State> {
        self.unchanged(Modifier::Cidr, span)?;
        match &value.state {
            State::Text(pattern) if pattern.has_placeholder() => {
                let message = format!("the placeholder in `{}` has no values", value.raw);
                return self.refuse(Code::PlaceholderUnresolved, self.span, message, "give its list to the compiler");
            }
            State::Text(pattern) if !pattern.cased => {}
            state => return self.unfit(Modifier::Cidr, span, state),
        }
        let Some((network, host_bits)) = parse_cidr(&value.raw) else {
            let message = format!("`{}` is neither an address nor a network", value.raw);
            return self.refuse(Code::BadCidr, self.span, message, "write it like `10.0.0.0/8` or `2001:db8::/32`");
        };
        if host_bits {
            let message = format!("`{}` has bits set behind its prefix", value.raw);
            self.report.advise(Code::CidrHostBits, self.span, message, format!("write `{network}`"));
        }
        Some(State::Cidr(network))
    }

    fn compare(&mut self, modifier: Modifier, span: Span, state: State, relation: Relation) -> Option<State> {
        match state {
            State::Number(number) if self.item.field.is_some() => Some(State::Compare(relation, number)),
            State::Number(_) => self.fieldless(modifier, span),
            State::Time(part, Relation::Equal, number) => Some(State::Time(part, relation, number)),
            state => self.unfit(modifier, span, &state),
        }
    }

    /// The value is a number whose bits must be set, so nothing may have made a text of it before.
    fn bits(&mut self, span: Span, value: &Working) -> Option<State> {
        self.unchanged(Modifier::Bits, span)?;
        match &value.state {
            State::Number(_) if self.item.field.is_none() => self.fieldless(Modifier::Bits, span),
            State::Number(number) => match number.bits().filter(|bits| (1..=BITS_MAX).contains(bits)) {
                Some(bits) => Some(State::Bits(bits)),
                None => {
                    let message = format!("modifier `bits` cannot take `{}`", value.raw);
                    let help = "write a whole number from 1 to 9223372036854775807, such as `0x0c` or `12`";
                    self.refuse(Code::ModifierValue, self.span, message, help)
                }
            },
            state => self.unfit(Modifier::Bits, span, state),
        }
    }

    fn time(&mut self, modifier: Modifier, span: Span, state: State, part: TimePart) -> Option<State> {
        match state {
            State::Number(number) if self.item.field.is_some() => Some(State::Time(part, Relation::Equal, number)),
            State::Number(_) => self.fieldless(modifier, span),
            State::Compare(relation, number) => Some(State::Time(part, relation, number)),
            state => self.unfit(modifier, span, &state),
        }
    }

    fn field_ref(&mut self, span: Span, value: &Working) -> Option<State> {
        let State::Text(pattern) = &value.state else { return self.unfit(Modifier::FieldRef, span, &value.state) };
        if self.item.field.is_none() {
            return self.fieldless(Modifier::FieldRef, span);
        }
        self.unchanged(Modifier::FieldRef, span)?;
        if value.raw.is_empty() || pattern.has_placeholder() || Pattern::parse(&value.raw).has_wildcard() {
            let message = "`fieldref` needs the name of one field".to_owned();
            return self.refuse(Code::ModifierValue, self.span, message, "write the name without wildcards");
        }
        Some(State::FieldRef(FieldRef { field: value.raw.clone(), anchor: Anchor::Whole, cased: pattern.cased }))
    }

    fn finish(mut self, value: Working) -> Option<Vec<Test>> {
        let is_keyword = self.item.field.is_none();
        let has_ends = self.item.modifiers.iter().any(|(m, _)| matches!(m, Modifier::StartsWith | Modifier::EndsWith));
        // A keyword is looked for anywhere in a leaf, unless the rule says at which end.
        let keyword = |mut pattern: Pattern| {
            if is_keyword && !has_ends {
                pattern.open_start();
                pattern.open_end();
            }
            Test::Text(pattern)
        };
        Some(vec![match value.state {
            State::Text(pattern) => keyword(pattern),
            State::Texts(patterns) => return Some(patterns.into_iter().map(keyword).collect()),
            // What events hold is compared in the number's own spelling, so that is what is looked for.
            State::Number(number) if is_keyword => keyword(Pattern::literal(number.text())),
            State::Bool(value) if is_keyword => keyword(Pattern::literal(value.to_string())),
            State::Number(number) => Test::Number(number),
            State::Bool(value) => Test::Bool(value),
            State::Null if is_keyword => {
                let message = "null is not a keyword".to_owned();
                return self.refuse(Code::ModifierValue, self.span, message, "name a field: `field: null`");
            }
            State::Null => Test::Null,
            State::Regex(regex) => Test::Regex(self.validated(regex)?),
            State::Cidr(network) => Test::Cidr(network),
            State::Exists(wanted) => Test::Exists(wanted),
            State::Compare(relation, number) => Test::Compare(relation, number),
            State::Bits(bits) => Test::Bits(bits),
            State::Time(part, relation, number) => Test::Time(part, relation, number),
            State::FieldRef(reference) => Test::FieldRef(reference),
            // INVARIANT: UTF-16 is only made where Base64 follows, which takes it or refuses it.
            State::Bytes(_) => return None,
        }])
    }

    fn validated(&mut self, expression: Regex) -> Option<Regex> {
        if expression.placeholders {
            return Some(expression);
        }
        match regex::parse(&expression) {
            Ok(_) => Some(expression),
            Err(fault) => {
                let quoted = usize::from(
                    (self.span.end_column.saturating_sub(self.span.column)) as usize
                        > expression.pattern.chars().count(),
                );
                let span = self.span.part(fault.offset + quoted, fault.length);
                let help = match fault.code {
                    Code::RegexUnsupported => "rewrite it without, or split it into two tests joined in the condition",
                    _ => "",
                };
                self.refuse(fault.code, span, fault.message, help)
            }
        }
    }
}

/// A network, and whether the text had bits set behind the prefix. v4-mapped v6 becomes v4.
pub(crate) fn parse_cidr(text: &str) -> Option<(IpNet, bool)> {
    let network: IpNet = match text.parse::<IpNet>() {
        Ok(network) => network,
        Err(_) => IpNet::from(text.parse::<std::net::IpAddr>().ok()?),
    };
    let host_bits = network.trunc() != network;
    let network = match network {
        IpNet::V6(v6) => match (v6.addr().to_ipv4_mapped(), v6.prefix_len().checked_sub(96)) {
            (Some(v4), Some(prefix)) => IpNet::from(ipnet::Ipv4Net::new(v4, prefix).ok()?),
            _ => network,
        },
        IpNet::V4(_) => network,
    };
    Some((network.trunc(), host_bits))
}

#[cfg(test)]
mod tests;
