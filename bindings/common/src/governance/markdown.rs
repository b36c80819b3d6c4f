//! The document as Markdown, for mails and tickets.
//!
//! ```text
//! # Security report: water works
//! | score | level | first | incident | ...
//! ```
//!
//! Texts of events may hold anything; whatever Markdown or HTML would act on is escaped, and line ends are blanks.

use super::document::{AssetStatus, Document, RequirementRow, Status};
use std::fmt::Write as _;

/// Rows of each table.
const ROWS_MAX: usize = 50;
/// Characters of a cell.
const CELL_MAX: usize = 300;

/// The document as Markdown.
///
/// ```
/// use tieline_common::governance::{Report, ReportOptions, markdown};
/// use tieline_common::load::{RuleOptions, RulePack};
/// use tieline_common::source::{Plan, SourceChoice};
/// let rule = "title: Any\nlogsource: {product: x}\ndetection: {s: {a: 1}, condition: s}\nlevel: high\n";
/// let pack = RulePack::from_texts([("rules.yml".to_owned(), rule.to_owned())]);
/// let plan = Plan::new(pack, RuleOptions::default(), &[], &SourceChoice::None)?;
/// let text = markdown(&Report::new(plan, &[], ReportOptions::default())?.finish()?);
/// assert!(text.starts_with("# Security report") && text.contains("0 events"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn markdown(document: &Document) -> String {
    let mut page = Page(String::new());
    page.head(document);
    page.incidents(document);
    page.changes(document);
    page.assets(document);
    page.operations(document);
    page.requirements("IEC 62443", &document.governance.iec62443);
    page.requirements("NIST CSF 2.0", &document.governance.nist_csf);
    page.blind(document);
    page.0
}

