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

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

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
}

#[derive(Debug, Default)]
struct Node {
    edges: HashMap<Box<str>, Edge, foldhash::fast::FixedState>,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodeId(u32);

impl Fields {
    pub(crate) const ROOT: NodeId = NodeId(0);

    /// Numbers the names in their order; equal names must not occur twice.
    pub(crate) fn new(names: Vec<String>) -> Self {
        let mut fields = Self { names: Vec::new(), nodes: vec![Node::default()] };
        // Nodes by the prefix they stand for.
        let mut prefixes: HashMap<String, NodeId> = HashMap::from([(String::new(), Self::ROOT)]);
        for (number, name) in names.iter().enumerate() {
            let slot = SlotId(u32::try_from(number).unwrap_or(u32::MAX));
            let cuts: Vec<usize> = memchr::memchr_iter(b'.', name.as_bytes()).collect();
            let starts = std::iter::once(0).chain(cuts.iter().map(|cut| cut + 1));
            for (consumed, start) in starts.enumerate() {
                let node =
                    *prefixes.entry(name.get(..start).unwrap_or_default().to_owned()).or_insert_with(|| fields.node());
                for (further, end) in cuts.iter().copied().filter(|cut| *cut >= start).enumerate() {
                    let next = *prefixes
                        .entry(name.get(..=end).unwrap_or_default().to_owned())
                        .or_insert_with(|| fields.node());
                    let key = name.get(start..end).unwrap_or_default();
                    let edge = fields.edge(node, key);
                    edge.node = Some(next);
                    edge.dots = u8::try_from(consumed + further + 1).unwrap_or(u8::MAX);
                }
                let edge = fields.edge(node, name.get(start..).unwrap_or_default());
                edge.slot = Some(slot);
            }
        }
        fields.names = names;
        fields
    }

    fn node(&mut self) -> NodeId {
        self.nodes.push(Node::default());
        NodeId(u32::try_from(self.nodes.len() - 1).unwrap_or(u32::MAX))
    }

    fn edge(&mut self, node: NodeId, key: &str) -> &mut Edge {
        let node = node.0 as usize;
        if node >= self.nodes.len() {
            self.nodes.resize_with(node + 1, Node::default);
        }
        self.nodes[node].edges.entry(key.into()).or_default()
    }

    /// Where `key` leads at a node; `None` when no rule asks for anything there.
    pub(crate) fn step(&self, node: NodeId, key: &str) -> Option<Edge> {
        self.nodes.get(node.0 as usize)?.edges.get(key).copied()
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }
}
