//! What every text that an expression matches has: a length, and one character so and so often.
//!
//! ```text
//! \{.*\{.*\{   ─▶   at least 3 bytes, `{` at least 3 times          .{1000,}   ─▶   at least 1000 bytes
//! ```
//!
//! Clauses need texts of some length; this is for expressions that have none. It is looked for in the value as JSON spells
//! it, where no text is shorter and no printable character rarer than in what it means.

use crate::program::Demand;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Repetitions beyond this are not counted.
const TIMES_MAX: usize = 1 << 20;

/// Characters that values are full of; a demand for one of them says little.
const COMMON: &[u8] = b" .\\/:-_0123456789,\"'=()";

/// How often each ASCII character stands in a text at least.
type Counts = [usize; 128];

/// The demand of an expression.
pub(super) fn of_regex(hir: &Hir) -> Demand {
    let length = hir.properties().minimum_len().unwrap_or(0);
    let counts = counts(hir);
    let is_told_apart = |byte: u8| byte.is_ascii_graphic() && !byte.is_ascii_alphabetic();
    let rarity = |(byte, times): &(u8, usize)| if COMMON.contains(byte) { *times } else { times * 16 };
    let best = (0..128).zip(counts).filter(|(byte, times)| *times > 0 && is_told_apart(*byte)).max_by_key(rarity);
    let (character, times) = best.unwrap_or((0, 0));
    Demand { length, character, times }
}

fn counts(hir: &Hir) -> Counts {
    let mut all = [0; 128];
    let mut add = |byte: u8, times: usize| {
        if let Some(count) = all.get_mut(usize::from(byte)) {
            *count = (*count + times).min(TIMES_MAX);
        }
    };
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => literal.0.iter().for_each(|byte| add(*byte, 1)),
        HirKind::Class(class) => {
            let byte = match class {
                Class::Unicode(class) => match class.ranges() {
                    [range] if range.start() == range.end() => u8::try_from(range.start()).ok(),
                    _ => None,
                },
                Class::Bytes(_) => None,
            };
            byte.into_iter().for_each(|byte| add(byte, 1));
        }
        HirKind::Capture(capture) => return counts(&capture.sub),
        HirKind::Repetition(repetition) => {
            let inner = counts(&repetition.sub);
            let times = repetition.min as usize;
            (0..128).zip(inner).for_each(|(byte, count)| add(byte, count.saturating_mul(times)));
        }
        HirKind::Concat(parts) => {
            for part in parts {
                (0..128).zip(counts(part)).for_each(|(byte, count)| add(byte, count));
            }
        }
        HirKind::Alternation(parts) => {
            let least = |left: Counts, right: Counts| std::array::from_fn(|at| left[at].min(right[at]));
            return parts.iter().map(counts).reduce(least).unwrap_or(all);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn demand(pattern: &str) -> Demand {
        of_regex(&regex_syntax::parse(pattern).unwrap())
    }

    #[test]
    fn lengths_and_characters_are_counted() {
        assert_eq!(demand(r"\{.*\{.*\{"), Demand { length: 3, character: b'{', times: 3 });
        assert_eq!(demand(".{1000,}"), Demand { length: 1000, character: 0, times: 0 });
        assert_eq!(demand(r"\s-[FTd]\s"), Demand { length: 4, character: b'-', times: 1 });
        assert_eq!(demand("(a`b|`c`)+"), Demand { length: 3, character: b'`', times: 1 });
        assert_eq!(demand("(`a)?"), Demand::default());
    }

    proptest! {
        /// A demand may be met too often, never too seldom.
        #[test]
        fn every_match_meets_the_demand(pattern in "[ab`{(|)?*+.\\\\2}]{1,10}", value in "[ab`{\"\\\\\n]{0,12}") {
            if let Ok(hir) = regex_syntax::parse(&pattern) {
                let regex = regex_automata::meta::Builder::new().build_from_hir(&hir).unwrap();
                if regex.is_match(&value) {
                    prop_assert!(of_regex(&hir).may_be_met_by(&crate::text::spelled(&value)));
                }
            }
        }
    }
}
