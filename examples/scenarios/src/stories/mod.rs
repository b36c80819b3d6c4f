//! The scripts: one file for each story, told as a list of steps.
//!
//! ```text
//! tale.step(stage, what, techniques, who and what)      opens a step
//! tale.seen(event)                                      a line of it; a single rule of the shipped packs tells of it
//! tale.quiet(event)                                     a line of it that no single rule tells of
//! tale.hop(from, to, how, conduit, lines)               the step led from here to there
//! tale.effect(asset, what, lines)                       what was done to the plant
//! ```
//!
//! Ends and entities are written `asset:ews01`, `address:198.51.100.77`, `account:kpohl`. Times are minutes before the story
//! ends, so a longer story has more ordinary hours in front.

mod grid_wiper;
mod insider;
mod mail_to_pump;
mod ransomware;
mod remote_access;
mod reprogramming;

use crate::clock::{MINUTE, Moment, SECOND, Span};
use crate::line::Event;
use crate::plant::{Asset, Plant};
use crate::sensors::{Launch, Pen, Pushed, Session};
use crate::tape::{Mark, Merged, Tape};
use crate::truth::{Crossing, Effect, Entities, Hop, Node, Spread, Step};

pub(crate) const CMD: &str = r"C:\Windows\System32\cmd.exe";
pub(crate) const POWERSHELL: &str = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe";
pub(crate) const EXPLORER: &str = r"C:\Windows\explorer.exe";
pub(crate) const SERVICES: &str = r"C:\Windows\System32\services.exe";

/// What is fixed about a story.
pub(crate) struct Script {
    /// As the command line takes it.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) plant: &'static Plant,
    /// When the traffic ends.
    pub(crate) end: Moment,
    pub(crate) play: fn(&mut Tale<'_>),
}

/// All stories, in the order of the README.
pub(crate) static SCRIPTS: [Script; 6] = [
    remote_access::SCRIPT,
    ransomware::SCRIPT,
    reprogramming::SCRIPT,
    grid_wiper::SCRIPT,
    insider::SCRIPT,
    mail_to_pump::SCRIPT,
];

struct StepDraft {
    stage: &'static str,
    tells: &'static str,
    techniques: &'static [&'static str],
    about: &'static str,
    marks: Vec<Mark>,
    seen: Vec<Mark>,
}

struct HopDraft {
    from: &'static str,
    to: &'static str,
    how: &'static str,
    conduit: Option<(&'static str, bool)>,
    marks: Vec<Mark>,
}

/// A story while it is told.
pub(crate) struct Tale<'t> {
    tape: &'t mut Tape,
    pub(crate) pen: Pen,
    span: Span,
    steps: Vec<StepDraft>,
    hops: Vec<HopDraft>,
    effects: Vec<(&'static Asset, &'static str, Vec<Mark>)>,
}

/// A story that was told, waiting for the numbers of its lines.
pub(crate) struct Ended {
    plant: &'static Plant,
    steps: Vec<StepDraft>,
    hops: Vec<HopDraft>,
    effects: Vec<(&'static Asset, &'static str, Vec<Mark>)>,
}

impl<'t> Tale<'t> {
    pub(crate) fn new(tape: &'t mut Tape, plant: &'static Plant, span: Span, seed: u64) -> Tale<'t> {
        Tale {
            tape,
            pen: Pen::new(plant, seed, "story"),
            span,
            steps: Vec::new(),
            hops: Vec::new(),
            effects: Vec::new(),
        }
    }

    /// A moment so many minutes before the end, give or take twenty seconds.
    pub(crate) fn before_end(&mut self, minutes: i64) -> Moment {
        self.span.end.plus(-minutes * MINUTE + self.pen.chance.between(-20 * SECOND, 20 * SECOND))
    }

    /// Opens a step.
    pub(crate) fn step(
        &mut self,
        stage: &'static str,
        tells: &'static str,
        techniques: &'static [&'static str],
        about: &'static str,
    ) {
        self.steps.push(StepDraft { stage, tells, techniques, about, marks: Vec::new(), seen: Vec::new() });
    }

    /// A line of the step of which a single rule of the shipped packs tells.
    pub(crate) fn seen(&mut self, event: Event) -> Mark {
        let mark = self.quiet(event);
        if let Some(step) = self.steps.last_mut() {
            step.seen.push(mark);
        }
        mark
    }

    /// A line of the step that no single rule tells of.
    pub(crate) fn quiet(&mut self, event: Event) -> Mark {
        let mark = self.tape.put(event);
        if let Some(step) = self.steps.last_mut() {
            step.marks.push(mark);
        }
        mark
    }

    /// A remote session of which the connection is told, and the logon unless it is quiet.
    pub(crate) fn session(&mut self, session: Session, conn: Says, logon: Says) -> Vec<Mark> {
        let parts = [(session.conn, conn), (session.begins, Says::Nothing), (session.logon, logon)];
        let marks = parts.into_iter().map(|(event, says)| self.say(event, says)).collect();
        if self.span.holds(session.logoff.at) {
            self.quiet(session.logoff);
        }
        marks
    }

    /// A program that is copied to another host and started there: rules tell of file, call and service.
    pub(crate) fn pushed(&mut self, pushed: Pushed, conn: Says) -> Vec<Mark> {
        vec![
            self.say(pushed.conn, conn),
            self.quiet(pushed.logon),
            self.seen(pushed.file),
            self.seen(pushed.rpc),
            self.seen(pushed.service),
        ]
    }

    fn say(&mut self, event: Event, says: Says) -> Mark {
        if says == Says::Something { self.seen(event) } else { self.quiet(event) }
    }

    /// A command on a host of which a rule tells.
    pub(crate) fn command(&mut self, at: Moment, host: &Asset, launch: Launch<'_>) -> Mark {
        let event = self.pen.process(at, host, launch);
        self.seen(event)
    }

    /// The way led from here to there; `conduit` is its name and whether it is allowed, for borders that have one.
    pub(crate) fn hop(
        &mut self,
        from: &'static str,
        to: &'static str,
        how: &'static str,
        conduit: Option<(&'static str, bool)>,
        marks: impl Into<Vec<Mark>>,
    ) {
        self.hops.push(HopDraft { from, to, how, conduit, marks: marks.into() });
    }

    /// What was done to an asset in the end.
    pub(crate) fn effect(&mut self, asset: &'static Asset, what: &'static str, marks: impl Into<Vec<Mark>>) {
        self.effects.push((asset, what, marks.into()));
    }

    pub(crate) fn end(self) -> Ended {
        Ended { plant: self.pen.plant, steps: self.steps, hops: self.hops, effects: self.effects }
    }
}

