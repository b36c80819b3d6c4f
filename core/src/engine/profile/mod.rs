//! What scanning cost, by fields, tests, rules and kinds of events, in the words of the rules.
//!
//! ```text
//! Scanner::profiled(&rules, clock) ─▶ scan ... ─▶ scanner.profile()   fields  CommandLine   9 ms, of which tests 3 ms
//!                                                                     tests   /(?i)a.*b/    2 ms, 800 runs, 1 held
//!                                                                     rules   Mimikatz      1 ms, woken 40 times
//! ```
//!
//! All times of the event loop are told once: what an event takes is reading + routing + the partitions, and what the
//! partitions take is the looks at fields and the walks of rules. Tests are a part of the looks. Profiles of several
//! scanners, also of different rule sets, are merged by names. How numbers become names is in `resolve`.

mod resolve;

pub(super) use resolve::profile;
use serde::Serialize;
use std::collections::HashMap;
use std::hash::Hash;

/// What scanning cost. Lists have the most costly first, and hold only what was used at all.
///
/// ```
/// use std::{sync::OnceLock, time::Instant};
///
/// fn clock() -> u64 {
///     static START: OnceLock<Instant> = OnceLock::new();
///     START.get_or_init(Instant::now).elapsed().as_nanos() as u64
/// }
///
/// let rule = "
/// title: Encoded command
/// logsource: {category: process_creation, product: windows}
/// detection: {selection: {CommandLine|re: ' -e[nc]* [A-Za-z0-9+/]{40}'}, condition: selection}
/// ";
/// let rules = tieline::Compiler::new().rules(None, rule).build()?;
/// let mut scanner = tieline::Scanner::profiled(&rules, clock);
/// scanner.scan_json(br#"{"CommandLine": "powershell -NoLogo"}"#)?;
/// let profile = scanner.profile().unwrap();
/// assert_eq!((profile.events, profile.fields[0].field.as_str()), (1, "CommandLine"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Profile {
    /// Events that were read.
    pub events: u64,
    /// Their bytes, if they were JSON.
    pub bytes: u64,
    /// Time to find the fields in the events.
    pub reading_ns: u64,
    /// Time to find which rules an event concerns.
    pub routing_ns: u64,
    /// Time to evaluate those rules.
    pub detecting_ns: u64,
    /// By field.
    pub fields: Vec<FieldCost>,
    /// By test, of those that have to be run: expressions, patterns with wildcards inside, comparisons, long lists. Plain
    /// texts are all sought at once and are part of the field only.
    pub tests: Vec<TestCost>,
    /// By rule.
    pub rules: Vec<RuleCost>,
    /// By kind of event: the rules are divided by the fields that tell log sources apart.
    pub partitions: Vec<PartitionCost>,
}

/// What the values of one field cost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FieldCost {
    /// The field; `(keywords)` for all values of an event, and `a|fieldref: b` for two fields that are compared.
    pub field: String,
    /// Values that were looked at.
    pub values: u64,
    /// Of those, the ones that were seen before and not searched again.
    pub remembered: u64,
    /// Bytes of those that were searched.
    pub searched_bytes: u64,
    /// Time for all, tests included.
    pub ns: u64,
    /// Time of the tests.
    pub tests_ns: u64,
}

/// What one test cost, wherever rules ask it of this field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TestCost {
    /// The field; `(keywords)` for all values of an event.
    pub field: String,
    /// The test, for readers: `/expression/`, a pattern, `> 5`.
    pub test: String,
    /// How often it was run.
    pub runs: u64,
    /// How often it held.
    pub held: u64,
    /// Bytes of the values.
    pub bytes: u64,
    /// Time. The first run of an expression compiles it, which takes far longer than a run.
    pub ns: u64,
    /// The rules that ask it.
    pub rules: Vec<RuleName>,
}

