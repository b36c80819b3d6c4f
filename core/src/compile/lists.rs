//! Long lists of texts and networks: frozen once, however many partitions look for them.
//!
//! ```text
//! Hashes|contains|expand: '%bad_hashes%'   partitions sysmon 1, sysmon 7  ─▶  one set of literals, an effect for each
//! ```
//!
//! Shorter lists are mixed with all other literals of a slot, because one search for all is faster than several.

use super::atoms::{Ask, Pieces};
use super::matcher::{self, Draft};
use crate::check::{Anchor, List, Networks};
use crate::program::tables::Writer;
use crate::program::{ListDraft, NetworksBuilder, Place};
use crate::shortcut::{Shortcut, Shortcuts};
use crate::text::{self, Texts};
use std::collections::HashMap;
use std::sync::Arc;

/// Texts or networks from which on a list is a set of its own.
const OWN_MIN: usize = 4_096;

/// The sets that were written already, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// By where their texts are kept and how they are sought. The atoms that hold the texts outlive the matchers.
    texts: HashMap<(usize, Anchor, bool), u32>,
    networks: HashMap<usize, u32>,
}

impl Lists {
    /// Adds a list to a matcher.
    pub(super) fn add(&mut self, ask: &Ask, effect: u32, draft: &mut Draft, writer: &mut Writer) {
        match ask {
            Ask::List(list) => self.texts(list, effect, draft, writer),
            Ask::Networks(networks) => self.networks(networks, effect, draft, writer),
            _ => {}
        }
    }

    fn texts(&mut self, list: &List, effect: u32, draft: &mut Draft, writer: &mut Writer) {
        if list.texts.len() < own_min(draft.shortcuts) {
            let pieces = list.texts.iter().map(|text| Pieces::new(&list.pattern(text)));
            return pieces.for_each(|pieces| matcher::text(&pieces, effect, draft));
        }
        let next = self.next();
        let number = *self.texts.entry((Arc::as_ptr(&list.texts) as usize, list.anchor, list.cased)).or_insert(next);
        if number == next {
            write(list, writer);
        }
        draft.matcher.lists.push((number, effect));
    }

    fn networks(&mut self, networks: &Networks, effect: u32, draft: &mut Draft, writer: &mut Writer) {
        if networks.0.len() < own_min(draft.shortcuts) {
            return networks.0.iter().for_each(|network| draft.matcher.networks.add(*network, effect));
        }
        let next = self.next();
        let number = *self.networks.entry(networks.0.as_ptr() as usize).or_insert(next);
        if number == next {
            let mut set = NetworksBuilder::default();
            networks.0.iter().for_each(|network| set.add(*network, 0));
            ListDraft::Networks(set).write(writer);
        }
        draft.matcher.lists.push((number, effect));
    }

    /// The number of the next list.
    fn next(&self) -> u32 {
        (self.texts.len() + self.networks.len()) as u32
    }
}

fn own_min(shortcuts: Shortcuts) -> usize {
    match (shortcuts.has(Shortcut::LongLists), shortcuts.has(Shortcut::MixedLists)) {
        (false, _) => usize::MAX,
        (true, false) => 0,
        (true, true) => OWN_MIN,
    }
}

/// Writes the texts of a list as a set, folded where case does not matter.
fn write(list: &List, writer: &mut Writer) {
    let place = match list.anchor {
        Anchor::Whole => Place::Whole,
        Anchor::Start => Place::Start,
        Anchor::End => Place::End,
        Anchor::Anywhere => Place::Inside,
    };
    if list.cased {
        ListDraft::Cased(place, &list.texts).write(writer);
    } else {
        let folded: Texts = list.texts.iter().map(text::folded).collect();
        ListDraft::Folded(place, &folded).write(writer);
    }
}
