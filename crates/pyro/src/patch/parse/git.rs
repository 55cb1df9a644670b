//! One file of a unified diff, with git's headers (`Documentation/diff-generate-patch.adoc` of git) or with
//! nothing but its two names.

use super::error::{PatchSyntax, Syntax};
use super::lines::{Lines, header};
use super::model::{Allowance, Edit, NewMode, Section, Verb};
use super::{binary, hunk, name};

/// The file that begins at the next line; otherwise that line, which is none of the patch, is passed over.
pub(super) fn read<'p>(
    lines: &mut Lines<'p>,
    allowance: &mut Allowance,
) -> Result<Option<Section<'p>>, PatchSyntax> {
    let begin = lines.clone();
    let mut headers = Headers::default();
    match lines.peek().map(header) {
        Some(line) if line.starts_with(b"diff --git ") => {
            headers.names = name::pair(&line[b"diff --git ".len()..]);
            lines.next();
            headers.read(lines)?;
        }
        Some(line) if line.starts_with(b"--- ") && names_follow(lines) => headers.is_bare = true,
        Some(line) if line.starts_with(b"@@ -") => {
            let what = "a hunk without the names of its file before it (--- and +++)";
            return Err(lines.error(Syntax::Header(what)));
        }
        _ => {
            lines.next();
            return Ok(None);
        }
    }
    let edit = headers.edit(lines, allowance)?;
    let section = headers.section(begin.number(), edit);
    let section = section.map_err(|what| begin.error(what))?;
    for path in [&section.old, &section.new] {
        name::check(path).map_err(|what| begin.error(what))?;
    }
    Ok(Some(section))
}

fn names_follow(lines: &Lines<'_>) -> bool {
    lines.peek_second().is_some_and(|line| line.starts_with(b"+++ "))
}

/// Before and after; none for `/dev/null`.
type Names = (Option<Vec<u8>>, Option<Vec<u8>>);

#[derive(Debug, Default)]
struct Headers {
    /// There is no `diff --git`.
    is_bare: bool,
    /// Those of `diff --git`.
    names: Option<(Vec<u8>, Vec<u8>)>,
    /// Those of `---` and `+++`.
    lines: Option<Names>,
    from: Option<Vec<u8>>,
    to: Option<Vec<u8>>,
    is_copy: bool,
    created: bool,
    deleted: bool,
    mode: Option<NewMode>,
    ids: Option<(Vec<u8>, Vec<u8>)>,
}

impl Headers {
    /// The extended headers, up to the first line that is none.
    fn read(&mut self, lines: &mut Lines<'_>) -> Result<(), PatchSyntax> {
        while let Some(line) = lines.peek().map(header) {
            let after = |word: &str| line.strip_prefix(word.as_bytes());
            if let Some(mode) = after("new file mode ") {
                self.created = true;
                self.mode = Some(new_mode(mode).map_err(|what| lines.error(what))?);
            } else if let Some(mode) = after("new mode ") {
                self.mode = Some(new_mode(mode).map_err(|what| lines.error(what))?);
            } else if let Some(mode) = after("deleted file mode ") {
                new_mode(mode).map_err(|what| lines.error(what))?;
                self.deleted = true;
            } else if let Some(path) = after("rename from ") {
                self.from = Some(name::whole(path));
            } else if let Some(path) = after("rename to ") {
                self.to = Some(name::whole(path));
            } else if let Some(path) = after("copy from ") {
                (self.from, self.is_copy) = (Some(name::whole(path)), true);
            } else if let Some(path) = after("copy to ") {
                (self.to, self.is_copy) = (Some(name::whole(path)), true);
            } else if let Some(ids) = after("index ") {
                self.ids = blob_ids(ids);
            } else if !["old mode ", "similarity index ", "dissimilarity index "]
                .iter()
                .any(|word| line.starts_with(word.as_bytes()))
            {
                return Ok(());
            }
            lines.next();
        }
        Ok(())
    }

