//! The graph of incidents as JSON: nodes and edges in two lists (node-link), as networkx and d3 read it.
//!
//! ```text
//! {"directed": true, "multigraph": true, "graph": {"incidents": 1},
//!  "nodes": [{"id": "host:ews-1", "label": "ews-1", ...}],
//!  "edges": [{"source": "host:jump-1", "target": "host:ews-1", "key": 0, "relation": "path", ...}]}
//! ```
//!
//! `networkx.node_link_graph(graph, edges="edges")` gives a `MultiDiGraph`. A host and an account of one name are two nodes.

use super::graph::{Edge, Graph, Node, Values};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use std::io::{self, Write};

pub(super) fn write(graph: &Graph<'_>, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"{\"directed\":true,\"multigraph\":true,\"graph\":")?;
    serde_json::to_writer(&mut *out, &Object(&[], &graph.values()))?;
    out.write_all(b",\n\"nodes\":[")?;
    for (number, node) in graph.nodes.iter().enumerate() {
        out.write_all(if number == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *out, &Object(&[("id", id(node).into())], &node.values()))?;
    }
    out.write_all(b"],\n\"edges\":[")?;
    for (number, edge) in graph.edges.iter().enumerate() {
        out.write_all(if number == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *out, &Object(&ends(graph, edge, number), &edge.values()))?;
    }
    out.write_all(b"]}\n")
}

fn id(node: &Node<'_>) -> String {
    format!("{}:{}", node.kind.name(), node.name)
}

fn ends(graph: &Graph<'_>, edge: &Edge<'_>, number: usize) -> [(&'static str, serde_json::Value); 3] {
    let end = |at: usize| graph.nodes.get(at).map(id).into();
    // Several edges may lead from one node to another; a key tells them apart.
    [("source", end(edge.from)), ("target", end(edge.to)), ("key", number.into())]
}

/// What an object begins with, and its values.
struct Object<'a>(&'a [(&'static str, serde_json::Value)], &'a Values);

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len() + self.1.len()))?;
        for (name, value) in self.0 {
            map.serialize_entry(name, value)?;
        }
        for (name, value) in self.1 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
