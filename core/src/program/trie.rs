//! A byte trie in flat tables: which of many literals does a value begin with?
//!
//! ```text
//! "ab" → 1, "abc" → 2        walk "abx":  a ─▶ b (gives 1) ─▶ x: no way on, stop
//! ```
//!
//! For suffixes the literals and the value are read backwards. The walk stops at the first byte that no
//! literal goes on with, so its cost is the length of the common part.

use super::tables::{Reader, Writer};
use bytemuck::{Pod, Zeroable};
use std::collections::BTreeMap;

/// A frozen trie from byte strings to numbers.
#[derive(Debug, Default)]
pub(super) struct Trie<'a> {
    nodes: &'a [Node],
    bytes: &'a [u8],
    targets: &'a [u32],
}

#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Node {
    start: u32,
    end: u32,
    value: u32,
}

const NONE: u32 = u32::MAX;

#[derive(Default)]
struct Draft {
    edges: BTreeMap<u8, usize>,
    value: Option<u32>,
}

/// Writes a trie; literals must be distinct.
pub(super) fn write<I: Iterator<Item = u8>>(literals: impl IntoIterator<Item = (I, u32)>, writer: &mut Writer) {
    let mut drafts = vec![Draft::default()];
    for (literal, value) in literals {
        let mut at = 0;
        for byte in literal {
            let next = drafts.len();
            let Some(draft) = drafts.get_mut(at) else { break };
            at = *draft.edges.entry(byte).or_insert(next);
            if at == next {
                drafts.push(Draft::default());
            }
        }
        if let Some(draft) = drafts.get_mut(at) {
            draft.value = Some(value);
        }
    }
    if drafts.len() == 1 && drafts.first().is_none_or(|root| root.value.is_none()) {
        drafts.clear();
    }
    let (mut nodes, mut bytes, mut targets) = (Vec::with_capacity(drafts.len()), Vec::new(), Vec::new());
    for draft in drafts {
        let start = bytes.len() as u32;
        for (byte, target) in draft.edges {
            bytes.push(byte);
            targets.push(target as u32);
        }
        nodes.push(Node { start, end: bytes.len() as u32, value: draft.value.unwrap_or(NONE) });
    }
    writer.table(&nodes);
    writer.table(&bytes);
    writer.table(&targets);
}

impl<'a> Trie<'a> {
    /// Reads what [`write`] wrote.
    pub(super) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        Some(Self { nodes: reader.table()?, bytes: reader.table()?, targets: reader.table()? })
    }

    /// Calls `found` for every literal that the bytes begin with, and with its length.
    pub(super) fn walk(&self, bytes: impl Iterator<Item = u8>, mut found: impl FnMut(u32, usize)) {
        let Some(mut node) = self.nodes.first().copied() else { return };
        if node.value != NONE {
            found(node.value, 0);
        }
        for (at, byte) in bytes.enumerate() {
            let span = node.start as usize..node.end as usize;
            let Some(edge) = self.bytes.get(span).and_then(|edges| edges.iter().position(|own| *own == byte)) else {
                return;
            };
            let target = self.targets.get(node.start as usize + edge).copied().unwrap_or(0);
            let Some(next) = self.nodes.get(target as usize) else { return };
            node = *next;
            if node.value != NONE {
                found(node.value, at + 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tables::tests::written;
    use super::*;

    #[test]
    fn every_literal_on_the_way_is_found() {
        let literals = [("ab", 1), ("abc", 2), ("b", 3), ("", 4)].map(|(text, value)| (text.bytes(), value));
        let walk = |reader: &mut Reader<'_>| {
            let trie = Trie::read(reader).unwrap();
            let walk = |text: &str| {
                let mut found = Vec::new();
                trie.walk(text.bytes(), |value, _| found.push(value));
                found
            };
            ["abcd", "abx", "x"].map(walk)
        };
        assert_eq!(written(|writer| write(literals, writer), walk), [vec![4, 1, 2], vec![4, 1], vec![4]]);
        let nothing = std::iter::empty::<(std::str::Bytes<'_>, u32)>();
        assert_eq!(written(|writer| write(nothing, writer), walk), [const { Vec::<u32>::new() }; 3]);
    }
}
