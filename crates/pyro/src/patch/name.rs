//! Names of files as git writes and accepts them.

use std::fmt::Write;

/// The path behind `prefix` (`a/` or `b/`), in double quotes with C's escapes where git would quote
/// it (`quote_c_style` of git's `quote.c`, with `core.quotePath` as it is by default).
pub(super) fn quoted(prefix: &str, path: &[u8]) -> String {
    let needs_quotes = |byte: &u8| !matches!(byte, 0x20..=0x7e) || matches!(byte, b'"' | b'\\');
    if !path.iter().any(needs_quotes) {
        return format!("{prefix}{}", String::from_utf8_lossy(path)); // ASCII
    }
    let mut name = format!("\"{prefix}");
    for byte in path {
        match byte {
            0x07 => name.push_str("\\a"),
            0x08 => name.push_str("\\b"),
            b'\t' => name.push_str("\\t"),
            b'\n' => name.push_str("\\n"),
            0x0b => name.push_str("\\v"),
            0x0c => name.push_str("\\f"),
            b'\r' => name.push_str("\\r"),
            b'"' => name.push_str("\\\""),
            b'\\' => name.push_str("\\\\"),
            0x20..=0x7e => name.push(char::from(*byte)),
            _ => {
                let _ = write!(name, "\\{byte:03o}"); // into a string: cannot fail
            }
        }
    }
    name.push('"');
    name
}

/// The path as people and JSON read it: itself where it is UTF-8, else quoted.
pub(super) fn readable(path: &[u8]) -> String {
    match std::str::from_utf8(path) {
        Ok(path) => path.to_owned(),
        Err(_) => quoted("", path),
    }
}

/// Whether `git apply` takes the path (`verify_path` of git's `read-cache.c`): relative, without
/// `.` and `..`, and nothing that is `.git` on some file system.
pub(super) fn acceptable(path: &[u8]) -> bool {
    let accepted = |part: &[u8]| !matches!(part, b"" | b"." | b"..") && !is_dot_git(part);
    !path.contains(&0) && path.split(|byte| *byte == b'/').all(accepted)
}

/// `.git` and what NTFS takes for it (`is_ntfs_dotgit` of git's `path.c`).
pub(crate) fn is_dot_git(part: &[u8]) -> bool {
    let end = part.iter().position(|byte| matches!(byte, b':' | b'\\')).unwrap_or(part.len());
    let last = part[..end].iter().rposition(|byte| !matches!(byte, b'.' | b' '));
    let stem = &part[..last.map_or(0, |last| last + 1)];
    stem.eq_ignore_ascii_case(b".git") || stem.eq_ignore_ascii_case(b"git~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_as_git_quotes_them() {
        let cases: [(&[u8], &str); 6] = [
            (b"src/main.rs", "a/src/main.rs"),
            (b"with space", "a/with space"),
            (b"tab\tand\nline", r#""a/tab\tand\nline""#),
            (br#"quote" and \"#, r#""a/quote\" and \\""#),
            ("gr\u{fc}n".as_bytes(), r#""a/gr\303\274n""#),
            (b"\x01\xff\x7f", r#""a/\001\377\177""#),
        ];
        for (path, expected) in cases {
            assert_eq!(quoted("a/", path), expected);
        }
        assert_eq!(readable("gr\u{fc}n".as_bytes()), "gr\u{fc}n");
        assert_eq!(readable(b"\xff"), r#""\377""#);
    }

    #[test]
    fn what_git_refuses_is_refused() {
        let refused: [&[u8]; 12] = [
            b"",
            b"/a",
            b"a//b",
            b"a/",
            b"a/../b",
            b"./a",
            b".git",
            b"a/.GIT/config",
            b"git~1",
            b".git. .",
            b".git::$INDEX",
            b"a\0b",
        ];
        for path in refused {
            assert!(!acceptable(path), "{}", path.escape_ascii());
        }
        for path in [&b"-x"[..], b"a b/c", b".gitignore", b".github/x", b"...", b"git", b"\xff"] {
            assert!(acceptable(path), "{}", path.escape_ascii());
        }
    }
}
