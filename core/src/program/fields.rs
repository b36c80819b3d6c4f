//! The fields that rules ask for, numbered, and how to recognise them while an event is walked.
//!
//! ```text
//! names "a.b", "a.c", "x"       at the root:  "a.b" ─▶ slot 0   "a.c" ─▶ slot 1   "x" ─▶ slot 2   "a" ─▶ node 1
//!                               at node 1:    "b"   ─▶ slot 0   "c"   ─▶ slot 1
//! ```
//!
//! A node stands for the part of a dotted name that is behind us, so names that begin alike share it. The
//! same field can be reached by several ways (`"a.b"` and `"a": {"b"}`); the walk remembers which way it
//! came, and where an event offers two, `slots` sorts them out.

use super::Span;
use super::hash::hash;
use super::tables::{Reader, Writer};
use bytemuck::{Pod, Zeroable};
use std::collections::HashMap;

/// A numbered field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Pod, Zeroable)]
#[repr(transparent)]
pub(crate) struct SlotId(pub(crate) u32);

impl SlotId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// The fields of a program.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    names: &'a [Span],
    texts: &'a str,
    /// For each node its table of the keys that lead on from it: at most a quarter of one is taken, and it is searched from
    /// a key's hash on.
    nodes: &'a [Span],
    entries: &'a [Entry],
    /// Whether every name stands in JSON as it is, unless a character is written by its number.
    are_plain: bool,
}

/// A place for a key; nothing is there when it leads nowhere.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Entry {
    hash: u64,
    key: Span,
    slot: u32,
    node: u32,
    dots: u32,
    padding: u32,
}

/// No slot, and no node.
const NONE: u32 = u32::MAX;

const EMPTY: Entry = Entry { hash: 0, key: Span { start: 0, end: 0 }, slot: NONE, node: NONE, dots: 0, padding: 0 };

/// What a key leads to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Edge {
    /// The field that ends here.
    pub(crate) slot: Option<SlotId>,
    /// Where the walk goes on below the key.
    pub(crate) node: Option<NodeId>,
    /// Dots of the name behind the key, counted from the beginning: the way by which the walk came.
    pub(crate) dots: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct NodeId(u32);

/// Writes the names, numbered in their order; equal names must not occur twice.
pub(crate) fn write(names: &[String], writer: &mut Writer) {
    let mut nodes: Vec<HashMap<&str, Edge>> = vec![HashMap::new()];
    // Nodes by the prefix they stand for.
    let mut prefixes: HashMap<&str, usize> = HashMap::from([("", 0)]);
    for (number, name) in names.iter().enumerate() {
        let slot = SlotId(u32::try_from(number).unwrap_or(u32::MAX));
        let cuts: Vec<usize> = memchr::memchr_iter(b'.', name.as_bytes()).collect();
        let starts = std::iter::once(0).chain(cuts.iter().map(|cut| cut + 1));
        for (consumed, start) in starts.enumerate() {
            let node = node_of(name.get(..start).unwrap_or_default(), &mut prefixes, &mut nodes);
            for (further, end) in cuts.iter().copied().filter(|cut| *cut >= start).enumerate() {
                let next = node_of(name.get(..=end).unwrap_or_default(), &mut prefixes, &mut nodes);
                if let Some(edges) = nodes.get_mut(node) {
                    let edge = edges.entry(name.get(start..end).unwrap_or_default()).or_default();
                    edge.node = u32::try_from(next).ok().map(NodeId);
                    edge.dots = u8::try_from(consumed + further + 1).unwrap_or(u8::MAX);
                }
            }
            if let Some(edges) = nodes.get_mut(node) {
                edges.entry(name.get(start..).unwrap_or_default()).or_default().slot = Some(slot);
            }
        }
    }
    let is_plain = |byte: u8| byte >= b' ' && !matches!(byte, b'"' | b'\\' | b'/');
    let are_plain = names.iter().all(|name| name.bytes().all(is_plain));
    let (mut spans, mut entries) = (Vec::with_capacity(nodes.len()), Vec::new());
    for edges in nodes {
        let start = entries.len() as u32;
        entries.extend(node_table(edges, writer));
        spans.push(Span { start, end: entries.len() as u32 });
    }
    let names: Vec<Span> = names.iter().map(|name| writer.text(name)).collect();
    writer.table(&names);
    writer.table(&spans);
    writer.table(&entries);
    writer.word(are_plain.into());
}

