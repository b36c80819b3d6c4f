//! Forms in which incidents leave for other programs.
//!
//! ```text
//! incidents ─┬▶ ndjson, ocsf, ocsf-detections, ecs    one JSON object a line, for a SIEM
//!            ├▶ stix                                  one bundle, with the flow of the attack
//!            └▶ graphml, dot, json-graph              hosts and accounts, and what leads from one to another
//! ```
//!
//! Each form is written from [`Incident`] alone, in one pass, into what the caller gives. The same incidents give the same bytes: no clock is
//! read and nothing is random.

mod attack;
mod dot;
mod ecs;
mod graph;
mod graphml;
mod json_graph;
mod ocsf;
mod record;
mod stix;

use super::show::Incident;
use graph::Graph;
use std::io::{self, Write};

/// A form in which incidents are written.
///
/// ```
/// use tieline::incidents::IncidentForm;
/// assert_eq!(IncidentForm::named("graphml"), Some(IncidentForm::GraphMl));
/// assert!(IncidentForm::Dot.write(&[]).starts_with("digraph"));
/// for form in IncidentForm::ALL {
///     assert_eq!(IncidentForm::named(form.name()), Some(form));
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IncidentForm {
    /// An [`Incident`] as JSON on each line.
    Ndjson,
    /// OCSF 1.6: an Incident Finding (class 2005) on each line.
    Ocsf,
    /// OCSF 1.6: a Detection Finding (class 2004) on a line for each finding, with the incident's id in `metadata.correlation_uid`.
    OcsfDetections,
    /// The Elastic Common Schema 8.11: on each line a document, for each incident and then for each of its findings.
    Ecs,
    /// One STIX 2.1 bundle, with a flow (Attack Flow 2.0) for each incident.
    Stix,
    /// A graph of all incidents in GraphML 1.0, as Gephi, yEd and networkx read it.
    GraphMl,
    /// The same graph for Graphviz, with a box for each zone.
    Dot,
    /// The same graph as JSON: nodes and edges (node-link), as networkx and d3 read it.
    JsonGraph,
}

impl IncidentForm {
    /// All forms.
    pub const ALL: [Self; 8] = [
        Self::Ndjson,
        Self::Ocsf,
        Self::OcsfDetections,
        Self::Ecs,
        Self::Stix,
        Self::GraphMl,
        Self::Dot,
        Self::JsonGraph,
    ];

    /// The name by which it is asked for.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Ocsf => "ocsf",
            Self::OcsfDetections => "ocsf-detections",
            Self::Ecs => "ecs",
            Self::Stix => "stix",
            Self::GraphMl => "graphml",
            Self::Dot => "dot",
            Self::JsonGraph => "json-graph",
        }
    }

    /// The form of a name; none when no form has it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.name() == name)
    }

    /// Incidents in this form.
    #[must_use]
    pub fn write(self, incidents: &[Incident]) -> String {
        let mut out = Vec::new();
        // Memory takes all that is written, and all of it is text.
        let written = self.write_into(incidents, &mut out);
        written.ok().and_then(|()| String::from_utf8(out).ok()).unwrap_or_default()
    }

    /// Writes incidents in this form into something, such as a file that the caller has opened.
    ///
    /// # Errors
    /// When it does not take what is written.
    pub fn write_into(self, incidents: &[Incident], out: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Ndjson => lines(incidents, out),
            Self::Ocsf => lines(incidents.iter().map(ocsf::incident), out),
            Self::OcsfDetections => lines(incidents.iter().flat_map(ocsf::detections), out),
            Self::Ecs => lines(incidents.iter().flat_map(ecs::documents), out),
            Self::Stix => stix::write(incidents, out),
            Self::GraphMl => graphml::write(&Graph::of(incidents), out),
            Self::Dot => dot::write(&Graph::of(incidents), out),
            Self::JsonGraph => json_graph::write(&Graph::of(incidents), out),
        }
    }
}

/// One JSON object a line.
fn lines<T: serde::Serialize>(all: impl IntoIterator<Item = T>, out: &mut impl Write) -> io::Result<()> {
    for one in all {
        serde_json::to_writer(&mut *out, &one)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod random_tests;
#[cfg(test)]
mod tests;
