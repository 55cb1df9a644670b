//! pyro's own artifact: an installed environment, root image and kernel, as something that a registry keeps
//! and a file holds. Another machine boots from it without any archive of packages. What it consists of:
//!
//! - the root image (EROFS) as it lies in the cache, and the kernel (`vmlinux` and its modules) as a tar
//!   archive, both packed with zstd;
//! - a configuration, see [`Description`]: what they are unpacked, and where each byte came from;
//! - an OCI manifest with an `artifactType` of its own, which holds them together.
//!
//! The same environment gives the same bytes. Whoever made an artifact is a stranger: what it says is judged
//! before it is used, its bytes are compared with its digests, and nothing of it runs on the host. Nothing here
//! asks a registry.

mod compress;
mod description;
mod install;
mod kernel_archive;
mod layout;
mod pack;

pub use description::Description;
pub(super) use install::Artifact;
pub(super) use layout::write as write_layout;
pub(super) use pack::pack;
