//! Extended header records of the pax format (POSIX.1-2001, "pax Extended Header"), as far as a
//! file system image needs them. The `tar` crate splits records at newlines, which binary
//! attribute values contain; these are taken by their length.

use super::Xattrs;

/// Prefix of the records that carry extended attributes, after star and GNU tar.
const XATTR: &[u8] = b"SCHILY.xattr.";

/// What the records say; `None` where the header's own field counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Pax {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) uid: Option<u64>,
    pub(super) gid: Option<u64>,
    /// Whole seconds since 1970, rounded down.
    pub(super) mtime: Option<i64>,
    pub(super) xattrs: Xattrs,
    /// The entry is a sparse file in one of GNU tar's pax formats.
    pub(super) sparse: bool,
}

impl Pax {
    /// Takes in the records of one extended header; later ones win, empty values take back.
    pub(super) fn apply(&mut self, mut records: &[u8]) -> Result<(), String> {
        while !records.is_empty() {
            let (record, rest) = split_record(records)?;
            records = rest;
            let equals = record.iter().position(|byte| *byte == b'=');
            let equals = equals.ok_or("a pax record has no value")?;
            self.set(&record[..equals], &record[equals + 1..])?;
        }
        Ok(())
    }

    fn set(&mut self, key: &[u8], value: &[u8]) -> Result<(), String> {
        let bytes = || (!value.is_empty()).then(|| value.to_vec());
        match key {
            b"path" => self.path = bytes(),
            b"linkpath" => self.link = bytes(),
            b"size" => self.size = number(key, value)?,
            b"uid" => self.uid = number(key, value)?,
            b"gid" => self.gid = number(key, value)?,
            b"mtime" => self.mtime = seconds(value)?,
            _ if key.starts_with(b"GNU.sparse.") => self.sparse = true,
            _ => {
                if let Some(name) = key.strip_prefix(XATTR) {
                    self.xattrs.insert(name.to_vec(), value.to_vec());
                }
            }
        }
        Ok(())
    }
}

/// The first record's `key=value` of `"%d %s=%s\n", length, key, value` (the length counts itself
/// and the newline), and what follows it.
fn split_record(records: &[u8]) -> Result<(&[u8], &[u8]), String> {
    let malformed = || "a pax record has a wrong length".to_owned();
    let space = records.iter().take(20).position(|b| *b == b' ').ok_or_else(malformed)?;
    let length = std::str::from_utf8(&records[..space]).ok().and_then(|digits| digits.parse().ok());
    let length: usize = length.ok_or_else(malformed)?;
    let record = records.get(space + 1..length).ok_or_else(malformed)?;
    let Some((b'\n', record)) = record.split_last() else { return Err(malformed()) };
    Ok((record, &records[length..]))
}

fn number(key: &[u8], value: &[u8]) -> Result<Option<u64>, String> {
    if value.is_empty() {
        return Ok(None);
    }
    let parsed = std::str::from_utf8(value).ok().and_then(|digits| digits.parse().ok());
    parsed.map(Some).ok_or_else(|| format!("pax record {} is no number", key.escape_ascii()))
}

/// A decimal with an optional sign and fraction.
fn seconds(value: &[u8]) -> Result<Option<i64>, String> {
    if value.is_empty() {
        return Ok(None);
    }
    let text = std::str::from_utf8(value).map_err(|_| "pax record mtime is no number")?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole_seconds: i64 = whole.parse().map_err(|_| "pax record mtime is no number")?;
    let round_down = whole.starts_with('-') && fraction.bytes().any(|digit| digit != b'0');
    Ok(Some(whole_seconds.saturating_sub(i64::from(round_down))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pax(records: &[u8]) -> Result<Pax, String> {
        let mut pax = Pax::default();
        pax.apply(records)?;
        Ok(pax)
    }

    #[test]
    fn values_may_hold_newlines_and_equal_signs() {
        let read = pax(b"26 SCHILY.xattr.user.a=\n=\n12 path=a\nb\n").unwrap();
        assert_eq!(read.xattrs.get(&b"user.a"[..]).unwrap(), b"\n=");
        assert_eq!(read.path.unwrap(), b"a\nb");
    }

    #[test]
    fn times_are_rounded_down() {
        for (text, seconds) in [("1.9", 1), ("-1.5", -2), ("-1", -1), ("-0.5", -1), ("-3.0", -3)] {
            let record = format!(" mtime={text}\n");
            let length = record.len() + if record.len() > 8 { 2 } else { 1 };
            let read = pax(format!("{length}{record}").as_bytes()).unwrap();
            assert_eq!(read.mtime, Some(seconds), "{text}");
        }
    }

    #[test]
    fn damaged_records_are_errors() {
        for bad in [&b"5 a=b"[..], b"99 path=a\n", b"x path=a\n", b"7 path\n", b"0 a=b\n", b"2 \n"]
        {
            assert!(pax(bad).is_err(), "{}", bad.escape_ascii());
        }
        assert!(pax(b"11 size=-1\n").is_err());
    }
}
