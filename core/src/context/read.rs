//! Reads a plant from trees, mostly of YAML, with a finding for each fault.
//!
//! ```text
//! assets: [{id: plc-7, ip: 10.1.7.2}]   ─▶   Asset { id: "plc-7", ip: [10.1.7.2], .. } and where it stands
//! ```
//!
//! Whether what was read makes sense together is judged in `check`.

use super::forms;
use super::hours::Hours;
use super::model::{Asset, Conduit, Level, Site, Zone};
use super::policy::{Begins, Chain, TrustPolicy};
use crate::config::{CHAIN_STEPS_MAX, Limits};
use crate::diagnostic::{Code, Diagnostic, Source, Span};
use crate::ot::CLASSES;
use crate::syntax::form::Form;
use crate::syntax::yaml::Node;
use ipnet::IpNet;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;
use std::str::FromStr;

/// Something that was declared, and where.
#[derive(Debug)]
pub(super) struct Declared<T> {
    pub(super) what: T,
    pub(super) source: Source,
    pub(super) span: Span,
}

/// All that was declared.
#[derive(Debug, Default)]
pub(super) struct Declarations {
    pub(super) sites: Vec<Declared<Site>>,
    pub(super) assets: Vec<Declared<Asset>>,
    pub(super) zones: Vec<Declared<Zone>>,
    pub(super) conduits: Vec<Declared<Conduit>>,
    pub(super) trust: Vec<Declared<TrustPolicy>>,
}

const SECTIONS: &[&str] = &["sites", "assets", "zones", "conduits", "trust"];
const SITE_KEYS: &[&str] = &["name", "time_zone", "sensors"];
/// The keys of an asset, in the order in which they are written.
pub(super) const ASSET_KEYS: &[&str] = &[
    "id",
    "name",
    "site",
    "zone",
    "ip",
    "nat",
    "mac",
    "host",
    "station",
    "serial",
    "role",
    "vendor",
    "model",
    "firmware",
    "owner",
    "criticality",
    "tags",
];
/// Those that hold a list.
pub(super) const LISTS: &[&str] = &["ip", "mac", "host", "station", "tags"];
const ZONE_KEYS: &[&str] =
    &["name", "site", "parent", "purdue_level", "security_level", "networks", "macs", "tags", "assets"];
const CONDUIT_KEYS: &[&str] = &["name", "from", "to", "protocols", "operations", "roles", "hours"];
const TRUST_KEYS: &[&str] = &["operations", "session_hours", "remote", "same_user", "chains"];
const CHAIN_KEYS: &[&str] = &["name", "zones", "devices", "begins", "over", "station"];
const CRITICALITIES: &[&str] = &["low", "medium", "high", "critical"];

/// Reads all texts. What has a fault that leaves nothing to use is left out.
pub(super) fn read(sources: &[Source], limits: &Limits) -> (Declarations, Vec<Diagnostic>) {
    let (mut all, mut found, mut implied) = (Declarations::default(), Vec::new(), Vec::new());
    for source in sources {
        let (nodes, faults, implies_sites) = forms::read(source, limits);
        found.extend(faults);
        let known = all.assets.len();
        for node in &nodes {
            let mut reader = Reader { form: Form { source, code: Code::ContextSyntax, found: &mut found } };
            if reader.form.keys(node, SECTIONS, "a context").is_some() {
                all.sites.extend(reader.each(node, "sites", Reader::site));
                all.assets.extend(reader.each(node, "assets", Reader::asset));
                all.zones.extend(reader.each(node, "zones", Reader::zone));
                all.conduits.extend(reader.each(node, "conduits", Reader::conduit));
                all.trust.extend(reader.trust(node));
            }
        }
        if implies_sites {
            implied.extend(all.assets.iter().skip(known).flat_map(sites_of));
        }
    }
    // Forms that cannot declare a site declare it by naming it.
    let mut names: HashSet<String> = all.sites.iter().map(|site| site.what.name.clone()).collect();
    all.sites.extend(implied.into_iter().filter(|site| names.insert(site.what.name.clone())));
    (all, found)
}

fn sites_of(asset: &Declared<Asset>) -> impl Iterator<Item = Declared<Site>> {
    let names = asset.what.site.iter().chain(asset.what.nat.keys());
    names.map(|name| {
        let what = Site { name: name.clone(), ..Site::default() };
        Declared { what, source: asset.source.clone(), span: asset.span }
    })
}

/// A MAC address in lower case with colons, from six bytes with any of the usual signs between them.
pub(super) fn mac(text: &str) -> Option<Cow<'_, str>> {
    let is_usual = |(at, byte): (usize, u8)| match at % 3 {
        2 => byte == b':',
        _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
    };
    if text.len() == 17 && text.bytes().enumerate().all(is_usual) {
        return Some(Cow::Borrowed(text));
    }
    let digits: Vec<u8> = text.bytes().filter(|byte| !b":-.".contains(byte)).collect();
    if digits.len() != 12 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let bytes: Vec<String> = digits.chunks(2).map(|pair| String::from_utf8_lossy(pair).to_ascii_lowercase()).collect();
    Some(Cow::Owned(bytes.join(":")))
}