    fn edit<'p>(
        &mut self,
        lines: &mut Lines<'p>,
        allowance: &mut Allowance,
    ) -> Result<Edit<'p>, PatchSyntax> {
        let Some(line) = lines.peek().map(header) else { return Ok(Edit::None) };
        if line == b"GIT binary patch" {
            lines.next();
            let begin = lines.clone();
            let delta = binary::read(lines)?;
            let (old_id, new_id) = self.ids.clone().ok_or_else(|| {
                begin.error(Syntax::Binary("needs a line `index` with whole names before it"))
            })?;
            return Ok(Edit::Binary { delta, old_id, new_id });
        }
        if line.starts_with(b"Binary files ") {
            return Err(lines.error(Syntax::Binary("is not in the patch")));
        }
        if !(line.starts_with(b"--- ") && names_follow(lines)) {
            return Ok(Edit::None);
        }
        let mut side = || {
            let text = lines.peek().map(header).and_then(|line| line.get(4..)).unwrap_or_default();
            let name = name::of_line(text).map_err(|what| lines.error(what));
            lines.next();
            name
        };
        self.lines = Some((side()?, side()?));
        let hunks = hunk::read(lines, allowance)?;
        if hunks.is_empty() {
            return Err(lines.error(Syntax::Hunk("here the first hunk must begin, with @@")));
        }
        Ok(Edit::Hunks(hunks))
    }

    fn section(self, line: usize, edit: Edit<'_>) -> Result<Section<'_>, Syntax> {
        let mode = self.mode;
        let (verb, old, new) = self.paths()?;
        Ok(Section { line, verb, old, new, mode, edit })
    }

    /// What happens, to which path, and which one it has then.
    fn paths(self) -> Result<(Verb, Vec<u8>, Vec<u8>), Syntax> {
        match (self.from, self.to) {
            (Some(from), Some(to)) => {
                let verb = if self.is_copy { Verb::Copy } else { Verb::Rename };
                return Ok((verb, from, to));
            }
            (None, None) => {}
            _ => return Err(Syntax::Header("it says where from or where to, but not both")),
        }
        let (old, new) = if self.is_bare {
            bare_names(self.lines.unwrap_or_default())
        } else {
            let has_prefix = self.names.as_ref().is_none_or(|(old, new)| old != new);
            let plain = |name: Vec<u8>| {
                if has_prefix { name::without_prefix(&name) } else { name }
            };
            match (self.lines, self.names) {
                (Some((old, new)), _) => (old.map(plain), new.map(plain)),
                (None, Some((old, new))) => (Some(plain(old)), Some(plain(new))),
                (None, None) => (None, None),
            }
        };
        let created = self.created || (old.is_none() && new.is_some());
        let deleted = self.deleted || (new.is_none() && old.is_some());
        match (old, new) {
            (_, Some(path)) if created && !deleted => Ok((Verb::Create, path.clone(), path)),
            (Some(path), _) if deleted && !created => Ok((Verb::Delete, path.clone(), path)),
            (Some(old), Some(new)) if !created && !deleted && old == new => {
                Ok((Verb::Modify, old, new))
            }
            (Some(_), Some(_)) if !created && !deleted => {
                Err(Syntax::Header("the two names differ, and nothing says that it is renamed"))
            }
            _ => Err(Syntax::Header("nobody can tell which file this is about")),
        }
    }
}

/// The names of a diff without git's headers. Whether they have prefixes is seen from both together.
fn bare_names((old, new): Names) -> Names {
    let has = |name: &Option<Vec<u8>>, prefix: &str| {
        name.as_ref().is_none_or(|name| name.starts_with(prefix.as_bytes()))
    };
    if has(&old, "a/") && has(&new, "b/") {
        let plain = |name: Vec<u8>| name::without_prefix(&name);
        return (old.map(plain), new.map(plain));
    }
    (old, new)
}

fn new_mode(digits: &[u8]) -> Result<NewMode, Syntax> {
    match digits {
        b"120000" => Ok(NewMode::Link),
        b"160000" => Err(Syntax::Header("a submodule cannot be patched")),
        [b'1', b'0', b'0', owner @ b'0'..=b'7', _, _] => {
            Ok(if (owner - b'0') & 1 == 1 { NewMode::Executable } else { NewMode::Plain })
        }
        _ => Err(Syntax::Header("a mode that no file has")),
    }
}

/// The whole names that git gives the contents.
fn blob_ids(text: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let ids = text.split(|byte| *byte == b' ').next()?;
    let dots = ids.windows(2).position(|two| two == b"..")?;
    let (old, new) = (&ids[..dots], &ids[dots + 2..]);
    let whole = |id: &[u8]| id.len() == 40 && id.iter().all(u8::is_ascii_hexdigit);
    (whole(old) && whole(new)).then(|| (old.to_vec(), new.to_vec()))
}
