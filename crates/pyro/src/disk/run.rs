//! Where the content of a file lies on a disk, for whoever copies it from there.

use super::copy::copy_range;
use std::fs::File;
use std::io;

/// A part of a file that lies together, all of it in bytes. What no run covers reads as zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Where it begins in the file.
    pub at: u64,
    /// Where it begins on the disk.
    pub from: u64,
    /// How long it is.
    pub length: u64,
}

impl Run {
    /// Its first `length` bytes at most, and the rest.
    #[must_use]
    pub fn split(self, length: u64) -> (Self, Option<Self>) {
        let Self { at, from, length: whole } = self;
        let first = whole.min(length);
        let rest = Self { at: at + first, from: from + first, length: whole - first };
        (Self { length: first, ..self }, (rest.length > 0).then_some(rest))
    }

    /// Copies it to its place in `file`, within the kernel where that can.
    ///
    /// # Errors
    /// If either cannot be read or written, or the disk ends before.
    pub fn copy(self, disk: &File, file: &File) -> io::Result<()> {
        copy_range((disk, self.from), (file, self.at), self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::FileExt;

    #[test]
    fn it_is_copied_to_its_place_and_no_further() {
        let (disk, file) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
        disk.write_all_at(b"0123456789", 8192).unwrap();
        let (first, rest) = Run { at: 4096, from: 8194, length: 6 }.split(4);
        assert_eq!(rest, Some(Run { at: 4100, from: 8198, length: 2 }));
        assert_eq!(first.split(4), (first, None));
        first.copy(&disk, &file).unwrap();
        let mut found = [7; 4100];
        file.read_exact_at(&mut found, 0).unwrap();
        assert_eq!((&found[..4096], &found[4096..]), (&[0; 4096][..], &b"2345"[..]));
        assert_eq!(file.metadata().unwrap().len(), 4100);
        let beyond = Run { at: 0, from: 8200, length: 3 };
        assert!(beyond.copy(&disk, &file).is_err());
    }
}
