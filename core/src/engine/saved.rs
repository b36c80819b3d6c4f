//! Rules as bytes: saved once, loaded without reading or compiling anything.
//!
//! ```text
//! "TIELINE\0" │ format (u32) │ order of bytes (u32) │ checksum (u64) │ tables of the program, checked rules, options
//! ```
//!
//! What is saved are the bytes that the program is a view of, so loading is looking at them. A file of another format,
//! from a machine with the other order of bytes, or with a flipped bit is refused before anything is read from it.

use super::frozen::{self, Frozen, Owner};
use super::rules::{Inner, Rules};
use super::{Error, ErrorKind};
use crate::program::tables::SEAL;
use crate::time::Clock;
use xxhash_rust::xxh3::xxh3_64;

const MAGIC: &[u8; 8] = b"TIELINE\0";
/// Raised whenever the saved form changes, or the meaning of anything in it.
const FORMAT: u32 = 13;
/// What the machine that loads must read as it was written.
const ORDER: u32 = 0x0102_0304;

/// Bytes that the automaton of an expression of a saved rule may take, whatever limit is saved with it.
const REGEX_BYTES_MAX: usize = 1 << 28;

impl Rules {
    /// The rules as bytes, for [`from_bytes`](Self::from_bytes) of the same version of Tieline on a machine with the same
    /// order of bytes. Diagnostics and the places of rules in their files are not kept.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.inner().view().bytes.to_vec();
        seal(&mut bytes);
        bytes
    }

    /// Rules from bytes that [`to_bytes`](Self::to_bytes) wrote. The bytes are copied;
    /// [`from_owner`](Self::from_owner) does without.
    ///
    /// # Errors
    /// When the bytes are not saved rules, come from another version, or are damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        check_seal(bytes)?;
        open(frozen::aligned(bytes))
    }

    /// Rules from bytes that stay where they are: read from a file, compiled into the program (`&'static [u8]`), or mapped
    /// into memory by a crate such as `memmap2`, whose map is an owner. The rules keep the owner as long as they live. Bytes
    /// that do not begin at a multiple of eight are copied.
    ///
    /// ```
    /// let rules = tieline::Compiler::new().build()?;
    /// let bytes: Vec<u8> = rules.to_bytes();
    /// assert_eq!(tieline::Rules::from_owner(bytes)?.len(), rules.len());
    /// # Ok::<(), tieline::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`from_bytes`](Self::from_bytes).
    pub fn from_owner(bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Result<Self, Error> {
        check_seal(bytes.as_ref())?;
        open(Box::new(bytes))
    }
}

/// The rules of bytes whose seal is unbroken.
fn open(owner: Owner) -> Result<Rules, Error> {
    let fault = |message: &str| Error::new(ErrorKind::Saved, message);
    let frozen = Frozen::read(owner).ok_or_else(|| fault("saved rules are damaged: a table is not there"))?;
    let options = &frozen.borrow_dependent().options;
    if options.limits.regex_bytes_max > REGEX_BYTES_MAX {
        let (asked, max) = (options.limits.regex_bytes_max, REGEX_BYTES_MAX);
        return Err(fault(&format!("saved rules allow an expression {asked} bytes; at most {max} can be loaded")));
    }
    let clock = Clock::new(&options.time).ok_or_else(|| fault("saved rules name an unknown time zone"))?;
    Ok(Inner::new(frozen, clock, Vec::new()).into())
}

/// Fills the room for the seal.
fn seal(bytes: &mut [u8]) {
    let sum = checksum(bytes);
    let seal = MAGIC.iter().copied().chain(FORMAT.to_le_bytes()).chain(ORDER.to_ne_bytes()).chain(sum.to_le_bytes());
    bytes.iter_mut().zip(seal).for_each(|(own, byte)| *own = byte);
}

fn check_seal(bytes: &[u8]) -> Result<(), Error> {
    let fault = |message: &str| Error::new(ErrorKind::Saved, message);
    let seal: &[u8; SEAL] = bytes.first_chunk().ok_or_else(|| fault("too short to be saved rules"))?;
    let field = |from: usize, to: usize| seal.get(from..to).unwrap_or_default();
    if field(0, 8) != MAGIC {
        return Err(fault("these are not saved rules of Tieline"));
    }
    let format = u32::from_le_bytes(field(8, 12).try_into().unwrap_or_default());
    if format != FORMAT {
        let message =
            format!("saved rules of format {format}, but this version reads format {FORMAT}; compile them again");
        return Err(fault(&message));
    }
    if field(12, 16) != ORDER.to_ne_bytes() {
        return Err(fault("saved rules come from a machine with another order of bytes; compile them again"));
    }
    if field(16, 24) != checksum(bytes).to_le_bytes() {
        return Err(fault("saved rules are damaged: the checksum does not fit; compile them again"));
    }
    Ok(())
}

