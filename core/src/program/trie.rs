//! A byte trie in flat tables: which of many literals does a value begin with?
//!
//! ```text
//! "ab" → 1, "abc" → 2        walk "abx":  a ─▶ b (gives 1) ─▶ x: no way on, stop
//! ```
//!
//! For suffixes the literals and the value are read backwards. The walk stops at the first byte that no
//! literal goes on with, so its cost is the length of the common part.

use std::collections::BTreeMap;

/// A frozen trie from byte strings to numbers.
#[derive(Debug, Default)]
pub(crate) struct Trie {
    nodes: Vec<Node>,
    bytes: Vec<u8>,
    targets: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
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

impl Trie {
    /// Builds a trie; literals must be distinct.
    pub(crate) fn new<I: Iterator<Item = u8>>(literals: impl IntoIterator<Item = (I, u32)>) -> Self {
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
        let mut trie = Self::default();
        if drafts.len() == 1 && drafts.first().is_none_or(|root| root.value.is_none()) {
            return trie;
        }
        for draft in drafts {
            let start = trie.bytes.len() as u32;
            for (byte, target) in draft.edges {
                trie.bytes.push(byte);
                trie.targets.push(target as u32);
            }
            trie.nodes.push(Node { start, end: trie.bytes.len() as u32, value: draft.value.unwrap_or(NONE) });
        }
        trie
    }

    /// Calls `found` for every literal that the bytes begin with, and with its length.
    pub(crate) fn walk(&self, bytes: impl Iterator<Item = u8>, mut found: impl FnMut(u32, usize)) {
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
    use super::*;

    #[test]
    fn every_literal_on_the_way_is_found() {
        let trie = Trie::new([("ab", 1), ("abc", 2), ("b", 3), ("", 4)].map(|(text, value)| (text.bytes(), value)));
        let walk = |text: &str| {
            let mut found = Vec::new();
            trie.walk(text.bytes(), |value, _| found.push(value));
            found
        };
        assert_eq!(walk("abcd"), [4, 1, 2]);
        assert_eq!(walk("abx"), [4, 1]);
        assert_eq!(walk("x"), [4]);
        let nothing = Trie::new(std::iter::empty::<(std::str::Bytes<'_>, u32)>());
        nothing.walk("x".bytes(), |_, _| panic!("nothing was put in"));
    }
}
