//! Names of files as patches write them.

use super::super::name::{acceptable, readable};
use super::error::Syntax;

/// The longest path, `PATH_MAX` of `linux/limits.h` without its NUL, and the longest name, `NAME_MAX`.
const MAX_PATH: usize = 4095;
const MAX_NAME: usize = 255;

/// The name behind `--- ` or `+++ `, up to the tab before a date; none for `/dev/null`.
pub(super) fn of_line(text: &[u8]) -> Result<Option<Vec<u8>>, Syntax> {
    let name = match quoted(text) {
        Some((name, _)) => name,
        None if text.starts_with(b"\"") => return Err(Syntax::Header("a quoted name has no end")),
        None => text.split(|byte| *byte == b'\t').next().unwrap_or_default().to_vec(),
    };
    Ok(Some(name).filter(|name| name != b"/dev/null"))
}

/// A whole line's name, quoted or not.
pub(super) fn whole(text: &[u8]) -> Vec<u8> {
    quoted(text).map_or_else(|| text.to_vec(), |(name, _)| name)
}

/// The two names behind `diff --git `; none where nobody can tell where one ends.
pub(super) fn pair(text: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    if let Some((first, rest)) = quoted(text) {
        return Some((first, whole(rest.strip_prefix(b" ")?)));
    }
    if text.ends_with(b"\"") {
        let at = text.windows(2).position(|two| two == b" \"")?;
        return Some((text[..at].to_vec(), quoted(&text[at + 1..])?.0));
    }
    // where the names are the same, the prefixes are as long as each other
    let middle = text.len() / 2;
    (text.get(middle) == Some(&b' '))
        .then(|| (text[..middle].to_vec(), text[middle + 1..].to_vec()))
        .or_else(|| {
            let mut parts = text.split(|byte| *byte == b' ');
            let both = (parts.next()?.to_vec(), parts.next()?.to_vec());
            parts.next().is_none().then_some(both)
        })
}

/// The name without its first component: `a/` or whatever git was told to write there.
pub(super) fn without_prefix(name: &[u8]) -> Vec<u8> {
    let slash = name.iter().position(|byte| *byte == b'/');
    slash.map_or_else(|| name.to_vec(), |at| name[at + 1..].to_vec())
}

/// What is wrong with the path, if anything is.
pub(super) fn check(path: &[u8]) -> Result<(), Syntax> {
    let mut parts = path.split(|byte| *byte == b'/');
    let why = if path.is_empty() {
        "it is empty"
    } else if path.starts_with(b"/") {
        "it is absolute"
    } else if path.contains(&0) {
        "it has a NUL byte"
    } else if path.len() > MAX_PATH || parts.clone().any(|part| part.len() > MAX_NAME) {
        "it is too long"
    } else if parts.clone().any(|part| part == b"..") {
        "it leads upwards"
    } else if parts.any(|part| part.is_empty() || part == b".") {
        "it has an empty component or a `.`"
    } else if !acceptable(path) {
        "what belongs to Git itself is not patched"
    } else {
        return Ok(());
    };
    Err(Syntax::Path { path: readable(path), why })
}

/// A name in double quotes with C's escapes (`unquote_c_style` of git's `quote.c`), and what follows it.
fn quoted(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut rest = text.strip_prefix(b"\"")?;
    let mut name = Vec::new();
    loop {
        let (byte, after) = rest.split_first()?;
        rest = after;
        match byte {
            b'"' => return Some((name, rest)),
            b'\\' => {
                let (escape, after) = rest.split_first()?;
                rest = after;
                name.push(match escape {
                    b'a' => 0x07,
                    b'b' => 0x08,
                    b't' => b'\t',
                    b'n' => b'\n',
                    b'v' => 0x0b,
                    b'f' => 0x0c,
                    b'r' => b'\r',
                    b'"' | b'\\' => *escape,
                    b'0'..=b'3' => {
                        let digit = |at: usize| {
                            rest.get(at).filter(|d| (b'0'..=b'7').contains(*d)).map(|d| d - b'0')
                        };
                        let value = (escape - b'0') * 64 + digit(0)? * 8 + digit(1)?;
                        rest = &rest[2..];
                        value
                    }
                    _ => return None,
                });
            }
            _ => name.push(*byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::name::quoted as write;
    use super::*;

    #[test]
    fn what_is_quoted_is_read_back() {
        for name in [&b"a b"[..], b"tab\tnew\nline", b"\x01\xff\x7f\"\\", b"gr\xc3\xbcn", b"\r\x0b"]
        {
            let written = write("a/", name);
            let read = of_line(written.as_bytes()).unwrap().unwrap();
            assert_eq!(without_prefix(&read), name);
            let both = format!("{written} {}", write("b/", name));
            let (old, new) = pair(both.as_bytes()).unwrap();
            assert_eq!(
                (without_prefix(&old), without_prefix(&new)),
                (name.to_vec(), name.to_vec())
            );
        }
        assert_eq!(of_line(b"/dev/null").unwrap(), None);
        assert_eq!(of_line(b"x y\t2020-01-01 00:00").unwrap().unwrap(), b"x y");
        assert!(of_line(b"\"no end").is_err());
    }

    #[test]
    fn paths_that_lead_elsewhere_are_named_with_the_reason() {
        for (path, said) in [
            ("/etc/passwd", "absolute"),
            ("a/../../b", "upwards"),
            ("a//b", "empty component"),
            (".git/config", "Git itself"),
            ("x/.GIT /hooks/a", "Git itself"),
            ("", "empty"),
            ("a\0b", "NUL"),
            (&"x".repeat(256), "too long"),
        ] {
            assert!(check(path.as_bytes()).unwrap_err().to_string().contains(said), "{path}");
        }
        check(b".github/workflows/x").unwrap();
    }
}
