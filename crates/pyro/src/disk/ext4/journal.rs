//! The journal (jbd2): blocks that were committed, and that a kernel would write to their places when it
//! mounts the disk. Here they are only looked up instead. Numbers are big-endian.
//!
//! The format and the order of things are those of `fs/jbd2/recovery.c` of Linux. Only journals with
//! checksums of version 3 are read, which is what a kernel makes of the journals of pyro's disks.

use super::extents::Extent;
use super::fields::Fields;
use super::image::Image;
use super::inode::Inode;
use super::{BLOCK, checksum};
use crate::disk::ViewError;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

const MAGIC: u32 = 0xc03b_3998;
const DESCRIPTOR: u32 = 1;
const COMMIT: u32 = 2;
const SUPERBLOCK_V2: u32 = 4;
const REVOKE: u32 = 5;

// `s_feature_incompat` of the journal's superblock, named as in include/linux/jbd2.h
const INCOMPAT_REVOKE: u32 = 0x1;
const INCOMPAT_64BIT: u32 = 0x2;
const INCOMPAT_CSUM_V3: u32 = 0x10;

const FLAG_ESCAPE: u32 = 1;
const FLAG_SAME_UUID: u32 = 2;
const FLAG_LAST_TAG: u32 = 8;

/// Bytes of a block's header, and of the checksum at its end.
const HEADER: usize = 12;
const TAIL: usize = 4;
/// The most blocks of a journal: 512 MiB. Those of pyro's disks have 16,384.
const MAX_BLOCKS: u32 = 1 << 17;
/// The most revocations that are remembered, and the most blocks that are looked up instead.
const MAX_REMEMBERED: usize = 1 << 20;

/// What to read instead of which blocks of the disk.
#[derive(Debug, Default)]
pub(super) struct Replay(BTreeMap<u64, Copy>);

/// A block in the journal.
#[derive(Debug, Clone, Copy)]
struct Copy {
    block: u64,
    /// Whether its first four bytes, the journal's magic number, were replaced by zeros.
    escaped: bool,
}

impl Replay {
    /// The block of the disk to read instead of this one.
    pub(super) fn instead_of(&self, block: u64) -> Option<u64> {
        self.0.get(&block).map(|copy| copy.block)
    }

    /// The first of these blocks that lies elsewhere.
    pub(super) fn first_in(&self, blocks: Range<u64>) -> Option<u64> {
        self.0.range(blocks).next().map(|(block, _)| *block)
    }

    /// Puts back what the journal had to leave out of a block, of which `bytes` are those from `at` on.
    pub(super) fn unescape(&self, block: u64, at: usize, bytes: &mut [u8]) {
        if self.0.get(&block).is_some_and(|copy| copy.escaped) {
            let magic = MAGIC.to_be_bytes();
            for (byte, original) in bytes.iter_mut().zip(magic.iter().skip(at)) {
                *byte = *original;
            }
        }
    }
}

/// Reads the journal that is the content of this inode.
pub(super) fn read(image: &Image, inode: u32) -> Result<Replay, ViewError> {
    let extents = Inode::read(image, inode)?.extents(image)?;
    let Some(mut log) = Log::open(image, &extents)? else { return Ok(Replay::default()) };
    let mut history = History::default();
    while let Some(transaction) = log.next_transaction()? {
        history.commit(transaction)?;
    }
    Ok(history.replay())
}

/// Transactions, in the order they were committed.
#[derive(Default)]
struct History {
    writes: Vec<(u32, u64, Copy)>,
    /// The last transaction that revoked a block.
    revoked: HashMap<u64, u32>,
}

/// What one transaction did.
#[derive(Default)]
struct Transaction {
    sequence: u32,
    writes: Vec<(u64, Copy)>,
    revoked: Vec<u64>,
}

impl History {
    fn commit(&mut self, transaction: Transaction) -> Result<(), ViewError> {
        let Transaction { sequence, writes, revoked } = transaction;
        self.writes.extend(writes.into_iter().map(|(block, copy)| (sequence, block, copy)));
        self.revoked.extend(revoked.into_iter().map(|block| (block, sequence)));
        if self.writes.len().max(self.revoked.len()) > MAX_REMEMBERED {
            return Err(ViewError::Unsupported("a journal with more than a million blocks"));
        }
        Ok(())
    }

    /// The last copy of each block, unless it was revoked then or later.
    fn replay(self) -> Replay {
        let mut replay = BTreeMap::new();
        for (sequence, block, copy) in self.writes {
            let is_later = |revoked: &u32| sequence.wrapping_sub(*revoked).cast_signed() > 0;
            if self.revoked.get(&block).is_none_or(is_later) {
                replay.insert(block, copy);
            }
        }
        Replay(replay)
    }
}

/// The blocks of the journal, a ring of which the first few are no part.
struct Log<'a> {
    image: &'a Image,
    extents: &'a [Extent],
    ring: Range<u32>,
    next: u32,
    /// How many blocks are left before the ring would begin anew.
    left: u32,
    sequence: u32,
    /// The checksum of the journal's identity, with which every other begins.
    seed: u32,
    wide: bool,
}

