//! What `/workspace` held at one moment, and what differs from that now. The manifest is a file on the
//! workspace's disk, outside of everything that the guest's programs see; it only saves reading contents:
//! what it calls changed may be the same again, what it calls unchanged is.
//!
//! The file: eight bytes of magic, then one record per entry in the order of the walk. A record
//! is a head of [`HEAD`] bytes, the name in its directory, and a link's target; numbers are little
//! endian. Only an agent of the same build has written it: a file that cannot be read is damaged.

mod clock;
mod compare;
mod fingerprint;
mod git;
mod read;
mod take;
mod write;

pub(crate) use compare::compare;
pub(crate) use take::take;

const MAGIC: [u8; 8] = *b"pyrotre1";
/// Depth, lengths of name and target, and kind, two bytes each; the mode in four; size, mtime, ctime
/// and inode in eight each.
const HEAD: usize = 4 * 2 + 4 + 4 * 8;
/// The manifest, in the agent's own directory on the disk.
const NAME: &str = "manifest";
/// The next one, until it is complete.
const NEW: &str = "manifest.new";
