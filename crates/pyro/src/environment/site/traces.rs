//! What a machine leaves in its own root before anybody runs anything in it, and what nobody needs in an
//! image.

use crate::archive::Member;
use crate::certificates::Given;
use tar::EntryType;

/// The names of downloaded packages, which apt fetches anew when it needs them.
const PACKAGES: (&[u8], &[u8]) = (b"var/cache/apt/archives/", b".deb");
/// Written at each start of a machine that has a network.
const NAME_SERVERS: &[u8] = b"etc/resolv.conf";

/// What to leave out of the image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Traces {
    /// Whether the machine had a network.
    pub(crate) network: bool,
    /// The certificates that it was given.
    pub(crate) given: Given,
}

impl Traces {
    /// Whether a member of the archive is no part of the image.
    pub(super) fn has(&self, member: &Member) -> bool {
        let path = plain(&member.path);
        let leads_to_an_anchor =
            member.kind == EntryType::Symlink && self.given.is_anchor(last_name(&member.link));
        let is_a_download = path.starts_with(PACKAGES.0) && path.ends_with(PACKAGES.1);
        self.network && path == NAME_SERVERS
            || is_a_download
            || leads_to_an_anchor
            || self.given.is_anchor(last_name(path))
    }

    /// Whether the content of a member is not to stay as it is.
    pub(super) fn is_in(&self, member: &Member) -> bool {
        let is_file = matches!(member.kind, EntryType::Regular | EntryType::Continuous);
        is_file && self.given.may_be_in(plain(&member.path), member.size)
    }
}

fn plain(path: &[u8]) -> &[u8] {
    path.strip_prefix(b"./").unwrap_or(path)
}

fn last_name(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or(path)
}