/// What one rule cost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RuleCost {
    /// The rule.
    #[serde(flatten)]
    pub rule: RuleName,
    /// How often it, or one of its alternatives, was woken and decided.
    pub woken: u64,
    /// How often it matched.
    pub matched: u64,
    /// Steps of its condition that were taken.
    pub decisions: u64,
    /// Time of all the following.
    pub ns: u64,
    /// Time for its condition.
    pub decisions_ns: u64,
    /// Time to look at fields that waited until it asked, without tests. Who asks first in an event bears the cost.
    pub looks_ns: u64,
    /// Its part of the time of the tests that it asks: a test of several rules is divided equally among them.
    pub tests_ns: u64,
}

/// What the events of one kind cost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PartitionCost {
    /// Which events these are, for readers.
    pub events_with: String,
    /// Events.
    pub events: u64,
    /// Time to evaluate the rules about them.
    pub ns: u64,
}

/// A rule, as it is named in a profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RuleName {
    /// The id, when the rule has one.
    pub id: Option<String>,
    /// The title; empty when the rule has none.
    pub title: String,
}

impl Profile {
    /// Adds what another scanner counted.
    pub fn merge(&mut self, other: Self) {
        self.events += other.events;
        self.bytes += other.bytes;
        self.reading_ns += other.reading_ns;
        self.routing_ns += other.routing_ns;
        self.detecting_ns += other.detecting_ns;
        merge(&mut self.fields, other.fields);
        merge(&mut self.tests, other.tests);
        merge(&mut self.rules, other.rules);
        merge(&mut self.partitions, other.partitions);
    }
}

/// A row of a profile.
trait Cost {
    type Name: Eq + Hash + Ord;
    fn name(&self) -> Self::Name;
    fn ns(&self) -> u64;
    /// Adds a row of the same name.
    fn add(&mut self, other: Self);
}

/// Adds rows to those of the same names, and puts the most costly first.
fn merge<C: Cost>(own: &mut Vec<C>, others: Vec<C>) {
    let mut places: HashMap<C::Name, usize> = own.iter().enumerate().map(|(at, row)| (row.name(), at)).collect();
    for row in others {
        let at = *places.entry(row.name()).or_insert(own.len());
        match own.get_mut(at) {
            Some(known) => known.add(row),
            None => own.push(row),
        }
    }
    own.sort_by_cached_key(|row| (std::cmp::Reverse(row.ns()), row.name()));
}

impl Cost for FieldCost {
    type Name = String;

    fn name(&self) -> String {
        self.field.clone()
    }

    fn ns(&self) -> u64 {
        self.ns
    }

    fn add(&mut self, other: Self) {
        self.values += other.values;
        self.remembered += other.remembered;
        self.searched_bytes += other.searched_bytes;
        self.ns += other.ns;
        self.tests_ns += other.tests_ns;
    }
}

impl Cost for TestCost {
    type Name = (String, String);

    fn name(&self) -> (String, String) {
        (self.field.clone(), self.test.clone())
    }

    fn ns(&self) -> u64 {
        self.ns
    }

    fn add(&mut self, other: Self) {
        self.runs += other.runs;
        self.held += other.held;
        self.bytes += other.bytes;
        self.ns += other.ns;
        self.rules.extend(other.rules);
        self.rules.sort_unstable();
        self.rules.dedup();
    }
}

impl Cost for RuleCost {
    type Name = RuleName;

    fn name(&self) -> RuleName {
        self.rule.clone()
    }

    fn ns(&self) -> u64 {
        self.ns
    }

    fn add(&mut self, other: Self) {
        self.woken += other.woken;
        self.matched += other.matched;
        self.decisions += other.decisions;
        self.ns += other.ns;
        self.decisions_ns += other.decisions_ns;
        self.looks_ns += other.looks_ns;
        self.tests_ns += other.tests_ns;
    }
}

impl Cost for PartitionCost {
    type Name = String;

    fn name(&self) -> String {
        self.events_with.clone()
    }

    fn ns(&self) -> u64 {
        self.ns
    }

    fn add(&mut self, other: Self) {
        self.events += other.events;
        self.ns += other.ns;
    }
}