struct Reader<'a> {
    form: Form<'a>,
}

impl Reader<'_> {
    fn each<T>(&mut self, root: &Node, key: &str, read: impl Fn(&mut Self, &Node) -> Option<T>) -> Vec<Declared<T>> {
        let Some(node) = root.get(key).filter(|node| !node.is_null()) else { return Vec::new() };
        let Some(items) = node.as_list() else {
            self.form.refuse::<()>(node.span, format!("`{key}` must be a list, not {}", node.noun()));
            return Vec::new();
        };
        let declared = |reader: &mut Self, item: &Node| {
            let source = reader.form.source.clone();
            read(reader, item).map(|what| Declared { what, source, span: item.span })
        };
        items.iter().filter_map(|item| declared(self, item)).collect()
    }

    fn own(&mut self, node: &Node, key: &str) -> Option<String> {
        self.form.text(node, key).map(|(text, _)| text.to_owned())
    }

    fn all(&mut self, node: &Node, key: &str) -> Vec<String> {
        self.given(node, key).unwrap_or_default()
    }

    fn given(&mut self, node: &Node, key: &str) -> Option<Vec<String>> {
        let texts = self.form.texts(node, key)?;
        Some(texts.into_iter().map(|(text, _)| text.to_owned()).collect())
    }

    /// Texts that stand for something; those that do not are told of and left out.
    fn parsed<T>(&mut self, node: &Node, key: &str, what: &str, parse: impl Fn(&str) -> Option<T>) -> Vec<T> {
        let texts = self.form.texts(node, key).unwrap_or_default();
        let mut one = |(text, span): (&str, Span)| {
            parse(text).or_else(|| self.form.refuse(span, format!("`{text}` is no {what}")))
        };
        texts.into_iter().filter_map(&mut one).collect()
    }

    fn site(&mut self, node: &Node) -> Option<Site> {
        self.form.keys(node, SITE_KEYS, "a site")?;
        let name = self.form.need_text(node, "name", "a site")?.to_owned();
        let time_zone =
            self.form.text(node, "time_zone").and_then(|(zone, span)| match jiff::tz::TimeZone::get(zone) {
                Ok(_) => Some(zone.to_owned()),
                Err(_) => self.form.refuse(span, format!("unknown time zone `{zone}`; write an IANA name")),
            });
        Some(Site { name, time_zone, sensors: self.all(node, "sensors") })
    }

    fn asset(&mut self, node: &Node) -> Option<Asset> {
        self.form.keys(node, ASSET_KEYS, "an asset")?;
        let id = self.form.need_text(node, "id", "an asset")?.to_owned();
        let criticality = self.form.text(node, "criticality").and_then(|(text, span)| {
            self.form.one_of(text, span, CRITICALITIES, "criticality").map(|()| text.to_owned())
        });
        Some(Asset {
            id,
            name: self.own(node, "name"),
            site: self.own(node, "site"),
            zone: self.own(node, "zone"),
            ip: self.parsed(node, "ip", "IP address", address),
            nat: self.translated(node),
            mac: self.parsed(node, "mac", "MAC address", own_mac),
            host: self.all(node, "host"),
            station: self.all(node, "station"),
            serial: self.own(node, "serial"),
            role: self.own(node, "role"),
            vendor: self.own(node, "vendor"),
            model: self.own(node, "model"),
            firmware: self.own(node, "firmware"),
            owner: self.own(node, "owner"),
            criticality,
            tags: self.all(node, "tags"),
        })
    }

    fn translated(&mut self, node: &Node) -> BTreeMap<String, Vec<IpAddr>> {
        let Some(sites) = node.get("nat").filter(|sites| !sites.is_null()) else { return BTreeMap::new() };
        let Some(entries) = sites.as_map() else {
            let message = format!("`nat` is a map from sites to addresses, not {}", sites.noun());
            self.form.refuse::<()>(sites.span, message);
            return BTreeMap::new();
        };
        let names: Vec<&str> = entries.iter().filter_map(|(site, _)| site.text()).collect();
        names.into_iter().map(|site| (site.to_owned(), self.parsed(sites, site, "IP address", address))).collect()
    }

    fn zone(&mut self, node: &Node) -> Option<Zone> {
        self.form.keys(node, ZONE_KEYS, "a zone")?;
        let name = self.form.need_text(node, "name", "a zone")?.to_owned();
        let purdue_level = self.form.text(node, "purdue_level").and_then(|(text, span)| {
            let level = Level::from_str(text).ok();
            level.or_else(|| {
                let message = format!("`{text}` is no Purdue level; they go from 0 to 5");
                match text {
                    "35" | "3,5" | "dmz" | "DMZ" => self.form.refuse_with(span, message, "did you mean `3.5`?"),
                    _ => self.form.refuse(span, message),
                }
            })
        });
        let security_level = self.form.text(node, "security_level").and_then(|(text, span)| {
            let level = text.parse().ok().filter(|level| *level <= 4);
            level.or_else(|| self.form.refuse(span, format!("`{text}` is no security level; they go from 0 to 4")))
        });
        Some(Zone {
            name,
            site: self.own(node, "site"),
            parent: self.own(node, "parent"),
            purdue_level,
            security_level,
            networks: self.parsed(node, "networks", "network", network),
            macs: self.parsed(node, "macs", "MAC address", own_mac),
            tags: self.all(node, "tags"),
            assets: self.all(node, "assets"),
        })
    }

    fn conduit(&mut self, node: &Node) -> Option<Conduit> {
        self.form.keys(node, CONDUIT_KEYS, "a conduit")?;
        let name = self.form.need_text(node, "name", "a conduit")?.to_owned();
        let (from, to) = (self.all(node, "from"), self.all(node, "to"));
        if from.is_empty() || to.is_empty() {
            return self
                .form
                .refuse(node.span, format!("the conduit `{name}` needs zones `from` and `to` which it leads"));
        }
        let operations = self.form.texts(node, "operations");
        let known = |form: &mut Form<'_>, (text, span): (&str, Span)| {
            form.one_of(text, span, CLASSES, "operation class").map(|()| text.to_owned())
        };
        // A wrong word must not widen what is allowed, so a list stays one when all of it is wrong.
        let operations =
            operations.map(|texts| texts.into_iter().filter_map(|text| known(&mut self.form, text)).collect());
        let hours: Option<Vec<Hours>> = node.get("hours").filter(|hours| !hours.is_null()).map(|_| {
            self.parsed(node, "hours", "span of hours such as `Mon-Fri 06:00-22:00`", |text| text.parse().ok())
        });
        let (protocols, roles) = (self.given(node, "protocols"), self.given(node, "roles"));
        Some(Conduit { name, from, to, protocols, operations, roles, hours })
    }

    fn trust(&mut self, root: &Node) -> Option<Declared<TrustPolicy>> {
        let node = root.get("trust").filter(|node| !node.is_null())?;
        self.form.keys(node, TRUST_KEYS, "`trust`")?;
        let default = TrustPolicy::default();
        let operations = self.form.texts(node, "operations").map(|texts| {
            let mut known =
                |(text, span)| self.form.one_of(text, span, CLASSES, "operation class").map(|()| text.to_owned());
            texts.into_iter().filter_map(&mut known).collect()
        });
        let hours = self.form.text(node, "session_hours").and_then(|(text, span)| {
            let hours = text.parse().ok().filter(|hours| (1..=8_784).contains(hours));
            hours.or_else(|| self.form.refuse(span, format!("`{text}` is no number of hours from 1 to 8784")))
        });
        let same_user = self.form.text(node, "same_user").and_then(|(text, span)| {
            text.parse().ok().or_else(|| self.form.refuse(span, format!("`{text}` is neither true nor false")))
        });
        let remote = self.given(node, "remote").unwrap_or(default.remote);
        let chains: Vec<Chain> = self.each(node, "chains", Self::chain).into_iter().map(|chain| chain.what).collect();
        let what = TrustPolicy {
            operations: operations.unwrap_or(default.operations),
            session_hours: hours.unwrap_or(default.session_hours),
            remote,
            same_user: same_user.unwrap_or(default.same_user),
            chains: if node.get("chains").is_none_or(Node::is_null) { default.chains } else { chains },
        };
        Some(Declared { what, source: self.form.source.clone(), span: node.span })
    }

    fn chain(&mut self, node: &Node) -> Option<Chain> {
        self.form.keys(node, CHAIN_KEYS, "a chain")?;
        let name = self.form.need_text(node, "name", "a chain")?.to_owned();
        let begins = self.form.need_text(node, "begins", "a chain")?.to_owned();
        let Ok(begins) = begins.parse::<Begins>() else {
            let span = node.get("begins").map_or(node.span, |begins| begins.span);
            let message = format!("a chain begins with vpn, console, or any session (any), not with `{begins}`");
            return self.form.refuse(span, message);
        };
        let station = self.form.need_text(node, "station", "a chain")?.to_owned();
        let over = self.all(node, "over");
        if over.len() > CHAIN_STEPS_MAX {
            return self.form.refuse(node.span, format!("a chain leads over {CHAIN_STEPS_MAX} hosts at most"));
        }
        let (zones, devices) = (self.all(node, "zones"), self.all(node, "devices"));
        Some(Chain { name, zones, devices, begins, over, station })
    }
}

fn own_mac(text: &str) -> Option<String> {
    mac(text).map(Cow::into_owned)
}

fn address(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

fn network(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().map(|network| network.trunc()).ok().or_else(|| address(text).map(IpNet::from))
}