/// Whether a single rule tells of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    /// One does.
    Something,
    /// None does.
    Nothing,
}

/// The parts of a truth that lines are needed for.
pub(crate) struct Account {
    pub(crate) steps: Vec<Step>,
    pub(crate) path: Vec<Hop>,
    pub(crate) effects: Vec<Effect>,
    pub(crate) spread: Spread,
}

impl Ended {
    /// With the lines of the merged file.
    pub(crate) fn account(self, merged: &Merged) -> Account {
        let plant = self.plant;
        let steps: Vec<Step> =
            self.steps.iter().enumerate().map(|(index, draft)| step(plant, index, draft, merged)).collect();
        let path = self.hops.iter().map(|draft| hop(plant, draft, merged)).collect();
        let effects = self
            .effects
            .iter()
            .map(|(asset, what, marks)| Effect { asset: asset.id(), what, lines: merged.lines(marks) })
            .collect();
        let mut assets: Vec<String> = steps.iter().flat_map(|step| step.entities.assets.clone()).collect();
        assets.sort_unstable();
        assets.dedup();
        let reached = assets.iter().filter_map(|id| plant.asset(id));
        let mut zones: Vec<String> =
            reached.filter_map(|asset| plant.zone_of(asset.ip)).map(|zone| zone.name.to_owned()).collect();
        zones.sort_unstable();
        zones.dedup();
        Account { steps, path, effects, spread: Spread { assets, zones } }
    }
}

fn step(plant: &Plant, index: usize, draft: &StepDraft, merged: &Merged) -> Step {
    Step {
        number: index + 1,
        stage: draft.stage,
        tells: draft.tells,
        techniques: draft.techniques.to_vec(),
        time_ns: merged.earliest_ns(&draft.marks),
        lines: merged.lines(&draft.marks),
        detected: merged.lines(&draft.seen),
        entities: entities(plant, draft.about),
    }
}

fn entities(plant: &Plant, about: &str) -> Entities {
    let mut found = Entities::default();
    for (kind, id) in about.split_whitespace().filter_map(|part| part.split_once(':')) {
        match (kind, plant.asset(id)) {
            ("asset", Some(asset)) => {
                if !asset.is_device() {
                    found.hosts.push(asset.name.to_owned());
                }
                found.assets.push(asset.id());
                found.addresses.push(asset.ip.to_owned());
            }
            ("account", _) => found.accounts.push(id.to_owned()),
            _ => found.addresses.push(id.to_owned()),
        }
    }
    found
}

fn node(plant: &Plant, end: &str) -> Node {
    let (kind, id) = end.split_once(':').unwrap_or(("address", end));
    let asset = plant.asset(id).filter(|_| kind == "asset");
    let ip = asset.map_or(id, |asset| asset.ip);
    let zone = plant.zone_of(ip);
    Node {
        kind: match kind {
            "asset" => "asset",
            "account" => "account",
            _ => "address",
        },
        id: id.to_owned(),
        address: asset.map(|asset| asset.ip.to_owned()),
        zone: zone.map(|zone| zone.name),
        level: zone.map(|zone| zone.level),
    }
}

fn hop(plant: &Plant, draft: &HopDraft, merged: &Merged) -> Hop {
    let (from, to) = (node(plant, draft.from), node(plant, draft.to));
    let is_border = from.zone != to.zone && from.kind != "account";
    let levels = from.level.zip(to.level).map(|(from, to)| (from - to).abs());
    let crossing = Crossing {
        conduit: draft.conduit.map(|(name, _)| name),
        allowed: draft.conduit.is_some_and(|(_, allowed)| allowed),
        levels,
    };
    Hop {
        from,
        to,
        how: draft.how,
        time_ns: merged.earliest_ns(&draft.marks),
        lines: merged.lines(&draft.marks),
        crosses: is_border.then_some(crossing),
    }
}
