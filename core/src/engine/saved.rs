//! Rules as bytes: saved once, loaded without reading YAML.
//!
//! ```text
//! "TIELINE\0" │ format (u32) │ checksum (u64) │ rules and options
//! ```
//!
//! What is saved is the checked form; loading compiles it. A file of another format or with a flipped bit is
//! refused before anything is read from it.

use super::rules::{Inner, Rules};
use super::{Error, ErrorKind};
use crate::check::{Condition, Rule};
use crate::compile::{self, Regexes};
use crate::config::Limits;
use crate::shortcut::Shortcuts;
use crate::time::{Clock, TimeOptions};
use serde::{Deserialize, Serialize};

const MAGIC: &[u8; 8] = b"TIELINE\0";
/// Raised whenever the saved form changes.
const FORMAT: u32 = 2;
const HEADER: usize = 20;

#[derive(Serialize, Deserialize)]
struct Saved {
    rules: Vec<Rule>,
    time: TimeOptions,
    limits: Limits,
}

#[derive(Serialize)]
struct SavedRef<'a> {
    rules: &'a [Rule],
    time: &'a TimeOptions,
    limits: &'a Limits,
}

impl Rules {
    /// The rules as bytes, for [`from_bytes`](Self::from_bytes) of the same version of Tieline. Diagnostics and
    /// the places of rules in their files are not kept.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let inner = self.inner();
        let saved = SavedRef { rules: &inner.rules, time: &inner.time, limits: &inner.limits };
        // INVARIANT: the saved form holds only types that postcard can write.
        let body = postcard::to_stdvec(&saved).unwrap_or_default();
        let mut bytes = Vec::with_capacity(HEADER + body.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.extend_from_slice(&checksum(&body).to_le_bytes());
        bytes.extend_from_slice(&body);
        bytes
    }

    /// Rules from bytes that [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// When the bytes are not saved rules, come from another version, or are damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let fault = |message: &str| Error::new(ErrorKind::Saved, message);
        let (header, body) = bytes.split_at_checked(HEADER).ok_or_else(|| fault("too short to be saved rules"))?;
        let field = |from: usize, to: usize| header.get(from..to).unwrap_or_default();
        if field(0, 8) != MAGIC {
            return Err(fault("these are not saved rules of Tieline"));
        }
        let format = u32::from_le_bytes(field(8, 12).try_into().unwrap_or_default());
        if format != FORMAT {
            let message =
                format!("saved rules of format {format}, but this version reads format {FORMAT}; compile them again");
            return Err(fault(&message));
        }
        if field(12, 20) != checksum(body).to_le_bytes() {
            return Err(fault("saved rules are damaged: the checksum does not fit; compile them again"));
        }
        let saved: Saved =
            postcard::from_bytes(body).map_err(|error| fault(&format!("saved rules are damaged: {error}")))?;
        let clock = Clock::new(&saved.time).ok_or_else(|| fault("saved rules name an unknown time zone"))?;
        let branches = saved.rules.iter().flat_map(|rule| &rule.branches);
        if !branches.into_iter().all(|branch| sound(&branch.condition, branch.selections.len())) {
            return Err(fault("saved rules are damaged: a condition asks for selections that are not there"));
        }
        let mut regexes = Regexes::new(saved.limits);
        if saved.rules.iter().any(|rule| compile::refuse(rule, &mut regexes).is_some()) {
            return Err(fault("saved rules are damaged: a rule does not compile"));
        }
        let program = compile::compile(&saved.rules, &mut regexes, Shortcuts::ALL);
        Ok(Inner::new(saved.rules, program, clock, saved.time, saved.limits, Vec::new()).into())
    }
}

/// Whether a condition asks for no more selections than there are.
fn sound(condition: &Condition, selections: usize) -> bool {
    match condition {
        Condition::Selection(at) => *at < selections,
        Condition::Of { count, selections: of, .. } => *count <= of.len() && of.iter().all(|at| *at < selections),
        Condition::Not(inner) => sound(inner, selections),
        Condition::And(parts) | Condition::Or(parts) => parts.iter().all(|part| sound(part, selections)),
    }
}

/// FNV-1a over 64 bits: enough to notice damage; it is no protection against forgery.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Compiler;

    fn saved() -> Vec<u8> {
        let yaml = "title: t\nlogsource: {category: c}\ndetection: {s: {A: 1}, condition: not s}";
        Compiler::new().rules(None, yaml).build().unwrap().to_bytes()
    }

    /// Bytes with a header that fits them.
    fn sealed(body: &[u8]) -> Vec<u8> {
        [MAGIC.as_slice(), &FORMAT.to_le_bytes(), &checksum(body).to_le_bytes(), body].concat()
    }

    fn fault(bytes: &[u8]) -> String {
        let error = Rules::from_bytes(bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Saved);
        error.to_string()
    }

    #[test]
    fn what_is_not_saved_rules_is_refused_with_a_reason() {
        let good = saved();
        assert_eq!(Rules::from_bytes(&good).unwrap().len(), 1);
        assert!(fault(b"").contains("too short"));
        assert!(fault(&[0; 64]).contains("not saved rules"));
        let mut other = good.clone();
        other[8] = 99;
        assert!(fault(&other).contains("format 99"));
        let mut flipped = good.clone();
        *flipped.last_mut().unwrap() ^= 1;
        assert!(fault(&flipped).contains("checksum"));
        assert!(fault(&good[..good.len() - 1]).contains("checksum"));
        assert!(fault(&sealed(&[7; 40])).contains("damaged"));
    }

    #[test]
    fn forged_depth_is_no_stack_overflow() {
        let good = saved();
        let body = &good[HEADER..];
        // The byte of `Not` in front of the condition, many times over.
        for at in 0..body.len() {
            let forged = [&body[..at], vec![body[at]; 200_000].as_slice(), &body[at..]].concat();
            let _ = Rules::from_bytes(&sealed(&forged));
        }
    }
}
