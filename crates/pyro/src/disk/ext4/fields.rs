//! Numbers in a structure on the disk.

use crate::disk::ViewError;

/// The bytes of a structure, and what it is called in errors.
#[derive(Clone, Copy)]
pub(in crate::disk) struct Fields<'a> {
    bytes: &'a [u8],
    what: &'static str,
}

impl<'a> Fields<'a> {
    pub(in crate::disk) fn new(bytes: &'a [u8], what: &'static str) -> Self {
        Self { bytes, what }
    }

    /// `length` bytes from `at` on.
    pub(in crate::disk) fn bytes(&self, at: usize, length: usize) -> Result<&'a [u8], ViewError> {
        let end = at.checked_add(length).ok_or(ViewError::Corrupt(self.what))?;
        self.bytes.get(at..end).ok_or(ViewError::Corrupt(self.what))
    }

    pub(in crate::disk) fn u8(&self, at: usize) -> Result<u8, ViewError> {
        Ok(self.array::<1>(at)?[0])
    }

    /// Little-endian, as everything but the journal is.
    pub(in crate::disk) fn u16(&self, at: usize) -> Result<u16, ViewError> {
        Ok(u16::from_le_bytes(self.array(at)?))
    }

    /// Little-endian.
    pub(in crate::disk) fn u32(&self, at: usize) -> Result<u32, ViewError> {
        Ok(u32::from_le_bytes(self.array(at)?))
    }

    /// Big-endian, as the journal is.
    pub(in crate::disk) fn be32(&self, at: usize) -> Result<u32, ViewError> {
        Ok(u32::from_be_bytes(self.array(at)?))
    }

    /// Big-endian.
    pub(in crate::disk) fn be64(&self, at: usize) -> Result<u64, ViewError> {
        Ok(u64::from_be_bytes(self.array(at)?))
    }

    fn array<const N: usize>(&self, at: usize) -> Result<[u8; N], ViewError> {
        self.bytes(at, N)?.try_into().map_err(|_| ViewError::Corrupt(self.what))
    }
}

/// A number whose halves lie apart.
pub(in crate::disk) fn join(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}
