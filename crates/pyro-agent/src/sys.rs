//! The few system calls that have no safe wrapper. Nothing else in this crate is unsafe.
#![expect(
    unsafe_code,
    reason = "system calls without a safe wrapper; each block says why it holds"
)]

use nix::sys::signal::{SigHandler, Signal, signal};
use rustix::fs::{Mode, OFlags};
use rustix::ioctl::{self, NoArg, Opcode, Setter, Updater, opcode};
use rustix::process::{Gid, Uid};
use std::fs::File;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use tokio::io::ReadBuf;
use tokio::io::unix::AsyncFd;

/// What a child does between fork and exec.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The `cgroup.procs` file of its cgroup: it joins by writing there.
    pub(crate) cgroup: Option<OwnedFd>,
    /// Whose rights it takes on; none: the agent's own.
    pub(crate) identity: Option<Identity>,
    /// The directory it works in.
    pub(crate) directory: OwnedFd,
    /// Whether its stdin is a terminal, which becomes that of its session.
    pub(crate) has_terminal: bool,
}

/// User, group and supplementary groups of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The user.
    pub(crate) user: Uid,
    /// The group.
    pub(crate) group: Gid,
    /// All supplementary groups.
    pub(crate) groups: Vec<Gid>,
}

/// Reads what is there into the free part of `into`, which is not cleared before: a port gives a page at
/// a time, and clearing room for thirty of them took longer than reading it.
pub(crate) fn read(from: BorrowedFd<'_>, into: &mut ReadBuf<'_>) -> rustix::io::Result<usize> {
    // SAFETY: `rustix` only writes to the free part.
    let free = unsafe { into.unfilled_mut() };
    let (read, _) = rustix::io::read(from, free)?;
    let count = read.len();
    // SAFETY: the kernel has written so many bytes at the beginning of the free part.
    unsafe { into.assume_init(count) };
    into.advance(count);
    Ok(count)
}

/// Makes `command` enter its own session, cgroup, identity and directory before it runs.
pub(crate) fn enter_before_exec(command: &mut Command, entry: Entry) {
    // SAFETY: `enter` only makes raw system calls on values that exist already: it allocates
    // nothing, takes no lock, and touches no state of the libc, so it may run after `fork`.
    unsafe { command.pre_exec(move || enter(&entry).map_err(io::Error::from)) };
}

fn enter(entry: &Entry) -> rustix::io::Result<()> {
    forget_signal_handling();
    rustix::process::setsid()?;
    if entry.has_terminal {
        rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())?;
    }
    if let Some(cgroup) = &entry.cgroup {
        rustix::io::write(cgroup, b"0")?;
        // the agent itself is never to be killed for want of memory, its children are
        let flags = OFlags::WRONLY | OFlags::CLOEXEC;
        let score = rustix::fs::open(c"/proc/self/oom_score_adj", flags, Mode::empty())?;
        rustix::io::write(score, b"0")?;
    }
    rustix::process::fchdir(&entry.directory)?;
    if let Some(identity) = &entry.identity {
        rustix::thread::set_thread_groups(&identity.groups)?;
        rustix::thread::set_thread_gid(identity.group)?;
        rustix::thread::set_thread_uid(identity.user)?;
    }
    Ok(())
}

/// A signal that the agent was started to ignore stays ignored across execve(2), and shells cannot
/// trap it then: under nohup(1) or behind a shell's `&` no command could be interrupted.
fn forget_signal_handling() {
    for one in Signal::iterator() {
        // SAFETY: the default action runs no code of this process. SIGKILL and SIGSTOP have no
        // other, which is the only error.
        let _ = unsafe { signal(one, SigHandler::SigDfl) };
    }
}

