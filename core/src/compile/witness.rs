//! What wakes a unit: a set of atoms of which one must be true whenever the unit is.
//!
//! ```text
//! And [EventID = 1, Image ends "\a.exe", CommandLine contains "-enc"]   ─▶   { CommandLine contains "-enc" }
//! ```
//!
//! Of an `and` the rarest part will do; of an `or` every part is needed; a `not` wakes nothing. Rarity is
//! guessed from the test: longer literals are rarer, and what many rules ask for is common. Tests that would have to run
//! on every value count as common, because a witness is looked for in every event.

use super::Regexes;
use super::atoms::{Ask, Atoms, Question};
use super::expr::Expr;
use crate::check::Anchor;
use crate::program::{AtomId, GlobPart as Piece, SlotId, Subject};

/// A set of atoms and a guess at how often one of them is true.
#[derive(Debug, Clone)]
pub(super) struct Witness {
    pub(super) atoms: Vec<AtomId>,
    /// In how many of a thousand events that may be.
    pub(super) cost: f64,
}

/// Finds the witness of an expression; `None` when no atom has to be true. Slots in `routed` choose the
/// partition, so inside it their atoms say nothing.
pub(super) fn find(expr: &Expr, atoms: &Atoms, regexes: &Regexes, routed: &[SlotId]) -> Option<Witness> {
    match expr {
        Expr::Atom(id) => Some(Witness { atoms: vec![*id], cost: cost(*id, atoms, regexes, routed) }),
        Expr::Not(_) => None,
        Expr::And(parts) => {
            let found = parts.iter().filter_map(|part| find(part, atoms, regexes, routed));
            found.min_by(|left, right| left.cost.total_cmp(&right.cost))
        }
        Expr::Or(parts) | Expr::AtLeast(_, parts) => {
            let mut union = Witness { atoms: Vec::new(), cost: 0.0 };
            for part in parts {
                let found = find(part, atoms, regexes, routed)?;
                union.atoms.extend(found.atoms);
                union.cost += found.cost;
            }
            union.atoms.sort_unstable();
            union.atoms.dedup();
            Some(union)
        }
    }
}

/// A guess at how many of a thousand events make the atom true.
fn cost(id: AtomId, atoms: &Atoms, regexes: &Regexes, routed: &[SlotId]) -> f64 {
    let Some((subject, question)) = atoms.get(id) else { return f64::MAX };
    if let Subject::Slot(slot) = subject
        && routed.contains(slot)
    {
        return 1e6;
    }
    match question {
        Question::Present => 900.0,
        Question::IsNull => 300.0,
        Question::Holds => 200.0,
        Question::AnyOf(asks) => {
            let base: f64 = asks.iter().take(64).map(|ask| ask_cost(ask, regexes)).sum::<f64>();
            let common = 1.0 + f64::from(atoms.uses(id)) / 4.0;
            base.min(800.0) * common
        }
    }
}

/// What logs are full of: parts of these texts are common, however long they are.
const COMMON: [&str; 14] = [
    r"c:\windows\system32\windowspowershell\v1.0\powershell.exe",
    r"c:\windows\system32\cmd.exe",
    r"c:\windows\syswow64\cmd.exe",
    r"c:\windows\system32\svchost.exe",
    r"c:\windows\system32\rundll32.exe",
    r"c:\windows\system32\conhost.exe",
    r"c:\windows\system32\services.exe",
    r"c:\windows\system32\wbem\wmiprvse.exe",
    r"c:\windows\system32\net.exe",
    r"c:\windows\system32\reg.exe",
    r"c:\windows\explorer.exe",
    r"c:\program files (x86)\microsoft\",
    r"\appdata\local\temp\",
    r"nt authority\system",
];
/// In how many of a thousand events one of them is seen.
const COMMON_COST: f64 = 150.0;

fn text_cost(text: &str, is_whole: bool) -> f64 {
    if text.len() > 3 && COMMON.iter().any(|common| common.contains(text)) {
        return COMMON_COST;
    }
    match text.len() {
        0 => 500.0,
        length if is_whole => 40.0 / length as f64,
        1 => 300.0,
        2 => 120.0,
        3 => 40.0,
        length => 60.0 / length as f64,
    }
}

fn ask_cost(ask: &Ask, regexes: &Regexes) -> f64 {
    match ask {
        Ask::Text(pieces) => {
            let texts = pieces.parts.iter();
            let texts =
                texts.filter_map(|piece| if let Piece::Text(text) = piece { Some(text.as_str()) } else { None });
            text_cost(
                texts.max_by_key(|text| text.len()).unwrap_or_default(),
                matches!(pieces.parts.as_slice(), [] | [Piece::Text(_)]),
            )
        }
        // What stands in a long list is an indicator, and hardly ever seen, however many there are.
        Ask::List(list) => {
            let is_whole = list.anchor == Anchor::Whole;
            list.texts.iter().take(8).map(|text| text_cost(text, is_whole)).sum()
        }
        // Without a literal that announces it, an expression has to run on every value.
        Ask::Regex { .. } => {
            if regexes.of(ask).is_some_and(|built| !built.clauses.is_empty()) {
                30.0
            } else {
                700.0
            }
        }
        Ask::Cidr(_) | Ask::Networks(_) => 100.0,
        Ask::Compare(..) | Ask::Bits(_) | Ask::Time(..) => 400.0,
    }
}
