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

use super::hash::hash;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// A numbered field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct SlotId(pub(crate) u32);

impl SlotId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// The fields of a program.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    names: Vec<String>,
    nodes: Vec<Node>,
    /// Whether every name stands in JSON as it is, unless a character is written by its number.
    are_plain: bool,
}

/// The keys that lead on from a node: a table of which at most a quarter is taken, searched from a key's hash on.
#[derive(Debug)]
struct Node {
    table: Box<[Option<Entry>]>,
}

#[derive(Debug, Clone)]
struct Entry {
    hash: u64,
    key: Box<str>,
    edge: Edge,
}

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

impl Fields {
    pub(crate) const ROOT: NodeId = NodeId(0);

    /// Numbers the names in their order; equal names must not occur twice.
    pub(crate) fn new(names: Vec<String>) -> Self {
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
        let nodes = nodes.into_iter().map(Node::new).collect();
        Self { names, nodes, are_plain }
    }

    /// Whether a key without characters that are written by their number is a name or none as it stands in JSON.
    pub(crate) fn are_plain(&self) -> bool {
        self.are_plain
    }

    /// Where a key leads at a node: nowhere, when no rule asks for anything there.
    #[inline]
    pub(crate) fn step(&self, node: NodeId, key: &[u8]) -> Option<Edge> {
        self.nodes.get(node.0 as usize)?.find(key)
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
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

impl Node {
    fn new(edges: HashMap<&str, Edge>) -> Self {
        let mut table = vec![None; (edges.len() * 4).next_power_of_two()];
        let mask = table.len() - 1;
        for (key, edge) in edges {
            let hash = hash(key.as_bytes(), 0);
            let mut at = hash as usize & mask;
            while table.get(at).is_some_and(Option::is_some) {
                at = (at + 1) & mask;
            }
            if let Some(place) = table.get_mut(at) {
                *place = Some(Entry { hash, key: key.into(), edge });
            }
        }
        Self { table: table.into() }
    }

    #[inline]
    fn find(&self, key: &[u8]) -> Option<Edge> {
        let hash = hash(key, 0);
        let mask = self.table.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let entry = self.table.get(at)?.as_ref()?;
            if entry.hash == hash && entry.key.as_bytes() == key {
                return Some(entry.edge);
            }
            at = (at + 1) & mask;
        }
    }
}
