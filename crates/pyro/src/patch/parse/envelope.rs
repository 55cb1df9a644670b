//! The form that Codex and its models write: `*** Begin Patch`, a section for each file, `*** End Patch`.
//! Its hunks have no line numbers; `@@` may name a line that comes before.

use super::error::{PatchSyntax, Syntax};
use super::lines::{Lines, header};
use super::model::{Allowance, Edit, Hunk, Line, Section, Sign, Verb};
use super::name;

/// Whether the line begins such a patch.
pub(super) fn begins(line: &[u8]) -> bool {
    header(line).trim_ascii() == b"*** Begin Patch"
}

/// Reads it to its end.
pub(super) fn read<'p>(
    lines: &mut Lines<'p>,
    sections: &mut Vec<Section<'p>>,
    allowance: &mut Allowance,
) -> Result<(), PatchSyntax> {
    lines.next();
    loop {
        let begin = lines.clone();
        let Some(line) = lines.next().map(header) else {
            return Err(begin.error(Syntax::Header("there is no `*** End Patch`")));
        };
        let line = line.trim_ascii_end();
        let after = |word: &str| line.strip_prefix(word.as_bytes()).map(<[u8]>::trim_ascii);
        let section = if line == b"*** End Patch" {
            return Ok(());
        } else if let Some(path) = after("*** Add File:") {
            let edit = Edit::Hunks(vec![added(lines, allowance)?]);
            (Verb::Create, path, path, edit)
        } else if let Some(path) = after("*** Delete File:") {
            (Verb::Delete, path, path, Edit::All)
        } else if let Some(path) = after("*** Update File:") {
            let to = lines.peek().map(header).and_then(|line| line.strip_prefix(b"*** Move to:"));
            let to = to.map(<[u8]>::trim_ascii);
            if to.is_some() {
                lines.next();
            }
            let hunks = hunks(lines, allowance)?;
            if hunks.is_empty() && to.is_none() {
                return Err(lines.error(Syntax::Hunk("the file's first hunk must begin here")));
            }
            let edit = if hunks.is_empty() { Edit::None } else { Edit::Hunks(hunks) };
            let verb = if to.is_some_and(|to| to != path) { Verb::Rename } else { Verb::Modify };
            (verb, path, to.unwrap_or(path), edit)
        } else if line.is_empty() {
            continue;
        } else {
            let what = "here `*** Add File:`, `*** Update File:`, `*** Delete File:` or \
                        `*** End Patch` must stand";
            return Err(begin.error(Syntax::Header(what)));
        };
        let (verb, old, new, edit) = section;
        for path in [old, new] {
            name::check(path).map_err(|what| begin.error(what))?;
        }
        let (line, old, new) = (begin.number(), old.to_vec(), new.to_vec());
        sections.push(Section { line, verb, old, new, mode: None, edit });
    }
}

fn is_marker(line: &[u8]) -> bool {
    line.starts_with(b"*** ")
}

/// The lines of a new file.
fn added<'p>(lines: &mut Lines<'p>, allowance: &mut Allowance) -> Result<Hunk<'p>, PatchSyntax> {
    let mut hunk = empty(lines.number());
    while let Some(line) = lines.peek().filter(|line| !is_marker(line)) {
        let Some(text) = line.strip_prefix(b"+") else {
            if line.trim_ascii().is_empty() {
                lines.next();
                continue;
            }
            return Err(lines.error(Syntax::Hunk("each line of a new file begins with +")));
        };
        push(&mut hunk, lines, allowance, Sign::Added, text)?;
    }
    Ok(hunk)
}

fn hunks<'p>(
    lines: &mut Lines<'p>,
    allowance: &mut Allowance,
) -> Result<Vec<Hunk<'p>>, PatchSyntax> {
    let mut hunks = Vec::new();
    while lines.peek().is_some_and(|line| !is_marker(line)) {
        let mut hunk = empty(lines.number());
        while let Some(line) = lines.peek().filter(|line| line.starts_with(b"@@")) {
            let anchor = header(line)[2..].trim_ascii();
            // numbers in the way of unified diffs are not what this form means
            let is_anchor = !anchor.is_empty() && !anchor.ends_with(b"@@");
            hunk.anchors.extend(is_anchor.then_some(anchor));
            lines.next();
        }
        body(&mut hunk, lines, allowance)?;
        if hunk.lines.iter().any(|line| line.sign != Sign::Context) {
            hunks.push(hunk);
        } else if !(hunk.lines.is_empty() && hunk.anchors.is_empty()) {
            let what = "the hunk that ends here has no line with + or -";
            return Err(lines.error(Syntax::Hunk(what)));
        }
    }
    Ok(hunks)
}

fn body<'p>(
    hunk: &mut Hunk<'p>,
    lines: &mut Lines<'p>,
    allowance: &mut Allowance,
) -> Result<(), PatchSyntax> {
    // empty lines at its end are between sections, not in the file
    let mut written = 0;
    while let Some(line) = lines.peek() {
        let (sign, text) = match line.split_first() {
            Some((b' ', text)) => (Sign::Context, text),
            Some((b'-', text)) => (Sign::Removed, text),
            Some((b'+', text)) => (Sign::Added, text),
            None | Some((b'\r', [])) => (Sign::Context, line),
            _ if header(line).trim_ascii_end() == b"*** End of File" => {
                hunk.at_end = true;
                lines.next();
                break;
            }
            Some((b'@', rest)) if rest.starts_with(b"@") => break,
            _ if is_marker(line) => break,
            _ => {
                let what = "each line of a hunk begins with a blank, + or -";
                return Err(lines.error(Syntax::Hunk(what)));
            }
        };
        let is_written = !line.is_empty() && line != b"\r";
        push(hunk, lines, allowance, sign, text)?;
        if is_written {
            written = hunk.lines.len();
        }
    }
    hunk.lines.truncate(written);
    Ok(())
}

fn push<'p>(
    hunk: &mut Hunk<'p>,
    lines: &mut Lines<'p>,
    allowance: &mut Allowance,
    sign: Sign,
    text: &'p [u8],
) -> Result<(), PatchSyntax> {
    if !allowance.take() {
        return Err(lines.error(Syntax::TooManyLines { limit: Allowance::LINES }));
    }
    hunk.lines.push(Line { sign, newline: true, text });
    lines.next();
    Ok(())
}

fn empty<'p>(line: usize) -> Hunk<'p> {
    Hunk { line, start: None, anchors: Vec::new(), at_end: false, lines: Vec::new() }
}
