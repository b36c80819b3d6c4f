//! Many bytes at a time: the few vector operations that searching takes, in the widest registers at hand.
//!
//! ```text
//! run(work) ─▶ the processor has AVX2?  work.run(32 bytes at a time)  :  work.run(16 bytes at a time)
//! ```
//!
//! The 16 bytes of [`Narrow`] are what every x86-64 and every 64-bit ARM has. Wider registers have to be asked for when the
//! program runs; a value of [`Wide`] is the proof that somebody did. On that proof the `unsafe` of this file rests, and in
//! one place on all bytes of a text having been looked at. There is no other `unsafe` in the library.
#![allow(unsafe_code)]

use wide::u8x16;

/// Something to do with registers of any width.
pub(crate) trait Work {
    type Output;

    /// Does it. Implementations and all that they call between two loops over bytes are `#[inline(always)]`, or they
    /// would not be compiled for the wider registers.
    fn run<L: Lanes>(self, lanes: L) -> Self::Output;
}

/// Registers of one width.
pub(crate) trait Lanes: Copy {
    /// Bytes in a register, at most 64.
    const BYTES: usize;
    /// Whether looking up bytes in a table is one instruction.
    const HAS_LOOKUP: bool;
    type Bytes: Copy;

    /// Asks for the memory so many bytes behind the beginning of a text, whether that is there or not.
    #[inline(always)]
    fn prefetch(self, text: &[u8], ahead: usize) {
        let _ = (text, ahead);
    }

    /// The bytes that begin at a place of a text; zeros where there are too few.
    fn load(self, text: &[u8], at: usize) -> Self::Bytes;
    fn splat(self, byte: u8) -> Self::Bytes;
    /// Sixteen bytes, as often as they fit.
    fn repeat(self, bytes: &[u8; 16]) -> Self::Bytes;
    fn and(self, left: Self::Bytes, right: Self::Bytes) -> Self::Bytes;
    fn or(self, left: Self::Bytes, right: Self::Bytes) -> Self::Bytes;
    fn min(self, left: Self::Bytes, right: Self::Bytes) -> Self::Bytes;
    /// For each byte its upper four bits.
    fn high(self, bytes: Self::Bytes) -> Self::Bytes;
    /// For each byte of ASCII what a table from [`repeat`](Self::repeat) holds at its lower four bits; zeros for others.
    fn look_up(self, table: Self::Bytes, at: Self::Bytes) -> Self::Bytes;
    /// Whether any byte is not zero.
    fn has_any(self, bytes: Self::Bytes) -> bool;
    /// One bit for each byte that is not zero.
    fn non_zero(self, bytes: Self::Bytes) -> u64;
    /// One bit for each byte that equals the one in the other register.
    fn equal(self, left: Self::Bytes, right: Self::Bytes) -> u64;
}

/// Does the work with the widest registers of this processor.
#[inline(always)]
pub(crate) fn run<W: Work>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    if let Some(lanes) = Wide::detect() {
        // SAFETY: `Wide` exists only where the processor has all that `run_wide` may use.
        return unsafe { run_wide(work, lanes) };
    }
    work.run(Narrow)
}

/// Bytes of a block, one for each bit of a mask.
pub(crate) const BLOCK: usize = 64;

/// How far ahead memory is asked for, in bytes.
// PERF: processors guess what is read next only up to the end of a page. Events of 5 KB in memory that no cache holds are scanned
// in 0.9 of the time, events of 2 KB in 0.95; with 1024 bytes it gains half of that, with 10240 no more.
const AHEAD: usize = 4096;

