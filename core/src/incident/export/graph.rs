//! Incidents as one graph: hosts and accounts, and what leads from one to another.
//!
//! ```text
//! (203.0.113.50) ─path: vpn as mk─▶ (jump-1) ─path: rdp─▶ (ews-1) ─path: mode_stop─▶ (plc-7)
//! (mk) ─account─▶ (ews-1)      (ews-1) ─finding: Block Written ×3─▶ (plc-7)      (ews-1) ─next─▶ (plc-8)
//! ```
//!
//! A host of several incidents is one node. What goes from a host to itself, or names one host only, is no edge but counts at the node.
//! The order is that of the incidents, ways first, so what a limit leaves out is what matters least; it is counted.

use crate::check::Level;
use crate::config::{INCIDENT_EDGES_MAX, INCIDENT_NODES_MAX};
use crate::incident::finding::EntityKind;
use crate::incident::path::Hop;
use crate::incident::show::{FindingSeen, HostSeen, Incident};
use crate::incident::spread::Reach;
use hashbrown::HashMap;
use serde::Serialize;

/// Titles of rules that a node names.
const RULES_MAX: usize = 16;
/// Incidents that a node names.
const INCIDENTS_MAX: usize = 64;

/// A value of a node or an edge.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Value {
    Text(String),
    Texts(Vec<String>),
    Count(u64),
    Number(f64),
    Flag(bool),
}

/// What is known of a node or an edge: names and values, without what is not known.
pub(super) type Values = Vec<(&'static str, Value)>;

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum NodeKind {
    Host,
    Account,
}

impl NodeKind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Account => "account",
        }
    }
}

/// Why there is an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum EdgeKind {
    /// A hop of the way.
    Path,
    /// A contact from another host that may have been the hop.
    Alternative,
    /// What the last host of the way then did to a device, of which no finding tells.
    Onward,
    /// Something was found between the two.
    Finding,
    /// An account occurs on a host.
    Account,
    /// Where it can go next.
    Next,
}

impl EdgeKind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Alternative => "alternative",
            Self::Onward => "onward",
            Self::Finding => "finding",
            Self::Account => "account",
            Self::Next => "next",
        }
    }
}

/// A host or an account.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) kind: NodeKind,
    pub(super) name: &'a str,
    known: Option<&'a HostSeen>,
    next: Option<&'a Reach>,
    first: Option<&'a str>,
    findings: u64,
    level: Option<Level>,
    rules: Vec<&'a str>,
    incidents: Vec<&'a str>,
    pub(super) is_on_path: bool,
}

/// What leads from one node to another.
#[derive(Debug)]
pub(super) struct Edge<'a> {
    pub(super) kind: EdgeKind,
    pub(super) from: usize,
    pub(super) to: usize,
    incident: &'a str,
    hop: Option<&'a Hop>,
    rule: Option<&'a FindingSeen>,
    first: Option<&'a str>,
    last: Option<&'a str>,
    count: u64,
}

/// All incidents as one graph.
#[derive(Debug, Default)]
pub(super) struct Graph<'a> {
    pub(super) incidents: &'a [Incident],
    pub(super) nodes: Vec<Node<'a>>,
    pub(super) edges: Vec<Edge<'a>>,
    /// Nodes and edges for which there was no room.
    pub(super) nodes_left_out: u64,
    pub(super) edges_left_out: u64,
    /// The number of each node that was named; none when there was no room for it.
    by_name: HashMap<(NodeKind, &'a str), Option<usize>>,
    /// The same of edges for findings: by kind, incident, ends and rule.
    by_ends: HashMap<(EdgeKind, &'a str, [&'a str; 2], &'a str), Option<usize>>,
    nodes_max: usize,
    edges_max: usize,
}

impl<'a> Graph<'a> {
    pub(super) fn of(incidents: &'a [Incident]) -> Self {
        Self::within(incidents, INCIDENT_NODES_MAX, INCIDENT_EDGES_MAX)
    }

