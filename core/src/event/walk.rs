//! One walk over the bytes of a JSON object: every key is looked up once, and values that rules ask for are noted by
//! their place.
//!
//! ```text
//! {"EventID":1,"Image":"C:\\a.exe","Other":{"x":[1,2]}}
//!            ▲          ▲────────▲          passed over, but checked
//!            slot 0     slot 7
//! ```
//!
//! Strings are not read: `quotes` knows where each one ends. Nothing is copied or unescaped. The walk accepts nothing
//! that is not JSON; what is rare (a key with an escape, a number that may be too large) it leaves to the slow way by
//! giving up.

use super::quotes::Quotes;
use super::slots::{Cells, Kind};
use crate::config::EVENT_DEPTH_MAX;
use crate::program::{Fields, NodeId, SlotId};

/// Digits of a number that is too short to be out of any range, whatever its exponent of two digits.
const NUMBER_BYTES_MAX: usize = 100;

/// Walks the text and notes values in `cells`; `None` when it is no JSON object or has something rare.
pub(super) fn walk(text: &str, quotes: &Quotes, fields: &Fields, cells: &mut Cells) -> Option<()> {
    let keys_may_deceive = quotes.has_code_points || !fields.are_plain();
    let mut walk = Walk { bytes: text.as_bytes(), at: 0, quotes: quotes.positions(), fields, cells, keys_may_deceive };
    walk.expect(b'{')?;
    walk.object(Target { node: Some(Fields::ROOT), ..Target::default() }, 1)?;
    walk.pass_space();
    (walk.at == walk.bytes.len()).then_some(())
}

struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The quotes that are still ahead.
    quotes: &'a [u32],
    fields: &'a Fields,
    cells: &'a mut Cells,
    /// Whether a key with a backslash may be the name of a field.
    keys_may_deceive: bool,
}

/// What rules want of a value: which slot it fills, and at which node of the fields what is below it stands.
#[derive(Clone, Copy, Default)]
struct Target {
    node: Option<NodeId>,
    slot: Option<SlotId>,
    /// The dots at which the walk went down to reach this value.
    way: u64,
    /// The same for what is below this value.
    way_below: u64,
}

