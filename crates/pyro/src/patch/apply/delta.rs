//! Git's binary contents: whole, or made from the old one (`patch-delta.c` of git).

use super::super::blob;
use super::super::parse::{Delta, MAX_FILE};
use super::Why;

/// The new content. Both contents are checked against the names that the patch gives them.
pub(super) fn apply(
    old: &[u8],
    delta: &Delta,
    old_id: &[u8],
    new_id: &[u8],
) -> Result<Vec<u8>, Why> {
    if !is(old, old_id) {
        return Err(Why::Content);
    }
    let new = match delta {
        Delta::Literal(content) => content.clone(),
        Delta::Instructions(instructions) => follow(old, instructions).ok_or(Why::Damaged)?,
    };
    if is(&new, new_id) { Ok(new) } else { Err(Why::Damaged) }
}

/// Whether git calls the content so. What does not exist is called zeros, and is empty.
pub(super) fn is(content: &[u8], id: &[u8]) -> bool {
    (id == blob::NONE.as_bytes() && content.is_empty()) || id == blob::id(content).as_bytes()
}

fn follow(old: &[u8], mut rest: &[u8]) -> Option<Vec<u8>> {
    let (old_size, new_size) = (size(&mut rest)?, size(&mut rest)?);
    if old_size != old.len() || new_size > MAX_FILE {
        return None;
    }
    let mut new = Vec::new();
    while let Some((instruction, after)) = rest.split_first() {
        rest = after;
        let piece = match instruction {
            0 => return None,
            length @ 1..=0x7f => {
                let (piece, after) = rest.split_at_checked(usize::from(*length))?;
                rest = after;
                piece
            }
            bits => {
                let offset = number(*bits, &mut rest, 4)?;
                let length = number(*bits >> 4, &mut rest, 3)?;
                let length = if length == 0 { 0x1_0000 } else { length };
                old.get(offset..offset.checked_add(length)?)?
            }
        };
        if new.len() + piece.len() > new_size {
            return None;
        }
        new.extend_from_slice(piece);
    }
    (new.len() == new_size).then_some(new)
}

/// Seven bits a byte, the lowest first.
fn size(rest: &mut &[u8]) -> Option<usize> {
    let mut size = 0_usize;
    for shift in (0..35).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        size |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(size);
        }
    }
    None
}

/// The bytes of a number that are not zero, the lowest first; a bit says for each whether it is there.
fn number(bits: u8, rest: &mut &[u8], bytes: u32) -> Option<usize> {
    let mut number = 0;
    for byte in 0..bytes {
        if bits & (1 << byte) != 0 {
            let (value, after) = rest.split_first()?;
            *rest = after;
            number |= usize::from(*value) << (8 * byte);
        }
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_and_insertions_make_the_new_content_and_nonsense_makes_none() {
        let old = b"0123456789";
        // 10 old bytes, 7 new ones: 3 from 4 on, "ab", 2 from 0 on
        let instructions = [10, 7, 0x91, 4, 3, 2, b'a', b'b', 0x90, 2];
        assert_eq!(follow(old, &instructions).unwrap(), b"456ab01");
        for bad in [
            &[9, 7][..],
            &[10, 7],
            &[10, 1, 0],
            &[10, 3, 0x91, 9, 3],
            &[10, 1, 2, b'a', b'b'],
            &[10, 5, 5, b'a'],
            &[0x80; 9],
            &[10, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x90, 1],
            &[],
        ] {
            assert_eq!(follow(old, bad), None, "{bad:?}");
        }
    }
}