/// Of all behind the seal, XXH3 over 64 bits: enough to notice damage; it is no protection against forgery.
fn checksum(bytes: &[u8]) -> u64 {
    xxh3_64(bytes.get(SEAL..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Compiler;

    fn saved() -> Vec<u8> {
        let yaml = "title: t\nname: t\nlogsource: {category: c}\ndetection: {s: {A: 1}, condition: not s}\n---\n\
                    title: c\ncorrelation: {type: temporal, rules: [t], group-by: [B], timespan: 1h, condition: not not t}";
        Compiler::new().rules(None, yaml).build().unwrap().to_bytes()
    }

    /// Bytes with a seal that fits them.
    fn sealed(body: &[u8]) -> Vec<u8> {
        let mut bytes = [&[0; SEAL], body].concat();
        seal(&mut bytes);
        bytes
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
        let mut turned = good.clone();
        turned[12..16].reverse();
        assert!(fault(&turned).contains("order of bytes"));
        let mut flipped = good.clone();
        *flipped.last_mut().unwrap() ^= 1;
        assert!(fault(&flipped).contains("checksum"));
        assert!(fault(&good[..good.len() - 1]).contains("checksum"));
        assert!(fault(&sealed(&[7; 40])).contains("damaged"));
    }

    #[test]
    fn forged_depth_is_no_stack_overflow() {
        let good = saved();
        let body = &good[SEAL..];
        // The byte of `Not` in front of the condition, many times over.
        for at in 0..body.len() {
            let forged = [&body[..at], vec![body[at]; 200_000].as_slice(), &body[at..]].concat();
            let _ = Rules::from_bytes(&sealed(&forged));
        }
    }

    /// Rules of every kind.
    fn many_kinds() -> Rules {
        let rule = |number: usize, detection: &str| {
            format!("title: t{number}\nlogsource: {{category: c}}\ndetection: {{{detection}}}\n---\n")
        };
        let tests = [
            "'|contains': [abc, defg]",
            "X|endswith: ['\\a.exe', .dll]",
            "X|startswith: C:\\Win",
            "X|re: 'a[bc]+d'",
            "X|cidr: [10.0.0.0/8, 'fe80::/10']",
            "X|gt: 7",
            "X|bits: 0x100000008",
            "X|fieldref: Y",
            "T|hour: 3",
            "X|contains|windash: ' -enc'",
            "X|cased: 'a*B?c'",
            "a.b.c: null",
            "X|re: '^.{30,}$'",
            "X|contains: [invoke-webrequest, downloadstring, start-bitstransfer, frombase64string]",
        ];
        let routed = tests.iter().enumerate().map(|(at, test)| {
            rule(
                at,
                &format!("s: {{E: {}, {test}}}, f: {{Y: [a, b]}}, g: {{Z: 1}}, condition: s and not 1 of f*", at % 3),
            )
        });
        let values = |count: usize| (0..count).map(|at| format!("v{at:07}")).collect::<Vec<_>>();
        let lists = rule(99, "s: {X|expand: '%many%'}, t: {Y|contains|expand: '%many%'}, condition: s or t");
        let networks = rule(98, "s: {X|cidr|expand: '%nets%'}, condition: 'all of s'");
        let correlations = "title: c1\ncorrelation: {type: temporal_ordered, rules: [t97, t97], group-by: [a.b, X], \
                            timespan: 1h, aliases: {X: {t97: E}}}\n---\ntitle: c2\ncorrelation: {type: value_sum, rules: [t97], \
                            timespan: 1h, condition: {field: Z, gte: 1}}\n";
        let named = "title: t97\nname: t97\nlogsource: {category: c}\ndetection: {s: {E: 0}, condition: s}\n---\n";
        let all = routed.collect::<String>() + &lists + &networks + named + correlations;
        let nets = (0..4_100).map(|at| format!("10.{}.{}.0/24", at / 256, at % 256));
        let compiler = Compiler::new().rules(None, all).placeholder("many", values(4_100));
        compiler.placeholder("nets", nets).build().unwrap()
    }

    fn use_up(rules: &Rules) {
        let events = [
            r#"{"E": 0, "X": "c:\\win abcd -enc Invoke-WebRequest v0000017", "Y": ["v0000017", "z"], "T": "2024-05-01T03:00:00Z"}"#,
            r#"{"E": [1, 2], "X": ["10.1.2.3", 8, "fe80::1"], "a": {"b": {"c": null}}, "Z": 1}"#,
        ];
        let mut stream = crate::engine::Stream::new(rules, crate::engine::StreamOptions::default());
        for event in events.iter().chain(&events) {
            let _ = stream.scan_json_at(event.as_bytes(), Some(1)).map(Iterator::count);
        }
        stream.finish();
        assert!(stream.take_alerts().iter().all(|alert| alert.rule().title().len() < 100));
        let event = crate::event::JsonEvent::parse(events[0].as_bytes()).unwrap();
        for (index, rule) in rules.iter().enumerate().step_by(4) {
            let _ = (rule.title(), rule.show().len(), rules.explain(index, &event).steps.len());
        }
    }

    #[test]
    fn no_forged_word_is_believed() {
        let good = many_kinds().to_bytes();
        let places = good.len() / 4;
        // Tables of rows, which are most of it, are forged here and there; what says where they are, everywhere.
        let words = u64::from_ne_bytes(good[SEAL + 16..SEAL + 24].try_into().unwrap()) as usize / 4;
        let chosen = (SEAL / 4..words).step_by(37).chain(SEAL / 4..SEAL / 4 + 8).chain(words..places);
        for (at, new) in chosen.zip([0, 1, 2, u32::MAX, 0x7FFF_FFFF, 40, 3_000].into_iter().cycle()) {
            let mut forged = good.clone();
            forged[at * 4..at * 4 + 4].copy_from_slice(&new.to_ne_bytes());
            seal(&mut forged);
            if let Ok(rules) = Rules::from_owner(forged) {
                use_up(&rules);
            }
        }
    }

    #[test]
    fn bytes_may_begin_anywhere() {
        let good = many_kinds().to_bytes();
        for shift in 0..8 {
            let moved: &'static [u8] = Box::leak([vec![0; shift], good.clone()].concat().into_boxed_slice());
            let rules = Rules::from_owner(&moved[shift..]).unwrap();
            assert_eq!(rules.to_bytes(), good);
        }
    }

    #[test]
    fn the_same_rules_always_give_the_same_bytes() {
        assert!(many_kinds().to_bytes() == many_kinds().to_bytes());
    }
}
