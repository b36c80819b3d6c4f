//! Reads the tables from YAML, with a finding for each fault.
//!
//! ```text
//! sensor: zeek ...      what all layouts of a sensor have in common
//! protocol: modbus ...  ─▶ Protocol
//! ```
//!
//! The form is told in `rules/ot/taxonomy/README.md`.

use super::conditions::{Conditions, Want};
use super::names;
use super::taxonomy::{
    Bytes, Case, Choice, From, Inputs, Layout, Origin, PathId, Protocol, Reading, Row, Table, Taxonomy,
};
use super::{CLASSES, DIRECTIONS, FIELDS, INPUTS_MAX, InputId, UNKNOWN};
use crate::config::{EVENT_DEPTH_MAX, Limits};
use crate::diagnostic::{Code, Diagnostic, Source};
use crate::syntax::form::Form;
use crate::syntax::yaml::{self, Node};
use rayon::prelude::*;
use std::collections::HashMap;

impl Taxonomy {
    /// Reads the tables of all texts, those of sensors as well as those of protocols. When one has a fault, the diagnostics
    /// say where, and what could not be read is left out.
    pub(crate) fn parse(sources: &[Source], limits: &Limits) -> (Self, Vec<Diagnostic>) {
        let mut found = Vec::new();
        let mut documents = Vec::new();
        // PERF: nearly all of the time goes into YAML, and each file is for itself.
        let read: Vec<_> = sources.par_iter().map(|source| yaml::read(source, limits)).collect();
        for (source, (nodes, faults)) in sources.iter().zip(read) {
            found.extend(faults);
            documents.extend(nodes.into_iter().map(|node| (source, node)));
        }
        let mut sensors = HashMap::new();
        for (source, node) in &documents {
            if let (Some(name), Some(inputs)) = (node.get("sensor").and_then(Node::text), node.get("inputs")) {
                sensors.insert(name.to_owned(), (*source, inputs.clone()));
            }
        }
        let mut taxonomy = Self::default();
        let mut paths = Paths::default();
        let is_of_ports = |node: &Node| node.get("ports").is_some() && node.get("protocol").is_none();
        let tables = documents.iter().filter(|(_, node)| node.get("sensor").is_none());
        let (ports, protocols): (Vec<_>, Vec<_>) = tables.partition(|(_, node)| is_of_ports(node));
        // Ports come behind all others, which read what a connection by its port is only said to be.
        for (source, node) in protocols.into_iter().chain(ports) {
            let form = Form { source, code: Code::TaxonomySyntax, found: &mut found };
            let mut reader = Reader { form, sensors: &sensors, paths: &mut paths, inputs: Vec::new() };
            let table = match is_of_ports(node) {
                true => reader
                    .ports(node, &taxonomy.protocols.iter().flat_map(Protocol::names).map(str::to_owned).collect()),
                false => reader.protocol(node),
            };
            taxonomy.protocols.extend(table);
        }
        taxonomy.paths = paths.names;
        (taxonomy, found)
    }
}

/// Fields by their number.
#[derive(Default)]
struct Paths {
    names: Vec<String>,
    numbers: HashMap<String, PathId>,
}

impl Paths {
    fn number(&mut self, name: String) -> PathId {
        let next = self.names.len() as PathId;
        *self.numbers.entry(name).or_insert_with_key(|name| {
            self.names.push(name.clone());
            next
        })
    }
}

/// Where the objects of a layout stand, and others beside them.
#[derive(Default)]
struct Place<'a> {
    each: Option<&'a str>,
    beside: &'a [String],
}

/// Where objects stand that hold those at a path.
fn outer_of(each: Option<&str>) -> Option<&str> {
    each?.rsplit_once('.').map(|(outer, _)| outer)
}

/// What rows of a table may rest on.
pub(super) fn sources(node: &Node) -> Vec<String> {
    let sources = node.get("sources").and_then(Node::as_map).unwrap_or_default();
    sources.iter().filter_map(|(key, _)| key.text().map(str::to_owned)).collect()
}

pub(super) struct Reader<'a> {
    pub(super) form: Form<'a>,
    sensors: &'a HashMap<String, (&'a Source, Node)>,
    paths: &'a mut Paths,
    /// The names of inputs that are no fields of a record.
    inputs: Vec<String>,
}

/// The key under which layouts stand.
pub(super) const SENSORS_KEY: &str = "sensors";

