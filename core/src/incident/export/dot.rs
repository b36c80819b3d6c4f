//! The graph of incidents for Graphviz, with a box for each zone, the lowest Purdue level at the bottom.
//!
//! ```text
//! digraph incidents {
//!   subgraph cluster_0 { label="operations (level 3)"; n2 [label="ews-1", ...]; }
//!   n1 -> n2 [label="rdp as mk", style=bold, color="#c62828", ...];
//! }
//! ```
//!
//! Nodes have numbers, all text stands in quotes. `dot -Tsvg` draws it; attributes that Graphviz does not know are kept for other readers.

use super::graph::{Edge, EdgeKind, Graph, Node, NodeKind, Value, Values};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

pub(super) fn write(graph: &Graph<'_>, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"digraph incidents {\n  rankdir=TB;\n  node [shape=box, fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\"];\n")?;
    for (name, value) in graph.values() {
        writeln!(out, "  {name}={};", quoted(&value))?;
    }
    for (number, ((level, zone), nodes)) in zones(graph).iter().enumerate() {
        let level = level.map(|Level(level)| format!(" (level {level})")).unwrap_or_default();
        let title = quoted(&Value::Text(format!("{zone}{level}")));
        writeln!(out, "  subgraph cluster_{number} {{\n    label={title};")?;
        for (at, node) in nodes {
            writeln!(out, "    n{at} [{}];", attributes(&node.values(), node_style(node)))?;
        }
        out.write_all(b"  }\n")?;
    }
    for (at, node) in graph.nodes.iter().enumerate().filter(|(_, node)| node.zone().is_none()) {
        writeln!(out, "  n{at} [{}];", attributes(&node.values(), node_style(node)))?;
    }
    for edge in &graph.edges {
        let (from, to) = (edge.from, edge.to);
        writeln!(out, "  n{from} -> n{to} [{}];", attributes(&edge.values(), edge_style(edge)))?;
    }
    out.write_all(b"}\n")
}

/// A Purdue level that can be ordered, the highest first.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Level(f64);

impl Eq for Level {}

impl PartialOrd for Level {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Level {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.0.total_cmp(&self.0)
    }
}

type Zones<'g, 'a> = BTreeMap<(Option<Level>, &'a str), Vec<(usize, &'g Node<'a>)>>;

fn zones<'g, 'a>(graph: &'g Graph<'a>) -> Zones<'g, 'a> {
    let mut zones = Zones::new();
    for (at, node) in graph.nodes.iter().enumerate() {
        if let Some(zone) = node.zone() {
            zones.entry((node.purdue().map(Level), zone)).or_default().push((at, node));
        }
    }
    zones
}

const fn node_style(node: &Node<'_>) -> &'static str {
    match node.kind {
        NodeKind::Account => ", shape=ellipse, style=dashed",
        NodeKind::Host if node.is_on_path => ", style=bold, color=\"#c62828\"",
        NodeKind::Host if node.is_next() => ", style=dotted",
        NodeKind::Host => "",
    }
}

const fn edge_style(edge: &Edge<'_>) -> &'static str {
    match edge.kind {
        EdgeKind::Path => ", style=bold, color=\"#c62828\"",
        EdgeKind::Onward => ", style=dashed, color=\"#c62828\"",
        EdgeKind::Alternative | EdgeKind::Account => ", style=dashed, color=\"#757575\", constraint=false",
        EdgeKind::Next => ", style=dotted, color=\"#757575\"",
        EdgeKind::Finding => "",
    }
}

fn attributes(values: &Values, style: &str) -> String {
    let mut out = String::new();
    for (number, (name, value)) in values.iter().enumerate() {
        let comma = if number == 0 { "" } else { ", " };
        // Writing to a String does not fail.
        let _ = write!(out, "{comma}{name}={}", quoted(value));
    }
    out + style
}

/// A value in quotes. Graphviz ends a text at a quote, gives backslashes and entities a meaning in labels, and knows no NUL.
fn quoted(value: &Value) -> String {
    let mut out = String::from("\"");
    let mut push = |text: &str| {
        for character in text.chars() {
            match character {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '&' => out.push_str("&amp;"),
                '\n' => out.push_str("\\n"),
                control if control.is_control() => out.push(char::REPLACEMENT_CHARACTER),
                other => out.push(other),
            }
        }
    };
    match value {
        Value::Text(text) => push(text),
        Value::Texts(texts) => push(&texts.join("; ")),
        Value::Count(count) => push(&count.to_string()),
        Value::Number(number) => push(&number.to_string()),
        Value::Flag(flag) => push(&flag.to_string()),
    }
    out.push('"');
    out
}
