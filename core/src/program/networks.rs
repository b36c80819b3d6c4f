//! Networks: in which of many does an address lie?
//!
//! ```text
//! 10.0.0.0/8, 10.1.0.0/16, 192.0.2.7/32   ─▶   prefixes 8, 16, 32     10.1.2.3: 10/8 yes, 10.1/16 yes, 10.1.2.3/32 no
//! ```
//!
//! The address is read once, and cut to each prefix that there is, which are at most 33 for v4 and 129 for v6, however
//! many networks there are.

use super::codes::{Codes, CodesBuilder};
use super::index::{self, Index};
use super::tables::{Reader, Writer};
use bytemuck::{Pod, Zeroable};
use ipnet::IpNet;
use std::net::IpAddr;

/// A frozen set of networks with codes.
#[derive(Debug, Default)]
pub(crate) struct Networks<'a> {
    networks: Index<'a, Row>,
    /// The prefixes that there are, of v4 and of v6.
    prefixes: [&'a [u8]; 2],
    codes: Codes<'a>,
}

/// A network and the list of its codes.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Row {
    network: Key,
    codes: u32,
}

/// A network in numbers: its address, whose v4 form is in the first of them, and its prefix; 128 more for v6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
struct Key {
    address: [u32; 4],
    prefix: u32,
}

impl Key {
    fn new(network: IpNet) -> Self {
        match network {
            IpNet::V4(v4) => Self { address: [v4.addr().to_bits(), 0, 0, 0], prefix: v4.prefix_len().into() },
            IpNet::V6(v6) => {
                let bits = v6.addr().to_bits();
                let address = [96, 64, 32, 0].map(|shift| (bits >> shift) as u32);
                Self { address, prefix: u32::from(v6.prefix_len()) + 128 }
            }
        }
    }

    fn hash(&self) -> u64 {
        super::hash::hash(bytemuck::bytes_of(self), 0)
    }
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

    /// Writes the set.
    pub(crate) fn write(mut self, writer: &mut Writer) {
        self.entries.sort_unstable();
        self.entries.dedup();
        let (mut codes, mut rows, mut prefixes) = (CodesBuilder::default(), Vec::new(), [Vec::new(), Vec::new()]);
        for own in self.entries.chunk_by(|left, right| left.0 == right.0) {
            let Some((network, _)) = own.first() else { continue };
            let key = Key::new(*network);
            let list = codes.put(own.iter().map(|(_, code)| *code));
            rows.push((key.hash(), Row { network: key, codes: list }));
            let [v4, v6] = &mut prefixes;
            let prefixes = if network.addr().is_ipv4() { v4 } else { v6 };
            if !prefixes.contains(&network.prefix_len()) {
                prefixes.push(network.prefix_len());
            }
        }
        index::write(rows, writer);
        prefixes.iter().for_each(|prefixes| writer.table(prefixes));
        codes.write(writer);
    }
}

impl<'a> Networks<'a> {
    /// Reads what a builder wrote.
    pub(crate) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let networks = Index::read(reader)?;
        Some(Self { networks, prefixes: [reader.table()?, reader.table()?], codes: Codes::read(reader)? })
    }

    /// How many different networks it holds.
    pub(crate) fn len(&self) -> usize {
        self.networks.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.networks.is_empty()
    }

    /// Calls `found` for every code of every network that holds the address, if the text is one.
    pub(crate) fn search(&self, text: &str, mut found: impl FnMut(u32)) {
        let Ok(address) = text.parse::<IpAddr>() else { return };
        // A v4 address that is written as v6 is still that of v4.
        let address = address.to_canonical();
        let [v4, v6] = self.prefixes;
        for prefix in if address.is_ipv4() { v4 } else { v6 } {
            let Ok(network) = IpNet::new(address, *prefix) else { continue };
            let key = Key::new(network.trunc());
            let own = self.networks.bucket(key.hash()).iter().find(|row| row.network == key);
            own.into_iter().flat_map(|row| self.codes.of(row.codes)).for_each(|code| found(*code));
        }
    }
}
