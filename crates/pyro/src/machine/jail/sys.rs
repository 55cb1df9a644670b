//! The system calls that no safe wrapper covers: each is one small function, and says why it is
//! sound. Nothing here decides anything.
#![expect(
    unsafe_code,
    reason = "fork hooks, raw descriptor numbers and two unwrapped system calls"
)]

use rustix::io::{FdFlags, fcntl_getfd, fcntl_setfd};
use rustix::thread::UnshareFlags;
use std::io;
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// The first descriptor that is not one of the standard streams.
pub(super) const FIRST_FD: RawFd = 3;

/// Moves the calling thread into new namespaces. With `UnshareFlags::FILES` it would be unsound;
/// the launcher never asks for that.
pub(super) fn unshare(flags: UnshareFlags) -> io::Result<()> {
    debug_assert!(!flags.contains(UnshareFlags::FILES));
    // SAFETY: the descriptor table stays shared (no CLONE_FILES), so no descriptor changes meaning.
    unsafe { rustix::thread::unshare_unsafe(flags) }.map_err(io::Error::from)
}

/// Takes over an inherited descriptor by its number; an error where nothing is open under it.
pub(super) fn adopt(fd: RawFd) -> io::Result<OwnedFd> {
    if fd < FIRST_FD {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // SAFETY: fcntl(F_GETFD) only looks the number up, and answers EBADF where nothing is open.
    fcntl_getfd(unsafe { BorrowedFd::borrow_raw(fd) })?;
    // SAFETY: the number is open, and the launcher, which has just begun, has no other owner for it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Lets the descriptor with this number live on after execve; an error where nothing is open.
/// Async-signal-safe.
pub(super) fn keep_across_exec(fd: RawFd) -> io::Result<()> {
    if fd < FIRST_FD {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // SAFETY: the borrow ends within this call; a number that is not open yields EBADF.
    let fd = unsafe { BorrowedFd::borrow_raw(fd) };
    Ok(fcntl_setfd(fd, FdFlags::empty())?)
}

/// Marks every descriptor from [`FIRST_FD`] on to be closed by execve (close_range(2), Linux 5.11).
pub(super) fn close_all_on_exec() -> io::Result<()> {
    close_range(libc::CLOSE_RANGE_CLOEXEC)
}

/// Closes every descriptor from [`FIRST_FD`] on. The caller no longer owns any.
pub(super) fn close_all() -> io::Result<()> {
    close_range(0)
}

fn close_range(flags: libc::c_uint) -> io::Result<()> {
    // The system call itself: musl and older glibc have no function for it.
    // SAFETY: it takes three integers; that nobody owns a closed descriptor is the caller's contract.
    let result =
        unsafe { libc::syscall(libc::SYS_close_range, FIRST_FD, libc::c_uint::MAX, flags) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Runs `hook` in the child between fork and execve. Where the caller has other threads, the hook
/// must be async-signal-safe: no allocation, no locks.
pub(super) fn before_exec(
    command: &mut Command,
    hook: impl FnMut() -> io::Result<()> + Send + Sync + 'static,
) {
    // SAFETY: both callers keep the contract above: the shim's hook makes plain system calls, and
    // the launcher has a single thread, so that its child may do anything.
    unsafe { command.pre_exec(hook) };
}

/// The Landlock ABI of this kernel, if it has Landlock at all: landlock_create_ruleset(2) with
/// `LANDLOCK_CREATE_RULESET_VERSION` (`include/uapi/linux/landlock.h`).
pub(super) fn landlock_abi() -> Option<i64> {
    const VERSION: libc::c_uint = 1;
    let none = std::ptr::null::<libc::c_void>();
    // SAFETY: with this flag the kernel reads no memory: the pointer must be null and the size 0.
    let abi = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, none, 0_usize, VERSION) };
    (abi > 0).then_some(abi)
}
