//! The tables as they are meant: protocols, where sensors write their messages, and what codes do.
//!
//! ```text
//! Protocol ─┬▶ layouts: for a sensor's form, which field holds which input
//!           ├▶ rows: code, subcode, conditions ─▶ name, class
//!           └▶ cases: conditions ─▶ direction, outcome, flags
//! ```
//!
//! Fields are numbered; which of them get a slot is decided in `plan`. How the tables are written is only known in `read`.

use super::conditions::{Conditions, Want};
use super::names::Names;
use super::{CODE, InputId};
use serde::{Deserialize, Serialize};

/// All protocols, and the fields that their layouts read.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Taxonomy {
    /// The names of fields, by their number.
    pub(super) paths: Vec<String>,
    pub(super) protocols: Vec<Protocol>,
}

/// The number of a field that is read.
pub(super) type PathId = u32;

/// One protocol.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Protocol {
    pub(super) name: String,
    /// How many inputs there are, those with the name of a field of the record first.
    pub(super) inputs: usize,
    pub(super) layouts: Vec<Layout>,
    pub(super) direction: Vec<Case>,
    pub(super) outcome: Vec<Case>,
    pub(super) flags: Vec<Case>,
    pub(super) errors: Names,
    pub(super) objects: Names,
    pub(super) subnames: Names,
    /// In the order of their codes, those of one code in the order in which they stand in the file; those without one last.
    pub(super) rows: Vec<Row>,
    /// The codes that names stand for.
    pub(super) codes: Names,
    pub(super) subcodes: Vec<(i64, Names)>,
    /// Whether rows tell protocols apart by the ports of connections, which take the place of codes.
    pub(super) is_by_port: bool,
}

/// How one sensor writes the messages of a protocol.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Layout {
    pub(super) sensor: String,
    /// Where objects stand each of which is a record; `None` when the event is one.
    pub(super) each: Option<PathId>,
    /// Where the objects stand in which those stand.
    pub(super) outer: Option<PathId>,
    /// The field that names the log, and the names that it may have.
    pub(super) log: Option<(PathId, Vec<String>)>,
    /// Fields that an event must have which does not name its log.
    pub(super) needs: Vec<PathId>,
    pub(super) inputs: Inputs,
    pub(super) when: Conditions,
    /// When sender and receiver change places.
    pub(super) swap: Option<Conditions>,
    /// Which objects have one beside them, where not all have: a number in them, and what it may be.
    pub(super) accompanied: Option<(PathId, Vec<Want>)>,
    /// Whether an address and a quantity mean so many addresses.
    pub(super) is_consecutive: bool,
}

/// What each input is read from.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Inputs {
    /// In the order of the inputs.
    pub(super) origins: Vec<Origin>,
    /// Where those of each input begin, and those of the one before end.
    starts: Vec<u16>,
}

impl Inputs {
    /// From inputs in their order.
    pub(super) fn new(inputs: impl IntoIterator<Item = (InputId, Vec<Origin>)>) -> Self {
        let mut all = Self::default();
        for (input, origins) in inputs {
            all.starts.resize(usize::from(input) + 1, all.origins.len() as u16);
            all.origins.extend(origins);
        }
        all.starts.push(all.origins.len() as u16);
        all
    }

    #[inline]
    pub(super) fn of(&self, input: InputId) -> &[Origin] {
        let at = usize::from(input);
        match self.starts.get(at..at + 2) {
            Some(&[start, end]) => self.origins.get(start.into()..end.into()).unwrap_or_default(),
            _ => &[],
        }
    }
}

impl Layout {
    #[inline]
    pub(super) fn origins(&self, input: InputId) -> &[Origin] {
        self.inputs.of(input)
    }

    /// An input that must be known before it can be read.
    pub(super) fn leading_back(&self) -> Option<InputId> {
        let asks = |input: InputId, open: &[InputId]| {
            self.origins(input).iter().flat_map(Origin::asked).find(|asked| open.contains(asked))
        };
        let mut open: Vec<InputId> = (0..=InputId::MAX).collect();
        loop {
            let kept: Vec<InputId> = open.iter().copied().filter(|input| asks(*input, &open).is_some()).collect();
            if kept.len() == open.len() {
                // From any of them the way leads into a circle.
                return open.iter().fold(open.first().copied(), |input, _| asks(input?, &open));
            }
            open = kept;
        }
    }
}

