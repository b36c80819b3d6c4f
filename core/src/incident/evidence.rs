//! How much two findings have to do with each other, by what they have in common.
//!
//! ```text
//! same session 1.0     same host half an hour later 0.8 x 0.9     same host, but somebody else's session 0.8 x 0.2
//! ```
//!
//! One short table. The weight of a sign is halved with every half-life that lies between two findings. What counts for the same thing
//! (a host, an account) counts once, by its best sign; the sum of all has to reach [`ENOUGH`].

use serde::{Deserialize, Serialize};

/// From here on a finding belongs to a group.
pub(super) const ENOUGH: f64 = 0.5;

/// What two findings may have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Sign {
    /// A correlation is made of the other's event.
    MadeOf,
    /// Sessions that began with the same one.
    SessionTree,
    /// A logon session by its id.
    Session,
    Process,
    File,
    FileName,
    Hash,
    Indicator,
    Domain,
    Program,
    /// An account on one host.
    AccountOnHost,
    Account,
    /// An address outside of the plant.
    Outside,
    /// Both come from this host.
    SameSource,
    /// One came to this host, the other goes out from it.
    Onward,
    /// Both go to this host.
    SameTarget,
    /// The same rule, from the same host.
    SameRule,
    /// The same rule, from the same host to the same host.
    Again,
}

/// What a sign is about: of signs about the same thing only the best counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    Cause,
    Session,
    Artefact,
    Account,
    Host,
    Target,
    Rule,
}

pub(super) struct Weight {
    pub(super) about: About,
    /// What it counts when both happen at once.
    pub(super) weight: f64,
    /// After these hours it counts half.
    pub(super) half_life_hours: f64,
}

const fn weight(about: About, weight: f64, half_life_hours: f64) -> Weight {
    Weight { about, weight, half_life_hours }
}

impl Sign {
    pub(super) const fn weight(self) -> Weight {
        match self {
            Self::MadeOf => weight(About::Cause, 1.0, 1e9),
            Self::SessionTree => weight(About::Session, 1.0, 8.0),
            Self::Session => weight(About::Session, 1.0, 8.0),
            Self::Process => weight(About::Artefact, 1.0, 24.0),
            Self::File => weight(About::Artefact, 0.8, 8.0),
            Self::FileName => weight(About::Artefact, 0.5, 4.0),
            Self::Hash => weight(About::Artefact, 0.3, 4.0),
            Self::Indicator => weight(About::Artefact, 0.8, 24.0),
            Self::Domain => weight(About::Artefact, 0.6, 8.0),
            Self::Program => weight(About::Artefact, 0.4, 8.0),
            Self::AccountOnHost => weight(About::Account, 0.7, 4.0),
            Self::Account => weight(About::Account, 0.6, 2.0),
            Self::Outside => weight(About::Host, 0.8, 8.0),
            Self::SameSource => weight(About::Host, 0.8, 3.0),
            Self::Onward => weight(About::Host, 0.8, 3.0),
            Self::SameTarget => weight(About::Target, 0.35, 3.0),
            Self::SameRule => weight(About::Rule, 0.3, 3.0),
            Self::Again => weight(About::Rule, 0.6, 48.0),
        }
    }

    /// What it counts after some time, in nanoseconds.
    pub(super) fn after(self, nanos: i64) -> f64 {
        let Weight { weight, half_life_hours, .. } = self.weight();
        let hours = nanos.unsigned_abs() as f64 / 3.6e12;
        weight * (-hours / half_life_hours).exp2()
    }

    /// What it is called in an explanation.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::MadeOf => "the correlation is made of it",
            Self::SessionTree => "sessions that began with the same one",
            Self::Session => "the same logon session",
            Self::Process => "the same process",
            Self::File => "the same file",
            Self::FileName => "a file of the same name",
            Self::Hash => "the same hash",
            Self::Indicator => "the same indicator",
            Self::Domain => "the same domain",
            Self::Program => "the same controller program",
            Self::AccountOnHost => "the same account on the same host",
            Self::Account => "the same account",
            Self::Outside => "the same address outside",
            Self::SameSource => "from the same host",
            Self::Onward => "onward from the host that it reached",
            Self::SameTarget => "the same target",
            Self::SameRule => "the same rule from the same host",
            Self::Again => "the same as before",
        }
    }
}

