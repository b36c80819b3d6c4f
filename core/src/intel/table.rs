//! Where events hold addresses, names and hashes: a table of field names by what stands in them.
//!
//! ```text
//! indicator_fields:
//!   - prefixes: ['', Event.EventData.]     put in front of every name of this group; none is the name itself
//!     address: [SourceIp, DestinationIp]   ─▶   SourceIp, Event.EventData.SourceIp, ...
//!     hashes: [Hashes]                          `SHA256=...,IMPHASH=...`
//! ```
//!
//! The shipped table is `rules/indicators/fields.yml`; users add their own.

use crate::config::Limits;
use crate::diagnostic::{Code, Diagnostic, Source};
use crate::syntax::fields::FieldForm;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What stands in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Class {
    /// One address, or several in a list.
    Address,
    /// A name of a host, or its address.
    Domain,
    /// A URL, whose host counts too.
    Url,
    /// The digits of a hash.
    Hash,
    /// Several hashes with their names: `SHA256=...,IMPHASH=...`.
    Hashes,
    /// The digits of a hash of imports.
    Imphash,
    /// The name of a file.
    FileName,
    /// A file with its folder.
    FilePath,
    /// An e-mail address.
    Email,
}

const FORM: FieldForm<Class> = FieldForm {
    key: "indicator_fields",
    code: Code::IndicatorFields,
    classes: &[
        ("address", Class::Address),
        ("domain", Class::Domain),
        ("url", Class::Url),
        ("hash", Class::Hash),
        ("hashes", Class::Hashes),
        ("imphash", Class::Imphash),
        ("file_name", Class::FileName),
        ("file_path", Class::FilePath),
        ("email", Class::Email),
    ],
};

/// Fields and what stands in them; a field may stand in several classes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table(pub(super) BTreeSet<(String, Class)>);

impl Table {
    /// Reads tables. When one has a fault, the diagnostics say where, and what could not be read is left out.
    pub(crate) fn parse(sources: &[Source], limits: &Limits) -> (Self, Vec<Diagnostic>) {
        let (table, found) = FORM.parse(sources, limits);
        (Self(table), found)
    }
}
