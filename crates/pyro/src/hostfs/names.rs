//! The names in a directory, packed: some ten bytes each beside the name, because a directory may
//! have hundreds of thousands.

use super::directory::Directory;
use rustix::fs::{Dir, FileType};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// Names with their types, sorted by their bytes; `.` and `..` are not among them.
#[derive(Debug, Default)]
pub struct Names {
    text: Vec<u8>,
    /// Where each name lies in `text`, the last one first.
    left: Vec<Place>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    start: u32,
    length: u16,
    kind: FileType,
}

/// One name in a directory.
#[derive(Debug, Clone, Copy)]
pub struct Name<'a> {
    /// The name, without a slash.
    pub name: &'a OsStr,
    /// What it was when the directory was read.
    pub kind: FileType,
}

impl Names {
    pub(super) fn read(directory: &Directory, max: u64) -> Result<Option<Self>, Errno> {
        let mut names = Self::default();
        for entry in Dir::read_from(directory)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if matches!(name, b"." | b"..") {
                continue;
            }
            let kind = match entry.file_type() {
                FileType::Unknown => match directory.look(OsStr::from_bytes(name)) {
                    Ok(stat) => FileType::from_raw_mode(stat.st_mode),
                    Err(Errno::NOENT) => continue,
                    Err(error) => return Err(error),
                },
                kind => kind,
            };
            if names.left.len() as u64 >= max || !names.push(name, kind) {
                return Ok(None);
            }
        }
        names.sort();
        Ok(Some(names))
    }

    fn push(&mut self, name: &[u8], kind: FileType) -> bool {
        let (Ok(start), Ok(length)) = (u32::try_from(self.text.len()), u16::try_from(name.len()))
        else {
            return false;
        };
        self.text.extend_from_slice(name);
        self.left.push(Place { start, length, kind });
        true
    }

    fn sort(&mut self) {
        let text = &self.text;
        self.left.sort_unstable_by(|a, b| bytes(text, *b).cmp(bytes(text, *a)));
    }

    /// The next name.
    pub fn next_name(&mut self) -> Option<Name<'_>> {
        let place = self.left.pop()?;
        Some(Name { name: OsStr::from_bytes(bytes(&self.text, place)), kind: place.kind })
    }

    /// Whether `name` is still to come.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.left.iter().any(|place| bytes(&self.text, *place) == name.as_bytes())
    }
}

fn bytes(text: &[u8], place: Place) -> &[u8] {
    let start = place.start as usize;
    &text[start..start + usize::from(place.length)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_in_the_order_of_their_bytes_with_their_types() {
        let directory = tempfile::tempdir().unwrap();
        for name in [&b"b"[..], b"a\n", b"\xff", b"a"] {
            std::fs::write(directory.path().join(OsStr::from_bytes(name)), "").unwrap();
        }
        std::fs::create_dir(directory.path().join("ab")).unwrap();
        let directory = Directory::open(directory.path()).unwrap();
        assert!(directory.names(4).unwrap().is_none());
        let mut names = directory.names(5).unwrap().unwrap();
        let mut found = Vec::new();
        while let Some(Name { name, kind }) = names.next_name() {
            found.push((name.as_bytes().to_vec(), kind == FileType::Directory));
        }
        let expected = [(&b"a"[..], false), (b"a\n", false), (b"ab", true), (b"b", false)];
        let expected = expected.map(|(name, is_directory)| (name.to_vec(), is_directory));
        assert_eq!(found[..4], expected);
        assert_eq!(found[4].0, b"\xff");
    }
}