impl<'a> Fields<'a> {
    pub(crate) const ROOT: NodeId = NodeId(0);

    /// Reads what [`write`] wrote.
    pub(crate) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let (names, nodes, entries) = (reader.table()?, reader.table()?, reader.table()?);
        Some(Self { names, texts: reader.texts(), nodes, entries, are_plain: reader.word()? != 0 })
    }

    /// Whether a key without characters that are written by their number is a name or none as it stands in JSON.
    pub(crate) fn are_plain(&self) -> bool {
        self.are_plain
    }

    /// Where a key leads at a node: nowhere, when no rule asks for anything there.
    #[inline]
    pub(crate) fn step(&self, node: NodeId, key: &[u8]) -> Option<Edge> {
        let table = self.nodes.get(node.0 as usize)?.of(self.entries);
        let hash = hash(key, 0);
        let mask = table.len().checked_sub(1)?;
        // There is an empty place on the way, unless the table is forged.
        for at in 0..table.len() {
            let entry = table.get((hash as usize).wrapping_add(at) & mask)?;
            if entry.slot == NONE && entry.node == NONE {
                return None;
            }
            if entry.hash == hash && entry.key.of(self.texts.as_bytes()) == key {
                let some = |number: u32| (number != NONE).then_some(number);
                let (slot, node) = (some(entry.slot).map(SlotId), some(entry.node).map(NodeId));
                return Some(Edge { slot, node, dots: entry.dots as u8 });
            }
        }
        None
    }

    pub(crate) fn names(&self) -> impl ExactSizeIterator<Item = &'a str> {
        let texts = self.texts;
        self.names.iter().map(move |name| name.of_texts(texts))
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// Fields that are kept for ever.
    #[cfg(test)]
    pub(crate) fn new(names: Vec<String>) -> Fields<'static> {
        let mut writer = Writer::new();
        write(&names, &mut writer);
        let bytes = Box::leak(writer.finish().unwrap().into_boxed_slice());
        Fields::read(&mut Reader::new(bytes).unwrap()).unwrap()
    }
}

/// The node that stands for a prefix, a new one when there was none.
fn node_of<'n>(
    prefix: &'n str,
    prefixes: &mut HashMap<&'n str, usize>,
    nodes: &mut Vec<HashMap<&'n str, Edge>>,
) -> usize {
    let node = *prefixes.entry(prefix).or_insert(nodes.len());
    if node == nodes.len() {
        nodes.push(HashMap::new());
    }
    node
}

/// The table of a node.
fn node_table(edges: HashMap<&str, Edge>, writer: &mut Writer) -> Vec<Entry> {
    let mut table = vec![EMPTY; (edges.len() * 4).next_power_of_two()];
    let mask = table.len() - 1;
    // In a fixed order, so that the same names always give the same bytes.
    let mut edges: Vec<(&str, Edge)> = edges.into_iter().collect();
    edges.sort_unstable_by_key(|(key, _)| *key);
    for (key, edge) in edges {
        let hash = hash(key.as_bytes(), 0);
        let mut at = hash as usize & mask;
        while table.get(at).is_some_and(|entry| entry.slot != NONE || entry.node != NONE) {
            at = (at + 1) & mask;
        }
        if let Some(place) = table.get_mut(at) {
            let (slot, node) = (edge.slot.map_or(NONE, |slot| slot.0), edge.node.map_or(NONE, |node| node.0));
            *place = Entry { hash, key: writer.text(key), slot, node, dots: edge.dots.into(), padding: 0 };
        }
    }
    table
}
