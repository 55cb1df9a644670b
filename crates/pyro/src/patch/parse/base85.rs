//! Base 85 back into bytes; the other way is `patch/base85.rs`.

use super::super::base85::ALPHABET;

/// The first `length` bytes that `digits` stand for.
pub(super) fn decode(digits: &[u8], length: usize, bytes: &mut Vec<u8>) -> Option<()> {
    if digits.len() != length.div_ceil(4) * 5 {
        return None;
    }
    let mut left = length;
    for group in digits.chunks(5) {
        let mut word = 0_u32;
        for digit in group {
            let value = ALPHABET.iter().position(|known| known == digit)?;
            word = word.checked_mul(85)?.checked_add(u32::try_from(value).ok()?)?;
        }
        let taken = left.min(4);
        bytes.extend_from_slice(&word.to_be_bytes()[..taken]);
        left -= taken;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::super::base85::encode;
    use super::*;

    #[test]
    fn what_was_encoded_comes_back_and_nonsense_does_not() {
        for length in 0..70_usize {
            let bytes: Vec<u8> = (0..=250).cycle().step_by(37).take(length).collect();
            let (mut text, mut back) = (String::new(), Vec::new());
            encode(&bytes, &mut text);
            decode(text.as_bytes(), length, &mut back).unwrap();
            assert_eq!(back, bytes);
        }
        for bad in [&b"~~~~~"[..], b"0000", b"000\"0", b"000000"] {
            assert_eq!(decode(bad, 4, &mut Vec::new()), None);
        }
    }
}
