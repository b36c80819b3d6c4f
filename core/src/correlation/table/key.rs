//! The key of a group: short ones lie in the group itself.
//!
//! ```text
//! "\x0auser123456"               ─▶  Short, 11 of 22 bytes
//! "\x2fS-1-5-21-3623811015-..."  ─▶  Long, a piece of memory of its own
//! ```
//!
//! What a key says is not known here.

use std::ops::Deref;

/// Bytes that lie in the key itself, which makes it three words.
const SHORT_MAX: usize = 22;

#[derive(Debug)]
pub(super) enum Key {
    Short(u8, [u8; SHORT_MAX]),
    Long(Box<[u8]>),
}

impl Key {
    pub(super) fn new(bytes: &[u8]) -> Self {
        let mut short = [0; SHORT_MAX];
        match short.get_mut(..bytes.len()) {
            Some(room) => {
                room.copy_from_slice(bytes);
                Self::Short(bytes.len() as u8, short)
            }
            None => Self::Long(bytes.into()),
        }
    }

    /// Bytes of memory beside the value itself.
    pub(super) fn bytes(&self) -> usize {
        if let Self::Long(bytes) = self { bytes.len() } else { 0 }
    }
}

impl Deref for Key {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Short(len, bytes) => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Self::Long(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_keeps_its_bytes_and_is_small() {
        for len in [0, 1, SHORT_MAX - 1, SHORT_MAX, SHORT_MAX + 1, 300] {
            let bytes: Vec<u8> = (0..len).map(|at| at as u8).collect();
            assert_eq!(&*Key::new(&bytes), bytes);
        }
        assert_eq!(size_of::<Key>(), 24);
    }
}