const PROTOCOL_KEYS: &[&str] = &[
    "protocol",
    "title",
    "ports",
    "sources",
    "references",
    SENSORS_KEY,
    "direction",
    "outcome",
    "flags",
    "errors",
    "objects",
    "subnames",
    "operations",
];
const LAYOUT_KEYS: &[&str] = &[
    "sensor",
    "title",
    "each",
    "beside",
    "beside_when",
    "logs",
    "needs",
    "inputs",
    "when",
    "swap",
    "addresses",
    "log_field",
];
const ORIGIN_KEYS: &[&str] = &[
    "field", "is", "read", "of", "at", "length", "order", "repeat", "mask", "shift", "strip", "after", "before",
    "only", "skip", "last", "also", "when",
];
const ROW_KEYS: &[&str] =
    &["code", "name", "subcode", "subname", "class", "when", "source", "alias", "subalias", "carries", "note"];
const OUTCOMES: &[&str] = &["success", "failure"];
const FLAGS: &[&str] = &[
    "broadcast",
    "no_ack",
    "select",
    "safety",
    "unencrypted",
    "cleartext_credential",
    "anonymous",
    "simulation",
    "test",
];

impl Reader<'_> {
    fn texts(&mut self, node: &Node, key: &str) -> Vec<String> {
        let texts = self.form.texts(node, key).unwrap_or_default();
        texts.into_iter().map(|(text, _)| text.to_owned()).collect()
    }

    pub(super) fn need_text(&mut self, node: &Node, key: &str, owner: &str) -> Option<String> {
        self.form.need_text(node, key, owner).map(str::to_owned)
    }

    fn number(&mut self, node: &Node, what: &str) -> Option<i64> {
        match node.text().and_then(names::number) {
            Some(number) => Some(number),
            None => {
                self.form.refuse(node.span, format!("{what} must be a whole number, decimal or `0x` and hexadecimal"))
            }
        }
    }

    fn protocol(&mut self, node: &Node) -> Option<Protocol> {
        self.form.keys(node, PROTOCOL_KEYS, "a protocol")?;
        let name = self.need_text(node, "protocol", "a table of a protocol")?;
        let mut protocol = Protocol { name, ..Protocol::default() };
        let Protocol { errors, objects, subnames, .. } = &mut protocol;
        for (key, into) in [("errors", errors), ("objects", objects), ("subnames", subnames)] {
            for (number, name) in node.get(key).and_then(Node::as_map).unwrap_or_default() {
                if let Some(number) = self.number(number, "what has a name")
                    && let Some(name) = name.text()
                {
                    into.add(number, name);
                }
            }
        }
        for layout in node.get(SENSORS_KEY).and_then(Node::as_list).unwrap_or_default() {
            let read = self.layouts(layout);
            protocol.layouts.extend(read.unwrap_or_default());
        }
        protocol.direction = self.cases(node, "direction", DIRECTIONS);
        protocol.outcome = self.cases(node, "outcome", OUTCOMES);
        protocol.flags = self.cases(node, "flags", FLAGS);
        self.rows(node, &mut protocol);
        self.finished(node, protocol)
    }

    /// The protocol, now that all of its inputs are known.
    pub(super) fn finished(&mut self, node: &Node, mut protocol: Protocol) -> Option<Protocol> {
        protocol.inputs = FIELDS.len() + self.inputs.len();
        if protocol.inputs > INPUTS_MAX {
            let most = INPUTS_MAX - FIELDS.len();
            return self.form.refuse(node.span, format!("a protocol can have {most} inputs of its own, not more"));
        }
        Some(protocol)
    }

    fn rows(&mut self, node: &Node, protocol: &mut Protocol) {
        let known = sources(node);
        let mut subcodes: Vec<(i64, names::Names)> = Vec::new();
        for node in node.get("operations").and_then(Node::as_list).unwrap_or_default() {
            let Some((row, codes)) = self.row(node, &known) else { continue };
            let (aliases, subaliases) = (self.texts(node, "alias"), self.texts(node, "subalias"));
            for code in codes {
                if let Some(code) = code {
                    for name in std::iter::once(&row.name).chain(&aliases).filter(|name| !name.is_empty()) {
                        protocol.codes.add(code, name);
                    }
                }
                if let Some(subcode) = row.subcode {
                    let code = code.unwrap_or(i64::MIN);
                    let at = subcodes.binary_search_by_key(&code, |(own, _)| *own).unwrap_or_else(|at| {
                        subcodes.insert(at, (code, names::Names::default()));
                        at
                    });
                    for name in std::iter::once(&row.subname).chain(&subaliases).filter(|name| !name.is_empty()) {
                        subcodes.get_mut(at).into_iter().for_each(|(_, names)| names.add(subcode, name));
                    }
                }
                protocol.rows.push(Row { code, ..row.clone() });
            }
        }
        protocol.rows.sort_by_key(|row| (row.code.is_none(), row.code));
        protocol.subcodes = subcodes;
    }

    /// What a row rests on.
    pub(super) fn source(&mut self, node: &Node, sources: &[String], owner: &str) -> Option<()> {
        let source = self.need_text(node, "source", owner)?;
        match sources.contains(&source) {
            true => Some(()),
            false => self.form.refuse(node.span, format!("`{source}` is not under `sources`")),
        }
    }

    /// A row, and the codes that it is for.
    fn row(&mut self, node: &Node, sources: &[String]) -> Option<(Row, Vec<Option<i64>>)> {
        self.form.keys(node, ROW_KEYS, "an operation")?;
        let codes = match node.get("code") {
            Some(code) => {
                let items = code.as_list().unwrap_or(std::slice::from_ref(code));
                items.iter().map(|item| self.number(item, "a code").map(Some)).collect::<Option<Vec<_>>>()?
            }
            None => vec![None],
        };
        let class = self.need_text(node, "class", "an operation")?;
        self.form.one_of(&class, node.span, CLASSES, "operation class")?;
        let class = CLASSES.iter().position(|known| *known == class).map_or(UNKNOWN, |at| at as u8);
        self.source(node, sources, "an operation")?;
        let subcode = match node.get("subcode") {
            Some(subcode) => Some(self.number(subcode, "a subcode")?),
            None => None,
        };
        let text = |key: &str| node.get(key).and_then(Node::text).unwrap_or_default().to_owned();
        let carries = node.get("carries").and_then(Node::text) == Some("true");
        let when = self.conditions(node.get("when"))?;
        Some((
            Row {
                code: None,
                subcode,
                name: text("name"),
                subname: text("subname"),
                class,
                when,
                carries,
                protocol: None,
            },
            codes,
        ))
    }

    pub(super) fn cases(&mut self, node: &Node, key: &str, known: &[&'static str]) -> Vec<Case> {
        let mut cases = Vec::new();
        for node in node.get(key).and_then(Node::as_list).unwrap_or_default() {
            if self.form.keys(node, &["is", "when"], "a case").is_none() {
                continue;
            }
            let Some(is) = self.need_text(node, "is", "a case") else { continue };
            if self.form.one_of(&is, node.span, known, key).is_some()
                && let Some(when) = self.conditions(node.get("when"))
            {
                cases.push(Case { is, when });
            }
        }
        cases
    }

    /// One layout for each place where objects stand.
    pub(super) fn layouts(&mut self, node: &Node) -> Option<Vec<Layout>> {
        self.form.keys(node, LAYOUT_KEYS, "a layout")?;
        let sensor = self.need_text(node, "sensor", "a layout")?;
        let each = self.texts(node, "each");
        let places: Vec<Option<String>> =
            if each.is_empty() { vec![None] } else { each.into_iter().map(Some).collect() };
        let (logs, needs) = (self.texts(node, "logs"), self.texts(node, "needs"));
        let log_field = node.get("log_field").and_then(Node::text).unwrap_or("_path").to_owned();
        if places == [None] && needs.is_empty() {
            return self
                .form
                .refuse(node.span, "a layout needs `each`, or `needs`: fields by which its events are known");
        }
        let is_consecutive = match node.get("addresses").and_then(Node::text) {
            None => false,
            Some("consecutive") => true,
            Some(other) => {
                return self.form.refuse(node.span, format!("`addresses` can be `consecutive`, not `{other}`"));
            }
        };
        let mut layouts: Vec<Layout> = Vec::new();
        let known = self.paths.names.len();
        for place in places {
            let beside = self.texts(node, "beside");
            let at = Place { each: place.as_deref(), beside: &beside };
            let inputs = self.inputs(node, &sensor, &at)?;
            let swap = match node.get("swap") {
                Some(swap) => Some(self.conditions(Some(swap))?),
                None => None,
            };
            let accompanied = self.accompanied(node, place.as_deref())?;
            layouts.push(Layout {
                sensor: sensor.clone(),
                log: (!logs.is_empty()).then(|| (self.paths.number(log_field.clone()), logs.clone())),
                needs: needs.iter().map(|name| self.paths.number(name.clone())).collect(),
                outer: outer_of(place.as_deref()).map(|outer| self.paths.number(outer.to_owned())),
                each: place.map(|place| self.paths.number(place)),
                inputs: Inputs::new(inputs),
                when: self.conditions(node.get("when"))?,
                swap,
                accompanied,
                is_consecutive,
            });
        }
        if let Some(deep) = self.paths.names.iter().skip(known).find(|name| name.split('.').count() > EVENT_DEPTH_MAX) {
            let message = format!("`{deep}` is nested deeper than an event may be, which is {EVENT_DEPTH_MAX} levels");
            return self.form.refuse(node.span, message);
        }
        if let Some(input) = layouts.iter().find_map(Layout::leading_back) {
            let name = self.name_of(input);
            return self.form.refuse(node.span, format!("the conditions of `{name}` lead back to it"));
        }
        Some(layouts)
    }

    /// Which objects have one beside them: `{field: numbers}`.
    fn accompanied(&mut self, node: &Node, each: Option<&str>) -> Option<Option<(PathId, Vec<Want>)>> {
        let (Some(when), Some(each)) = (node.get("beside_when"), each) else { return Some(None) };
        let Some([(field, _)]) = when.as_map() else {
            return self.form.refuse(when.span, "`beside_when` is a map from one field to the numbers that it may be");
        };
        let field = field.text().unwrap_or("null").to_owned();
        let wants = self.texts(when, &field).iter().map(|want| Want::parse(want)).collect();
        Some(Some((self.paths.number(format!("{each}.{field}")), wants)))
    }

    fn name_of(&self, input: InputId) -> &str {
        let number = usize::from(input);
        let own = || self.inputs.get(number.checked_sub(FIELDS.len())?).map(|name| &**name);
        FIELDS.get(number).copied().or_else(own).unwrap_or_default()
    }

    fn inputs(&mut self, node: &Node, sensor: &str, place: &Place<'_>) -> Option<Vec<(InputId, Vec<Origin>)>> {
        let mut inputs: Vec<(InputId, Vec<Origin>)> = Vec::new();
        let shared = self.sensors.get(sensor);
        if shared.is_none() {
            return self.form.refuse(node.span, format!("there is no document `sensor: {sensor}`"));
        }
        let own = node.get("inputs").and_then(Node::as_map).unwrap_or_default();
        for (key, value) in own {
            let input = self.input_of(key)?;
            let origins = self.origins(value, input, place)?;
            inputs.push((input, origins));
        }
        for (key, value) in shared.and_then(|(_, inputs)| inputs.as_map()).unwrap_or_default() {
            let input = self.input_of(key)?;
            if inputs.iter().all(|(own, _)| *own != input) {
                // What all layouts of a sensor share stands beside the objects.
                let origins = self.origins(value, input, &Place::default())?;
                inputs.push((input, origins));
            }
        }
        inputs.sort_by_key(|(input, _)| *input);
        Some(inputs)
    }

    /// The number of an input, a new one when it has none.
    fn input_of(&mut self, node: &Node) -> Option<InputId> {
        self.input_named(node.text().unwrap_or("null"), node)
    }

    pub(super) fn input_named(&mut self, name: &str, node: &Node) -> Option<InputId> {
        if name == "class" {
            return Some(super::OPERATION);
        }
        let known = FIELDS.iter().position(|field| *field == name);
        let number = known.unwrap_or_else(|| {
            let own = self.inputs.iter().position(|own| own == name).unwrap_or_else(|| {
                self.inputs.push(name.to_owned());
                self.inputs.len() - 1
            });
            FIELDS.len() + own
        });
        match InputId::try_from(number) {
            Ok(number) => Some(number),
            Err(_) => self.form.refuse(node.span, "a protocol has too many inputs"),
        }
    }

    fn origins(&mut self, node: &Node, input: InputId, place: &Place<'_>) -> Option<Vec<Origin>> {
        node.as_list()
            .unwrap_or(std::slice::from_ref(node))
            .iter()
            .map(|node| self.origin(node, input, place))
            .collect()
    }

    fn origin(&mut self, node: &Node, input: InputId, place: &Place<'_>) -> Option<Origin> {
        let when = Conditions::default();
        if let Some(field) = node.text() {
            let from = self.from(field, place);
            return Some(Origin { from, read: Reading::Any, bits: None, choice: None, is_added: false, when });
        }
        self.form.keys(node, ORIGIN_KEYS, "an input")?;
        let from = match (node.get("field").and_then(Node::text), node.get("is").and_then(Node::text)) {
            (Some(field), None) => self.from(field, place),
            (None, Some(is)) => names::number(is).map_or_else(|| From::Text(is.to_owned()), From::Number),
            _ => return self.form.refuse(node.span, "an input needs either `field` or `is`"),
        };
        let read = self.reading(node, input)?;
        let mask = self.optional_number(node, "mask")?;
        let shift = self.optional_number(node, "shift")?.unwrap_or(0).clamp(0, 63) as u32;
        let bits = (mask.is_some() || shift > 0).then(|| (mask.unwrap_or(-1), shift));
        let text = |key: &str| node.get(key).and_then(Node::text).map(str::to_owned);
        let is = |key: &str| node.get(key).and_then(Node::text) == Some("true");
        let choice = Choice {
            after: text("after"),
            before: text("before"),
            only: self.texts(node, "only").iter().map(|want| Want::parse(want)).collect(),
            skip: usize::try_from(self.optional_number(node, "skip")?.unwrap_or(0)).unwrap_or(0),
            is_last: is("last"),
        };
        let choice = (choice != Choice::default()).then(|| Box::new(choice));
        let when = self.conditions(node.get("when"))?;
        Some(Origin { from, read, bits, choice, is_added: is("also"), when })
    }

    fn reading(&mut self, node: &Node, input: InputId) -> Option<Reading> {
        let of = match (node.get("of").and_then(Node::text), input) {
            (Some("codes"), _) | (None, super::CODE) => Table::Codes,
            (Some("subnames"), _) | (None, super::SUBCODE) => Table::Subcodes,
            (Some("errors"), _) | (None, super::ERROR_CODE) => Table::Errors,
            (Some("objects"), _) | (None, super::OBJECT) => Table::Objects,
            (Some(other), _) => {
                return self
                    .form
                    .refuse(node.span, format!("`of` is one of codes, subnames, errors, objects, not `{other}`"));
            }
            (None, _) => Table::None,
        };
        Some(match node.get("read").and_then(Node::text) {
            None => Reading::Any,
            Some("number") => Reading::Number,
            Some("hex") => Reading::Hex,
            Some("text") => Reading::Text,
            Some("digits") => Reading::Digits(Bytes::Hex),
            Some("raw_digits") => Reading::Digits(Bytes::Raw),
            Some("present") => Reading::Present,
            Some("name") => Reading::Name { of, endings: self.texts(node, "strip") },
            Some(form @ ("bytes" | "raw")) => Reading::Bytes {
                form: if form == "raw" { Bytes::Raw } else { Bytes::Hex },
                at: self.optional_number(node, "at")?.unwrap_or(0),
                length: self.optional_number(node, "length")?.unwrap_or(1).clamp(1, 8) as usize,
                is_little: node.get("order").and_then(Node::text) == Some("little"),
                repeats: node.get("repeat").and_then(Node::text) == Some("true"),
            },
            Some(other) => {
                let known = "number, hex, text, digits, raw_digits, name, bytes, raw, present";
                return self.form.refuse(node.span, format!("`read` is one of {known}, not `{other}`"));
            }
        })
    }

    fn optional_number(&mut self, node: &Node, key: &str) -> Option<Option<i64>> {
        match node.get(key) {
            Some(number) => self.number(number, &format!("`{key}`")).map(Some),
            None => Some(None),
        }
    }

    fn from(&mut self, field: &str, place: &Place<'_>) -> From {
        if let Some(whole) = field.strip_prefix('/') {
            let is_in = |beside: &&String| whole.strip_prefix(&***beside).is_some_and(|rest| rest.starts_with('.'));
            let beside = place.beside.iter().find(is_in).map(|beside| self.paths.number(beside.clone()));
            let path = self.paths.number(whole.to_owned());
            return beside.map_or(From::Event(path), |beside| From::Beside(beside, path));
        }
        match (field.strip_prefix("../"), place.each) {
            (Some(field), each) => match outer_of(each) {
                Some(outer) => From::Outer(self.paths.number(format!("{outer}.{field}"))),
                None => From::Event(self.paths.number(field.to_owned())),
            },
            (None, Some(each)) => From::Part(self.paths.number(format!("{each}.{field}"))),
            (None, None) => From::Event(self.paths.number(field.to_owned())),
        }
    }

    fn conditions(&mut self, node: Option<&Node>) -> Option<Conditions> {
        let Some(node) = node.filter(|node| !node.is_null()) else { return Some(Conditions::default()) };
        let Some(entries) = node.as_map() else {
            return self.form.refuse(node.span, format!("conditions must be a map, not {}", node.noun()));
        };
        let mut conditions = Vec::new();
        for (key, value) in entries {
            let input = self.input_of(key)?;
            let wants = value.as_list().unwrap_or(std::slice::from_ref(value)).iter();
            let wants = wants.map(|want| match want.text() {
                Some(text) => Some(Want::parse(text)),
                None => self.form.refuse(want.span, "write '*' for any value, '-' for none"),
            });
            conditions.push((input, wants.collect::<Option<Vec<_>>>()?));
        }
        Some(Conditions(conditions))
    }
}