impl Walk<'_> {
    fn object(&mut self, target: Target, depth: usize) -> Option<()> {
        if self.ends_at_once(b'}', depth)? {
            return Some(());
        }
        loop {
            let (start, end) = self.string()?;
            let mut below = Target::default();
            if let Some(node) = target.node {
                let key = self.bytes.get(start..end)?;
                if self.keys_may_deceive && memchr::memchr(b'\\', key).is_some() {
                    return None;
                }
                if let Some(edge) = self.fields.step(node, key) {
                    let gone_down = edge.node.map_or(0, |_| 1_u64.rotate_left(edge.dots.into()));
                    let way_below = target.way_below | gone_down;
                    below = Target { node: edge.node, slot: edge.slot, way: target.way_below, way_below };
                }
            }
            self.expect(b':')?;
            self.value(below, depth)?;
            if !self.goes_on(b'}')? {
                return Some(());
            }
        }
    }

    fn array(&mut self, target: Target, depth: usize) -> Option<()> {
        if self.ends_at_once(b']', depth)? {
            self.note(target, Kind::Composite, self.at, self.at);
            return Some(());
        }
        loop {
            self.value(target, depth)?;
            if !self.goes_on(b']')? {
                return Some(());
            }
        }
    }

    fn value(&mut self, target: Target, depth: usize) -> Option<()> {
        let first = self.token()?;
        let start = self.at;
        match first {
            b'"' => {
                let (start, end) = self.string()?;
                self.note(target, Kind::Text, start, end);
            }
            b'{' => {
                self.at += 1;
                self.note(target, Kind::Composite, start, start);
                self.object(target, depth + 1)?;
            }
            b'[' => {
                self.at += 1;
                self.array(target, depth + 1)?;
            }
            b't' => self.word(target, Kind::Bool, b"true")?,
            b'f' => self.word(target, Kind::Bool, b"false")?,
            b'n' => self.word(target, Kind::Null, b"null")?,
            _ => {
                self.number()?;
                self.note(target, Kind::Number, start, self.at);
            }
        }
        Some(())
    }

    #[inline(always)]
    fn note(&mut self, target: Target, kind: Kind, start: usize, end: usize) {
        if let Some(slot) = target.slot {
            self.cells.note(slot, target.way, kind, start as u32, end as u32);
        }
    }

    fn word(&mut self, target: Target, kind: Kind, word: &[u8]) -> Option<()> {
        let start = self.at;
        self.at += word.len();
        self.note(target, kind, start, self.at);
        (self.bytes.get(start..self.at)? == word).then_some(())
    }

    /// Passes a number as JSON writes it.
    fn number(&mut self) -> Option<()> {
        let start = self.at;
        self.at += usize::from(self.bytes.get(start) == Some(&b'-'));
        match self.digits()? {
            (b'0', length) if length > 1 => return None,
            _ => {}
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            self.cells.has_odd_numbers = true;
            self.at += 1;
            self.at += usize::from(matches!(self.bytes.get(self.at), Some(b'+' | b'-')));
            let (_, length) = self.digits()?;
            if length > 2 {
                return None;
            }
        }
        // Up to 15 digits every number is read as it is written; beyond that its text may differ.
        self.cells.has_odd_numbers |= self.at - start > 15;
        (self.at - start < NUMBER_BYTES_MAX).then_some(())
    }

    /// Passes digits and gives the first one and how many there are; `None` when there is none.
    fn digits(&mut self) -> Option<(u8, usize)> {
        let rest = self.bytes.get(self.at..)?;
        let length = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
        self.at += length;
        (length > 0).then(|| rest.first().map(|first| (*first, length)))?
    }

    /// Passes a string and gives the place of what is between its quotes.
    #[inline(always)]
    fn string(&mut self) -> Option<(usize, usize)> {
        let [open, close, rest @ ..] = self.quotes else { return None };
        self.token()?;
        let (open, close) = (*open as usize, *close as usize);
        if open != self.at {
            return None;
        }
        self.quotes = rest;
        self.at = close + 1;
        Some((open + 1, close))
    }

    /// Behind an opening bracket: whether it is closed at once.
    fn ends_at_once(&mut self, close: u8, depth: usize) -> Option<bool> {
        if depth > EVENT_DEPTH_MAX {
            return None;
        }
        let ends = self.token()? == close;
        self.at += usize::from(ends);
        Some(ends)
    }

    /// Behind a member: whether another one follows.
    #[inline(always)]
    fn goes_on(&mut self, close: u8) -> Option<bool> {
        let byte = self.token()?;
        self.at += 1;
        if byte == b',' {
            return Some(true);
        }
        (byte == close).then_some(false)
    }

    #[inline(always)]
    fn expect(&mut self, byte: u8) -> Option<()> {
        let is_there = self.token()? == byte;
        self.at += 1;
        is_there.then_some(())
    }

    /// The next byte that is no space.
    #[inline(always)]
    fn token(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        if byte > b' ' {
            return Some(byte);
        }
        self.pass_space();
        self.bytes.get(self.at).copied()
    }

    #[cold]
    fn pass_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }
}

/// Calls `each` for every scalar of a text that the walk has accepted, as the event writes it.
pub(super) fn each_leaf<'e>(text: &'e str, quotes: &Quotes, mut each: impl FnMut(Kind, &'e str)) {
    let mut between = 0;
    let gap = |from: usize, to: usize, each: &mut dyn FnMut(Kind, &'e str)| {
        // Outside of strings nothing but scalars has letters, digits or dots.
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.');
        for scalar in
            text.get(from..to).unwrap_or_default().split(|c: char| !is_part(c)).filter(|part| !part.is_empty())
        {
            match scalar.as_bytes() {
                b"null" => each(Kind::Null, scalar),
                b"true" | b"false" => each(Kind::Bool, scalar),
                _ => each(Kind::Number, scalar),
            }
        }
    };
    for pair in quotes.positions().chunks_exact(2) {
        let [open, close] = *pair else { continue };
        let (open, close) = (open as usize, close as usize);
        gap(between, open, &mut each);
        between = close + 1;
        let behind = text.as_bytes().get(between..).unwrap_or_default();
        let is_key = behind.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':');
        if !is_key {
            each(Kind::Text, text.get(open + 1..close).unwrap_or_default());
        }
    }
    gap(between, text.len(), &mut each);
}
