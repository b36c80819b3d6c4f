//! Assets that events tell of, as every language learns them.
//!
//! ```text
//!  push, push_lines, push_events ─▶ Discovery ─▶ assets, compare, inventory          snapshot ─▶ bytes ─▶ restore, reload
//! ```
//!
//! What is an asset, and what speaks for it, is a matter of `discovery`.

use super::held::{Held, Taken};
use super::normaliser::plant_of;
use super::{Error, Kind, NormaliserOptions};
use crate::discovery::{self, Difference, GivenUp, SeenAsset};
use crate::load::{find_taxonomy, with_taxonomy};
use serde::Serialize;
use tieline::context::{Asset, InventoryForm};
use tieline::{Compiler, Normaliser};

/// The forms of an inventory, by name.
const FORMS: [(&str, InventoryForm); 4] = [
    ("yaml", InventoryForm::Yaml),
    ("csv", InventoryForm::Csv),
    ("netbox", InventoryForm::NetBox),
    ("cyclonedx", InventoryForm::CycloneDx),
];

/// Learns from events who is there. Nothing is ever asked of a device.
///
/// ```
/// use tieline_common::waist::{Discovery, NormaliserOptions};
///
/// let discovery = Discovery::new(&NormaliserOptions::default())?;
/// discovery.push(br#"{"_path":"modbus","id.orig_h":"10.2.0.6","id.resp_h":"10.1.7.2","func":"READ_COILS_EXCEPTION"}"#)?;
/// assert_eq!(discovery.assets()?[0].asset.role.as_deref(), Some("controller"));
/// let differences = discovery.compare(&["id,ip\nplc-7,10.1.7.2\nplc-8,10.1.7.3\n".to_owned()])?;
/// assert_eq!(differences.iter().map(|own| own.kind.as_str()).collect::<Vec<_>>(), ["unknown", "silent"]);
/// # Ok::<(), tieline_common::waist::Error>(())
/// ```
#[derive(Debug)]
pub struct Discovery {
    held: Held<discovery::Discovery>,
}

/// How much was taken in, and what found no room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct DiscoveryStats {
    /// Events that could be read.
    pub events: u64,
    /// What did not find room, or was left aside.
    pub given_up: GivenUp,
}

impl Discovery {
    /// Begins with nothing known, over the shipped tables of protocols or others. The sites of a plant say where its sensors stand, its
    /// zones where addresses belong.
    ///
    /// # Errors
    /// When a file cannot be read, or holds something broken; then the diagnostics say where.
    pub fn new(options: &NormaliserOptions) -> Result<Self, Error> {
        let normaliser = Normaliser::new(with_taxonomy(Compiler::new(), &find_taxonomy(&options.taxonomy)?))?;
        let plant = plant_of(&options.context)?;
        Ok(Self { held: Held::new("discovery", discovery::Discovery::new(normaliser, plant.as_ref())) })
    }

    /// Takes in one event, a JSON object.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn push(&self, event: &[u8]) -> Result<(), Error> {
        self.held.push(event, |own, event, _| own.push(event))
    }

    /// Takes in a text with one JSON object a line.
    ///
    /// # Errors
    /// When the text is no such text at all. An event that cannot be read is told in the answer.
    pub fn push_lines(&self, text: &[u8]) -> Result<Taken, Error> {
        self.held.push_lines(text, |own, event, _| own.push(event))
    }

    /// Takes in events that are JSON objects of their own.
    ///
    /// # Errors
    /// In a fork of the process.
    pub fn push_events(&self, events: &[&[u8]]) -> Result<Taken, Error> {
        self.held.push_all((0..).zip(events.iter().copied()), |own, event, _| own.push(event))
    }

    /// The assets known so far, by site and address, with their evidence.
    ///
    /// # Errors
    /// In a fork of the process.
    pub fn assets(&self) -> Result<Vec<SeenAsset>, Error> {
        self.held.with(|own| own.assets())
    }

    /// How what was seen differs from an inventory: paths or texts, or the plant that it goes by when there are none.
    ///
    /// # Errors
    /// When there is no inventory, or it cannot be read, or is broken.
    pub fn compare(&self, context: &[String]) -> Result<Vec<Difference>, Error> {
        let given = plant_of(context)?;
        self.held.with(|own| {
            let plant = given.as_ref().or(own.plant()).ok_or_else(|| {
                Error::new(
                    Kind::Argument,
                    "`context` is empty; give the inventory to compare with, here or as an option",
                )
            })?;
            Ok(discovery::compare(plant, &own.assets()))
        })?
    }

    /// The assets as an inventory: `yaml`, `csv`, `netbox` or `cyclonedx`.
    ///
    /// # Errors
    /// When there is no such form.
    pub fn inventory(&self, form: &str) -> Result<String, Error> {
        let known = FORMS.iter().find(|(name, _)| *name == form).ok_or_else(|| {
            let names = FORMS.map(|(name, _)| name).join(", ");
            Error::new(Kind::Argument, format!("`form` is `{form}`; write one of {names}"))
        })?;
        let assets: Vec<Asset> = self.assets()?.into_iter().map(|seen| seen.asset).collect();
        Ok(known.1.write(&assets))
    }

    /// How much was taken in, and what found no room.
    ///
    /// # Errors
    /// In a fork of the process.
    pub fn stats(&self) -> Result<DiscoveryStats, Error> {
        self.held.with(|own| DiscoveryStats { events: own.events(), given_up: own.given_up() })
    }

    /// All that is known as bytes.
    ///
    /// # Errors
    /// In a fork of the process.
    pub fn snapshot(&self) -> Result<Vec<u8>, Error> {
        self.held.with(|own| own.snapshot())
    }

    /// Goes on with what a snapshot knows. Nothing changes when it is refused.
    ///
    /// # Errors
    /// When the bytes are no such state, are damaged, or come from another version.
    pub fn restore(&self, bytes: &[u8]) -> Result<(), Error> {
        self.held.with(|own| own.restore(bytes))?.map_err(|damage| Error::new(Kind::State, damage.to_string()))
    }

    /// Goes on over another plant, paths or texts, or none. What was learned stays, with the sites that it was learned at.
    ///
    /// # Errors
    /// When a file cannot be read, or holds something broken; then nothing changes.
    pub fn reload(&self, context: &[String]) -> Result<(), Error> {
        let plant = plant_of(context)?;
        self.held.with(|own| own.reload(plant.as_ref()))
    }
}
