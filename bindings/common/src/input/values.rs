//! JSON objects in an array, or one after another, over as many lines as they like.
//!
//! ```text
//!  [ {"a":1}, 7, {"b":[
//!      1, 2]} ]            records 1 and 3; 7 is a fault with number 2
//!  {                       a record; between records, blanks, commas and brackets are free
//!    "c": 1 }
//! ```
//!
//! It follows strings, escapes and depth, and nothing else: `{]` is one record, and the engine says
//! what is wrong with it. Of one record it remembers only the depth, so a record over the limit is
//! passed without being held. A line end inside a string is a record that was cut off: reading goes
//! on at the next line that begins with `{` no deeper than that record did.

use memchr::{memchr, memchr3};

use super::batch::Batch;
use super::error::Broken;
use super::fault::{Fault, FaultKind};
use super::options::{BATCH_FAULTS_MAX, Limits};
use super::source::{Pace, Stop};
use super::window::{Flow, Window};

/// Splits an input into objects.
pub(super) struct Values {
    window: Window,
    limits: Limits,
    place: Place,
    /// Unread bytes that were followed already; they belong to the item begun.
    scanned: usize,
    /// Items begun so far.
    number: u64,
    in_array: bool,
    /// Blanks between the last line end and here, or `None` when something else was between.
    indent: Option<usize>,
}

/// Where the splitter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before an item.
    Between,
    Inside(Item),
    /// After a record that was cut off; `blanks` stand in this line so far, `None` once more does.
    Resync {
        indent_max: usize,
        blanks: Option<usize>,
    },
}

/// The item begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Item {
    shape: Shape,
    position: u64,
    indent: Option<usize>,
    depth: u64,
    quoted: bool,
    escaped: bool,
    /// Bytes of it that were dropped because it is too long.
    dropped: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Object,
    Array,
    Text,
    /// A number, a word, or bytes that are no JSON.
    Other,
}

/// What following some bytes of an item came to.
enum Followed {
    /// It goes on after the last byte.
    On,
    /// It ends with this many bytes.
    Ends(usize),
    /// It cannot go on after this many bytes: a line end inside a string.
    Breaks(usize),
}

impl Item {
    fn follow(&mut self, bytes: &[u8]) -> Followed {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            if self.escaped {
                self.escaped = false;
                at += 1;
            } else if self.quoted {
                let Some(found) = memchr3(b'"', b'\\', b'\n', rest) else {
                    return Followed::On;
                };
                at += found + 1;
                match rest.get(found) {
                    Some(b'\\') => self.escaped = true,
                    Some(b'"') => {
                        self.quoted = false;
                        if self.depth == 0 {
                            return Followed::Ends(at);
                        }
                    }
                    _ => return Followed::Breaks(at - 1),
                }
            } else if self.shape == Shape::Other {
                let end = rest.iter().position(|byte| matches!(byte, b',' | b']' | b'{' | b'[' | b'\n'));
                return end.map_or(Followed::On, |end| Followed::Ends(at + end));
            } else {
                let found = rest.iter().position(|byte| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']'));
                let Some(found) = found else { return Followed::On };
                at += found + 1;
                match rest.get(found) {
                    Some(b'"') => self.quoted = true,
                    Some(b'{' | b'[') => self.depth += 1,
                    _ => {
                        self.depth = self.depth.saturating_sub(1);
                        if self.depth == 0 {
                            return Followed::Ends(at);
                        }
                    }
                }
            }
        }
        Followed::On
    }
}

/// One step through the window.
enum Step {
    Record {
        start: usize,
        end: usize,
    },
    Fault(Fault),
    /// Something was passed over.
    Moved,
    NeedMore,
}

impl Values {
    pub(super) fn new(window: Window, limits: Limits) -> Self {
        Values { window, limits, place: Place::Between, scanned: 0, number: 0, in_array: false, indent: Some(0) }
    }

    pub(super) fn next_batch(&mut self, batch: &mut Batch, faults: &mut Vec<Fault>) -> Result<(), Broken> {
        batch.clear();
        let filled = self.fill(batch, faults);
        if let Some(first) = batch.spans.first().map(|span| span.start) {
            self.window.hand_over(batch, first);
        }
        filled
    }