impl<'a> Log<'a> {
    /// `None` where everything is in its place already.
    fn open(image: &'a Image, extents: &'a [Extent]) -> Result<Option<Self>, ViewError> {
        let block = image.block(place(extents, 0)?)?;
        let fields = Fields::new(&block, "the journal's superblock");
        let corrupt = ViewError::Corrupt("the journal's superblock");
        let unsupported =
            ViewError::Unsupported("a journal of another kind than pyro's disks have");
        if fields.be32(0)? != MAGIC || fields.be32(4)? != SUPERBLOCK_V2 {
            return Err(corrupt);
        }
        let start = fields.be32(0x1c)?;
        if start == 0 {
            return Ok(None);
        }
        let features = fields.be32(0x28)?;
        let understood = INCOMPAT_REVOKE | INCOMPAT_64BIT | INCOMPAT_CSUM_V3;
        if features & !understood != 0 || features & INCOMPAT_CSUM_V3 == 0 {
            return Err(unsupported);
        }
        let ring = fields.be32(0x14)?..fields.be32(0x10)?;
        let is_sane = fields.be32(0xc)? as usize == BLOCK
            && ring.start > 0
            && ring.contains(&start)
            && ring.end <= MAX_BLOCKS;
        if !is_sane {
            return Err(corrupt);
        }
        Ok(Some(Self {
            image,
            extents,
            next: start,
            left: ring.end - ring.start,
            ring,
            sequence: fields.be32(0x18)?,
            seed: checksum(u32::MAX, fields.bytes(0x30, 16)?),
            wide: features & INCOMPAT_64BIT != 0,
        }))
    }

    /// The next transaction that was committed whole. What comes behind the last is older, or was never
    /// finished: it has another number, or its checksums are wrong.
    fn next_transaction(&mut self) -> Result<Option<Transaction>, ViewError> {
        let mut transaction = Transaction { sequence: self.sequence, ..Transaction::default() };
        while let Some((_, block)) = self.next_block()? {
            let fields = Fields::new(&block, "the journal");
            if fields.be32(0)? != MAGIC || fields.be32(8)? != self.sequence {
                return Ok(None);
            }
            let whole = match fields.be32(4)? {
                DESCRIPTOR => {
                    self.has_good_tail(&block) && self.take_writes(fields, &mut transaction)?
                }
                REVOKE => {
                    self.has_good_tail(&block) && self.take_revocations(fields, &mut transaction)?
                }
                COMMIT if self.is_good_commit(&block) => {
                    self.sequence = self.sequence.wrapping_add(1);
                    return Ok(Some(transaction));
                }
                _ => false,
            };
            if !whole {
                return Ok(None);
            }
        }
        Ok(None)
    }

    /// Reads the tags of a descriptor, and passes the blocks behind it that they are about.
    fn take_writes(
        &mut self,
        descriptor: Fields<'_>,
        transaction: &mut Transaction,
    ) -> Result<bool, ViewError> {
        let mut at = HEADER;
        loop {
            if at + 16 > BLOCK - TAIL {
                return Ok(true);
            }
            let flags = descriptor.be32(at + 4)?;
            let high = if self.wide { descriptor.be32(at + 8)? } else { 0 };
            let target = super::fields::join(high, descriptor.be32(at)?);
            let expected = descriptor.be32(at + 12)?;
            let Some((block, content)) = self.next_block()? else { return Ok(false) };
            let sequence = checksum(self.seed, &self.sequence.to_be_bytes());
            if checksum(sequence, &content) != expected {
                return Ok(false);
            }
            let escaped = flags & FLAG_ESCAPE != 0;
            transaction.writes.push((target, Copy { block, escaped }));
            if flags & FLAG_LAST_TAG != 0 {
                return Ok(true);
            }
            at += if flags & FLAG_SAME_UUID != 0 { 16 } else { 32 };
        }
    }

    fn take_revocations(
        &self,
        block: Fields<'_>,
        transaction: &mut Transaction,
    ) -> Result<bool, ViewError> {
        let end = block.be32(HEADER)? as usize; // header and this number included
        let size = if self.wide { 8 } else { 4 };
        if end > BLOCK - TAIL || transaction.revoked.len() > MAX_REMEMBERED {
            return Ok(false);
        }
        for at in (HEADER + 4..end).step_by(size).take_while(|at| at + size <= end) {
            transaction.revoked.push(if self.wide {
                block.be64(at)?
            } else {
                block.be32(at)?.into()
            });
        }
        Ok(true)
    }

    /// The next block of the ring and its place on the disk; `None` once all were read.
    fn next_block(&mut self) -> Result<Option<(u64, Vec<u8>)>, ViewError> {
        if self.left == 0 {
            return Ok(None);
        }
        let place = place(self.extents, self.next)?;
        self.left -= 1;
        self.next = if self.next + 1 == self.ring.end { self.ring.start } else { self.next + 1 };
        Ok(Some((place, self.image.block(place)?)))
    }

    /// Descriptors and revocations end in the checksum of everything before it.
    fn has_good_tail(&self, block: &[u8]) -> bool {
        let (body, tail) = block.split_at(block.len() - TAIL);
        checksum(checksum(self.seed, body), &[0; TAIL]).to_be_bytes() == tail
    }

    /// `h_chksum` of a commit block begins at byte 16.
    fn is_good_commit(&self, block: &[u8]) -> bool {
        let (before, rest) = block.split_at(16);
        let (expected, behind) = rest.split_at(4);
        let found = checksum(checksum(checksum(self.seed, before), &[0; 4]), behind);
        found.to_be_bytes() == expected
    }
}

/// Where a block of the journal lies on the disk.
fn place(extents: &[Extent], block: u32) -> Result<u64, ViewError> {
    let after = extents.partition_point(|extent| extent.from <= block);
    let extent = after.checked_sub(1).and_then(|index| extents.get(index));
    let extent = extent.filter(|extent| block - extent.from < extent.length && extent.written);
    let extent = extent.ok_or(ViewError::Corrupt("the journal"))?;
    Ok(extent.block.saturating_add(u64::from(block - extent.from)))
}
