//! Base 85 in the alphabet of RFC 1924, as git's binary patches use it (`base85.c` of git): every four
//! bytes, the most significant first and zeros added to the last, become five digits.

pub(super) const ALPHABET: &[u8; 85] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";

/// Appends the digits of `bytes`.
pub(super) fn encode(bytes: &[u8], text: &mut String) {
    for chunk in bytes.chunks(4) {
        let mut word = [0; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        let mut rest = u32::from_be_bytes(word);
        let mut digits = [0; 5];
        for digit in digits.iter_mut().rev() {
            *digit = ALPHABET[(rest % 85) as usize];
            rest /= 85;
        }
        text.extend(digits.map(char::from));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_bytes_are_five_digits() {
        let mut text = String::new();
        encode(&[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 2], &mut text);
        assert_eq!(text, "|NsC0000010ssI2");
    }
}