    pub(super) fn within(incidents: &'a [Incident], nodes_max: usize, edges_max: usize) -> Self {
        let mut graph = Self { incidents, nodes_max, edges_max, ..Self::default() };
        incidents.iter().for_each(|own| graph.add_path(own));
        incidents.iter().for_each(|own| graph.add_hosts(own));
        incidents.iter().for_each(|own| graph.add_findings(own));
        incidents.iter().for_each(|own| graph.add_next(own));
        graph
    }

    fn add_path(&mut self, own: &'a Incident) {
        for hop in &own.path.hops {
            // Whoever sits at a console comes from nowhere but his account.
            let is_console = hop.kind == "logon" && hop.what == "console";
            let kind = if is_console { NodeKind::Account } else { NodeKind::Host };
            let from = self.node(kind, &hop.from, own);
            let to = self.node(NodeKind::Host, &hop.to, own);
            for end in [from, to].into_iter().flatten() {
                self.nodes.get_mut(end).into_iter().for_each(|node| node.is_on_path = true);
            }
            self.push(from, to, Edge::of_hop(EdgeKind::Path, hop, &own.id));
            for other in &hop.alternatives {
                let from = self.node(NodeKind::Host, other, own);
                let edge = Edge { hop: Some(hop), ..Edge::new(EdgeKind::Alternative, &own.id) };
                self.push(from, to, edge);
            }
        }
        if let Some(hop) = &own.path.onward {
            let [from, to] = [&hop.from, &hop.to].map(|end| self.node(NodeKind::Host, end, own));
            self.push(from, to, Edge::of_hop(EdgeKind::Onward, hop, &own.id));
        }
    }

    fn add_hosts(&mut self, own: &'a Incident) {
        for host in &own.hosts {
            let node = self.node(NodeKind::Host, &host.name, own);
            let Some(node) = node.and_then(|node| self.nodes.get_mut(node)) else { continue };
            node.known.get_or_insert(host);
            node.first = node.first.filter(|first| *first <= host.first.as_str()).or(Some(&host.first));
        }
    }

    fn add_findings(&mut self, own: &'a Incident) {
        for found in &own.findings {
            let ends = [found.source.as_deref(), found.target.as_deref()];
            let [from, to] = ends.map(|name| self.node(NodeKind::Host, name?, own));
            self.note(if ends[1].is_some() { to } else { from }, found);
            let [source, on] = [ends[0], ends[1].or(ends[0])];
            if let (Some(source), Some(on)) = (source, on)
                && source != on
            {
                self.join(EdgeKind::Finding, [source, on], own, found);
            }
            for account in found.entities.get(&EntityKind::Account).into_iter().flatten() {
                let node = self.node(NodeKind::Account, account, own);
                self.note(node, found);
                if let Some(on) = on {
                    self.join(EdgeKind::Account, [account, on], own, found);
                }
            }
        }
    }

    fn add_next(&mut self, own: &'a Incident) {
        for reach in &own.spread.next {
            let to = self.node(NodeKind::Host, &reach.host, own);
            self.node_mut(to).into_iter().for_each(|node| node.next = Some(reach));
            for from in &reach.from {
                let from = self.node(NodeKind::Host, from, own);
                self.push(from, to, Edge::new(EdgeKind::Next, &own.id));
            }
        }
    }

