//! One walk over the bytes of a JSON object, from value to value; values that rules ask for are noted by their place.
//!
//! ```text
//! {"EventID":1,"Image":"C:\\a.exe","Other":{"x":[1,2]}}
//!            ▲          ▲────────▲               ▲ ▲  passed over, but checked
//!            slot 0     slot 7
//! ```
//!
//! Texts are not read: `quotes` knows where each one ends. What stands between values is compared with what stood there
//! in earlier events (`gaps`), and read only when it is new. Nothing is copied or unescaped. The walk accepts nothing
//! that is not JSON; what is rare (a key with an escape, a number that may be too large) it leaves to the slow way by
//! giving up.

use super::gaps::{Bracket, Composite, End, GAP_BYTES_MAX, Gap, Gaps, History, Place, PlaceId, Target, is_scalar};
use super::quotes::Quotes;
use super::slots::{Cells, Kind};
use crate::config::EVENT_DEPTH_MAX;
use crate::lanes::{self, BLOCK, Lanes, Work};
use crate::program::Fields;

/// Digits of a number that is too short to be out of any range, whatever its exponent of two digits.
const NUMBER_BYTES_MAX: usize = 100;

/// Walks the text and notes values in `cells`; `None` when it is no JSON object or has something rare. `gaps` must have
/// been learned with the same `fields`.
pub(super) fn walk(text: &str, quotes: &Quotes, fields: &Fields<'_>, gaps: &mut Gaps, cells: &mut Cells) -> Option<()> {
    gaps.make_room();
    lanes::run(Walk { bytes: text.as_bytes(), quotes, fields, gaps, cells })
}

struct Walk<'a> {
    bytes: &'a [u8],
    quotes: &'a Quotes,
    fields: &'a Fields<'a>,
    gaps: &'a mut Gaps,
    cells: &'a mut Cells,
}

impl Work for Walk<'_> {
    type Output = Option<()>;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> Option<()> {
        let Self { bytes, quotes, fields, gaps, cells } = self;
        let (mut at, mut place, mut history) = (0, Gaps::OUTSIDE, History::default());
        loop {
            let (id, gap, rank) = match gaps.guess(lanes, history, place, bytes, at) {
                Some(guessed) => guessed,
                None => {
                    let id = Reader::new(bytes, at, quotes, fields).gap(gaps, place)?;
                    gaps.learn(history, id);
                    (id as u32, gaps.get(id)?, 0)
                }
            };
            at = if gap.is_passed {
                quotes.next(at + gap.length())? + 1
            } else {
                if gap.has_composites {
                    for of in gaps.composites(gap) {
                        let bracket = at + of.offset as usize;
                        cells.note(of.slot, of.way, Kind::Composite, bracket, bracket);
                    }
                }
                let start = at + gap.length();
                let (kind, end) = match gap.end {
                    End::Text => (Kind::Text, quotes.next(start)?),
                    End::Scalar => scalar(bytes, start, cells)?,
                    End::Event => return Some(()),
                };
                cells.note(gap.slot, gap.way, kind, start, end);
                end + usize::from(kind == Kind::Text)
            };
            place = gap.to;
            let next = history.with(id);
            if rank > 0 {
                gaps.prefer(history, rank);
            }
            history = next;
        }
    }
}

/// Passes a number or a word; gives its kind and its end.
#[inline(always)]
fn scalar(bytes: &[u8], at: usize, cells: &mut Cells) -> Option<(Kind, usize)> {
    let word = |word: &[u8], kind| {
        let end = at + word.len();
        (bytes.get(at..end)? == word).then_some((kind, end))
    };
    match bytes.get(at)? {
        b'0'..=b'9' => Some((Kind::Number, number(bytes, at, &mut cells.has_odd_numbers)?)),
        b't' => word(b"true", Kind::Bool),
        b'f' => word(b"false", Kind::Bool),
        b'n' => word(b"null", Kind::Null),
        _ => Some((Kind::Number, any_number(bytes, at, &mut cells.has_odd_numbers)?)),
    }
}

/// Passes a number as JSON writes it, and gives its end.
#[inline(always)]
fn number(bytes: &[u8], start: usize, is_odd: &mut bool) -> Option<usize> {
    let end = pass_digits(bytes, start);
    let is_short = (1..=15).contains(&(end - start)) && (bytes.get(start) != Some(&b'0') || end - start == 1);
    match bytes.get(end) {
        Some(b'.' | b'e' | b'E') => any_number(bytes, start, is_odd),
        _ if is_short => Some(end),
        _ => any_number(bytes, start, is_odd),
    }
}

#[inline(never)]
fn any_number(bytes: &[u8], start: usize, is_odd: &mut bool) -> Option<usize> {
    let digits = |from: usize| Some(pass_digits(bytes, from)).filter(|end| *end > from);
    let first = start + usize::from(bytes.get(start) == Some(&b'-'));
    let mut at = digits(first)?;
    if bytes.get(first) == Some(&b'0') && at - first > 1 {
        return None;
    }
    if bytes.get(at) == Some(&b'.') {
        at = digits(at + 1)?;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        *is_odd = true;
        let first = at + 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        at = digits(first).filter(|end| end - first <= 2)?;
    }
    // Up to 15 digits every number is read as it is written; beyond that its text may differ.
    *is_odd |= at - start > 15;
    (at - start < NUMBER_BYTES_MAX).then_some(at)
}

#[inline(always)]
fn pass_digits(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    at
}

/// How far a gap that is kept may reach. Searching on would take each number of a long list to its end.
const KEY_BLOCKS: usize = GAP_BYTES_MAX.div_ceil(BLOCK);

