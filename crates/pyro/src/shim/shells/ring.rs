//! The last bytes of something endless, each at its place.

use std::collections::VecDeque;

/// A bounded memory of what has been written.
#[derive(Debug)]
pub(super) struct Ring {
    kept: VecDeque<u8>,
    capacity: usize,
    end: u64,
}

impl Ring {
    pub(super) fn new(capacity: usize) -> Self {
        Self { kept: VecDeque::new(), capacity, end: 0 }
    }

    /// Adds bytes; the oldest make room.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        self.end += bytes.len() as u64;
        let bytes = &bytes[bytes.len().saturating_sub(self.capacity)..];
        let surplus = (self.kept.len() + bytes.len()).saturating_sub(self.capacity);
        self.kept.drain(..surplus);
        self.kept.extend(bytes);
    }

    /// How many bytes have been written in all.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// The place of the oldest byte that is kept.
    pub(super) fn start(&self) -> u64 {
        self.end - self.kept.len() as u64
    }

    /// What is kept from a place on, or from the oldest byte where that place is gone; at most `most` bytes.
    /// Where they begin, and they.
    pub(super) fn read(&self, from: u64, most: usize) -> (u64, Vec<u8>) {
        let from = from.clamp(self.start(), self.end);
        let skipped = usize::try_from(from - self.start()).unwrap_or(self.kept.len());
        let until = skipped.saturating_add(most).min(self.kept.len());
        (from, self.kept.range(skipped..until).copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_gone_is_read_from_the_oldest_and_what_is_not_there_yet_is_empty() {
        let mut ring = Ring::new(4);
        ring.write(b"abc");
        ring.write(b"def");
        assert_eq!((ring.start(), ring.end()), (2, 6));
        assert_eq!(ring.read(0, 10), (2, b"cdef".to_vec()));
        assert_eq!(ring.read(3, 2), (3, b"de".to_vec()));
        assert_eq!(ring.read(9, 2), (6, Vec::new()));
        ring.write(b"0123456789");
        assert_eq!(ring.read(0, 10), (12, b"6789".to_vec()));
    }

    proptest! {
        #[test]
        fn readings_that_go_on_where_the_last_one_ended_are_what_was_written(
            writes in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..40),
            most in 1usize..50,
            capacity in 1usize..100,
        ) {
            let mut ring = Ring::new(capacity);
            let (mut cursor, mut whole, mut read) = (0, Vec::new(), Vec::new());
            for bytes in writes {
                ring.write(&bytes);
                whole.extend_from_slice(&bytes);
                let (from, piece) = ring.read(cursor, most);
                prop_assert_eq!(from, cursor.max(ring.start()));
                // what nobody could read any more counts as read
                read.extend_from_slice(&whole[read.len()..usize::try_from(from).unwrap()]);
                read.extend_from_slice(&piece);
                cursor = from + piece.len() as u64;
            }
            prop_assert_eq!(&read[..], &whole[..read.len()]);
            prop_assert_eq!(ring.end(), whole.len() as u64);
        }
    }
}
