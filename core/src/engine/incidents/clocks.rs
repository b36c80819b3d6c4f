//! Whose clock stamped an event, by how much it is known to be off, and by how much it seems to be.

use super::{Incidents, REMOTE};
use crate::config::INCIDENT_OFFSET_S_MAX;
use crate::engine::observer::Observed;
use crate::engine::{Error, ErrorKind};
use crate::incident::{Clocks, Contact, ContactKind, IncidentOptions, Register, Skew};
use std::borrow::Cow;

/// The clock of an event.
pub(super) struct Clock<'a> {
    /// The sensor, else the source.
    name: Option<Cow<'a, str>>,
    /// Nanoseconds that are added to its times.
    pub(super) offset: i64,
}

impl<'a> Clock<'a> {
    pub(super) fn of(observed: &'a Observed<'_>, source: &'a [String], register: &Register) -> Self {
        let offsets = &register.options().clock_offsets_s;
        // What else stands in such fields may be anything, as the host that a request was for.
        let is_known = |name: &&str| offsets.contains_key(*name) || register.context().has_sensor(name);
        let sensor = observed.passing.sensor.as_deref().filter(is_known);
        let mut names = sensor.into_iter().chain(source.iter().map(String::as_str));
        let offset = if offsets.is_empty() { None } else { names.clone().find_map(|name| offsets.get(name)) };
        Self {
            name: names.next().map(Cow::Borrowed),
            offset: offset.copied().unwrap_or(0).saturating_mul(1_000_000_000),
        }
    }

    /// Tells of a contact, so that clocks can be compared. A logon and the connection that it came by are the same.
    pub(super) fn tell(&self, clocks: &mut Clocks, contact: &Contact, port: Option<u16>, time: Option<i64>) {
        let by_name = || REMOTE.iter().find(|(_, name)| *name == &*contact.what).map(|(port, _)| *port);
        let port = match contact.kind {
            ContactKind::Logon if &*contact.what == "network" => Some(445),
            ContactKind::Logon => by_name(),
            _ => port,
        };
        let clock = self.name.as_deref().and_then(|name| clocks.of(name));
        if let (Some(clock), Some(port), Some(time)) = (clock, port, time) {
            clocks.tell(clock, (contact.from, contact.to), port, time);
        }
    }
}

/// Whether all offsets are such as clocks may have.
pub(super) fn check(options: &IncidentOptions) -> Result<(), Error> {
    let wrong =
        options.clock_offsets_s.iter().find(|(_, offset)| offset.unsigned_abs() > INCIDENT_OFFSET_S_MAX.unsigned_abs());
    wrong.map_or(Ok(()), |(name, offset)| {
        let message =
            format!("the clock offset of `{name}` is {offset} s, but at most {INCIDENT_OFFSET_S_MAX} s can be given");
        Err(Error::new(ErrorKind::Option, message))
    })
}

impl Incidents {
    /// Says from which source the events to come are, by its names, the most telling first, such as a file and a kind of sensor. When an event
    /// names a sensor (`observer.name`, `_system_name`, `sensor`) that the plant declares or that has an offset, that comes before them. The first name that has an offset in
    /// [`IncidentOptions::clock_offsets_s`] counts; by the first of all the clock is compared with others.
    ///
    /// ```
    /// use tieline::context::Context;
    /// use tieline::incidents::{IncidentOptions, Incidents};
    /// let rules = tieline::Compiler::new().build()?;
    /// let options = IncidentOptions { clock_offsets_s: [("ot.log".to_owned(), 420)].into(), ..IncidentOptions::default() };
    /// let mut incidents = Incidents::new(&rules, tieline::Compiler::new(), &Context::read(&[]), options)?;
    /// for number in 0..9 {
    ///     let event = |time: i64| format!(r#"{{"ts": {time}, "id.orig_h": "10.0.0.{number}", "id.resp_h": "10.0.1.1", "id.resp_p": 22}}"#);
    ///     incidents.set_source(&["it.log"]);
    ///     incidents.push_json(event(1_795_680_000 + number * number * 3_000).as_bytes(), "it.log:1")?;
    ///     incidents.set_source(&["ot.log"]);
    ///     // Its clock is eight minutes slow, and of that seven are known.
    ///     incidents.push_json(event(1_795_680_000 + number * number * 3_000 - 480).as_bytes(), "ot.log:1")?;
    /// }
    /// let skews = incidents.skews();
    /// assert_eq!((skews[0].source.as_str(), skews[0].offset_s, skews[0].pairs), ("ot.log", 60.0, 9));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_source(&mut self, names: &[&str]) {
        self.source = names.iter().map(|name| (*name).to_owned()).collect();
    }

    /// How far clocks of sources seem to be apart, beyond the offsets that were given: from connections, logons and operations of which two sources
    /// told. It is only told; nothing is corrected by it.
    #[must_use]
    pub fn skews(&self) -> Vec<Skew> {
        self.clocks.skews()
    }
}