/// Calls `each` with the number of every block of a text and the block, the last one filled up with spaces; gives the text
/// when all of it is ASCII.
#[inline(always)]
pub(crate) fn each_block<L: Lanes>(lanes: L, bytes: &[u8], mut each: impl FnMut(usize, &[u8; BLOCK])) -> Option<&str> {
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    let mut last = [b' '; BLOCK];
    let mut all = lanes.splat(0);
    for number in 0..bytes.len().div_ceil(BLOCK) {
        let block = blocks.get(number).unwrap_or_else(|| {
            // PERF: not before it is reached, since the end of a long text is far from whatever was read before.
            last.iter_mut().zip(rest).for_each(|(own, byte)| *own = *byte);
            &last
        });
        lanes.prefetch(block, AHEAD);
        for at in (0..BLOCK).step_by(L::BYTES) {
            all = lanes.or(all, lanes.load(block, at));
        }
        each(number, block);
    }
    let is_ascii = lanes.equal(all, lanes.min(all, lanes.splat(0x7F))) == u64::MAX >> (BLOCK - L::BYTES);
    // SAFETY: every byte of the text was in a block, so `all` has each bit that one of them has, and none has its upper bit.
    is_ascii.then(|| unsafe { str::from_utf8_unchecked(bytes) })
}

