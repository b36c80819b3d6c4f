//! A report on one screen.
//!
//! ```text
//! water works, 2026-11-26T00:00:00Z to 08:00:00Z: 31,204 events, 12 broken
//! 1 incident, 57 assets (3 unknown, 2 silent, 1 changed), 4 of 6 privileged operations unexplained, 12 of 8,204 flows denied
//! ```

use crate::exit::Failure;
use crate::screen::{BOLD, DIM, GREEN, RED, Screen, YELLOW, counted, grouped, style_of, visible};
use anstyle::Style;
use std::io::Write as _;
use tieline_common::governance::{AssetStatus, Changes, Document, RequirementRow, Status};

/// Rows of each part.
const ROWS_MAX: usize = 5;

pub(super) fn print(document: &Document, screen: &mut Screen) -> Result<(), Failure> {
    let mut page = Page { screen };
    page.head(document)?;
    page.incidents(document)?;
    page.assets(document)?;
    page.operations(document)?;
    page.blind(document)?;
    page.standard("IEC 62443", &document.governance.iec62443)?;
    page.standard("NIST CSF 2.0", &document.governance.nist_csf)?;
    if let Some(changes) = &document.changes {
        page.changes(changes)?;
    }
    for left in &document.left_out {
        page.dim(&format!("left out: {} {}", grouped(left.count), left.what))?;
    }
    Ok(())
}

struct Page<'s> {
    screen: &'s mut Screen,
}