/// Watches a descriptor that the result owns.
pub(crate) fn register(descriptor: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` is open, and always the same descriptor, until it is dropped.
    Ok(unsafe { AsyncFd::register(descriptor) }?)
}

/// Makes an ext4 file system as large as `blocks` of its own blocks: `EXT4_IOC_RESIZE_FS` of
/// `linux/ext4.h`.
pub(crate) fn resize_ext4(directory: &File, blocks: u64) -> rustix::io::Result<()> {
    const RESIZE_FS: Opcode = opcode::write::<u64>(b'f', 16);
    // SAFETY: the kernel reads one u64 through the pointer, as the opcode says.
    unsafe { ioctl::ioctl(directory, Setter::<RESIZE_FS, u64>::new(blocks)) }
}

/// Freezes the file system that `directory` is in: `FIFREEZE` of `linux/fs.h`.
pub(crate) fn freeze(directory: &OwnedFd) -> rustix::io::Result<()> {
    const FREEZE: Opcode = opcode::read_write::<i32>(b'X', 119);
    // SAFETY: the kernel ignores this request's argument (`ioctl_fsfreeze` in `fs/ioctl.c`).
    unsafe { ioctl::ioctl(directory, NoArg::<FREEZE>::new()) }
}

/// Thaws what [`freeze`] froze: `FITHAW` of `linux/fs.h`.
pub(crate) fn thaw(directory: &OwnedFd) -> rustix::io::Result<()> {
    const THAW: Opcode = opcode::read_write::<i32>(b'X', 120);
    // SAFETY: the kernel ignores this request's argument (`ioctl_fsthaw` in `fs/ioctl.c`).
    unsafe { ioctl::ioctl(directory, NoArg::<THAW>::new()) }
}

/// Adds 32 random bytes to the kernel's pool, counts them, and makes it use them at once:
/// `RNDADDENTROPY` and `RNDRESEEDCRNG` of `linux/random.h`.
pub(crate) fn seed_random(entropy: &[u8; 32]) -> io::Result<()> {
    /// `struct rand_pool_info` with its buffer.
    #[repr(C)]
    struct Pool {
        entropy_bits: i32,
        size: i32,
        buffer: [u8; 32],
    }
    const ADD_ENTROPY: Opcode = opcode::write::<[i32; 2]>(b'R', 3);
    const RESEED: Opcode = opcode::none(b'R', 7);
    let random = File::options().write(true).open("/dev/urandom")?;
    let pool = Pool { entropy_bits: 256, size: 32, buffer: *entropy };
    // SAFETY: the kernel reads two numbers and then as many bytes as the second says, all in `pool`.
    unsafe { ioctl::ioctl(&random, Setter::<ADD_ENTROPY, Pool>::new(pool)) }?;
    // SAFETY: this request takes no argument.
    unsafe { ioctl::ioctl(&random, NoArg::<RESEED>::new()) }?;
    Ok(())
}

/// Brings `lo` up: `SIOCGIFFLAGS`, `SIOCSIFFLAGS` and `IFF_UP` (`netdevice(7)`).
pub(crate) fn loopback_up() -> io::Result<()> {
    /// `struct ifreq` of `linux/if.h`, with the flags of its union.
    #[repr(C)]
    struct Interface {
        name: [u8; 16],
        flags: u16,
        rest: [u8; 22],
    }
    const GET_FLAGS: Opcode = 0x8913;
    const SET_FLAGS: Opcode = 0x8914;
    const UP: u16 = 1;
    let kind = rustix::net::SocketType::DGRAM;
    let socket = rustix::net::socket(rustix::net::AddressFamily::INET, kind, None)?;
    let mut loopback = Interface { name: [0; 16], flags: 0, rest: [0; 22] };
    let [first, second, ..] = &mut loopback.name;
    (*first, *second) = (b'l', b'o');
    // SAFETY: the kernel reads and writes one `struct ifreq`, whose size and layout this is.
    unsafe { ioctl::ioctl(&socket, Updater::<GET_FLAGS, Interface>::new(&mut loopback)) }?;
    loopback.flags |= UP;
    // SAFETY: the kernel reads one `struct ifreq`.
    unsafe { ioctl::ioctl(&socket, Setter::<SET_FLAGS, Interface>::new(loopback)) }?;
    Ok(())
}
