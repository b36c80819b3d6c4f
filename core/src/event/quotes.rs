//! Where the strings of a JSON text begin and end: the quotes that no backslash escapes, found 64 bytes at a time.
//!
//! ```text
//! {"a":"x\"y"}      ─▶   1 3   5 10       a quote, the one that closes it, the next, ...
//! ```
//!
//! Blocks become bit masks, as in "Parsing Gigabytes of JSON per Second" (Langdale and Lemire, 2019). Along the way
//! every escape is checked and control characters inside strings are refused. What stands between strings is not
//! looked at; that is for `walk`.

use wide::u8x16;

/// Bytes whose bits fit one mask.
const BLOCK: usize = 64;
/// Bits of odd positions.
const ODD: u64 = 0xAAAA_AAAA_AAAA_AAAA;

/// The quotes of one text.
#[derive(Debug, Default)]
pub(super) struct Quotes {
    positions: Vec<u32>,
    /// Whether the text writes a character by its number (`\u0041`).
    pub(super) has_code_points: bool,
}

/// One bit for each byte of a block.
#[derive(Debug, Clone, Copy)]
struct Masks {
    quote: u64,
    backslash: u64,
    control: u64,
}

/// What one block hands to the next.
#[derive(Debug, Default)]
struct Carry {
    /// 1 when the next block's first byte is escaped.
    escaped: u64,
    /// All ones when the next block begins inside a string.
    inside: u64,
}

impl Quotes {
    /// Finds all quotes; `None` when a string is not closed, holds a control character, or has an escape that is
    /// broken or half of a surrogate pair.
    pub(super) fn find(&mut self, text: &str) -> Option<()> {
        let bytes = text.as_bytes();
        self.positions.clear();
        self.has_code_points = false;
        let mut carry = Carry::default();
        let (blocks, rest) = bytes.as_chunks::<BLOCK>();
        for (number, block) in blocks.iter().enumerate() {
            self.block(&Masks::of(block), bytes, number * BLOCK, &mut carry)?;
        }
        if !rest.is_empty() {
            let mut block = [b' '; BLOCK];
            block.get_mut(..rest.len())?.copy_from_slice(rest);
            self.block(&Masks::of(&block), bytes, blocks.len() * BLOCK, &mut carry)?;
        }
        (carry.inside == 0).then_some(())
    }

    /// The positions of all quotes: even ones open a string, odd ones close it.
    pub(super) fn positions(&self) -> &[u32] {
        &self.positions
    }

    #[inline(always)]
    fn block(&mut self, masks: &Masks, bytes: &[u8], start: usize, carry: &mut Carry) -> Option<()> {
        let escaped = escaped(masks.backslash, &mut carry.escaped);
        // A backslash or a quote may always be escaped; the rest is looked at one by one.
        let mut others = escaped & !(masks.backslash | masks.quote);
        while others != 0 {
            self.check_escape(bytes, start + others.trailing_zeros() as usize)?;
            others &= others - 1;
        }
        let mut quotes = masks.quote & !escaped;
        let inside = ones_between(quotes) ^ carry.inside;
        if masks.control & inside != 0 {
            return None;
        }
        carry.inside = 0_u64.wrapping_sub(inside >> 63);
        while quotes != 0 {
            self.positions.push(start as u32 + quotes.trailing_zeros());
            quotes &= quotes - 1;
        }
        Some(())
    }

    fn check_escape(&mut self, bytes: &[u8], at: usize) -> Option<()> {
        match bytes.get(at)? {
            b'n' | b'r' | b't' | b'/' | b'b' | b'f' => Some(()),
            b'u' => {
                self.has_code_points = true;
                let digits = bytes.get(at + 1..at + 5)?;
                let is_surrogate = matches!(digits, [b'd' | b'D', b'8' | b'9' | b'a'..=b'f' | b'A'..=b'F', ..]);
                (digits.iter().all(u8::is_ascii_hexdigit) && !is_surrogate).then_some(())
            }
            _ => None,
        }
    }
}

/// The bytes that a backslash escapes. In a run of backslashes every second one is escaped, and so is what follows a
/// run of odd length.
fn escaped(backslash: u64, carry: &mut u64) -> u64 {
    if backslash == 0 {
        return std::mem::take(carry);
    }
    // Subtracting lets a borrow run through each run of backslashes; whether it arrives at an odd or an even place
    // tells whether the run's length is odd.
    let first = backslash & !*carry;
    let ends = ((first << 1) | ODD).wrapping_sub(first) ^ ODD;
    let escaped = ends ^ (backslash | *carry);
    *carry = (ends & backslash) >> 63;
    escaped
}

/// Ones from each odd bit of `bits` up to the next bit, that one not included.
fn ones_between(bits: u64) -> u64 {
    let mut ones = bits;
    for distance in [1, 2, 4, 8, 16, 32] {
        ones ^= ones << distance;
    }
    ones
}

impl Masks {
    #[inline(always)]
    fn of(block: &[u8; BLOCK]) -> Self {
        let mut masks = Self { quote: 0, backslash: 0, control: 0 };
        for (number, lane) in block.as_chunks::<16>().0.iter().enumerate() {
            let lane = u8x16::new(*lane);
            let bits = |found: u8x16| u64::from(found.to_bitmask()) << (number * 16);
            masks.quote |= bits(lane.simd_eq(u8x16::splat(b'"')));
            masks.backslash |= bits(lane.simd_eq(u8x16::splat(b'\\')));
            masks.control |= bits(lane.simd_eq(lane.min(u8x16::splat(0x1F))));
        }
        masks
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
        (!inside).then_some(found)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn blocks_find_what_bytes_find(text in "([a\\\\\"]|[ \n]|\\\\\\\\|\\\\n|\\\\u00e[1g]|\\\\ud83d|é){0,90}") {
            // A backslash at the very end escapes nothing, and outside of strings it is for the walk to refuse.
            prop_assume!(!text.ends_with('\\'));
            let mut quotes = Quotes::default();
            let found = quotes.find(&text).map(|()| quotes.positions().to_vec());
            prop_assert_eq!(found, slowly(&text));
        }

    }
}
