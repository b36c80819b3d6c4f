//! Forms in which an inventory is written: YAML of our own, CSV, the CSV export of NetBox, and CycloneDX.
//!
//! ```text
//! id,ip,role                                            assets:
//! plc-7,10.1.7.2,controller      ─▶   the same tree as    - {id: plc-7, ip: 10.1.7.2, role: controller}
//! ```
//!
//! Each form becomes the tree that YAML is read to, with the places of the original, so there is one reader of assets and a
//! finding always has a line and a column of the file that somebody wrote. Only YAML holds zones and conduits.

mod csv;
mod cyclonedx;
mod netbox;
mod write;

use super::model::{Asset, Context};
use crate::config::Limits;
use crate::diagnostic::{Code, Diagnostic, Source, Span};
use crate::syntax::yaml::{self, Kind, Node};

/// A form in which an inventory is written.
///
/// ```
/// use tieline::context::{Context, InventoryForm};
/// use tieline::diagnostic::Source;
///
/// let context = Context::read(&[Source::new(Some("plant.csv"), "id,ip,role\nplc-7,10.1.7.2;10.1.7.3,controller\n")]);
/// assert_eq!(context.assets()[0].ip.len(), 2);
/// let bom = InventoryForm::CycloneDx.write(context.assets());
/// assert_eq!(Context::read(&[Source::new(None, bom)]).assets(), context.assets());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InventoryForm {
    /// The YAML that [`Context::read`] tells of; the only one with zones, conduits and properties of sites.
    Yaml,
    /// Rows of text under a header with the keys of an asset; members of a list stand in one cell, with `;` between them. An
    /// entry of `nat` is `site=address`.
    Csv,
    /// Devices as NetBox exports them from its list (versions 3 and 4; the headings of its import form are known as well).
    NetBox,
    /// A bill of materials of devices, CycloneDX 1.5 or 1.6 as JSON.
    CycloneDx,
}

impl InventoryForm {
    /// The form of a text, by its beginning and by the end of its name. What is no other is taken for YAML.
    #[must_use]
    pub fn of(source: &Source) -> Self {
        let text = source.text().trim_start_matches('\u{feff}').trim_start();
        if text.starts_with('{') {
            let is_bom = text.contains("\"bomFormat\"") || text.contains("\"specVersion\"");
            return if is_bom { Self::CycloneDx } else { Self::Yaml };
        }
        let named_csv = source.name().is_some_and(|name| name.to_ascii_lowercase().ends_with(".csv"));
        let header = csv::header(text);
        match (netbox::is_header(&header), named_csv || csv::is_header(&header)) {
            (true, _) => Self::NetBox,
            (false, true) => Self::Csv,
            (false, false) => Self::Yaml,
        }
    }

    /// Writes assets. What the form has no place for is left out: NetBox knows no MAC addresses, host names, stations,
    /// firmware or criticality, and one address of each kind.
    #[must_use]
    pub fn write(self, assets: &[Asset]) -> String {
        match self {
            Self::Yaml => write::yaml(&write::sites_of(assets), assets, &[], &[]),
            Self::Csv => csv::write(assets),
            Self::NetBox => netbox::write(assets),
            Self::CycloneDx => cyclonedx::write(assets),
        }
    }
}

impl Context {
    /// Writes the inventory; in YAML with its sites, zones and conduits.
    #[must_use]
    pub fn write(&self, form: InventoryForm) -> String {
        match form {
            InventoryForm::Yaml => write::yaml(self.sites(), self.assets(), self.zones(), self.conduits()),
            _ => form.write(self.assets()),
        }
    }
}

/// The trees of a source, whatever its form, and whether its sites are declared by being named.
pub(super) fn read(source: &Source, limits: &Limits) -> (Vec<Node>, Vec<Diagnostic>, bool) {
    let mut found = Vec::new();
    if source.text().len() > limits.yaml_bytes_max {
        let message = format!("{} bytes, but the limit is {}", source.text().len(), limits.yaml_bytes_max);
        return (Vec::new(), vec![Diagnostic::new(Code::YamlLimit, source, Span::default(), message)], false);
    }
    let assets = match InventoryForm::of(source) {
        InventoryForm::Yaml => {
            let (nodes, found) = yaml::read(source, limits);
            return (nodes, found, false);
        }
        InventoryForm::Csv => csv::assets(source, &mut found),
        InventoryForm::NetBox => netbox::assets(source, &mut found),
        InventoryForm::CycloneDx => cyclonedx::assets(source, limits, &mut found),
    };
    (vec![map(Span::default(), vec![entry("assets", list(Span::default(), assets))])], found, true)
}

fn text(text: impl Into<String>, span: Span) -> Node {
    Node { span, kind: Kind::Text { text: text.into(), plain: false } }
}

fn list(span: Span, items: Vec<Node>) -> Node {
    Node { span, kind: Kind::List(items) }
}

fn map(span: Span, entries: Vec<(Node, Node)>) -> Node {
    Node { span, kind: Kind::Map(entries) }
}

fn entry(key: &str, value: Node) -> (Node, Node) {
    (text(key, value.span), value)
}

/// Puts a value below a key of an asset: lists grow, of single values the first counts.
fn put(entries: &mut Vec<(Node, Node)>, key: &str, value: Node) {
    match entries.iter_mut().find(|(own, _)| own.spelled() == Some(key)) {
        None if super::read::LISTS.contains(&key) => entries.push(entry(key, list(value.span, vec![value]))),
        None => entries.push(entry(key, value)),
        Some((_, Node { kind: Kind::List(items), .. })) => items.push(value),
        Some(_) => {}
    }
}

/// Puts `site=address` below `nat`; what has no such form is told of by whoever reads the address.
fn put_translated(entries: &mut Vec<(Node, Node)>, written: &str, span: Span) {
    let (site, address) = written.split_once('=').unwrap_or(("", written));
    let address = text(address.trim(), span);
    if !entries.iter().any(|(key, _)| key.spelled() == Some("nat")) {
        entries.push(entry("nat", map(span, Vec::new())));
    }
    let nat = entries.iter_mut().find(|(key, _)| key.spelled() == Some("nat"));
    let Some((_, Node { kind: Kind::Map(sites), .. })) = nat else { return };
    match sites.iter_mut().find(|(own, _)| own.spelled() == Some(site.trim())) {
        Some((_, Node { kind: Kind::List(items), .. })) => items.push(address),
        _ => sites.push(entry(site.trim(), list(span, vec![address]))),
    }
}

/// The words by which rules know a role: `Engineering Workstation` is `engineering_workstation`.
fn role_word(written: &str) -> String {
    let words = written.to_lowercase();
    let words = words.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests;
