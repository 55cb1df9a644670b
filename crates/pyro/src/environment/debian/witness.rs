//! Watches a tar stream while somebody else reads it: hashes every byte and keeps the few files
//! that say what the stream holds. It changes nothing, and it is no unpacker: the image writer
//! alone judges the stream's shape.

use sha2::{Digest, Sha256};
use std::io::{self, Read};

/// Bytes of a tar block (POSIX.1-2017 pax, "ustar Interchange Format").
const BLOCK: usize = 512;
/// More than dpkg's status file of a thousand packages.
const MAX_KEPT: u64 = 8 << 20;

/// A reader that remembers.
#[derive(Debug)]
pub(in super::super) struct Witness<R> {
    inner: R,
    hash: Sha256,
    /// Names without leading `./`, and what was found under them.
    kept: Vec<(&'static str, Vec<u8>)>,
    /// The header block in the making.
    header: Vec<u8>,
    /// Bytes of the current entry still to come, with and without padding.
    padded_left: u64,
    content_left: u64,
    /// Index into `kept` of the current entry.
    keeping: Option<usize>,
}

/// What was seen.
#[derive(Debug)]
pub(in super::super) struct Seen {
    /// SHA-256 of the whole stream.
    pub(in super::super) digest: String,
    kept: Vec<(&'static str, Vec<u8>)>,
}

impl Seen {
    /// The content of a file that was asked for; empty where it did not pass by.
    pub(in super::super) fn text(&self, name: &str) -> String {
        let found = self.kept.iter().find(|(kept, _)| *kept == name);
        String::from_utf8_lossy(found.map_or(&[], |(_, bytes)| bytes)).into_owned()
    }
}

impl<R: Read> Witness<R> {
    /// Watches `inner` for the files called `names`.
    pub(super) fn of(inner: R, names: &[&'static str]) -> Self {
        Self {
            inner,
            hash: Sha256::new(),
            kept: names.iter().map(|name| (*name, Vec::new())).collect(),
            header: Vec::with_capacity(BLOCK),
            padded_left: 0,
            content_left: 0,
            keeping: None,
        }
    }

    /// Reads what is left of the stream (padding, after the end mark) and says what was seen.
    pub(in super::super) fn finish(mut self) -> io::Result<Seen> {
        io::copy(&mut self, &mut io::sink())?;
        Ok(Seen { digest: hex::encode(self.hash.finalize()), kept: self.kept })
    }

    fn see(&mut self, mut bytes: &[u8]) {
        self.hash.update(bytes);
        while !bytes.is_empty() {
            let used =
                if self.padded_left > 0 { self.see_content(bytes) } else { self.see_header(bytes) };
            bytes = &bytes[used..];
        }
    }

    fn see_content(&mut self, bytes: &[u8]) -> usize {
        let within = |left: u64| usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        let used = within(self.padded_left);
        let content = within(self.content_left);
        if let Some(index) = self.keeping {
            self.kept[index].1.extend_from_slice(&bytes[..content]);
        }
        self.padded_left -= used as u64;
        self.content_left -= content as u64;
        used
    }

    fn see_header(&mut self, bytes: &[u8]) -> usize {
        let used = (BLOCK - self.header.len()).min(bytes.len());
        self.header.extend_from_slice(&bytes[..used]);
        if self.header.len() == BLOCK {
            self.begin_entry();
            self.header.clear();
        }
        used
    }

    fn begin_entry(&mut self) {
        let header = tar::Header::from_byte_slice(&self.header);
        // A block of zeros, or nonsense that the image writer will refuse.
        let Ok(size) = header.entry_size() else { return };
        let path = header.path_bytes();
        let name = path.strip_prefix(b"./").unwrap_or(&path);
        self.keeping = self
            .kept
            .iter()
            .position(|(wanted, _)| wanted.as_bytes() == name)
            .filter(|_| header.entry_type().is_file() && size <= MAX_KEPT);
        if let Some(index) = self.keeping {
            self.kept[index].1.clear();
        }
        self.content_left = size;
        self.padded_left = size.div_ceil(BLOCK as u64).saturating_mul(BLOCK as u64);
    }
}

impl<R: Read> Read for Witness<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.see(&buffer[..n]);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stream() -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        let mut add = |name: &str, data: &[u8]| {
            let mut header = tar::Header::new_gnu();
            header.set_size(data.len() as u64);
            tar.append_data(&mut header, name, data).unwrap();
        };
        add(&format!("./{}", "deep/".repeat(60)), b"");
        add("./etc/noise", &[b'x'; 700]);
        add("./usr/lib/os-release", b"ID=debian\n");
        add("./var/lib/dpkg/status", &[b's'; 1024]);
        add("./last", b"z");
        tar.into_inner().unwrap()
    }

    /// Hands out `inner` in pieces of at most `step` bytes.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(buffer.len()).min(self.0.len());
            buffer[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    proptest! {
        #[test]
        fn files_and_digest_are_seen_however_the_stream_is_cut(step in 1_usize..2000) {
            let stream = stream();
            let names = ["usr/lib/os-release", "var/lib/dpkg/status", "absent"];
            let seen = Witness::of(Pieces(&stream, step), &names).finish().unwrap();
            prop_assert_eq!(seen.text("usr/lib/os-release"), "ID=debian\n");
            prop_assert_eq!(seen.text("var/lib/dpkg/status"), "s".repeat(1024));
            prop_assert_eq!(seen.text("absent"), "");
            prop_assert_eq!(seen.digest, hex::encode(Sha256::digest(&stream)));
        }

        #[test]
        fn nonsense_is_survived(bytes in proptest::collection::vec(any::<u8>(), 0..4096)) {
            Witness::of(&bytes[..], &["a"]).finish().unwrap();
        }
    }
}
