//! Which blocks are taken. Each group's bits lie in a block of the disk; here they are all one row.

use super::super::BLOCK;
use std::ops::Range;

/// Blocks of a group: as many as a block has bits.
pub(super) const PER_GROUP: u32 = 32_768;
const WORD: u32 = u64::BITS;
const WORDS_PER_GROUP: usize = (PER_GROUP / WORD) as usize;

/// One bit per block of the file system.
#[derive(Debug)]
pub(super) struct BlockMap {
    words: Vec<u64>,
    /// The same before anything was taken.
    before: Vec<u64>,
    end: u32,
    /// Where to look first: behind what was taken last.
    next: u32,
    free: u32,
    /// So many stay free.
    reserve: u32,
}

impl BlockMap {
    /// All of `groups` groups free.
    pub(super) fn new(groups: u32, reserve: u32) -> Self {
        let words = vec![0; groups as usize * WORDS_PER_GROUP];
        Self { before: words.clone(), words, end: groups * PER_GROUP, next: 0, free: 0, reserve }
    }

    /// What was there before is marked, all of it.
    pub(super) fn begin(&mut self) {
        self.before.clone_from(&self.words);
        let taken: u32 = self.words.iter().map(|word| word.count_ones()).sum();
        self.free = self.end - taken;
    }

    /// Marks blocks that have had their place from the beginning.
    pub(super) fn mark(&mut self, blocks: Range<u32>) {
        for block in blocks {
            self.words[(block / WORD) as usize] |= 1 << (block % WORD);
        }
    }

    /// Marks what the bits of a group say.
    pub(super) fn mark_group(&mut self, group: u32, bits: &[u8]) {
        let (bytes, _) = bits.as_chunks::<8>();
        for (word, bytes) in self.of_group_mut(group).iter_mut().zip(bytes) {
            *word |= u64::from_le_bytes(*bytes);
        }
    }

    /// Takes the next free blocks that lie together, not more than wanted; `None` where all but the reserve
    /// is taken.
    pub(super) fn take(&mut self, wanted: u32) -> Option<Range<u32>> {
        let wanted = wanted.min(self.free.saturating_sub(self.reserve));
        if wanted == 0 {
            return None;
        }
        let start = self.first_free(self.next).or_else(|| self.first_free(0))?;
        let limit = self.end.min(start.saturating_add(wanted));
        let end = (start..limit).find(|block| self.is_taken(*block)).unwrap_or(limit);
        self.mark(start..end);
        self.free -= end - start;
        self.next = end;
        Some(start..end)
    }

    /// Gives blocks back.
    pub(super) fn release(&mut self, blocks: Range<u32>) {
        self.free += blocks.end - blocks.start;
        for block in blocks {
            self.words[(block / WORD) as usize] &= !(1 << (block % WORD));
        }
    }

    /// Whether anything of the group was taken since the beginning.
    pub(super) fn has_changed(&self, group: u32) -> bool {
        let start = group as usize * WORDS_PER_GROUP;
        let words = start..start + WORDS_PER_GROUP;
        self.words[words.clone()] != self.before[words]
    }

    /// A group's bits as its block on the disk has them, and how many blocks are free.
    pub(super) fn group(&self, group: u32) -> (Vec<u8>, u32) {
        let start = group as usize * WORDS_PER_GROUP;
        let words = &self.words[start..start + WORDS_PER_GROUP];
        let bits: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        debug_assert_eq!(bits.len(), BLOCK);
        (bits, PER_GROUP - words.iter().map(|word| word.count_ones()).sum::<u32>())
    }

    fn of_group_mut(&mut self, group: u32) -> &mut [u64] {
        let start = group as usize * WORDS_PER_GROUP;
        &mut self.words[start..start + WORDS_PER_GROUP]
    }

    fn is_taken(&self, block: u32) -> bool {
        self.words[(block / WORD) as usize] >> (block % WORD) & 1 == 1
    }

    fn first_free(&self, from: u32) -> Option<u32> {
        let in_word =
            (from..from.next_multiple_of(WORD).min(self.end)).find(|b| !self.is_taken(*b));
        in_word.or_else(|| {
            let words = self.words.iter().zip((0..).step_by(WORD as usize));
            let mut words = words.skip(from.div_ceil(WORD) as usize);
            let (word, first) = words.find(|(word, _)| **word != u64::MAX)?;
            Some(first + word.trailing_ones())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two groups, of which the first 100 blocks and all of 200..210 are taken.
    fn map(reserve: u32) -> BlockMap {
        let mut map = BlockMap::new(2, reserve);
        map.mark(0..100);
        map.mark(200..210);
        map.begin();
        map
    }

    #[test]
    fn blocks_are_taken_in_order_around_what_is_taken() {
        let mut map = map(0);
        assert_eq!(map.take(10), Some(100..110));
        assert_eq!(map.take(1000), Some(110..200));
        assert_eq!(map.take(1), Some(210..211));
        assert!(map.has_changed(0) && !map.has_changed(1));
        assert_eq!(map.group(0).1, 32_768 - 211);
    }

    #[test]
    fn what_is_given_back_is_found_again_at_the_end() {
        let mut map = map(0);
        while map.take(u32::MAX).is_some() {}
        map.release(150..160);
        assert_eq!(map.take(20), Some(150..160));
        assert_eq!(map.take(1), None);
    }

    #[test]
    fn the_reserve_stays_free() {
        let mut map = map(7);
        while map.take(1000).is_some() {}
        let free = map.group(0).1 + map.group(1).1;
        assert_eq!(free, 7);
    }
}
