//! Where the strings of a JSON text begin and end: the quotes that no backslash escapes, found 64 bytes at a time.
//!
//! ```text
//! {"a":"x\"y"}      ─▶   1 3   5 10       a quote, the one that closes it, the next, ...
//! ```
//!
//! Blocks become bit masks, as in "Parsing Gigabytes of JSON per Second" (Langdale and Lemire, 2019). Along the way
//! every escape is checked and control characters inside strings are refused. What stands between strings is not
//! looked at; that is for `walk`. Whether all of the text is ASCII comes out on the side.

use crate::lanes::{self, BLOCK, Lanes, Work};

/// Bits of odd positions.
const ODD: u64 = 0xAAAA_AAAA_AAAA_AAAA;

/// The quotes of one text.
#[derive(Debug, Default)]
pub(super) struct Quotes {
    /// One bit for each byte of the text.
    bits: Vec<u64>,
    pub(super) is_ascii: bool,
    /// Whether the text writes a character by its number (`\u0041`).
    pub(super) has_code_points: bool,
    /// Whether it escapes a slash, which need not be (`\/`).
    pub(super) has_slashes: bool,
    /// Whether no string holds a control character, or an escape that is broken or half of a surrogate pair. If not, the
    /// quotes mean nothing.
    pub(super) are_sound: bool,
}

impl Quotes {
    /// Finds all quotes; gives the text when all of it is ASCII.
    pub(super) fn find<'t>(&mut self, bytes: &'t [u8]) -> Option<&'t str> {
        lanes::run(Find { quotes: self, bytes })
    }

    /// Whether every escape is the one with which JSON writes its character shortest.
    #[inline(always)]
    pub(super) fn are_shortest(&self) -> bool {
        !self.has_code_points && !self.has_slashes
    }

    /// The first quote that does not stand before `at`.
    #[inline(always)]
    pub(super) fn next(&self, at: usize) -> Option<usize> {
        let mut word = at / BLOCK;
        let mut bits = self.bits.get(word)? >> (at % BLOCK);
        if bits != 0 {
            return Some(at + bits.trailing_zeros() as usize);
        }
        while bits == 0 {
            word += 1;
            bits = *self.bits.get(word)?;
        }
        Some(word * BLOCK + bits.trailing_zeros() as usize)
    }

    /// The same, if it stands in the block of that place or in one of a few behind it.
    pub(super) fn near(&self, at: usize, blocks: usize) -> Option<usize> {
        let word = at / BLOCK;
        let bits = self.bits.get(word)? >> (at % BLOCK);
        if bits != 0 {
            return Some(at + bits.trailing_zeros() as usize);
        }
        let mut behind = self.bits.iter().enumerate().skip(word + 1).take(blocks);
        let (word, bits) = behind.find(|(_, bits)| **bits != 0)?;
        Some(word * BLOCK + bits.trailing_zeros() as usize)
    }

    /// Checks the escapes of a block; a backslash or a quote may always be escaped.
    #[inline(always)]
    fn check_escapes(&mut self, mut others: u64, bytes: &[u8], start: usize) {
        while others != 0 {
            self.are_sound &= self.check_escape(bytes, start + others.trailing_zeros() as usize).is_some();
            others &= others - 1;
        }
    }

    fn check_escape(&mut self, bytes: &[u8], at: usize) -> Option<()> {
        match bytes.get(at)? {
            b'n' | b'r' | b't' | b'b' | b'f' => Some(()),
            b'/' => {
                self.has_slashes = true;
                Some(())
            }
            b'u' => {
                self.has_code_points = true;
                let digits = bytes.get(at + 1..at + 5)?;
                let is_surrogate = matches!(digits, [b'd' | b'D', b'8' | b'9' | b'a'..=b'f' | b'A'..=b'F', ..]);
                (digits.iter().all(u8::is_ascii_hexdigit) && !is_surrogate).then_some(())
            }
            _ => None,
        }
    }

    /// Whether no string holds a control character.
    #[cold]
    fn are_strings_clean(&self, bytes: &[u8]) -> bool {
        let mut open = self.next(0);
        while let Some(start) = open {
            let close = self.next(start + 1).unwrap_or(bytes.len());
            if bytes.get(start..close).is_none_or(|string| string.iter().any(|byte| *byte < b' ')) {
                return false;
            }
            open = self.next(close + 1);
        }
        true
    }
}

