//! Networks: in which of many does an address lie?
//!
//! ```text
//! 10.0.0.0/8, 10.1.0.0/16, 192.0.2.7/32   ─▶   prefixes 8, 16, 32     10.1.2.3: 10/8 yes, 10.1/16 yes, 10.1.2.3/32 no
//! ```
//!
//! The address is read once, and cut to each prefix that there is, which are at most 33 for v4 and 129 for v6, however
//! many networks there are.

use super::codes::Codes;
use hashbrown::HashMap;
use ipnet::IpNet;
use std::net::IpAddr;

/// A frozen set of networks with codes.
#[derive(Debug, Default)]
pub(crate) struct Networks {
    lists: HashMap<IpNet, u32, foldhash::fast::FixedState>,
    /// The prefixes that there are, of v4 and of v6.
    prefixes: [Vec<u8>; 2],
    codes: Codes,
}

/// Collects networks with their codes.
#[derive(Debug, Default)]
pub(crate) struct NetworksBuilder {
    entries: Vec<(IpNet, u32)>,
}

impl NetworksBuilder {
    /// Adds a code to what a network gives; no bit may be set behind its prefix.
    pub(crate) fn add(&mut self, network: IpNet, code: u32) {
        self.entries.push((network, code));
    }

    /// Freezes the set.
    pub(crate) fn build(mut self) -> Networks {
        self.entries.sort_unstable();
        self.entries.dedup();
        let mut networks = Networks::default();
        let same = self.entries.chunk_by(|left, right| left.0 == right.0);
        networks.lists.reserve(same.clone().count());
        for own in same {
            let Some((network, _)) = own.first() else { continue };
            networks.lists.insert(*network, networks.codes.put(own.iter().map(|(_, code)| *code)));
            let [v4, v6] = &mut networks.prefixes;
            let prefixes = if network.addr().is_ipv4() { v4 } else { v6 };
            if !prefixes.contains(&network.prefix_len()) {
                prefixes.push(network.prefix_len());
            }
        }
        networks
    }
}

impl Networks {
    /// How many different networks it holds.
    pub(crate) fn len(&self) -> usize {
        self.lists.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// Calls `found` for every code of every network that holds the address, if the text is one.
    pub(crate) fn search(&self, text: &str, mut found: impl FnMut(u32)) {
        let Ok(address) = text.parse::<IpAddr>() else { return };
        // A v4 address that is written as v6 is still that of v4.
        let address = address.to_canonical();
        let [v4, v6] = &self.prefixes;
        for prefix in if address.is_ipv4() { v4 } else { v6 } {
            let network = IpNet::new(address, *prefix).map(|network| network.trunc());
            if let Some(list) = network.ok().and_then(|network| self.lists.get(&network)) {
                self.codes.of(*list).iter().for_each(|code| found(*code));
            }
        }
    }
}
