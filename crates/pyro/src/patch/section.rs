//! The part of a patch that is about one path: git's headers, then how to get from one content to the
//! other.

use super::side::{Content, Mode, Side};
use super::{binary, blob, name, text};
use std::fmt::Write;
use std::time::Instant;

/// What the patch says about one path.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Section {
    /// Headers and hunks.
    pub(super) text: String,
    /// Whether all of it can be read.
    pub(super) is_text: bool,
}

/// A side that git tracks.
#[derive(Clone, Copy)]
struct Blob<'a> {
    kind: Kind,
    digits: &'static str,
    content: &'a [u8],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Link,
}

/// Writes the section. `None` where a content is not known; an empty text where git has nothing to
/// say, as about directories. Where comparing texts takes longer than until `deadline` the contents
/// are written as if they were binary.
pub(super) fn write(
    path: &[u8],
    before: Option<Side<'_>>,
    after: Option<Side<'_>>,
    deadline: Instant,
) -> Option<Section> {
    let section = Writer { path, deadline };
    Some(match (tracked(before)?, tracked(after)?) {
        (None, None) => Section { text: String::new(), is_text: false },
        (Some(old), Some(new)) if old.kind != new.kind => {
            let deleted = section.delete(old);
            let created = section.create(new);
            Section {
                text: deleted.text + &created.text,
                is_text: deleted.is_text && created.is_text,
            }
        }
        (Some(old), Some(new)) => section.modify(old, new),
        (Some(old), None) => section.delete(old),
        (None, Some(new)) => section.create(new),
    })
}

/// The outer `None`: there is a content, and it is not known.
fn tracked(side: Option<Side<'_>>) -> Option<Option<Blob<'_>>> {
    let Some(side) = side else { return Some(None) };
    let Some(digits) = side.mode.digits() else { return Some(None) };
    let Content::Bytes(content) = side.content else { return None };
    let kind = if side.mode == Mode::Symlink { Kind::Link } else { Kind::File };
    Some(Some(Blob { kind, digits, content }))
}

struct Writer<'a> {
    path: &'a [u8],
    deadline: Instant,
}

impl Writer<'_> {
    fn create(&self, new: Blob<'_>) -> Section {
        let header = format!("new file mode {}\n", new.digits);
        let index = format!("index {}..{}\n", blob::NONE, blob::id(new.content));
        self.section(&header, &index, b"", new.content, [None, Some("b/")])
    }

    fn delete(&self, old: Blob<'_>) -> Section {
        let header = format!("deleted file mode {}\n", old.digits);
        let index = format!("index {}..{}\n", blob::id(old.content), blob::NONE);
        self.section(&header, &index, old.content, b"", [Some("a/"), None])
    }

    fn modify(&self, old: Blob<'_>, new: Blob<'_>) -> Section {
        let (mut header, mut index) = (String::new(), String::new());
        let same_mode = old.digits == new.digits;
        if !same_mode {
            header = format!("old mode {}\nnew mode {}\n", old.digits, new.digits);
        }
        if old.content != new.content {
            let mode = if same_mode { format!(" {}", new.digits) } else { String::new() };
            index = format!("index {}..{}{mode}\n", blob::id(old.content), blob::id(new.content));
        }
        self.section(&header, &index, old.content, new.content, [Some("a/"), Some("b/")])
    }

    /// `sides` are the prefixes of the names in `---` and `+++`; none for a side that does not exist.
    fn section(
        &self,
        header: &str,
        index: &str,
        old: &[u8],
        new: &[u8],
        sides: [Option<&str>; 2],
    ) -> Section {
        let (from, to) = (name::quoted("a/", self.path), name::quoted("b/", self.path));
        let mut text = format!("diff --git {from} {to}\n{header}{index}");
        if old == new {
            return Section { text, is_text: true };
        }
        match self.hunks(old, new) {
            Some(hunks) => {
                let [from, to] = sides.map(|side| self.name_line(side));
                let _ = write!(text, "--- {from}+++ {to}{hunks}"); // into a string: cannot fail
                Section { text, is_text: true }
            }
            None => Section { text: text + &binary::body(old, new), is_text: false },
        }
    }

    fn hunks(&self, old: &[u8], new: &[u8]) -> Option<String> {
        text::hunks(text::text_of(old)?, text::text_of(new)?, self.deadline)
    }

    /// A name with a space in it ends in a tab, so that nobody takes what follows for a date.
    fn name_line(&self, prefix: Option<&str>) -> String {
        let Some(prefix) = prefix else { return "/dev/null\n".into() };
        let tab = if self.path.contains(&b' ') { "\t" } else { "" };
        format!("{}{tab}\n", name::quoted(prefix, self.path))
    }
}
