//! `GIT binary patch` (`parse_binary` of git's `apply.c`): what the new content is made of. How to get back,
//! which follows it, is passed over.

use super::MAX_FILE;
use super::base85::decode;
use super::error::{PatchSyntax, Syntax};
use super::lines::{Lines, header};
use super::model::Delta;
use flate2::read::ZlibDecoder;
use std::io::Read;

/// Reads what follows the line that announces it.
pub(super) fn read(lines: &mut Lines<'_>) -> Result<Delta, PatchSyntax> {
    let forward = content(lines)?;
    let forward =
        forward.ok_or_else(|| lines.error(Syntax::Binary("has neither a literal nor a delta")))?;
    content(lines)?;
    Ok(forward)
}

/// One content with its announcement; none where the next line announces none.
fn content(lines: &mut Lines<'_>) -> Result<Option<Delta>, PatchSyntax> {
    let begin = lines.clone();
    let Some(line) = lines.peek().map(header) else { return Ok(None) };
    let (is_literal, size) = match (line.strip_prefix(b"literal "), line.strip_prefix(b"delta ")) {
        (Some(size), _) => (true, size),
        (_, Some(size)) => (false, size),
        _ => return Ok(None),
    };
    let size = std::str::from_utf8(size).ok().and_then(|digits| digits.parse().ok());
    let size: usize =
        size.ok_or_else(|| lines.error(Syntax::Binary("has no length that can be read")))?;
    if size > MAX_FILE {
        return Err(lines.error(Syntax::Binary("is larger than 16 MiB")));
    }
    lines.next();
    let packed = packed(lines)?;
    let mut bytes = Vec::new();
    let unpacked = ZlibDecoder::new(&packed[..]).take(size as u64 + 1).read_to_end(&mut bytes);
    if unpacked.is_err() || bytes.len() != size {
        return Err(begin.error(Syntax::Binary("is damaged")));
    }
    Ok(Some(if is_literal { Delta::Literal(bytes) } else { Delta::Instructions(bytes) }))
}

/// The compressed bytes, up to an empty line.
fn packed(lines: &mut Lines<'_>) -> Result<Vec<u8>, PatchSyntax> {
    let mut packed = Vec::new();
    while let Some(line) = lines.peek().map(header).filter(|line| !line.is_empty()) {
        let decoded = line.split_first().and_then(|(length, digits)| {
            let length = match length {
                b'A'..=b'Z' => length - b'A' + 1,
                b'a'..=b'z' => length - b'a' + 27,
                _ => return None,
            };
            decode(digits, usize::from(length), &mut packed)
        });
        decoded.ok_or_else(|| lines.error(Syntax::Binary("has a line that cannot be read")))?;
        lines.next();
    }
    lines.next();
    Ok(packed)
}