/// The bytes that a backslash escapes. In a run of backslashes every second one is escaped, and so is what follows a
/// run of odd length.
fn escaped(backslash: u64, carry: &mut u64) -> u64 {
    // Subtracting lets a borrow run through each run of backslashes; whether it arrives at an odd or an even place
    // tells whether the run's length is odd.
    let first = backslash & !*carry;
    let ends = ((first << 1) | ODD).wrapping_sub(first) ^ ODD;
    let escaped = ends ^ (backslash | *carry);
    *carry = (ends & backslash) >> 63;
    escaped
}

struct Find<'q, 't> {
    quotes: &'q mut Quotes,
    bytes: &'t [u8],
}

impl<'t> Work for Find<'_, 't> {
    type Output = Option<&'t str>;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> Option<&'t str> {
        let Self { quotes, bytes } = self;
        quotes.bits.resize(bytes.len().div_ceil(BLOCK), 0);
        (quotes.has_code_points, quotes.has_slashes) = (false, false);
        quotes.are_sound = true;
        let (mut carry, mut least) = (0, lanes.splat(b' '));
        let ascii = lanes::each_block(lanes, bytes, |number, block| {
            let (mut quote, mut backslash) = (0, 0);
            for at in (0..BLOCK).step_by(L::BYTES) {
                let bytes = lanes.load(block, at);
                quote |= lanes.equal(bytes, lanes.splat(b'"')) << at;
                backslash |= lanes.equal(bytes, lanes.splat(b'\\')) << at;
                least = lanes.min(least, bytes);
            }
            if backslash | carry != 0 {
                let escaped = escaped(backslash, &mut carry);
                quotes.check_escapes(escaped & !(backslash | quote), bytes, number * BLOCK);
                quote &= !escaped;
            }
            if let Some(bits) = quotes.bits.get_mut(number) {
                *bits = quote;
            }
        });
        // Between values a control character may be a space.
        let has_control = lanes.equal(least, lanes.splat(b' ')) != u64::MAX >> (BLOCK - L::BYTES);
        if has_control && quotes.are_sound {
            quotes.are_sound = quotes.are_strings_clean(bytes);
        }
        quotes.is_ascii = ascii.is_some();
        ascii
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One byte after the other.
    fn slowly(text: &str) -> Option<Vec<u32>> {
        let (mut found, mut inside, mut escaping) = (Vec::new(), false, false);
        for (at, byte) in text.bytes().enumerate() {
            if std::mem::take(&mut escaping) {
                let code = || u32::from_str_radix(text.get(at + 1..at + 5)?, 16).ok();
                let is_whole = match byte {
                    b'u' => {
                        !text.get(at + 1..)?.starts_with('+')
                            && code().is_some_and(|code| char::from_u32(code).is_some())
                    }
                    _ => b"\"\\/bfnrt".contains(&byte),
                };
                if !is_whole {
                    return None;
                }
            } else if byte == b'\\' {
                escaping = true;
            } else if byte == b'"' {
                inside = !inside;
                found.push(at as u32);
            } else if inside && byte < 0x20 {
                return None;
            }
        }
        Some(found)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn blocks_find_what_bytes_find(text in "([a\\\\\"]|[ \n]|\\\\\\\\|\\\\n|\\\\u00e[1g]|\\\\ud83d|é){0,90}") {
            // A backslash at the very end escapes nothing, and outside of strings it is for the walk to refuse.
            prop_assume!(!text.ends_with('\\'));
            let mut quotes = Quotes::default();
            prop_assert_eq!(quotes.find(text.as_bytes()), text.is_ascii().then_some(&*text));
            let found = quotes.are_sound.then(|| {
                std::iter::successors(quotes.next(0), |at| quotes.next(at + 1)).map(|at| at as u32).collect::<Vec<_>>()
            });
            prop_assert_eq!(&found, &slowly(&text));
            for at in 0..text.len() {
                let is_near = |found: &usize| found / BLOCK <= at / BLOCK + 1;
                prop_assert_eq!(quotes.near(at, 1), quotes.next(at).filter(is_near));
            }
            let mut narrow = Quotes::default();
            Find { quotes: &mut narrow, bytes: text.as_bytes() }.run(lanes::Narrow);
            prop_assert_eq!(narrow.are_sound, quotes.are_sound);
            prop_assert_eq!(narrow.bits, quotes.bits);
            prop_assert!(!narrow.are_sound || narrow.has_code_points == quotes.has_code_points);
        }

    }
}
