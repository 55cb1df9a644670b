//! The `firecracker` executable out of what was obtained: a release's archive, or the executable
//! itself. No path of the archive is ever used; an entry is recognised by its name and its bytes go
//! where pyro says.

use super::RuntimeError;
use super::aside::{Aside, Workbench, Written};
use crate::error::AtPath;
use flate2::read::GzDecoder;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use tar::{Archive, Entry};

/// More than any `firecracker` has: that of 1.16.1 has some 3 MiB.
const MAX_EXECUTABLE: u64 = 64 << 20;
/// More than any release unpacks to, debug symbols included.
const MAX_UNPACKED: u64 = 1 << 30;
/// What a gzip file begins with (RFC 1952, 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];
const BLOCK: usize = 64 << 10;

/// What was obtained, opened.
#[derive(Debug)]
pub(super) struct Obtained {
    file: File,
    what: String,
    /// Whether it is a compressed archive, and not an executable.
    pub(super) is_archive: bool,
}

impl Obtained {
    /// Opens it and looks at how it begins; `what` names it in errors.
    pub(super) fn open(written: &Written, what: String) -> Result<Self, RuntimeError> {
        let mut file = File::open(&written.path).at("open", &written.path)?;
        let mut beginning = Vec::new();
        file.by_ref().take(2).read_to_end(&mut beginning).at("read", &written.path)?;
        file.seek(SeekFrom::Start(0)).at("read", &written.path)?;
        Ok(Self { file, what, is_archive: beginning == GZIP })
    }

    /// Writes the executable aside.
    pub(super) fn executable(self, bench: &Workbench) -> Result<Written, RuntimeError> {
        let mut aside = bench.begin("firecracker")?;
        if self.is_archive {
            self.unpack_archive(&mut aside)?;
        } else {
            copy(&self.file, &mut aside, &self.what)?;
        }
        Ok(aside.finish())
    }

    /// The whole archive is read, because a second executable in it would make the choice a guess.
    fn unpack_archive(&self, aside: &mut Aside) -> Result<(), RuntimeError> {
        let broken = |error: std::io::Error| self.refuse(error.to_string());
        let mut archive = Archive::new(GzDecoder::new(&self.file).take(MAX_UNPACKED));
        let mut found = false;
        // Raw: extensions (long names, sparse files) are neither needed nor trusted with memory.
        for entry in archive.entries().map_err(broken)?.raw(true) {
            let entry = entry.map_err(broken)?;
            if !is_executable(&entry) {
                continue;
            }
            if found {
                return Err(self.refuse("it holds more than one firecracker".into()));
            }
            found = true;
            copy(entry, aside, &self.what)?;
        }
        if found { Ok(()) } else { Err(self.refuse("no firecracker is in it".into())) }
    }

    fn refuse(&self, reason: String) -> RuntimeError {
        RuntimeError::BadArchive { what: self.what.clone(), reason }
    }
}

/// Whether an entry is the executable: `release-v1.16.1-x86_64/firecracker-v1.16.1-x86_64` in an
/// official archive, `firecracker` in others'. Beside it lie `….debug`, `jailer-v…` and more.
fn is_executable<R: Read>(entry: &Entry<'_, R>) -> bool {
    let path = entry.path_bytes();
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let released = || name.starts_with(b"firecracker-v") && name.ends_with(b"-x86_64");
    entry.header().entry_type().is_file() && (name == b"firecracker" || released())
}

fn copy(mut from: impl Read, to: &mut Aside, what: &str) -> Result<(), RuntimeError> {
    let mut block = vec![0; BLOCK];
    loop {
        let read = from.read(&mut block).map_err(|error| RuntimeError::BadArchive {
            what: what.to_owned(),
            reason: error.to_string(),
        })?;
        if read == 0 {
            return Ok(());
        }
        to.append(&block[..read])?;
        if to.length() > MAX_EXECUTABLE {
            let (what, max_bytes) = (what.to_owned(), MAX_EXECUTABLE);
            return Err(RuntimeError::TooLarge { what, max_bytes });
        }
    }
}