impl Page<'_> {
    /// A line; on a terminal it ends at the margin.
    fn line(&mut self, style: Style, text: &str) -> Result<(), Failure> {
        let text = visible(text);
        let text = match self.screen.width() {
            Some(width) => console::truncate_str(&text, width, "…"),
            None => text,
        };
        let text = self.screen.paint(style, text).to_string();
        Ok(writeln!(self.screen.out(), "{text}")?)
    }

    fn title(&mut self, text: &str) -> Result<(), Failure> {
        writeln!(self.screen.out())?;
        self.line(BOLD, text)
    }

    fn dim(&mut self, text: &str) -> Result<(), Failure> {
        self.line(DIM, text)
    }

    fn more(&mut self, all: usize) -> Result<(), Failure> {
        match all.checked_sub(ROWS_MAX).filter(|more| *more > 0) {
            Some(more) => self.dim(&format!("  and {} more", grouped(more as u64))),
            None => Ok(()),
        }
    }

    fn head(&mut self, document: &Document) -> Result<(), Failure> {
        let site = document.site.as_deref().unwrap_or("no plant is named");
        let none = || "no time".to_owned();
        let (first, last) = (document.period.first.clone(), document.period.last.clone());
        let period = format!("{} to {}", first.unwrap_or_else(none), last.unwrap_or_else(none));
        self.line(BOLD, &format!("{site}, {period}"))?;
        let broken = match document.events.broken {
            0 => String::new(),
            broken => format!(", {} could not be read", grouped(broken)),
        };
        let sources: Vec<String> = document
            .events
            .by_source
            .iter()
            .map(|row| {
                format!("{} {} {}", grouped(row.events), row.source, if row.domain.is_ot() { "OT" } else { "IT" })
            })
            .collect();
        let events = counted(document.events.read, "event");
        let sources = if sources.is_empty() { String::new() } else { format!(": {}", sources.join(", ")) };
        let late = match document.events.late {
            0 => String::new(),
            late => format!(", {} came late", grouped(late)),
        };
        self.line(Style::new(), &format!("{events}{broken}{late}{sources}"))?;
        let policy = &document.policy;
        if policy.allowed + policy.denied > 0 {
            let reasons: Vec<String> =
                policy.by_reason.iter().map(|row| format!("{} by {}", grouped(row.count), row.reason)).collect();
            let by = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join(", ")) };
            let (denied, all) = (grouped(policy.denied), grouped(policy.allowed + policy.denied));
            let style = if policy.denied > 0 { YELLOW } else { Style::new() };
            self.line(style, &format!("{denied} of {all} flows denied by the policy{by}"))?;
        }
        Ok(())
    }

    fn incidents(&mut self, document: &Document) -> Result<(), Failure> {
        self.title(&counted(document.incidents.len() as u64, "incident"))?;
        for own in document.incidents.iter().take(ROWS_MAX) {
            let (score, level) = (own.score.total, own.level.to_string());
            self.line(style_of(Some(own.level)), &format!("  {score:>3} {level:13} {}  {}", own.first, own.title))?;
        }
        self.more(document.incidents.len())
    }

    fn assets(&mut self, document: &Document) -> Result<(), Failure> {
        let with = |status| document.assets.iter().filter(|row| row.status == status).count() as u64;
        let mut text = counted(document.assets.len() as u64, "asset");
        for (status, what) in
            [(AssetStatus::Unknown, "unknown"), (AssetStatus::Silent, "silent"), (AssetStatus::Changed, "changed")]
        {
            text += &format!(", {} {what}", grouped(with(status)));
        }
        self.title(&text)?;
        let exposed: Vec<_> = document.assets.iter().filter(|row| !row.exposures.is_empty()).collect();
        for row in exposed.iter().take(ROWS_MAX) {
            let zone = row.zone.as_ref().map(|zone| format!(" in {zone}")).unwrap_or_default();
            self.line(Style::new(), &format!("  {}{zone}", row.id))?;
            for exposure in row.exposures.iter().take(2) {
                self.dim(&format!("      {exposure}"))?;
            }
        }
        self.more(exposed.len())
    }

    fn operations(&mut self, document: &Document) -> Result<(), Failure> {
        if document.privileged.is_empty() {
            return Ok(());
        }
        let bare: Vec<_> = document.privileged.iter().filter(|row| !row.explained).collect();
        let count = |explained: bool| -> u64 {
            document.privileged.iter().filter(|row| row.explained == explained).map(|row| row.count).sum()
        };
        let (unexplained, explained) = (count(false), count(true));
        let all = counted(unexplained + explained, "privileged operation");
        self.title(&format!("{all}, {} unexplained", grouped(unexplained)))?;
        for row in bare.iter().take(ROWS_MAX) {
            let missing = row.missing.join(", ");
            let text = format!("{} {} {} to {}: missing {missing}", row.time, row.operation, row.source, row.target);
            self.line(YELLOW, &format!("  {text}"))?;
        }
        self.more(bare.len())
    }

    fn blind(&mut self, document: &Document) -> Result<(), Failure> {
        let rules = document.rules.len() as u64;
        let could = document.rules.iter().filter(|row| row.can_match).count() as u64;
        let fired = document.rules.iter().filter(|row| row.detections > 0).count() as u64;
        let rules = counted(rules, "rule");
        self.title(&format!("{rules}, {} fired, {} could match", grouped(fired), grouped(could)))?;
        let spots: Vec<_> = document.blind_spots.iter().filter(|spot| spot.kind != "technique").collect();
        for spot in spots.iter().take(ROWS_MAX) {
            self.dim(&format!("  blind: {}: {}", spot.what, spot.why))?;
        }
        self.more(spots.len())
    }

    fn standard(&mut self, name: &str, rows: &[RequirementRow]) -> Result<(), Failure> {
        let with = |status| rows.iter().filter(|row| row.status == status).count();
        let (met, gap, unknown) = (with(Status::Met), with(Status::Gap), with(Status::Unknown));
        self.title(&format!("{name}: {met} met in what was observed, {gap} with a gap, {unknown} unknown"))?;
        for row in rows.iter().filter(|row| row.status == Status::Gap).take(ROWS_MAX) {
            let why = row.evidence.first().map(String::as_str).unwrap_or_default();
            self.line(Style::new(), &format!("  {:9} {}: {why}", row.id, row.title))?;
        }
        self.more(gap)
    }

    fn changes(&mut self, changes: &Changes) -> Result<(), Failure> {
        self.title(&format!("Since {}", changes.since.as_deref().unwrap_or("the last report")))?;
        let grown: Vec<String> = changes
            .incidents
            .grown
            .iter()
            .map(|own| format!("{} ({} to {} findings)", own.id, own.was, own.is))
            .collect();
        for (what, all, style) in [
            ("new assets", &changes.assets.new, YELLOW),
            ("assets gone", &changes.assets.gone, YELLOW),
            ("assets changed", &changes.assets.changed, YELLOW),
            ("new incidents", &changes.incidents.new, RED),
            ("incidents grown", &grown, RED),
            ("incidents closed", &changes.incidents.closed, GREEN),
            ("rules that fire now", &changes.rules.firing, YELLOW),
            ("rules that are quiet now", &changes.rules.quiet, DIM),
            ("gaps that are new", &changes.requirements.gap, RED),
            ("met now", &changes.requirements.met, GREEN),
            ("conduits in use now", &changes.conduits_in_use, Style::new()),
            ("denied flows that are new", &changes.flows_denied, YELLOW),
        ] {
            if let Some(first) = all.first() {
                let more = if all.len() > 1 { ", ..." } else { "" };
                self.line(style, &format!("  {} {what}: {first}{more}", grouped(all.len() as u64)))?;
            }
        }
        Ok(())
    }
}
