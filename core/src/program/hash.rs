//! A hash for short texts that only rules bring in: names of fields, values that choose a partition.
//!
//! ```text
//! "EventID"  ─▶  its length and its bytes, eight at a time, multiplied together
//! ```
//!
//! It is several times faster than a hasher that takes any number of bytes. It is no defence: only texts of rules may be
//! put into a table by it, so that no event can fill one with texts that collide.

/// The bit that tells upper from lower case, in each byte.
pub(super) const CASE: u64 = 0x2020_2020_2020_2020;

/// The hash of a text; the bits of `mask` are set in every word before it is mixed in, so that they do not matter.
#[inline]
pub(super) fn hash(text: &[u8], mask: u64) -> u64 {
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut value = text.len() as u64;
    let mut add = |word: u64| value = (value.rotate_left(23) ^ (word | mask)).wrapping_mul(FACTOR);
    let (words, rest) = text.as_chunks::<8>();
    words.iter().for_each(|word| add(u64::from_le_bytes(*word)));
    match text.last_chunk::<8>() {
        Some(_) if rest.is_empty() => {}
        Some(last) => add(u64::from_le_bytes(*last)),
        None => add(rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte))),
    }
    value ^ value >> 29
}
