//! What can be written behind commands that are about a plant: its operations, assets, trust and conduits.
//!
//! ```text
//! tieline trust --context plant.yml EVENTS
//! ```

use crate::exit::TABLE;
use clap::{Args as ClapArgs, ValueEnum};
use std::path::PathBuf;

/// Arguments of `normalise`.
#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = TABLE)]
pub(crate) struct NormaliseArgs {
    /// Event files or directories of them; - is standard input
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Tables of OT protocols in place of the shipped ones: files or directories (may be repeated)
    #[arg(long, value_name = "PATH")]
    pub(crate) taxonomy: Vec<PathBuf>,
    /// The plant that events are seen in: inventories, zones and conduits, as files or directories (may be repeated); records
    /// also have the fields that it fills
    #[arg(long, value_name = "PATH")]
    pub(crate) context: Vec<String>,
    /// What to print [default: table on a terminal, else ndjson]
    #[arg(long, short, value_name = "FORM")]
    pub(crate) output: Option<NormaliseForm>,
}

/// Arguments of `trust`.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct TrustArgs {
    /// Event files or directories of them, of sensors and of hosts, in any order; - is standard input
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// The plant that events are seen in: inventories, zones, conduits and its section `trust`, as files or directories (may be repeated)
    #[arg(long, value_name = "PATH", required = true)]
    pub(crate) context: Vec<String>,
    /// Tables of OT protocols in place of the shipped ones: files or directories (may be repeated)
    #[arg(long, value_name = "PATH")]
    pub(crate) taxonomy: Vec<PathBuf>,
    /// Also show operations that are explained
    #[arg(long)]
    pub(crate) all: bool,
    /// End with exit code 1 when an operation is not explained
    #[arg(long)]
    pub(crate) fail: bool,
    /// What to print [default: table on a terminal, else ndjson]
    #[arg(long, short, value_name = "FORM")]
    pub(crate) output: Option<TrustForm>,
}

/// What `trust` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TrustForm {
    /// A line for equal judgements, with the sessions that were found below it
    Table,
    /// One JSON object for each operation
    Ndjson,
}

/// Arguments of `learn`.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct LearnArgs {
    /// Event files or directories of them; - is standard input
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// The plant as far as it is declared: inventories, zones and conduits, as files or directories (may be repeated)
    #[arg(long, value_name = "PATH")]
    pub(crate) context: Vec<String>,
    /// Tables of OT protocols in place of the shipped ones: files or directories (may be repeated)
    #[arg(long, value_name = "PATH")]
    pub(crate) taxonomy: Vec<PathBuf>,
}

/// What `normalise` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum NormaliseForm {
    /// Each event with the fields of a record added, once for each operation; events that tell of none as they are
    Ndjson,
    /// The records alone, one on a line
    Records,
    /// How many records there are of each kind, for people
    Table,
}

/// Arguments of `assets`.
#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = TABLE)]
pub(crate) struct AssetsArgs {
    /// Event files or directories of them; - is standard input. Without any, the inventory itself is written
    #[arg(value_name = "FILE", required_unless_present = "context")]
    pub(crate) files: Vec<PathBuf>,
    /// The plant: inventories (YAML, CSV, CSV of NetBox, CycloneDX), zones and sites with their sensors, as files or directories
    /// (may be repeated). What was seen is compared with its assets
    #[arg(long, value_name = "PATH")]
    pub(crate) context: Vec<String>,
    /// Tables of OT protocols in place of the shipped ones: files or directories (may be repeated)
    #[arg(long, value_name = "PATH")]
    pub(crate) taxonomy: Vec<PathBuf>,
    /// How to print assets [default: table on a terminal, else ndjson]
    #[arg(long, value_name = "FORM", help_heading = "Output")]
    pub(crate) format: Option<AssetsForm>,
    /// Write them to FILE
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// Exit with 1 when there are such differences from the inventory (may be repeated)
    #[arg(long, value_name = "KIND", value_delimiter = ',', help_heading = "Output")]
    pub(crate) fail_on: Vec<DifferenceForm>,
}

/// What `assets` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AssetsForm {
    /// Assets and differences, for people
    Table,
    /// Each asset with its evidence, then each difference, one on a line
    Ndjson,
    /// An inventory that --context reads
    Yaml,
    /// The same as rows
    Csv,
    /// Devices in the columns of NetBox
    Netbox,
    /// A bill of materials, CycloneDX 1.6
    Cyclonedx,
}

/// A difference from the inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DifferenceForm {
    /// Seen, not declared
    Unknown,
    /// Declared, not seen
    Silent,
    /// At another address or in another zone
    Moved,
    /// With another MAC, serial number, vendor, model, firmware or role
    Changed,
    /// Any of these
    Any,
}
