//! The two questions that only raw system calls answer.
#![expect(unsafe_code, reason = "asking about descriptor numbers, and trying a namespace")]

use rustix::io::fcntl_getfd;
use rustix::thread::{UnshareFlags, unshare_unsafe};
use std::os::fd::BorrowedFd;

/// Whether anything is open under this number.
pub(crate) fn is_open(fd: i32) -> bool {
    // SAFETY: F_GETFD only looks the number up; the borrow ends here.
    fcntl_getfd(unsafe { BorrowedFd::borrow_raw(fd) }).is_ok()
}

/// Whether the calling process may make a user namespace.
pub(crate) fn can_make_user_namespace() -> bool {
    // SAFETY: a user namespace changes no descriptor and no memory.
    unsafe { unshare_unsafe(UnshareFlags::NEWUSER) }.is_ok()
}
