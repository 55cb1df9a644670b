//! What every greeting of the host brings: the time, fresh randomness and the machine's name. A
//! restored machine has a stale clock and the same random numbers as its siblings, so all of it is
//! in place before the first request is read.

use super::{Failure, Stage};
use crate::sys;
use pyro_proto::handshake::{Boot, BootNote, Hello};
use rustix::time::{ClockId, Timespec};
use std::fs;
use std::io;

/// `HOST_NAME_MAX` of `linux/limits.h`.
const MAX_NAME: usize = 64;

/// Takes on what `hello` brings and says how the boot went.
pub(crate) fn greet(hello: &Hello) -> Boot {
    match adopt(hello) {
        Ok(()) => Boot::Ready { uptime_us: uptime_us() },
        Err(failure) => Boot::Failed(BootNote {
            stage: failure.stage.name().to_owned(),
            errno: failure.source.raw_os_error(),
            message: failure.line(),
        }),
    }
}

fn adopt(hello: &Hello) -> Result<(), Failure> {
    step("seed the random numbers", sys::seed_random(&hello.entropy))?;
    step("set the clock", set_clock(hello.unix_time_ns))?;
    step("set the host name", set_name(&hello.hostname))
}

fn set_clock(unix_time_ns: u64) -> io::Result<()> {
    const SECOND: u64 = 1_000_000_000;
    let seconds = i64::try_from(unix_time_ns / SECOND).map_err(io::Error::other)?;
    let nanoseconds = i64::try_from(unix_time_ns % SECOND).map_err(io::Error::other)?;
    let time = Timespec { tv_sec: seconds, tv_nsec: nanoseconds };
    Ok(rustix::time::clock_settime(ClockId::Realtime, time)?)
}

/// Only when it changes: afterwards the files belong to the guest.
fn set_name(name: &str) -> io::Result<()> {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(legal) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    if rustix::system::uname().nodename().to_bytes() == name.as_bytes() {
        return Ok(());
    }
    rustix::system::sethostname(name.as_bytes())?;
    fs::create_dir_all("/etc")?;
    fs::write("/etc/hostname", format!("{name}\n"))?;
    fs::write(
        "/etc/hosts",
        format!("127.0.0.1 localhost {name}\n::1 localhost ip6-localhost ip6-loopback\n"),
    )
}

fn uptime_us() -> u64 {
    let since_start = rustix::time::clock_gettime(ClockId::Boottime);
    let seconds = u64::try_from(since_start.tv_sec).unwrap_or(0);
    let nanoseconds = u64::try_from(since_start.tv_nsec).unwrap_or(0);
    seconds * 1_000_000 + nanoseconds / 1_000
}

fn step(action: &str, result: io::Result<()>) -> Result<(), Failure> {
    result.map_err(|e| Failure::new(Stage::Greeting, action, e))
}
