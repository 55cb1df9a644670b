//! From the archive that a machine sends to an image.

use super::super::debian::{self, Seen};
use super::super::{EnvironmentError, erofs};
use super::Traces;
use crate::archive::Members;
use crate::error::AtPath;
use crate::event::{Event, Observer, Unit};
use erofs::{ErofsError, Limits, Writer};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

const BUFFER: usize = 256 << 10;
/// The observer hears of progress once per this many bytes.
const PROGRESS_STEP: u64 = 4 << 20;

/// Writes the image; says how many entries are in it, and what was seen on the way.
pub(super) fn write(
    tar: impl Read,
    image: &File,
    traces: &Traces,
    what: &str,
    observer: Observer<'_>,
) -> Result<(u64, Seen), EnvironmentError> {
    let mut witness = debian::witness(Told { inner: tar, what, bytes: 0, next: 0, observer });
    let entries = entries(BufReader::with_capacity(BUFFER, &mut witness), image, traces)?;
    let seen = witness.finish().at("read what came for", Path::new(what))?;
    Ok((entries, seen))
}

fn entries(tar: impl Read, image: &File, traces: &Traces) -> Result<u64, ErofsError> {
    let limits = Limits::default();
    let mut members = Members::new(tar, limits.max_extension);
    let mut writer = Writer::new(image, limits)?;
    while let Some(mut member) = members.next_member()? {
        if traces.has(&member) {
            continue;
        }
        if !traces.is_in(&member) {
            erofs::add_member(&mut writer, member, &mut members.contents())?;
            continue;
        }
        let mut content = Vec::new();
        members.contents().read_to_end(&mut content).map_err(ErofsError::Read)?;
        let content = traces.given.taken_out_of(&content);
        member.size = content.len() as u64;
        erofs::add_member(&mut writer, member, &mut &content[..])?;
    }
    members.drain()?;
    Ok(writer.finish()?.entries)
}

/// Tells the observer how much has come.
struct Told<'a, R> {
    inner: R,
    what: &'a str,
    bytes: u64,
    next: u64,
    observer: Observer<'a>,
}

impl<R: Read> Read for Told<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.bytes += count as u64;
        if self.bytes >= self.next {
            self.next = self.bytes + PROGRESS_STEP;
            let (what, done) = (self.what.to_owned(), self.bytes);
            (self.observer)(Event::Advanced { what, done, total: None, unit: Unit::Bytes });
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::ignore;
    use tar::{Builder, EntryType, Header};

    /// What an image has, by its own names: they lie in it as they are.
    fn holds(image: &[u8], text: &str) -> bool {
        image.windows(text.len()).any(|part| part == text.as_bytes())
    }

    fn header(size: usize) -> Header {
        let mut header = Header::new_gnu();
        header.set_size(size as u64);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header
    }

    fn root() -> Vec<u8> {
        let mut archive = Builder::new(Vec::new());
        let mut add = |path: &str, content: &str| {
            let mut header = header(content.len());
            archive.append_data(&mut header, path, content.as_bytes()).unwrap();
        };
        add("etc/resolv.conf", "nameserver 198.18.0.1");
        add("usr/lib/os-release", "ID=debian\n");
        add("var/cache/apt/archives/hello_1_amd64.deb", "package");
        add("var/cache/apt/archives/lock", "");
        add("srv/kept.deb", "mine");
        let mut link = header(0);
        link.set_entry_type(EntryType::Symlink);
        archive.append_link(&mut link, "srv/link", "kept.deb").unwrap();
        archive.into_inner().unwrap()
    }

    #[test]
    fn what_the_machine_needed_for_itself_is_not_in_the_image() {
        let written = |network| {
            let image = tempfile::tempfile().unwrap();
            let traces = Traces { network, ..Traces::default() };
            let (entries, seen) = write(&root()[..], &image, &traces, "it", &ignore).unwrap();
            assert_eq!(seen.text("usr/lib/os-release"), "ID=debian\n");
            let mut bytes = Vec::new();
            std::io::Seek::rewind(&mut &image).unwrap();
            (&image).read_to_end(&mut bytes).unwrap();
            (entries, bytes)
        };
        let (with, image) = written(true);
        assert!(!holds(&image, "resolv.conf") && !holds(&image, "hello_1_amd64.deb"));
        assert!(holds(&image, "kept.deb") && holds(&image, "lock"));
        let (without, image) = written(false);
        assert!(holds(&image, "resolv.conf"));
        // and the directory that it is in
        assert_eq!(without, with + 2);
    }

    #[test]
    fn a_root_that_breaks_off_is_no_image() {
        let root = root();
        for end in [0, 100, 700, root.len() - 1024] {
            let image = tempfile::tempfile().unwrap();
            let written = write(&root[..end], &image, &Traces::default(), "it", &ignore);
            assert!(written.is_err(), "{end}");
        }
    }
}
