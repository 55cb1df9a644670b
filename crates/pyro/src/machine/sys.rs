//! What the type system cannot know about file descriptors.
#![expect(unsafe_code, reason = "tokio cannot know that a descriptor stays the same")]

use std::os::fd::OwnedFd;
use tokio::io::unix::AsyncFd;

/// Watches a descriptor on the current runtime.
pub(super) fn watch(fd: OwnedFd) -> std::io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` names the same open descriptor for as long as it lives, and the
    // `AsyncFd` owns it until then.
    unsafe { AsyncFd::register(fd) }.map_err(std::io::Error::from)
}
