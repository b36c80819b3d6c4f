//! The graph of incidents in GraphML 1.0, as Gephi, yEd, Cytoscape, igraph and networkx read it.
//!
//! ```text
//! <key id="n0" for="node" attr.name="label" attr.type="string"/>
//! <graph id="incidents" edgedefault="directed"><node id="h0"><data key="n0">ews-1</data></node> ...
//! ```
//!
//! Names are data, not ids, so any text may be one. Characters that XML 1.0 has no place for become U+FFFD.

use super::graph::{Graph, Value, Values};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};

pub(super) fn write(graph: &Graph<'_>, out: &mut impl Write) -> io::Result<()> {
    let mut xml = Writer::new_with_indent(out, b' ', 1);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let root = [
        ("xmlns", "http://graphml.graphdrawing.org/xmlns"),
        ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
        (
            "xsi:schemaLocation",
            "http://graphml.graphdrawing.org/xmlns http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd",
        ),
    ];
    xml.write_event(Event::Start(BytesStart::new("graphml").with_attributes(root)))?;
    let own = Keys::of("graph", 'g', std::iter::once(graph.values()));
    let of_nodes = Keys::of("node", 'n', graph.nodes.iter().map(|node| node.values()));
    let of_edges = Keys::of("edge", 'e', graph.edges.iter().map(|edge| edge.values()));
    for keys in [&own, &of_nodes, &of_edges] {
        keys.declare(&mut xml)?;
    }
    let element = BytesStart::new("graph").with_attributes([("id", "incidents"), ("edgedefault", "directed")]);
    xml.write_event(Event::Start(element))?;
    own.data(&graph.values(), &mut xml)?;
    for (number, node) in graph.nodes.iter().enumerate() {
        let id = format!("h{number}");
        xml.write_event(Event::Start(BytesStart::new("node").with_attributes([("id", id.as_str())])))?;
        of_nodes.data(&node.values(), &mut xml)?;
        xml.write_event(Event::End(BytesEnd::new("node")))?;
    }
    for (number, edge) in graph.edges.iter().enumerate() {
        let (id, from, to) = (format!("c{number}"), format!("h{}", edge.from), format!("h{}", edge.to));
        let ends = [("id", id.as_str()), ("source", from.as_str()), ("target", to.as_str())];
        xml.write_event(Event::Start(BytesStart::new("edge").with_attributes(ends)))?;
        of_edges.data(&edge.values(), &mut xml)?;
        xml.write_event(Event::End(BytesEnd::new("edge")))?;
    }
    xml.write_event(Event::End(BytesEnd::new("graph")))?;
    xml.write_event(Event::End(BytesEnd::new("graphml")))?;
    xml.get_mut().write_all(b"\n")
}

/// The values that nodes, edges or the graph have: by their names an id and a type.
struct Keys {
    of: &'static str,
    ids: BTreeMap<&'static str, (String, &'static str)>,
}

impl Keys {
    fn of(of: &'static str, letter: char, all: impl Iterator<Item = Values>) -> Self {
        let mut ids = BTreeMap::new();
        for (name, value) in all.flatten() {
            let number = ids.len();
            ids.entry(name).or_insert_with(|| (format!("{letter}{number}"), type_of(&value)));
        }
        Self { of, ids }
    }

    fn declare(&self, xml: &mut Writer<impl Write>) -> io::Result<()> {
        for (name, (id, of_type)) in &self.ids {
            let attributes = [("id", id.as_str()), ("for", self.of), ("attr.name", name), ("attr.type", of_type)];
            xml.write_event(Event::Empty(BytesStart::new("key").with_attributes(attributes)))?;
        }
        Ok(())
    }

    fn data(&self, values: &Values, xml: &mut Writer<impl Write>) -> io::Result<()> {
        for (name, value) in values {
            let Some((id, _)) = self.ids.get(name) else { continue };
            xml.write_event(Event::Start(BytesStart::new("data").with_attributes([("key", id.as_str())])))?;
            xml.write_event(Event::Text(BytesText::new(&text(value))))?;
            xml.write_event(Event::End(BytesEnd::new("data")))?;
        }
        Ok(())
    }
}

const fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Text(_) | Value::Texts(_) => "string",
        Value::Count(_) => "long",
        Value::Number(_) => "double",
        Value::Flag(_) => "boolean",
    }
}

fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Text(text) => legal(text.into()),
        Value::Texts(texts) => legal(texts.join("; ").into()),
        Value::Count(count) => count.to_string().into(),
        Value::Number(number) => number.to_string().into(),
        Value::Flag(flag) => flag.to_string().into(),
    }
}

/// The same without what XML 1.0 has no place for.
fn legal(text: Cow<'_, str>) -> Cow<'_, str> {
    let is_illegal = |own: char| {
        own.is_ascii_control() && !matches!(own, '\t' | '\n' | '\r') || matches!(own, '\u{fffe}' | '\u{ffff}')
    };
    if text.contains(is_illegal) { text.replace(is_illegal, "\u{fffd}").into() } else { text }
}
