//! `GIT binary patch`: both contents whole, compressed, so that it can be applied and taken back.

use super::base85;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use std::fmt::Write as _;
use std::io::Write as _;

/// Bytes of compressed data in one line (`emit_binary_diff_body` of git's `diff.c`).
const LINE: usize = 52;

/// The body of the section: how to get `after`, then how to get `before` back.
pub(super) fn body(before: &[u8], after: &[u8]) -> String {
    let mut text = "GIT binary patch\n".to_owned();
    literal(after, &mut text);
    literal(before, &mut text);
    text
}

fn literal(content: &[u8], text: &mut String) {
    let _ = writeln!(text, "literal {}", content.len()); // into a string: cannot fail
    for line in deflated(content).chunks(LINE) {
        text.push(length_digit(line.len()));
        base85::encode(line, text);
        text.push('\n');
    }
    text.push('\n');
}

/// `A` to `Z` for 1 to 26 bytes, `a` to `z` for 27 to 52.
fn length_digit(length: usize) -> char {
    const DIGITS: &[u8; LINE] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    char::from(DIGITS[length - 1])
}

fn deflated(content: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    // into memory: cannot fail
    let _ = encoder.write_all(content);
    encoder.finish().unwrap_or_default()
}