    fn node_mut(&mut self, node: Option<usize>) -> Option<&mut Node<'a>> {
        self.nodes.get_mut(node?)
    }

    /// The number of a node, which is made when it is not there yet.
    fn node(&mut self, kind: NodeKind, name: &'a str, own: &'a Incident) -> Option<usize> {
        let at = match self.by_name.get(&(kind, name)) {
            Some(at) => *at,
            None => {
                let at = (self.nodes.len() < self.nodes_max).then_some(self.nodes.len());
                self.by_name.insert((kind, name), at);
                match at {
                    Some(_) => self.nodes.push(Node::new(kind, name)),
                    None => self.nodes_left_out += 1,
                }
                at
            }
        }?;
        if let Some(node) = self.nodes.get_mut(at)
            && node.incidents.len() < INCIDENTS_MAX
            && !node.incidents.contains(&own.id.as_str())
        {
            node.incidents.push(&own.id);
        }
        Some(at)
    }

    /// Counts a finding at a node.
    fn note(&mut self, node: Option<usize>, found: &'a FindingSeen) {
        let Some(node) = self.node_mut(node) else { return };
        node.findings += found.count;
        node.level = node.level.max(Some(found.level));
        if node.rules.len() < RULES_MAX && !node.rules.contains(&found.title.as_str()) {
            node.rules.push(&found.title);
        }
    }

    /// Adds an edge for a finding, or counts it at the one that there is.
    fn join(&mut self, kind: EdgeKind, ends: [&'a str; 2], own: &'a Incident, found: &'a FindingSeen) {
        let rule = if kind == EdgeKind::Finding { found.rule.as_str() } else { "" };
        let key = (kind, own.id.as_str(), ends, rule);
        if let Some(at) = self.by_ends.get(&key) {
            if let Some(edge) = at.and_then(|at| self.edges.get_mut(at)) {
                edge.count += found.count;
                edge.first = edge.first.min(Some(&found.first));
                edge.last = edge.last.max(Some(&found.last));
            }
            return;
        }
        let edge = Edge {
            rule: (kind == EdgeKind::Finding).then_some(found),
            first: Some(&found.first),
            last: Some(&found.last),
            count: found.count,
            ..Edge::new(kind, &own.id)
        };
        let of = if kind == EdgeKind::Account { NodeKind::Account } else { NodeKind::Host };
        let [from, to] =
            [(of, ends[0]), (NodeKind::Host, ends[1])].map(|name| self.by_name.get(&name).copied().flatten());
        let at = self.push(from, to, edge);
        self.by_ends.insert(key, at);
    }

    fn push(&mut self, from: Option<usize>, to: Option<usize>, edge: Edge<'a>) -> Option<usize> {
        let ends = from.zip(to).filter(|_| self.edges.len() < self.edges_max);
        let Some((from, to)) = ends else {
            self.edges_left_out += 1;
            return None;
        };
        self.edges.push(Edge { from, to, ..edge });
        Some(self.edges.len() - 1)
    }

    /// What is said of the graph as a whole.
    pub(super) fn values(&self) -> Values {
        let mut values = vec![
            ("incidents", Value::Count(self.incidents.len() as u64)),
            ("made_by", Value::Text(format!("tieline {}", env!("CARGO_PKG_VERSION")))),
        ];
        for (name, count) in [("nodes_left_out", self.nodes_left_out), ("edges_left_out", self.edges_left_out)] {
            if count > 0 {
                values.push((name, Value::Count(count)));
            }
        }
        values
    }
}

impl<'a> Node<'a> {
    const fn new(kind: NodeKind, name: &'a str) -> Self {
        Self {
            kind,
            name,
            known: None,
            next: None,
            first: None,
            findings: 0,
            level: None,
            rules: Vec::new(),
            incidents: Vec::new(),
            is_on_path: false,
        }
    }

    pub(super) fn zone(&self) -> Option<&'a str> {
        let known = self.known.and_then(|known| known.zone.as_deref());
        known.or(self.next.and_then(|next| next.zone.as_deref()))
    }

    /// The Purdue level of its zone.
    pub(super) fn purdue(&self) -> Option<f64> {
        self.known.and_then(|known| known.level).or(self.next.and_then(|next| next.level))
    }

    /// Whether nothing was found there yet.
    pub(super) const fn is_next(&self) -> bool {
        self.next.is_some() && self.findings == 0
    }

    pub(super) fn values(&self) -> Values {
        let known = self.known;
        let text = |of: fn(&HostSeen) -> Option<&str>| known.and_then(of);
        let criticality = text(|known| known.criticality.as_deref());
        let mut values = Known::default();
        values.text("label", Some(self.name));
        values.text("kind", Some(self.kind.name()));
        values.text("role", text(|known| known.role.as_deref()));
        values.text("site", text(|known| known.site.as_deref()));
        values.text("zone", self.zone());
        values.number("purdue_level", self.purdue());
        values.text("criticality", criticality.or(self.next.and_then(|next| next.criticality.as_deref())));
        values.text("owner", text(|known| known.owner.as_deref()));
        values.texts("addresses", known.map_or(&[], |known| &known.addresses));
        values.flag("is_asset", known.map(|known| known.is_asset));
        values.flag("is_on_path", Some(self.is_on_path));
        values.flag("is_next", Some(self.is_next()));
        values.text("first", self.first);
        values.count("findings", Some(self.findings));
        values.text("level", self.level.map(Level::as_str));
        values.texts("rules", &self.rules);
        values.texts("incidents", &self.incidents);
        values.0
    }
}

