//! The names that git gives contents, for the `index` lines of a patch. SHA-1 is what git's format asks
//! for here; nothing of pyro's relies on it.

use sha1::{Digest, Sha1};

/// The id of nothing: the side that does not exist.
pub(super) const NONE: &str = "0000000000000000000000000000000000000000";

/// 40 hexadecimal digits: the SHA-1 of `blob <length>\0` and the content.
pub(super) fn id(content: &[u8]) -> String {
    let mut hash = Sha1::new();
    hash.update(format!("blob {}\0", content.len()));
    hash.update(content);
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `git hash-object` says.
    #[test]
    fn ids_are_gits() {
        assert_eq!(id(b""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(id(b"hello\n"), "ce013625030ba8dba906f756967f9e9ca394464a");
    }
}
