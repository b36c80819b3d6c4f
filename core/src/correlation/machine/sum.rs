//! Exact sums: what is added can be taken away again, and nothing is left of it.
//!
//! ```text
//! 0.1 + 1e300 - 1e300   ─▶   0.1        2^63 + 2^63   ─▶   18446744073709551616
//! ```
//!
//! Integers are added as integers. All else is added to one fixed-point number that is wide enough for every float,
//! so the order of additions never matters; the result is rounded once, when it is asked for.

use crate::number::Number;

/// Words of the fixed-point number: 1,074 bits behind the point, 1,024 before it, 64 for the number of additions, a sign.
const WORDS: usize = 35;
/// Bits behind the point.
const FRACTION: usize = 1074;

/// A sum of numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Sum {
    /// Of integers below 2^64; fewer than 2^63 of them are ever added.
    integers: i128,
    wide: Option<Box<Wide>>,
    /// How many numbers are in `wide`.
    wide_len: u64,
}

/// A number in two's complement, the lowest word first.
#[derive(Debug, Clone)]
struct Wide([u64; WORDS]);

/// A number as `± mantissa · 2^(shift - FRACTION)`.
struct Parts {
    negative: bool,
    mantissa: u128,
    shift: usize,
}

impl Sum {
    pub(super) fn add(&mut self, number: Number) {
        match small(number) {
            Some(integer) => self.integers += integer,
            None => {
                self.wide.get_or_insert_with(|| Box::new(Wide([0; WORDS]))).add(&parts(number));
                self.wide_len += 1;
            }
        }
    }

    /// Takes a number away that was added before.
    pub(super) fn remove(&mut self, number: Number) {
        match small(number) {
            Some(integer) => self.integers -= integer,
            None => {
                let mut parts = parts(number);
                parts.negative = !parts.negative;
                if let Some(wide) = &mut self.wide {
                    wide.add(&parts);
                }
                self.wide_len = self.wide_len.saturating_sub(1);
                if self.wide_len == 0 {
                    self.wide = None;
                }
            }
        }
    }

    /// The sum, rounded to the nearest float where it is no integer; beyond all floats it is the largest of them.
    pub(super) fn total(&self) -> Number {
        match &self.wide {
            None => Number::Integer(self.integers),
            Some(wide) => {
                let mut wide = wide.clone();
                wide.add(&parts(Number::Integer(self.integers)));
                wide.number()
            }
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.wide.as_ref().map_or(0, |_| size_of::<Wide>())
    }
}

/// The average of `count` numbers with this sum, as the nearest number.
pub(super) fn average(sum: Number, count: u64) -> Number {
    let count = count.max(1);
    #[expect(clippy::cast_precision_loss, reason = "an average that is no integer is a float anyway")]
    match sum {
        Number::Integer(sum) if sum % i128::from(count) == 0 => Number::Integer(sum / i128::from(count)),
        Number::Integer(sum) => Number::from_f64(sum as f64 / count as f64).unwrap_or(Number::Integer(0)),
        Number::Float(sum) => Number::from_f64(sum / count as f64).unwrap_or(Number::Integer(0)),
    }
}

fn small(number: Number) -> Option<i128> {
    match number {
        Number::Integer(integer) if integer.unsigned_abs() <= u128::from(u64::MAX) => Some(integer),
        _ => None,
    }
}

fn parts(number: Number) -> Parts {
    match number {
        Number::Integer(integer) => Parts { negative: integer < 0, mantissa: integer.unsigned_abs(), shift: FRACTION },
        Number::Float(float) => {
            let bits = float.to_bits();
            let (exponent, fraction) = ((bits >> 52) & 0x7FF, bits & ((1 << 52) - 1));
            let mantissa = if exponent == 0 { fraction } else { fraction | 1 << 52 };
            let shift = exponent.max(1) as usize - 1;
            Parts { negative: float < 0.0, mantissa: mantissa.into(), shift }
        }
    }
}

impl Wide {
    fn add(&mut self, parts: &Parts) {
        let (from, bits) = (parts.shift / 64, parts.shift % 64);
        let low = parts.mantissa << bits;
        let high = if bits == 0 { 0 } else { parts.mantissa >> (128 - bits) };
        let words = [low as u64, (low >> 64) as u64, high as u64];
        let mut carry = false;
        for (at, word) in self.0.iter_mut().skip(from).enumerate() {
            let add = words.get(at).copied().unwrap_or(0);
            if at >= words.len() && !carry {
                break;
            }
            let step = |word: u64, add: u64| {
                if parts.negative { word.overflowing_sub(add) } else { word.overflowing_add(add) }
            };
            let (first, over) = step(*word, add);
            let (second, again) = step(first, carry.into());
            *word = second;
            carry = over || again;
        }
    }

