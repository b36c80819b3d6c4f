//! Effects of rows that are looked at together, noted in the order of columns and read in that of rows.
//!
//! ```text
//! column Image:  row 3 ─▶ 12   row 9 ─▶ 40          row 3:  7 ─▶ 12
//! column User:   row 3 ─▶ 7                  ─▶     row 9:  40
//! ```

/// Effects by row.
#[derive(Debug, Default)]
pub(super) struct Effects {
    /// For each row one more than where its last effect stands; 0 where it has none.
    last: Vec<u32>,
    /// Effects, each with what stood in `last` before.
    noted: Vec<(u32, u32)>,
}

impl Effects {
    /// Forgets all.
    pub(super) fn begin(&mut self) {
        self.last.clear();
        self.noted.clear();
    }

    /// Makes room for so many rows more, and says which the first of them is.
    pub(super) fn add_rows(&mut self, rows: usize) -> usize {
        let first = self.last.len();
        self.last.resize(first + rows, 0);
        first
    }

    /// Notes effects of a row.
    #[inline]
    pub(super) fn note(&mut self, row: usize, effects: &[u32]) {
        let Some(last) = self.last.get_mut(row) else { return };
        for effect in effects {
            self.noted.push((*effect, *last));
            *last = self.noted.len() as u32;
        }
    }

    /// The effects of a row, the last one first.
    #[inline]
    pub(super) fn of(&self, row: usize) -> impl Iterator<Item = u32> {
        let mut at = self.last.get(row).copied().unwrap_or(0);
        std::iter::from_fn(move || {
            let (effect, before) = *self.noted.get((at as usize).checked_sub(1)?)?;
            at = before;
            Some(effect)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_are_read_by_row() {
        let mut effects = Effects::default();
        assert_eq!((effects.add_rows(64), effects.add_rows(64)), (0, 64));
        effects.note(3, &[12]);
        effects.note(67, &[40, 41]);
        effects.note(3, &[]);
        effects.note(3, &[7]);
        effects.note(200, &[7]);
        assert!(effects.of(3).eq([7, 12]) && effects.of(67).eq([41, 40]));
        assert_eq!((effects.of(4).next(), effects.of(200).next()), (None, None));
        effects.begin();
        effects.add_rows(64);
        assert_eq!(effects.of(3).next(), None);
    }
}
