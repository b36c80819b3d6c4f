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
use crate::program::{self, Indicators, NetworksBuilder, Place};
use crate::shortcut::{Shortcut, Shortcuts};
use crate::text;
use std::collections::HashMap;
use std::sync::Arc;

/// Texts or networks from which on a list is a set of its own.
const OWN_MIN: usize = 4_096;

/// The sets that were frozen already.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// By where their texts are kept and how they are sought. The rules that hold the texts outlive the compiler.
    texts: HashMap<(usize, Anchor, bool), Arc<program::List>>,
    networks: HashMap<usize, Arc<program::List>>,
}

impl Lists {
    /// Adds a list to a matcher.
    pub(super) fn add(&mut self, ask: &Ask, effect: u32, draft: &mut Draft) {
        match ask {
            Ask::List(list) => self.texts(list, effect, draft),
            Ask::Networks(networks) => self.networks(networks, effect, draft),
            _ => {}
        }
    }

    fn texts(&mut self, list: &List, effect: u32, draft: &mut Draft) {
        if list.texts.len() < own_min(draft.shortcuts) {
            let pieces = list.texts.iter().map(|text| Pieces::new(&list.pattern(text)));
            return pieces.for_each(|pieces| matcher::text(&pieces, effect, draft));
        }
        let key = (Arc::as_ptr(&list.texts) as usize, list.anchor, list.cased);
        let set = self.texts.entry(key).or_insert_with(|| Arc::new(freeze(list)));
        draft.matcher.lists.push((set.clone(), effect));
    }

    fn networks(&mut self, networks: &Networks, effect: u32, draft: &mut Draft) {
        if networks.0.len() < own_min(draft.shortcuts) {
            return networks.0.iter().for_each(|network| draft.networks.add(*network, effect));
        }
        let set = self.networks.entry(networks.0.as_ptr() as usize).or_insert_with(|| {
            let mut set = NetworksBuilder::default();
            networks.0.iter().for_each(|network| set.add(*network, 0));
            Arc::new(program::List::Networks(set.build()))
        });
        draft.matcher.lists.push((set.clone(), effect));
    }
}

fn own_min(shortcuts: Shortcuts) -> usize {
    match (shortcuts.has(Shortcut::LongLists), shortcuts.has(Shortcut::MixedLists)) {
        (false, _) => usize::MAX,
        (true, false) => 0,
        (true, true) => OWN_MIN,
    }
}

/// The texts of a list as a set, folded where case does not matter.
fn freeze(list: &List) -> program::List {
    let place = match list.anchor {
        Anchor::Whole => Place::Whole,
        Anchor::Start => Place::Start,
        Anchor::End => Place::End,
        Anchor::Anywhere => Place::Inside,
    };
    if list.cased {
        program::List::Cased(Indicators::new(list.texts.iter().collect(), place))
    } else {
        program::List::Folded(Indicators::new(list.texts.iter().map(text::folded).collect(), place))
    }
}
