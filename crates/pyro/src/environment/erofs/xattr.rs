//! Extended attributes as they follow an inode. Source: `fs/erofs/xattr.h` and
//! `struct erofs_xattr_entry` of Linux 6.1.

use super::ErofsError;
use super::layout::XATTR_HEADER;
use crate::archive::Xattrs;

/// Namespaces and their `EROFS_XATTR_INDEX_*`; the first that matches counts.
const NAMESPACES: [(&[u8], u8); 5] = [
    (b"system.posix_acl_access", 2),
    (b"system.posix_acl_default", 3),
    (b"user.", 1),
    (b"trusted.", 4),
    (b"security.", 6),
];

/// Most bytes that `i_xattr_icount`, 16 bits of four-byte units, can express.
const MAX_BYTES: usize = XATTR_HEADER + 4 * (u16::MAX as usize - 1);

/// The attributes as bytes, a multiple of four; nothing where there are none. Attributes outside
/// Linux's namespaces (archives made on other systems have them) are left out, as Linux would.
pub(super) fn encode(path: &[u8], xattrs: &Xattrs) -> Result<Vec<u8>, ErofsError> {
    let too_large = |what: &str| ErofsError::Unsupported {
        path: super::printable(path),
        what: format!("{what} of its extended attributes is too large"),
    };
    let mut bytes = vec![0; XATTR_HEADER];
    for (name, value) in xattrs {
        let Some((suffix, index)) = namespace(name) else { continue };
        bytes.push(u8::try_from(suffix.len()).map_err(|_| too_large("a name"))?);
        bytes.push(index);
        let length = u16::try_from(value.len()).map_err(|_| too_large("a value"))?;
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(suffix);
        bytes.extend_from_slice(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        if bytes.len() > MAX_BYTES {
            return Err(too_large("the sum"));
        }
    }
    if bytes.len() == XATTR_HEADER {
        bytes.clear();
    }
    Ok(bytes)
}

fn namespace(name: &[u8]) -> Option<(&[u8], u8)> {
    NAMESPACES.iter().find_map(|(prefix, index)| {
        let suffix = name.strip_prefix(*prefix)?;
        // An ACL has no suffix, every other attribute must have one.
        (suffix.is_empty() != prefix.ends_with(b".")).then_some((suffix, *index))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, value: &[u8]) -> Xattrs {
        Xattrs::from([(name.as_bytes().to_vec(), value.to_vec())])
    }

    #[test]
    fn names_without_a_linux_namespace_are_left_out() {
        for name in ["com.apple.provenance", "user.", "system.posix_acl_access.x", "system.nfs4"] {
            assert!(encode(b"f", &one(name, b"1")).unwrap().is_empty(), "{name}");
        }
        assert_eq!(encode(b"f", &one("user.a", b"xyz")).unwrap().len(), 12 + 8);
        assert_eq!(encode(b"f", &one("system.posix_acl_access", b"")).unwrap().len(), 12 + 4);
    }

    #[test]
    fn what_the_format_cannot_express_is_refused() {
        assert!(encode(b"f", &one("user.a", &[0; 65_535])).is_ok());
        assert!(encode(b"f", &one("user.a", &[0; 65_536])).is_err());
        assert!(encode(b"f", &one(&format!("user.{}", "n".repeat(256)), b"")).is_err());
        let many = (0..5).map(|i| (format!("user.{i}").into_bytes(), vec![0; 60_000])).collect();
        assert!(encode(b"f", &many).is_err());
    }
}
