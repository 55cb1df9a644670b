//! The launcher: reads what the jail must contain, builds it, starts the VMM in it, and stays as
//! its parent until it ends. A process of its own with a single thread, because namespaces, death
//! signals and the work between fork and exec allow nothing else; never an async runtime.

use super::identity::machine_uid;
use super::note::{Failure, Note, Stage, Staged};
use super::spec::{Entry, JailSpec, MAX_SPEC, Tier};
use super::{landlock, lifeline, limits, namespaces, privileges, root, seccomp, sys};
use rustix::process::{Pid, Signal, geteuid, getpid, kill_process};
use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitCode, ExitStatus};

/// The hidden first argument with which the `pyro` executable becomes the launcher.
pub const ROLE: &str = "__jail";

/// What a probe runs in the jail in the VMM's place: the launcher's own program, which then does
/// nothing.
pub(super) const ARRIVED: &str = "arrived";

/// Exit status of a launcher that failed: its note says why.
const FAILED: u8 = 125;

/// The launcher's `main`. `args` are the arguments after [`ROLE`]. To be called before anything
/// else in the process has started a thread or opened a file.
#[must_use]
pub fn launcher_main(args: impl Iterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.collect();
    if args == [ARRIVED] {
        return ExitCode::SUCCESS;
    }
    let Some(call) = Call::parse(&args) else { return ExitCode::from(FAILED) };
    let parent = call.parent;
    let mut status = UnixStream::from(call.status);
    let launched = launch(parent, call.spec, &status);
    let note = match &launched {
        Ok(vmm) => Note::Started { pid: vmm.id() },
        Err(failure) => Note::Failed(failure.clone()),
    };
    let told = status.write_all(&note.to_line()).and_then(|()| until_heard(status));
    match launched {
        Ok(vmm) if told.is_ok() => stay_until_the_end_of(vmm),
        _ => ExitCode::from(FAILED),
    }
}

/// Waits until the shim has closed its end: it has a handle on the VMM then, and the VMM, should it
/// have ended already, may be reaped.
fn until_heard(mut status: UnixStream) -> std::io::Result<()> {
    std::io::copy(&mut status, &mut std::io::sink()).map(drop)
}

/// How the shim calls the launcher.
struct Call {
    spec: OwnedFd,
    status: OwnedFd,
    parent: Pid,
}

impl Call {
    /// `SPEC_FD STATUS_FD PARENT_PID`
    fn parse(args: &[OsString]) -> Option<Self> {
        let [spec, status, parent] = args else { return None };
        let number = |arg: &OsString| arg.to_str()?.parse::<i32>().ok();
        Some(Self {
            spec: sys::adopt(number(spec)?).ok()?,
            status: sys::adopt(number(status)?).ok()?,
            parent: Pid::from_raw(number(parent)?)?,
        })
    }
}

fn launch(parent: Pid, spec: OwnedFd, status: &UnixStream) -> Result<Child, Failure> {
    lifeline::tie_to_parent(parent)?;
    let spec = read(spec)?;
    check_user(&spec)?;
    let entries = spec.entries()?;
    rustix::process::setsid().during(Stage::Lifeline, "setsid")?;
    if spec.tier == Tier::Full {
        namespaces::enter(spec.unprivileged_uid.is_some())?;
        root::build(&entries, spec.unprivileged_uid)?;
        lifeline::tie_to_parent(parent)?;
    }
    let uid = spec.unprivileged_uid;
    let vmm = start_vmm(spec, entries, status)?;
    // The launcher needs none of it any more, and as the VMM's own user it may still kill it:
    // the death signal is sent with the rights of the dying parent.
    privileges::give_up(uid)?;
    lifeline::tie_to_parent(parent)?;
    Ok(vmm)
}

fn read(spec: OwnedFd) -> Result<JailSpec, Failure> {
    let mut json = Vec::new();
    std::fs::File::from(spec)
        .take(MAX_SPEC)
        .read_to_end(&mut json)
        .during(Stage::Spec, "read the specification")?;
    serde_json::from_slice(&json).map_err(|error| Failure::new(Stage::Spec, error.to_string()))
}

/// A VMM never runs as the host's root unless the caller asked for no jail at all. The root of a
/// user namespace without other users is an ordinary user of the host.
fn check_user(spec: &JailSpec) -> Result<(), Failure> {
    let refuse = |why: &str| Err(Failure::new(Stage::Spec, why));
    match spec.unprivileged_uid {
        None if spec.tier != Tier::None && machine_uid(0).is_some() => {
            refuse("root must name an unprivileged user")
        }
        Some(0) => refuse("the unprivileged user is root"),
        Some(_) if !geteuid().is_root() => refuse("only root can change the user"),
        _ => Ok(()),
    }
}

/// Forks, confines the child and executes the program in it. Returns when execve has succeeded.
fn start_vmm(spec: JailSpec, entries: Vec<Entry>, status: &UnixStream) -> Result<Child, Failure> {
    let launcher = lifeline::open_self()?;
    let mut status = status.try_clone().during(Stage::Execute, "duplicate the status socket")?;
    let program = spec.program.clone();
    let mut command = Command::new(&program);
    command.args(&spec.args).env_clear().envs(spec.env.iter().map(|(name, value)| (name, value)));
    let dir = spec.working_dir.clone().unwrap_or_else(|| "/".into());
    sys::before_exec(&mut command, move || {
        confine(&spec, &entries, &dir, &launcher).map_err(|failure| {
            // The first note counts: the launcher, which sees only the number, says less.
            let _ = status.write_all(&Note::Failed(failure.clone()).to_line());
            failure
                .errno
                .map_or_else(|| std::io::ErrorKind::Other.into(), std::io::Error::from_raw_os_error)
        })
    });
    command.spawn().during(Stage::Execute, program.display())
}

/// What the child does to itself between fork and execve.
fn confine(
    spec: &JailSpec,
    entries: &[Entry],
    dir: &std::path::Path,
    launcher: &OwnedFd,
) -> Result<(), Failure> {
    lifeline::tie_to(launcher)?;
    rustix::process::setsid().during(Stage::Lifeline, "setsid")?;
    limits::apply(&spec.limits)?;
    keep_only(&spec.keep_fds)?;
    privileges::give_up(spec.unprivileged_uid)?;
    lifeline::tie_to(launcher)?;
    std::env::set_current_dir(dir).during(Stage::Execute, dir.display())?;
    if spec.tier >= Tier::Landlock {
        landlock::restrict(entries, spec.tier)?;
        seccomp::install()?;
    }
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    Ok(())
}

fn keep_only(fds: &[i32]) -> Result<(), Failure> {
    sys::close_all_on_exec().during(Stage::Descriptors, "close_range")?;
    fds.iter().try_for_each(|fd| {
        sys::keep_across_exec(*fd).during(Stage::Descriptors, format_args!("keep {fd}"))
    })
}

/// Waits for the VMM and ends as it ended: with its exit status, or by its signal.
fn stay_until_the_end_of(mut vmm: Child) -> ExitCode {
    // Whoever waits at the other end of an inherited socket must see the VMM's end, not ours.
    if sys::close_all().is_err() {
        return ExitCode::from(FAILED);
    }
    vmm.wait().map_or(ExitCode::from(FAILED), end_like)
}

fn end_like(status: ExitStatus) -> ExitCode {
    if let Some(signal) = status.signal().and_then(Signal::from_named_raw) {
        let _ = kill_process(getpid(), signal);
    }
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    ExitCode::from(u8::try_from(code).unwrap_or(FAILED))
}