impl Sign {
    /// What it counts when one of the two is usual: then hosts and sessions that were not named say little, and only for a short time.
    pub(super) fn after_habit(self, nanos: i64, habit: Habit) -> f64 {
        match self.weight().about {
            About::Host | About::Target | About::Rule if self != Self::Again => {
                let host = if habit == Habit::Routine { ROUTINE_HOST } else { HABIT_HOST };
                host * self.after(nanos.saturating_mul(HABIT_FASTER))
            }
            About::Session if self == Self::SessionTree => {
                HABIT_SESSION * self.after(nanos.saturating_mul(HABIT_FASTER))
            }
            About::Cause => HABIT_CAUSE,
            _ => self.after(nanos),
        }
    }
}

impl Sign {
    /// What it counts when one of the two is of level low or informational: a host that it has in common with others then says
    /// less, and for a shorter time.
    pub(super) fn after_low(self, nanos: i64) -> f64 {
        match self {
            Self::SameSource | Self::Onward | Self::SameTarget | Self::SameRule => {
                LOW * self.after(nanos.saturating_mul(LOW_FASTER))
            }
            _ => self.after(nanos),
        }
    }
}

/// How usual a finding is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Habit {
    /// Not at all.
    #[default]
    No,
    /// It happens again and again, is part of how hosts have long dealt with each other, or is explained.
    Usual,
    /// It happens again and again between the same hosts, is of little weight, and does nothing to a device.
    Routine,
}

impl Habit {
    pub(super) fn is_usual(self) -> bool {
        self != Self::No
    }
}

/// How many times faster evidence fades when something happens again and again.
const HABIT_FASTER: i64 = 40;
/// What being in the same session counts for something that happens again and again and names no account.
const HABIT_SESSION: f64 = 0.2;
/// What a host counts then: by itself not enough.
const HABIT_HOST: f64 = 0.5;
/// What a host counts for routine: by itself not enough either where both have been in the same session.
const ROUTINE_HOST: f64 = 0.2;
/// What being part of a correlation counts then.
const HABIT_CAUSE: f64 = 0.4;

/// Somebody else's session on the same host.
pub(super) const OTHER_SESSION: f64 = 0.2;
/// The same account, in a session that began elsewhere: whoever it was stolen from goes on working.
pub(super) const ELSEWHERE: f64 = 0.6;
/// What is in a session goes on from what came to the host in none.
pub(super) const OUT_OF_SESSION: f64 = 0.6;
/// The same account on hosts that had nothing to do with each other.
pub(super) const UNRELATED: f64 = 0.7;
/// What is of level low or informational, and happens on the same host.
const LOW: f64 = 0.7;
/// How many times faster that fades.
const LOW_FASTER: i64 = 3;
/// Another account on the same host.
pub(super) const OTHER_ACCOUNT: f64 = 0.4;
/// A host with which many deal.
pub(super) const HUB: f64 = 0.5;

/// The evidence for one group: the best of each thing that signs are about.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Evidence {
    best: [f64; 7],
}

impl Evidence {
    pub(super) fn from(sign: Sign, value: f64) -> Self {
        let mut own = Self::default();
        own.add(sign, value);
        own
    }

    pub(super) fn add(&mut self, sign: Sign, value: f64) {
        if let Some(best) = self.best.get_mut(sign.weight().about as usize) {
            *best = best.max(value);
        }
    }

    pub(super) fn sum(&self) -> f64 {
        self.best.iter().sum()
    }

    /// The sum without what is only the same rule.
    pub(super) fn without_rule(&self) -> f64 {
        self.sum() - self.of(About::Rule)
    }

    pub(super) fn of(&self, about: About) -> f64 {
        self.best.get(about as usize).copied().unwrap_or(0.0)
    }
}