/// A text from outside as it may stand in a cell.
fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut chars = text.chars().enumerate().peekable();
    while let Some((at, c)) = chars.next() {
        if at >= CELL_MAX {
            out.push('…');
            break;
        }
        let next = chars.peek().map_or(' ', |(_, next)| *next);
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '!' | '|' | '~' | '@' => {
                out.push('\\');
                out.push(c);
            }
            // Links that are made of bare addresses are broken; times and places of events stay as they are.
            ':' if !next.is_ascii_digit() && next != ' ' => out.push_str("&#58;"),
            '.' if out.as_bytes().last_chunk::<3>().is_some_and(|end| end.eq_ignore_ascii_case(b"www")) => {
                out.push_str("&#46;")
            }
            c if c.is_control() => out.push(' '),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

struct Page(String);

impl Page {
    // Writing to a text cannot fail.
    fn line(&mut self, text: &str) {
        let _ = writeln!(self.0, "{text}");
    }

    fn title(&mut self, text: &str) {
        let _ = write!(self.0, "\n## {text}\n\n");
    }

    fn table(&mut self, heads: &[&str], rows: impl ExactSizeIterator<Item = Vec<String>>) {
        let all = rows.len();
        self.line(&format!("| {} |", heads.join(" | ")));
        self.line(&format!("|{}", "---|".repeat(heads.len())));
        for row in rows.take(ROWS_MAX) {
            let cells: Vec<String> = row.iter().map(|cell| safe(cell)).collect();
            self.line(&format!("| {} |", cells.join(" | ")));
        }
        if let Some(more) = all.checked_sub(ROWS_MAX).filter(|more| *more > 0) {
            self.line(&format!("\nand {more} more"));
        }
    }

    fn head(&mut self, document: &Document) {
        let site = document.site.as_deref().map(|site| format!(": {}", safe(site))).unwrap_or_default();
        self.line(&format!("# Security report{site}\n"));
        let time = |time: &Option<String>| safe(time.as_deref().unwrap_or("unknown"));
        let (first, last) = (time(&document.period.first), time(&document.period.last));
        let events = &document.events;
        self.line(&format!("{first} to {last}, {} events, {} of them unreadable.", events.read, events.broken));
        let policy = &document.policy;
        if policy.allowed + policy.denied > 0 {
            self.line(&format!("The policy allows {} and denies {} events.", policy.allowed, policy.denied));
        }
        self.line("It tells what was observed; it does not say that a plant complies with a standard.");
        for left in &document.left_out {
            self.line(&format!("\nLeft out: {} {}.", left.count, safe(&left.what)));
        }
    }

    fn incidents(&mut self, document: &Document) {
        self.title(&format!("Incidents ({})", document.incidents.len()));
        if document.incidents.is_empty() {
            return self.line("None.");
        }
        let row = |own: &tieline::incidents::Incident| {
            let mut way: Vec<&str> = own.path.hops.first().map(|hop| hop.from.as_str()).into_iter().collect();
            way.extend(own.path.hops.iter().map(|hop| hop.to.as_str()));
            vec![
                own.score.total.to_string(),
                own.level.to_string(),
                own.first.clone(),
                own.title.clone(),
                way.join(" → "),
                own.id.clone(),
            ]
        };
        self.table(&["score", "level", "first", "incident", "way", "id"], document.incidents.iter().map(row));
    }

    fn changes(&mut self, document: &Document) {
        let Some(changes) = &document.changes else { return };
        self.title(&format!("Since {}", safe(changes.since.as_deref().unwrap_or("the last report"))));
        let grown: Vec<String> =
            changes.incidents.grown.iter().map(|own| format!("{} ({} to {})", own.id, own.was, own.is)).collect();
        let mut is_same = true;
        for (what, all) in [
            ("new assets", &changes.assets.new),
            ("assets gone", &changes.assets.gone),
            ("assets changed", &changes.assets.changed),
            ("assets more exposed", &changes.assets.exposed),
            ("new incidents", &changes.incidents.new),
            ("incidents grown", &grown),
            ("incidents closed", &changes.incidents.closed),
            ("rules that fire now", &changes.rules.firing),
            ("rules that are quiet now", &changes.rules.quiet),
            ("requirements with a new gap", &changes.requirements.gap),
            ("requirements met now", &changes.requirements.met),
            ("conduits in use now", &changes.conduits_in_use),
            ("denied flows that are new", &changes.flows_denied),
        ] {
            if all.is_empty() {
                continue;
            }
            is_same = false;
            let named: Vec<String> = all.iter().take(10).map(|own| safe(own)).collect();
            let more = all.len().checked_sub(10).filter(|more| *more > 0).map(|more| format!(", and {more} more"));
            self.line(&format!("- {what} ({}): {}{}", all.len(), named.join("; "), more.unwrap_or_default()));
        }
        if is_same {
            self.line("Nothing is different.");
        }
    }

    fn assets(&mut self, document: &Document) {
        let with = |status| document.assets.iter().filter(|row| row.status == status).count();
        let (unknown, silent, changed) =
            (with(AssetStatus::Unknown), with(AssetStatus::Silent), with(AssetStatus::Changed));
        let all = document.assets.len();
        self.title(&format!("Assets ({all}: {unknown} unknown, {silent} silent, {changed} changed)"));
        let exposed: Vec<_> = document.assets.iter().filter(|row| !row.exposures.is_empty()).collect();
        if exposed.is_empty() {
            return self.line("Nothing of concern.");
        }
        let row = |row: &&super::AssetRow| {
            vec![
                row.id.clone(),
                row.zone.clone().unwrap_or_default(),
                row.owner.clone().unwrap_or_default(),
                row.exposures.join("; "),
            ]
        };
        self.table(&["asset", "zone", "owner", "of concern"], exposed.iter().map(row));
    }

    fn operations(&mut self, document: &Document) {
        let bare: Vec<_> = document.privileged.iter().filter(|row| !row.explained).collect();
        if bare.is_empty() {
            return;
        }
        self.title(&format!(
            "Privileged operations that nothing explains ({})",
            bare.iter().map(|row| row.count).sum::<u64>()
        ));
        let row = |row: &&super::Privileged| {
            let times = row.count.to_string();
            let missing = row.missing.join(", ");
            vec![
                row.time.clone(),
                times,
                row.operation.clone(),
                row.source.clone(),
                row.target.clone(),
                missing,
                row.event.clone(),
            ]
        };
        self.table(&["first", "times", "operation", "from", "on", "missing", "event"], bare.iter().map(row));
    }

    fn requirements(&mut self, name: &str, rows: &[RequirementRow]) {
        if rows.is_empty() {
            return;
        }
        self.title(name);
        let row = |row: &RequirementRow| {
            let status = match row.status {
                Status::Met => "met in what was observed",
                Status::Gap => "gap",
                Status::Unknown => "unknown",
            };
            vec![row.id.clone(), row.title.clone(), status.to_owned(), row.evidence.join("; ")]
        };
        self.table(&["id", "requirement", "status", "evidence"], rows.iter().map(row));
    }

    fn blind(&mut self, document: &Document) {
        if document.blind_spots.is_empty() {
            return;
        }
        self.title("Blind spots");
        let row = |spot: &super::BlindSpot| vec![spot.what.clone(), spot.why.clone()];
        self.table(&["what", "why"], document.blind_spots.iter().map(row));
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_acts_and_times_stay_readable() {
        let safe = super::safe;
        assert_eq!(
            safe("2026-11-26T21:40:00Z, first at s7.log:7: seen"),
            "2026-11-26T21:40:00Z, first at s7.log:7: seen"
        );
        assert_eq!(
            safe("see http://x.example, mailto:me@x, WWW.x"),
            "see http&#58;//x.example, mailto&#58;me\\@x, WWW&#46;x"
        );
        assert_eq!(safe("[a](b) <b>\n|"), "\\[a\\]\\(b\\) &lt;b&gt; \\|");
        assert_eq!(safe(&"é".repeat(400)).chars().count(), 301);
    }
}
