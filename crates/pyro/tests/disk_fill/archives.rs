//! Tar archives, as the packer of seeds writes them.

use tar::{Builder, EntryType, Header};

/// An archive, entry by entry.
pub(crate) struct Archive(Builder<Vec<u8>>);

impl Archive {
    pub(crate) fn new() -> Self {
        Self(Builder::new(Vec::new()))
    }

    pub(crate) fn file(&mut self, path: &str, content: &[u8], mode: u32, modified: u64) {
        let header = header(EntryType::Regular, content.len() as u64, mode, modified);
        self.put(header, path, content);
    }

    pub(crate) fn directory(&mut self, path: &str, mode: u32, modified: u64) {
        self.put(header(EntryType::Directory, 0, mode, modified), path, &[]);
    }

    pub(crate) fn link(&mut self, kind: EntryType, path: &str, target: &str, modified: u64) {
        let mut header = header(kind, 0, 0o777, modified);
        self.0.append_link(&mut header, path, target).unwrap();
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0.into_inner().unwrap()
    }

    fn put(&mut self, mut header: Header, path: &str, content: &[u8]) {
        self.0.append_data(&mut header, path, content).unwrap();
    }
}

pub(crate) fn header(kind: EntryType, size: u64, mode: u32, modified: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(mode);
    header.set_mtime(modified);
    header.set_uid(0);
    header.set_gid(0);
    header
}
