//! What rule files come to: diagnostics as data, limits, and small helpers that other tests share.

use super::{Options, Pack, check};
use crate::diagnostic::{Code, Source};
use crate::syntax;

/// Reads and checks one text with the default options.
pub(super) fn pack(text: &str) -> Pack {
    pack_with(text, &Options::default())
}

pub(super) fn pack_with(text: &str, options: &Options) -> Pack {
    let source = Source::new(None, text);
    let (documents, mut diagnostics) = syntax::parse(&source, &options.limits);
    let mut pack = check(&documents, options);
    diagnostics.append(&mut pack.diagnostics);
    Pack { diagnostics, ..pack }
}

/// The codes of all that was told, in order.
pub(super) fn codes(pack: &Pack) -> Vec<Code> {
    pack.diagnostics.iter().map(|told| told.code).collect()
}