impl<'a> Edge<'a> {
    const fn new(kind: EdgeKind, incident: &'a str) -> Self {
        Self { kind, from: 0, to: 0, incident, hop: None, rule: None, first: None, last: None, count: 0 }
    }

    fn of_hop(kind: EdgeKind, hop: &'a Hop, incident: &'a str) -> Self {
        Self { hop: Some(hop), first: Some(&hop.first), last: Some(&hop.last), ..Self::new(kind, incident) }
    }

    /// What it shows in a picture.
    pub(super) fn label(&self) -> String {
        match (self.hop, self.rule) {
            (Some(hop), _) => match &hop.account {
                Some(account) => format!("{} as {account}", hop.what),
                None => hop.what.clone(),
            },
            (None, Some(rule)) if self.count > 1 => format!("{} ×{}", rule.title, self.count),
            (None, Some(rule)) => rule.title.clone(),
            (None, None) => self.kind.name().to_owned(),
        }
    }

    pub(super) fn values(&self) -> Values {
        let hop = self.hop;
        let mut values = Known::default();
        values.text("label", Some(&self.label()));
        values.text("relation", Some(self.kind.name()));
        values.text("kind", hop.map(|hop| hop.kind.as_str()));
        values.text("what", hop.map(|hop| hop.what.as_str()));
        values.text("account", hop.and_then(|hop| hop.account.as_deref()));
        values.text("rule", self.rule.map(|rule| rule.rule.as_str()));
        values.text("level", self.rule.map(|rule| rule.level.as_str()));
        values.text("operation", self.rule.and_then(|rule| rule.operation.as_deref()));
        values.text("first", self.first);
        values.text("last", self.last);
        values.count("count", (self.count > 0).then_some(self.count));
        values.number("confidence", hop.map(|hop| hop.confidence));
        values.flag("is_on_path", Some(self.kind == EdgeKind::Path));
        values.flag("is_crossing", hop.map(|hop| hop.zones.is_some()));
        values.text("from_zone", hop.and_then(|hop| hop.zones.as_ref()).map(|[from, _]| from.as_str()));
        values.text("to_zone", hop.and_then(|hop| hop.zones.as_ref()).map(|[_, to]| to.as_str()));
        values.number("from_purdue_level", hop.and_then(|hop| hop.levels).map(|[from, _]| from));
        values.number("to_purdue_level", hop.and_then(|hop| hop.levels).map(|[_, to]| to));
        values.text("conduit", hop.and_then(|hop| hop.conduit.as_deref()));
        values.texts("events", hop.map_or_else(|| self.rule.map_or(&[][..], |rule| &rule.events), |hop| &hop.events));
        values.text("incident", Some(self.incident));
        values.0
    }
}

/// Values that are collected, without what is not known.
#[derive(Debug, Default)]
struct Known(Values);

impl Known {
    fn text(&mut self, name: &'static str, text: Option<&str>) {
        self.0.extend(text.map(|text| (name, Value::Text(text.to_owned()))));
    }

    fn texts(&mut self, name: &'static str, texts: &[impl AsRef<str>]) {
        if !texts.is_empty() {
            self.0.push((name, Value::Texts(texts.iter().map(|text| text.as_ref().to_owned()).collect())));
        }
    }

    fn count(&mut self, name: &'static str, count: Option<u64>) {
        self.0.extend(count.map(|count| (name, Value::Count(count))));
    }

    fn number(&mut self, name: &'static str, number: Option<f64>) {
        self.0.extend(number.map(|number| (name, Value::Number(number))));
    }

    fn flag(&mut self, name: &'static str, flag: Option<bool>) {
        self.0.extend(flag.map(|flag| (name, Value::Flag(flag))));
    }
}