/// Whether looking up bytes in a table is fast here.
pub(crate) fn has_lookup() -> bool {
    struct Ask;
    impl Work for Ask {
        type Output = bool;

        #[inline(always)]
        fn run<L: Lanes>(self, _: L) -> bool {
            L::HAS_LOOKUP
        }
    }
    run(Ask)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn run_wide<W: Work>(work: W, lanes: Wide) -> W::Output {
    work.run(lanes)
}

/// Registers of 16 bytes, which need not be asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Narrow;

impl Lanes for Narrow {
    const BYTES: usize = 16;
    const HAS_LOOKUP: bool = cfg!(any(target_feature = "ssse3", target_feature = "neon"));
    type Bytes = u8x16;

    #[inline(always)]
    fn load(self, text: &[u8], at: usize) -> u8x16 {
        u8x16::new(text.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or_default())
    }

    #[inline(always)]
    fn splat(self, byte: u8) -> u8x16 {
        u8x16::splat(byte)
    }

    #[inline(always)]
    fn repeat(self, bytes: &[u8; 16]) -> u8x16 {
        u8x16::new(*bytes)
    }

    #[inline(always)]
    fn and(self, left: u8x16, right: u8x16) -> u8x16 {
        left & right
    }

    #[inline(always)]
    fn or(self, left: u8x16, right: u8x16) -> u8x16 {
        left | right
    }

    #[inline(always)]
    fn min(self, left: u8x16, right: u8x16) -> u8x16 {
        left.min(right)
    }

    #[inline(always)]
    fn high(self, bytes: u8x16) -> u8x16 {
        u8x16::new(bytes.to_array().map(|byte| byte >> 4))
    }

    #[inline(always)]
    fn look_up(self, table: u8x16, at: u8x16) -> u8x16 {
        // What is 16 or more finds zero, here by its first bit and there by its size.
        table.shuffle(at & u8x16::splat(0x8F))
    }

    #[inline(always)]
    fn has_any(self, bytes: u8x16) -> bool {
        self.non_zero(bytes) != 0
    }

    #[inline(always)]
    fn non_zero(self, bytes: u8x16) -> u64 {
        self.equal(bytes, self.splat(0)) ^ 0xFFFF
    }

    #[inline(always)]
    fn equal(self, left: u8x16, right: u8x16) -> u64 {
        left.simd_eq(right).to_bitmask().into()
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Wide;

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::Lanes;
    use std::arch::x86_64::{
        __m256i, _MM_HINT_T0, _mm_loadu_si128, _mm_prefetch, _mm256_and_si256, _mm256_broadcastsi128_si256,
        _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8, _mm256_or_si256,
        _mm256_set1_epi8, _mm256_shuffle_epi8, _mm256_srli_epi16, _mm256_testz_si256,
    };

    /// The proof that the processor has AVX2, and so registers of 32 bytes, and the bit instructions that came before it.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Wide(());

    impl Wide {
        /// Asks the processor; the answer is remembered by the standard library.
        #[inline(always)]
        pub(super) fn detect() -> Option<Self> {
            let has = is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2")
                && is_x86_feature_detected!("lzcnt")
                && is_x86_feature_detected!("popcnt");
            has.then_some(Self(()))
        }
    }

    // SAFETY, for each block: `self` was made by `detect`, so the processor has the instruction. Loads read arrays whose
    // length is that of the register, from any address.
    impl Lanes for Wide {
        const BYTES: usize = 32;
        const HAS_LOOKUP: bool = true;
        type Bytes = __m256i;

        #[inline(always)]
        fn prefetch(self, text: &[u8], ahead: usize) {
            // SAFETY: see above; nothing is read, and an address that is none does no harm.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(text.as_ptr().wrapping_add(ahead).cast()) }
        }

        #[inline(always)]
        fn load(self, text: &[u8], at: usize) -> __m256i {
            let Some(bytes) = text.get(at..at + 32) else { return self.splat(0) };
            // SAFETY: see above.
            unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
        }

        #[inline(always)]
        fn splat(self, byte: u8) -> __m256i {
            // SAFETY: see above.
            unsafe { _mm256_set1_epi8(byte.cast_signed()) }
        }

        #[inline(always)]
        fn repeat(self, bytes: &[u8; 16]) -> __m256i {
            // SAFETY: see above.
            unsafe { _mm256_broadcastsi128_si256(_mm_loadu_si128(bytes.as_ptr().cast())) }
        }

        #[inline(always)]
        fn and(self, left: __m256i, right: __m256i) -> __m256i {
            // SAFETY: see above.
            unsafe { _mm256_and_si256(left, right) }
        }

        #[inline(always)]
        fn or(self, left: __m256i, right: __m256i) -> __m256i {
            // SAFETY: see above.
            unsafe { _mm256_or_si256(left, right) }
        }

        #[inline(always)]
        fn min(self, left: __m256i, right: __m256i) -> __m256i {
            // SAFETY: see above.
            unsafe { _mm256_min_epu8(left, right) }
        }

        #[inline(always)]
        fn high(self, bytes: __m256i) -> __m256i {
            // SAFETY: see above.
            unsafe { _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), _mm256_set1_epi8(15)) }
        }

        #[inline(always)]
        fn look_up(self, table: __m256i, at: __m256i) -> __m256i {
            // SAFETY: see above.
            unsafe { _mm256_shuffle_epi8(table, at) }
        }

        #[inline(always)]
        fn has_any(self, bytes: __m256i) -> bool {
            // SAFETY: see above.
            unsafe { _mm256_testz_si256(bytes, bytes) == 0 }
        }

        #[inline(always)]
        fn non_zero(self, bytes: __m256i) -> u64 {
            self.equal(bytes, self.splat(0)) ^ 0xFFFF_FFFF
        }

        #[inline(always)]
        fn equal(self, left: __m256i, right: __m256i) -> u64 {
            // SAFETY: see above.
            unsafe { _mm256_movemask_epi8(_mm256_cmpeq_epi8(left, right)) }.cast_unsigned().into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What [`each_block`] gives, and the bytes that it showed.
    struct See<'t>(&'t [u8]);

    impl<'t> Work for See<'t> {
        type Output = (Option<&'t str>, Vec<u8>);

        #[inline(always)]
        fn run<L: Lanes>(self, lanes: L) -> Self::Output {
            let mut shown = Vec::new();
            let text = each_block(lanes, self.0, |number, block| {
                assert_eq!(number * BLOCK, shown.len());
                shown.extend_from_slice(block);
            });
            (text, shown)
        }
    }

    proptest! {
        #[test]
        fn a_text_is_ascii_when_all_its_bytes_are(
            mut bytes in prop::collection::vec(0_u8..0x80, 0..200),
            odd in prop::option::of((any::<prop::sample::Index>(), 0x80_u8..)),
        ) {
            if let (Some((at, byte)), false) = (odd, bytes.is_empty()) {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            let ascii = str::from_utf8(&bytes).ok().filter(|_| bytes.is_ascii());
            for (text, shown) in [run(See(&bytes)), See(&bytes).run(Narrow)] {
                prop_assert_eq!(text, ascii);
                prop_assert_eq!(shown.len(), bytes.len().next_multiple_of(BLOCK));
                let (own, filled) = shown.split_at(bytes.len());
                prop_assert_eq!(own, &bytes[..]);
                prop_assert!(filled.iter().all(|byte| *byte == b' '));
            }
        }
    }
}
