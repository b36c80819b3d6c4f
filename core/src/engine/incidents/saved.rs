//! The state of incidents as bytes, and other rules or another plant while events go on.
//!
//! ```text
//! "TLINCID\0" │ format (u32) │ checksum (u64) │ rules │ register │ what correlations may name │ clocks │ state of the stream
//! ```

use super::{About, Incidents, KEPT_MAX};
use crate::context::Context;
use crate::correlation::table::Restored;
use crate::engine::{Error, ErrorKind, Rules, Scanner};
use crate::incident::{Clocks, FindingRule, Made, Register, SavedRules};
use crate::seal::{Damage, Seal, read, read_all, write, write_all};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

const SEAL: Seal = Seal { magic: b"TLINCID\0", format: 6 };

/// What was read of saved state.
struct Saved<'a> {
    register: Register,
    rules: HashMap<String, Arc<FindingRule>>,
    kept: BTreeMap<u64, About>,
    clocks: Clocks,
    stream: &'a [u8],
}

impl Incidents {
    /// All state as bytes, for [`restore`](Self::restore): findings and their groups, contacts, sessions, windows of correlations, what waits for late
    /// events, and changes that were not taken.
    ///
    /// ```
    /// use tieline::context::Context;
    /// use tieline::incidents::{IncidentOptions, Incidents};
    /// let rules = tieline::Compiler::new()
    ///     .rules(None, "
    /// title: Audit log cleared
    /// logsource: {product: windows}
    /// detection: {selection: {EventID: 1102}, condition: selection}
    /// level: high
    /// ")
    ///     .build()?;
    /// let made = || Incidents::new(&rules, tieline::Compiler::new(), &Context::read(&[]), IncidentOptions::default());
    /// let mut incidents = made()?;
    /// incidents.push_json(br#"{"time": "2026-11-26T08:00:00Z", "EventID": 1102, "Computer": "hmi-1"}"#, "log:1")?;
    /// let mut other = made()?;
    /// other.restore(&incidents.snapshot())?;
    /// other.push_json(br#"{"time": "2026-11-26T08:09:00Z", "EventID": 1102, "Computer": "hmi-1"}"#, "log:2")?;
    /// other.finish();
    /// assert_eq!(other.incidents()[0].findings[0].events, ["log:1", "log:2"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        let (mut rules, mut register, mut kept) = (SavedRules::default(), Vec::new(), Vec::new());
        self.register.save(&mut register, &mut rules);
        // By their names, so that rules of which nothing is kept have the same numbers in each run.
        let mut known: Vec<_> = self.rules.iter().collect();
        known.sort_unstable_by_key(|(name, _)| *name);
        write_all(&mut kept, known.into_iter().map(|(name, rule)| (name, rules.number(rule))));
        write_all(&mut kept, self.kept.iter());
        let mut bytes = Seal::begin();
        rules.save(&mut bytes);
        bytes.append(&mut register);
        bytes.append(&mut kept);
        self.clocks.save(&mut bytes);
        write(&mut bytes, &self.stream.snapshot());
        SEAL.close(&mut bytes);
        bytes
    }

    /// Goes on with the state that [`snapshot`](Self::snapshot) gave, with the same rules and plant or with others, as
    /// [`reload`](Self::reload) does. Options are those of this one. Nothing changes when the bytes are refused.
    ///
    /// # Errors
    /// When the bytes are no such state, are damaged, or come from another version.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<Restored, Error> {
        let fault = |damage: Damage| Error::new(ErrorKind::Saved, damage.to_string());
        let saved = self.read(SEAL.open(bytes).map_err(fault)?).map_err(fault)?;
        let restored = self.stream.restore(saved.stream)?;
        let Saved { register, rules, kept, clocks, .. } = saved;
        (self.register, self.rules, self.kept, self.clocks) = (register, rules, kept, clocks);
        Ok(restored)
    }

    fn read<'a>(&self, mut bytes: &'a [u8]) -> Result<Saved<'a>, Damage> {
        let bytes = &mut bytes;
        let rules = SavedRules::load(bytes)?;
        let register = self.register.load(bytes, &rules)?;
        let known = read_all::<(String, u32)>(bytes, usize::MAX)?.into_iter();
        let known = known.map(|(name, number)| Ok((name, rules.get(number)?))).collect::<Result<_, Damage>>()?;
        let kept: BTreeMap<u64, About> = read_all(bytes, KEPT_MAX)?.into_iter().collect();
        let mut hosts = kept.values().flat_map(|about| [about.source, about.target]).flatten();
        if !hosts.all(|host| register.is_host(host)) {
            return Err(Damage::Broken);
        }
        let clocks = Clocks::load(bytes)?;
        let stream = read(bytes)?;
        let saved = Saved { register, rules: known, kept, clocks, stream };
        if bytes.is_empty() { Ok(saved) } else { Err(Damage::Broken) }
    }

    /// Changes to other rules and another plant, while events go on coming. No event is lost. Correlations with the id and content of one before
    /// keep their windows, and it is told what was dropped. Findings stay as they were found, also those of rules that are gone. Assets are known
    /// again by their ids, else by their addresses or names; zone, role, owner and the like are then those of the new plant. What conduits said of
    /// an operation is not asked again.
    pub fn reload(&mut self, rules: &Rules, context: &Context) -> Restored {
        let rules = rules.with_context(context);
        let restored = self.stream.reload(&rules);
        self.take_alerts();
        self.sighting = self.stream.sighting();
        self.scanner = Some(Scanner::new(&rules));
        self.observer.reload(context);
        self.register.reload(context);
        // A rule may say something else of itself now.
        self.rules.retain(|_, rule| rule.made == Made::Elsewhere);
        self.has_plant = !context.assets().is_empty();
        restored
    }
}