    fn fill(&mut self, batch: &mut Batch, faults: &mut Vec<Fault>) -> Result<(), Broken> {
        let faults_before = faults.len();
        let faults_max = faults_before.saturating_add(BATCH_FAULTS_MAX);
        let mut bytes = 0;
        while bytes < self.limits.batch_bytes
            && batch.len() < self.limits.batch_records_max
            && faults.len() < faults_max
        {
            match self.step() {
                Step::Record { start, end } => {
                    batch.push_span(start..end, self.number);
                    bytes += end - start;
                }
                Step::Fault(fault) => faults.push(fault),
                Step::Moved => {}
                Step::NeedMore if matches!(self.window.flow(), Flow::Open) => {
                    let found = !batch.is_empty() || faults.len() > faults_before;
                    if found && !(self.window.pace() == Pace::File && self.window.has_room()) {
                        break;
                    }
                    if batch.is_empty() {
                        self.window.read_more();
                    } else {
                        self.window.read_in_place();
                    }
                }
                Step::NeedMore => match self.finish()? {
                    Some(fault) => faults.push(fault),
                    None => break,
                },
            }
        }
        Ok(())
    }

    fn step(&mut self) -> Step {
        if self.window.unread().len() <= self.scanned {
            return Step::NeedMore;
        }
        match self.place {
            Place::Between => self.begin(),
            Place::Inside(item) => self.follow(item),
            Place::Resync { indent_max, blanks } => self.resync(indent_max, blanks),
        }
    }

    /// Passes over what may stand between items, to where one begins.
    fn begin(&mut self) -> Step {
        let unread = self.window.unread();
        let mut passed = 0;
        let mut shape = None;
        let mut closes_nothing = false;
        for byte in unread {
            match byte {
                b'\n' => self.indent = Some(0),
                b' ' | b'\t' | b'\r' => self.indent = self.indent.map(|indent| indent + 1),
                // A byte order mark, also between joined files.
                b'\xef' | b'\xbb' | b'\xbf' => {}
                b',' => self.indent = None,
                b'[' if !self.in_array => (self.in_array, self.indent) = (true, None),
                b']' if self.in_array => (self.in_array, self.indent) = (false, None),
                other => {
                    shape = Some(match other {
                        b'{' => Shape::Object,
                        b'[' => Shape::Array,
                        b'"' => Shape::Text,
                        _ => Shape::Other,
                    });
                    closes_nothing = *other == b']';
                    break;
                }
            }
            passed += 1;
        }
        self.window.consume(passed);
        let Some(shape) = shape else { return Step::Moved };
        self.number += 1;
        let position = self.window.position();
        if closes_nothing {
            self.window.consume(1);
            return Step::Fault(self.fault(position, FaultKind::NotAnObject, "`]` without `[` before it".to_owned()));
        }
        let depth = u64::from(matches!(shape, Shape::Object | Shape::Array));
        let quoted = shape == Shape::Text;
        self.scanned = usize::from(shape != Shape::Other);
        let indent = self.indent.take();
        self.place = Place::Inside(Item { shape, position, indent, depth, quoted, escaped: false, dropped: 0 });
        Step::Moved
    }

