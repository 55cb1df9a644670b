//! The release of Firecracker that this version of pyro installs by itself. Nothing here is looked
//! up: what is installed is what was known when pyro was published.

use crate::machine::firecracker::version::Version;

/// A published release, with what its bytes must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    /// Its version.
    pub version: Version,
    /// Where its project publishes the archive.
    pub url: &'static str,
    /// SHA-256 of the archive.
    pub archive_sha256: &'static str,
    /// SHA-256 of the `firecracker` executable in it.
    pub executable_sha256: &'static str,
}

/// The pinned release. The archive's digest is repeated by many who build upon this release. That of
/// the executable was found in one place only, so should it alone not fit, the error says that the
/// number here is the one to doubt, and how to install all the same.
pub const PINNED: Release = Release {
    version: Version::new(1, 16, 1),
    url: "https://github.com/firecracker-microvm/firecracker/releases/download/v1.16.1/\
          firecracker-v1.16.1-x86_64.tgz",
    archive_sha256: "382a02a869e4d6d5cb14c40577f9545e8458021ea8b0b2d3fc10ec14d9c242e6",
    executable_sha256: "2fd0171309af7e24cf8dafc8a6f921c1434c49b5f9349bb996b7ed0a4deb8aa7",
};
