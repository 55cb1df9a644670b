//! The system calls of steering that have no safe wrapper: bpf(2).
#![expect(unsafe_code, reason = "bpf(2) has no safe wrapper; each block says why it holds")]

use super::steer::Instruction;
use nix::errno::Errno;
use nix::libc;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

// commands, kinds and places of linux/bpf.h
const MAP_CREATE: libc::c_int = 0;
const MAP_UPDATE_ELEM: libc::c_int = 2;
const PROG_LOAD: libc::c_int = 5;
const LINK_CREATE: libc::c_int = 28;
const SOCKMAP: u32 = 15;
const SK_LOOKUP_PROGRAM: u32 = 30;
const SK_LOOKUP_PLACE: u32 = 36;

/// A map from 0 and 1 to these sockets.
pub(super) fn socket_map(sockets: [BorrowedFd<'_>; 2]) -> io::Result<OwnedFd> {
    // map_type, key_size, value_size, max_entries, map_flags
    // SAFETY: this command takes no pointers, and gives a descriptor.
    let map = unsafe { descriptor(MAP_CREATE, &words(&[SOCKMAP, 4, 8, 2, 0])) }?;
    for (key, socket) in (0u32..).zip(sockets) {
        let value = u64::try_from(socket.as_raw_fd()).unwrap_or_default();
        // map_fd, padding, key, value, flags
        let mut attributes = words(&[number(map.as_raw_fd()), 0]);
        attributes.extend_from_slice(&pointer(&raw const key));
        attributes.extend_from_slice(&pointer(&raw const value));
        attributes.extend_from_slice(&[0; 8]);
        // SAFETY: the kernel reads 4 bytes of the key and 8 of the value, as the map was made for.
        unsafe { bpf(MAP_UPDATE_ELEM, &attributes) }?;
    }
    Ok(map)
}

/// Loads a program that decides which socket a packet is for.
pub(super) fn load_lookup(program: &[Instruction]) -> io::Result<OwnedFd> {
    // some helpers are for programs under the GPL only; none of those used here is
    let license = c"Dual MIT/GPL";
    let count = u32::try_from(program.len()).map_err(io::Error::other)?;
    // prog_type, insn_cnt, insns, license
    let mut attributes = words(&[SK_LOOKUP_PROGRAM, count]);
    attributes.extend_from_slice(&pointer(program.as_ptr()));
    attributes.extend_from_slice(&pointer(license.as_ptr()));
    // log_level, log_size, log_buf, kern_version, prog_flags, prog_name, prog_ifindex: none
    attributes.extend_from_slice(&[0; 4 + 4 + 8 + 4 + 4 + 16 + 4]);
    // expected_attach_type
    attributes.extend_from_slice(&SK_LOOKUP_PLACE.to_ne_bytes());
    // SAFETY: the kernel reads `count` instructions and a string that ends, both alive here.
    unsafe { descriptor(PROG_LOAD, &attributes) }
}

/// Lets the program decide in this network namespace, until the descriptor is closed.
pub(super) fn attach_lookup(
    program: BorrowedFd<'_>,
    namespace: BorrowedFd<'_>,
) -> io::Result<OwnedFd> {
    let (program, namespace) = (number(program.as_raw_fd()), number(namespace.as_raw_fd()));
    // prog_fd, target_fd, attach_type, flags
    // SAFETY: this command takes no pointers, and gives a descriptor.
    unsafe { descriptor(LINK_CREATE, &words(&[program, namespace, SK_LOOKUP_PLACE, 0])) }
}

/// # Safety
/// `attributes` must be what the command wants, and its pointers alive; the command must give a descriptor.
unsafe fn descriptor(command: libc::c_int, attributes: &[u8]) -> io::Result<OwnedFd> {
    // SAFETY: as promised by the caller.
    let descriptor = unsafe { bpf(command, attributes) }?;
    let descriptor = i32::try_from(descriptor).map_err(io::Error::other)?;
    // SAFETY: it is new and belongs to nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// # Safety
/// `attributes` must be what the command wants, and its pointers alive.
unsafe fn bpf(command: libc::c_int, attributes: &[u8]) -> io::Result<libc::c_long> {
    // SAFETY: the kernel reads as many bytes as it is told; the rest the caller has promised.
    let result =
        unsafe { libc::syscall(libc::SYS_bpf, command, attributes.as_ptr(), attributes.len()) };
    Ok(Errno::result(result)?)
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

fn number(descriptor: i32) -> u32 {
    descriptor.cast_unsigned()
}

fn pointer<T>(to: *const T) -> [u8; 8] {
    (to as usize as u64).to_ne_bytes()
}