    fn bit(&self, at: usize) -> bool {
        self.0.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    /// The 128 bits from `at` on.
    fn bits(&self, at: usize) -> u128 {
        let word = |at: usize| u128::from(self.0.get(at).copied().unwrap_or(0));
        let (from, shift) = (at / 64, at % 64);
        let low = word(from) | word(from + 1) << 64;
        if shift == 0 { low } else { low >> shift | word(from + 2) << (128 - shift) }
    }

    fn number(mut self) -> Number {
        let negative = self.bit(WORDS * 64 - 1);
        if negative {
            let mut carry = true;
            for word in &mut self.0 {
                (*word, carry) = (!*word).overflowing_add(carry.into());
            }
        }
        let Some(top) = (0..WORDS * 64).rev().find(|at| self.bit(*at)) else { return Number::Integer(0) };
        let lowest = (0..WORDS * 64).find(|at| self.bit(*at)).unwrap_or(0);
        let sign = |integer: i128| if negative { -integer } else { integer };
        if lowest >= FRACTION && top < FRACTION + 127 {
            #[expect(clippy::cast_possible_wrap, reason = "below 2^127 by the check above")]
            return Number::Integer(sign(self.bits(FRACTION) as i128));
        }
        let float = if top < 53 {
            f64::from_bits(self.bits(0) as u64)
        } else {
            let shift = top - 52;
            let mantissa = (self.bits(shift) as u64) & ((1 << 53) - 1);
            let (half, rest) = (self.bit(shift - 1), lowest + 1 < shift);
            let up = half && (rest || mantissa & 1 == 1);
            // A carry out of the mantissa raises the exponent, which is what rounding up means there.
            let bits = ((shift as u64) << 52) + mantissa + u64::from(up);
            f64::from_bits(bits.min(f64::MAX.to_bits()))
        };
        Number::from_f64(if negative { -float } else { float }).unwrap_or(Number::Integer(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(numbers: &[f64]) -> Sum {
        let mut sum = Sum::default();
        numbers.iter().for_each(|number| sum.add(Number::from_f64(*number).unwrap()));
        sum
    }

    #[test]
    fn sums_are_exact_and_rounded_once() {
        let max = f64::MAX;
        for (numbers, total) in [
            (vec![0.1, 1e300, -1e300], 0.1),
            (vec![0.1, 0.2], 0.1 + 0.2),
            (vec![0.1; 10], 1.0),
            (vec![1e16, 1.0, 1e-16], 1e16 + 2.0),
            (vec![5e-324, 5e-324], 1e-323),
            (vec![2.5e-308, -2.4e-308], 2.5e-308 - 2.4e-308),
            (vec![max, max], max),
            (vec![-max, -max, max], -max),
            (vec![0.5, 0.5, 3.0], 4.0),
            (vec![-0.25, -0.25], -0.5),
        ] {
            assert_eq!(sum(&numbers).total(), Number::from_f64(total).unwrap(), "{numbers:?}");
        }
    }

    #[test]
    fn integers_are_exact_beyond_all_that_floats_can_hold() {
        let mut sum = Sum::default();
        for integer in [i128::MAX, -5, i128::from(u64::MAX), 7] {
            sum.add(Number::Integer(integer));
        }
        sum.remove(Number::Integer(i128::from(u64::MAX)));
        sum.remove(Number::Integer(7));
        assert_eq!(sum.total(), Number::Integer(i128::MAX - 5));
        sum.remove(Number::Integer(i128::MAX));
        assert_eq!((sum.total(), sum.bytes()), (Number::Integer(-5), 0));
    }

    #[test]
    fn what_is_taken_away_leaves_nothing() {
        let numbers = [0.1, 1e300, -7.25, 5e-324, 1e-200, 123.0, -1e17];
        let mut sum = sum(&numbers);
        for number in &numbers[1..] {
            sum.remove(Number::from_f64(*number).unwrap());
        }
        assert_eq!(sum.total(), Number::from_f64(0.1).unwrap());
    }

    #[test]
    fn an_average_is_an_integer_where_it_can_be() {
        assert_eq!(average(Number::Integer(12), 4), Number::Integer(3));
        assert_eq!(average(Number::Integer(10), 4), Number::Float(2.5));
        assert_eq!(average(Number::Float(1.5), 3), Number::Float(0.5));
    }
}