/// One place where an input may stand.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Origin {
    pub(super) from: From,
    pub(super) read: Reading,
    /// Of a number, the bits that count, and by how many they are shifted to the right.
    pub(super) bits: Option<(i64, u32)>,
    pub(super) choice: Option<Box<Choice>>,
    /// Whether its values are added to those of the one before.
    pub(super) is_added: bool,
    pub(super) when: Conditions,
}

impl Origin {
    /// The inputs that must be known before it can be read.
    fn asked(&self) -> impl Iterator<Item = InputId> {
        let of_code = matches!(self.read, Reading::Name { of: Table::Subcodes, .. }).then_some(CODE);
        self.when.0.iter().map(|(input, _)| *input).chain(of_code)
    }
}

/// Which of the values of a field count, and which part of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Choice {
    /// What follows this text; values without it do not count.
    pub(super) after: Option<String>,
    /// What stands in front of this text; values without it do not count.
    pub(super) before: Option<String>,
    /// Only values such as these.
    pub(super) only: Vec<Want>,
    /// Not so many at the beginning.
    pub(super) skip: usize,
    /// Only the last one.
    pub(super) is_last: bool,
}

/// Where a value comes from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum From {
    /// A field of the object that is the record.
    Part(PathId),
    /// A field of the object in which the record stands.
    Outer(PathId),
    /// A field of objects that stand beside the records, one for each.
    Beside(PathId, PathId),
    /// A field of the event.
    Event(PathId),
    /// Nowhere: it is always this.
    Text(String),
    Number(i64),
}

/// How a value is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Reading {
    /// As a number where it is one, and else as a text.
    Any,
    Number,
    /// As a number in hexadecimal digits.
    Hex,
    Text,
    /// As a text of hexadecimal digits, without what stands between bytes.
    Digits(Bytes),
    /// As the name of a number in a table, without one of these endings.
    Name {
        of: Table,
        endings: Vec<String>,
    },
    /// As bytes, of which some count, from the end when they begin in front of 0.
    Bytes {
        form: Bytes,
        at: i64,
        length: usize,
        is_little: bool,
        /// Whether what follows is read as well, a value for each so many bytes.
        repeats: bool,
    },
    /// Whether the field is there, whatever its value.
    Present,
}

/// How bytes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Bytes {
    /// In hexadecimal digits, with or without something between them.
    Hex,
    /// As the characters that they are, or as `\xHH`.
    Raw,
}

/// The tables of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Table {
    Codes,
    Subcodes,
    Errors,
    Objects,
    /// None: only the number at the end of a name counts.
    None,
}

/// What is said where conditions hold.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Case {
    pub(super) is: String,
    pub(super) when: Conditions,
}

/// What a code does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Row {
    pub(super) code: Option<i64>,
    pub(super) subcode: Option<i64>,
    pub(super) name: String,
    pub(super) subname: String,
    /// By its place in [`CLASSES`](super::CLASSES).
    pub(super) class: u8,
    pub(super) when: Conditions,
    /// Whether the message only wraps others.
    pub(super) carries: bool,
    /// Of a row for a port, the protocol.
    pub(super) protocol: Option<String>,
}

impl Protocol {
    /// The protocols that its records may name.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let own = (!self.is_by_port).then_some(&*self.name);
        own.into_iter().chain(self.rows.iter().filter_map(|row| row.protocol.as_deref()))
    }

    /// The names of the subcodes of a code; those of rows that are for any, when there is none.
    pub(super) fn subcodes(&self, code: Option<i64>) -> Option<&Names> {
        let at = self.subcodes.binary_search_by_key(&code.unwrap_or(i64::MIN), |(own, _)| *own).ok()?;
        self.subcodes.get(at).map(|(_, names)| names)
    }

    /// The rows for a code, and those that are for any.
    pub(super) fn rows(&self, code: Option<i64>) -> impl Iterator<Item = &Row> {
        let from = |start: usize| self.rows.get(start..).unwrap_or_default();
        let own = code.into_iter().flat_map(move |code| {
            // Those without a code are behind all others.
            let start = self.rows.partition_point(|row| row.code.is_some_and(|own| own < code));
            from(start).iter().take_while(move |row| row.code == Some(code))
        });
        own.chain(std::iter::once_with(move || from(self.rows.partition_point(|row| row.code.is_some()))).flatten())
    }
}