    fn follow(&mut self, mut item: Item) -> Step {
        let unread = self.window.unread();
        let followed = item.follow(unread.get(self.scanned..).unwrap_or_default());
        let (length, end) = match followed {
            Followed::On => (unread.len(), None),
            Followed::Ends(count) => (self.scanned + count, Some(true)),
            Followed::Breaks(count) => (self.scanned + count, Some(false)),
        };
        let total = item.dropped + length as u64;
        let is_long = total > self.limits.record_bytes_max as u64;
        let Some(is_whole) = end else {
            // An item that is no record, or too long to be one, need not be held.
            self.scanned = length;
            if is_long || item.shape != Shape::Object {
                item.dropped = total;
                self.window.consume(length);
                self.scanned = 0;
            }
            self.place = Place::Inside(item);
            return Step::NeedMore;
        };
        let start = self.window.index();
        self.window.consume(length);
        self.scanned = 0;
        self.place = Place::Between;
        if !is_whole {
            self.place = Place::Resync { indent_max: item.indent.unwrap_or(usize::MAX), blanks: None };
            let message = "the object is cut off: a line ends inside a string".to_owned();
            return Step::Fault(self.fault(item.position, FaultKind::CutOff, message));
        }
        match item.shape {
            Shape::Object if is_long => {
                let limit = self.limits.record_bytes_max;
                let message = format!("object of {total} bytes is longer than the limit of {limit} bytes");
                Step::Fault(self.fault(item.position, FaultKind::TooLong, message))
            }
            Shape::Object => Step::Record { start, end: start + length },
            shape => Step::Fault(self.fault(item.position, FaultKind::NotAnObject, not_an_object(shape))),
        }
    }

    /// Looks for a line that begins with `{` after at most `indent_max` blanks.
    fn resync(&mut self, indent_max: usize, mut blanks: Option<usize>) -> Step {
        let unread = self.window.unread();
        let mut passed = 0;
        while let Some(rest) = unread.get(passed..).filter(|rest| !rest.is_empty()) {
            let Some(count) = blanks else {
                let found = memchr(b'\n', rest);
                passed += found.map_or(rest.len(), |found| found + 1);
                blanks = found.map(|_| 0);
                continue;
            };
            blanks = match rest.first() {
                Some(b' ' | b'\t' | b'\r') => Some(count + 1),
                Some(b'\n') => Some(0),
                Some(b'{') if count <= indent_max => {
                    self.window.consume(passed);
                    self.place = Place::Between;
                    self.indent = Some(count);
                    return Step::Moved;
                }
                _ => None,
            };
            passed += 1;
        }
        self.window.consume(passed);
        self.place = Place::Resync { indent_max, blanks };
        Step::NeedMore
    }

    /// What remains once no more bytes come. To be called until it gives `None`.
    fn finish(&mut self) -> Result<Option<Fault>, Broken> {
        let position = self.window.position();
        let place = std::mem::replace(&mut self.place, Place::Between);
        let left = self.window.unread().len();
        self.window.consume(left);
        self.scanned = 0;
        let in_array = std::mem::replace(&mut self.in_array, false);
        let stop = match self.window.take_stop() {
            None | Some(Stop::ForNow) => None,
            Some(Stop::Failed(error)) => return Err(Broken::Io(error)),
            Some(Stop::CutOff(what)) => Some((FaultKind::CutOff, what)),
            Some(Stop::Damaged(what)) => Some((FaultKind::Damaged, what)),
        };
        let (at, ended) = match place {
            Place::Inside(item) if item.shape == Shape::Other && stop.is_none() => {
                return Ok(Some(self.fault(item.position, FaultKind::NotAnObject, not_an_object(item.shape))));
            }
            Place::Inside(item) => (item.position, Some("the object that was cut off is not read")),
            _ => (position, None),
        };
        let number = self.number + u64::from(ended.is_none());
        let (kind, message) = match (stop, ended) {
            (Some((kind, what)), Some(ended)) => (kind, format!("{what}; {ended}")),
            (Some((kind, what)), None) => (kind, what),
            (None, Some(_)) => (FaultKind::CutOff, "the input ends inside this object".to_owned()),
            (None, None) if in_array => (FaultKind::CutOff, "the input ends before the `]` of its array".to_owned()),
            (None, None) => return Ok(None),
        };
        Ok(Some(Fault { number, byte: Some(at), message, kind }))
    }

    fn fault(&self, position: u64, kind: FaultKind, message: String) -> Fault {
        Fault { number: self.number, byte: Some(position), message, kind }
    }
}

fn not_an_object(shape: Shape) -> String {
    let found = match shape {
        Shape::Array => "an array",
        Shape::Text => "a string",
        Shape::Object | Shape::Other => "something else",
    };
    format!("{found} where a JSON object belongs")
}
