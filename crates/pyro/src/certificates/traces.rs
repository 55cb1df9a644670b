//! What giving certificates to a guest leaves in its files: so that they do not come into an image that is
//! made of them. Which certificates these are, the names of the anchors say.

use super::SYSTEM_BUNDLES;
use super::file::MAX_BYTES;
use super::guest::{ANCHORS, REMARK};
use super::pem::{self, Certificate};
use crate::digest::is_digest;
use std::collections::BTreeSet;

/// Begins the name of an anchor. A distribution's tool makes links of the same name to it.
const PREFIX: &str = "pyro-";
/// How anchors end, and what Debian's tool makes of them.
const ENDS: [&str; 2] = [".crt", ".pem"];

/// The name of the file that makes a guest trust a certificate.
pub(super) fn anchor_name(certificate: &Certificate) -> String {
    format!("{PREFIX}{}.crt", certificate.fingerprint())
}

/// Where anchors may be.
pub(crate) fn anchor_directories() -> impl Iterator<Item = &'static str> {
    ANCHORS.into_iter()
}

/// The certificates that a guest was given and that its image lacked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Given {
    fingerprints: BTreeSet<String>,
}

impl Given {
    /// Takes note of a file beside other anchors.
    pub(crate) fn note(&mut self, name: &[u8]) {
        self.fingerprints.extend(fingerprint(name).map(str::to_owned));
    }

    /// Whether a name is that of an anchor, or of what was made of one.
    pub(crate) fn is_anchor(&self, name: &[u8]) -> bool {
        fingerprint(name).is_some_and(|fingerprint| self.fingerprints.contains(fingerprint))
    }

    /// Whether a file of so many bytes, at a path without its first slash, may hold some of them.
    pub(crate) fn may_be_in(&self, path: &[u8], size: u64) -> bool {
        let is_it = |bundle: &str| bundle.as_bytes().strip_prefix(b"/") == Some(path);
        !self.fingerprints.is_empty()
            && size <= 2 * MAX_BYTES
            && SYSTEM_BUNDLES.iter().any(|bundle| is_it(bundle))
    }

    /// A bundle without them.
    pub(crate) fn taken_out_of(&self, bundle: &[u8]) -> Vec<u8> {
        let end = bundle.windows(REMARK.len()).position(|part| part == REMARK);
        match end {
            Some(end) => {
                let (before, after) = bundle.split_at(end);
                let after = after.get(REMARK.len()..).unwrap_or_default();
                let after = pem::without(after, &self.fingerprints);
                [pem::without(before, &self.fingerprints), after].concat()
            }
            None => pem::without(bundle, &self.fingerprints),
        }
    }
}

fn fingerprint(name: &[u8]) -> Option<&str> {
    let name = std::str::from_utf8(name).ok()?.strip_prefix(PREFIX)?;
    let fingerprint = ENDS.iter().find_map(|end| name.strip_suffix(end))?;
    is_digest(fingerprint).then_some(fingerprint)
}

#[cfg(test)]
mod tests {
    use super::super::pem::samples::certificate;
    use super::*;

    #[test]
    fn a_bundle_is_as_it_was_before_whoever_wrote_it_since() {
        let [own, given] = [certificate(1), certificate(2)];
        let mut all = Given::default();
        all.note(anchor_name(&given).as_bytes());
        let before = format!("# Mozilla's\n{}", own.pem());
        let added = [before.as_bytes(), REMARK, given.pem().as_bytes()].concat();
        assert_eq!(all.taken_out_of(&added), before.as_bytes());
        // as the distribution's tool writes it anew, with what lies among the anchors
        let anew = format!("{}{}{}", given.pem(), own.pem(), given.pem());
        assert_eq!(all.taken_out_of(anew.as_bytes()), own.pem().as_bytes());
        assert_eq!(Given::default().taken_out_of(anew.as_bytes()), anew.as_bytes());
    }

    #[test]
    fn only_what_was_given_is_an_anchor_or_looked_for() {
        let mut given = Given::default();
        assert!(!given.may_be_in(b"etc/ssl/certs/ca-certificates.crt", 1));
        given.note(anchor_name(&certificate(2)).as_bytes());
        given.note(b"pyro-../../etc/passwd.crt");
        assert!(given.is_anchor(anchor_name(&certificate(2)).as_bytes()));
        assert!(given.is_anchor(anchor_name(&certificate(2)).replace(".crt", ".pem").as_bytes()));
        assert!(!given.is_anchor(anchor_name(&certificate(1)).as_bytes()));
        assert!(!given.is_anchor(b"pyro-../../etc/passwd.crt"));
        assert!(given.may_be_in(b"etc/ssl/certs/ca-certificates.crt", 1));
        assert!(!given.may_be_in(b"srv/ca-certificates.crt", 1));
    }
}