/// Reads what stands between two values.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where the gap begins.
    start: usize,
    /// Whether the bracket that opens the event is behind us.
    is_begun: bool,
    quotes: &'a Quotes,
    fields: &'a Fields<'a>,
    /// Whether a key with a backslash may be the name of a field.
    keys_may_deceive: bool,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8], at: usize, quotes: &'a Quotes, fields: &'a Fields<'a>) -> Self {
        let keys_may_deceive = quotes.has_code_points || !fields.are_plain();
        Self { bytes, at, start: at, is_begun: at > 0, quotes, fields, keys_may_deceive }
    }

    /// The number of the gap that begins here, behind a value at `place`.
    #[inline(never)]
    fn gap(mut self, gaps: &mut Gaps, place: PlaceId) -> Option<usize> {
        if let Some(known) = gaps.find(place, self.first_string(), self.bytes, self.start) {
            return Some(known);
        }
        let mut composites = Vec::new();
        let gap = self.read(gaps, place, &mut composites)?;
        let has_key = self.quotes.near(self.start, KEY_BLOCKS).is_some_and(|open| open + 1 < self.at);
        let key = if has_key { self.first_string() } else { b"" };
        gaps.keep(gap, key, self.bytes.get(self.start..)?, &composites)
    }

    /// The first string from the beginning of the gap on; empty when there is none that could be the key of a gap that is kept.
    fn first_string(&self) -> &[u8] {
        let string = || {
            let open = self.quotes.near(self.start, KEY_BLOCKS)?;
            self.bytes.get(open + 1..self.quotes.near(open + 1, KEY_BLOCKS)?)
        };
        string().unwrap_or_default()
    }

    fn read(&mut self, gaps: &mut Gaps, from: PlaceId, composites: &mut Vec<Composite>) -> Option<Gap> {
        let mut to = from;
        let start = self.start;
        let gap = |at: usize, to, end, target: &Target| Gap::new(from, to, end, target, at - start);
        loop {
            let Some(mut target) = self.next_member(gaps, &mut to)? else {
                return Some(gap(self.at, to, End::Event, &Target::default()));
            };
            loop {
                match self.token()? {
                    b'"' => return Some(gap(self.at + 1, to, End::Text, &target)),
                    b'{' | b'[' => match self.open(gaps, &mut to, &target, composites)? {
                        Some(member) => target = member,
                        None => break,
                    },
                    byte if is_scalar(byte) => return Some(gap(self.at, to, End::Scalar, &target)),
                    _ => return None,
                }
            }
        }
    }

    /// Behind a value: passes all that is closed here, and what stands before the next member; `None` in `Some` at the
    /// end of the event.
    fn next_member(&mut self, gaps: &Gaps, place_id: &mut PlaceId) -> Option<Option<Target>> {
        loop {
            let place = gaps.place(*place_id)?;
            match (place.bracket, self.token()) {
                (Bracket::None, Some(b'{')) if !self.is_begun => {
                    self.is_begun = true;
                    return Some(Some(Target { node: Some(Fields::ROOT), ..Target::default() }));
                }
                (Bracket::None, None) if self.is_begun => return Some(None),
                (Bracket::Object, Some(b',')) => {
                    self.at += 1;
                    return self.key(&place.target).map(Some);
                }
                (Bracket::Array, Some(b',')) => {
                    self.at += 1;
                    return Some(Some(place.target));
                }
                (Bracket::Object, Some(b'}')) | (Bracket::Array, Some(b']')) => {
                    self.at += 1;
                    *place_id = place.around;
                }
                _ => return None,
            }
        }
    }

    /// Passes an opening bracket; gives what rules want of the first member, `None` in `Some` when there is none.
    fn open(
        &mut self,
        gaps: &mut Gaps,
        place_id: &mut PlaceId,
        target: &Target,
        composites: &mut Vec<Composite>,
    ) -> Option<Option<Target>> {
        let is_object = self.token()? == b'{';
        self.at += 1;
        let depth = gaps.place(*place_id)?.depth + 1;
        if usize::from(depth) > EVENT_DEPTH_MAX {
            return None;
        }
        let is_empty = self.token()? == if is_object { b'}' } else { b']' };
        if (is_object || is_empty)
            && let Some(slot) = target.slot
        {
            let offset = (self.at - 1 - self.start) as u32;
            composites.push(Composite { slot, offset, way: target.way });
        }
        if is_empty {
            self.at += 1;
            return Some(None);
        }
        let bracket = if is_object { Bracket::Object } else { Bracket::Array };
        *place_id = gaps.place_id(Place { around: *place_id, bracket, target: *target, depth })?;
        if is_object { self.key(target).map(Some) } else { Some(Some(*target)) }
    }

    /// Passes a key and its colon; gives what rules want of the value behind it.
    fn key(&mut self, object: &Target) -> Option<Target> {
        (self.token()? == b'"').then_some(())?;
        let start = self.at + 1;
        let end = self.quotes.next(start)?;
        let key = self.bytes.get(start..end)?;
        self.at = end + 1;
        (self.token()? == b':').then_some(())?;
        self.at += 1;
        let Some(node) = object.node else { return Some(Target::default()) };
        if self.keys_may_deceive && memchr::memchr(b'\\', key).is_some() {
            return None;
        }
        let Some(edge) = self.fields.step(node, key) else { return Some(Target::default()) };
        let gone_down = edge.node.map_or(0, |_| 1_u64.rotate_left(edge.dots.into()));
        let way_below = object.way_below | gone_down;
        Some(Target { node: edge.node, slot: edge.slot, way: object.way_below, way_below })
    }

    /// The next byte that is no space.
    fn token(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(self.at) {
            self.at += 1;
        }
        self.bytes.get(self.at).copied()
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
    while let Some(open) = quotes.next(between)
        && let Some(close) = quotes.next(open + 1)
    {
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
