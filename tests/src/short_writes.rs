//! Writes that write less than they were asked to, as those to a network file system, or with a signal between,
//! may: a tracer, ptrace(2), halves the length before the kernel sees it, so that it really writes less and
//! says so. x86-64 only.

use crate::process::Process;
use nix::sys::ptrace::{self, Options};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::fs;
use std::sync::mpsc;
use std::thread::JoinHandle;

// numbers of the system calls, syscalls(2)
const WRITE: u64 = 1;
const PWRITE64: u64 = 18;
const COPY_FILE_RANGE: u64 = 326;
/// What the register of the result holds before a call: `-ENOSYS`, errno(3).
const BEFORE: u64 = (-38_i64).cast_unsigned();

/// A tracer at work. It ends with the last process that it traces.
#[derive(Debug)]
pub struct ShortWrites(JoinHandle<usize>);

impl Process {
    /// From now on each write to a file by this process, and by those that it starts, writes half. It is no child
    /// of this one's, which would not be told of its end.
    #[must_use]
    #[track_caller]
    pub fn writes_half(&self) -> ShortWrites {
        let (pid, (attached, is_attached)) = (self.pid, mpsc::channel());
        // whoever attaches is whom the kernel takes for the tracer: one thread
        let tracer = std::thread::spawn(move || {
            attach(pid);
            attached.send(()).unwrap();
            trace()
        });
        is_attached.recv().expect("the tracer attaches");
        ShortWrites(tracer)
    }
}

impl ShortWrites {
    /// Waits until all that was traced has ended, and says how many writes were made short.
    #[must_use]
    #[track_caller]
    pub fn count(self) -> usize {
        self.0.join().unwrap()
    }
}

fn attach(pid: i32) {
    let options = Options::PTRACE_O_TRACESYSGOOD
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEFORK
        | Options::PTRACE_O_TRACEVFORK
        | Options::PTRACE_O_TRACEEXEC;
    for thread in fs::read_dir(format!("/proc/{pid}/task")).unwrap() {
        let thread = thread.unwrap().file_name().to_string_lossy().parse().unwrap();
        ptrace::seize(Pid::from_raw(thread), options).unwrap();
        ptrace::interrupt(Pid::from_raw(thread)).unwrap();
    }
}

fn trace() -> usize {
    let mut shortened = 0;
    // of this thread's tracees alone, not of the test's children
    let mine = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
    while let Ok(status) = waitpid(None, Some(mine)) {
        let signal = match status {
            WaitStatus::PtraceSyscall(thread) => {
                shortened += usize::from(shorten(thread).unwrap_or(false));
                None
            }
            WaitStatus::Stopped(_, signal) => Some(signal),
            WaitStatus::PtraceEvent(..) => None,
            _ => continue,
        };
        if let Some(thread) = status.pid() {
            let _ = ptrace::syscall(thread, signal); // it may have been killed meanwhile
        }
    }
    shortened
}

/// Halves the length of a call that is about to write to a file.
fn shorten(thread: Pid) -> nix::Result<bool> {
    let mut registers = ptrace::getregs(thread)?;
    if registers.rax != BEFORE {
        return Ok(false);
    }
    let (descriptor, length) = match registers.orig_rax {
        WRITE | PWRITE64 => (registers.rdi, &mut registers.rdx),
        COPY_FILE_RANGE => (registers.rdx, &mut registers.r8),
        _ => return Ok(false),
    };
    let path = format!("/proc/{thread}/fd/{descriptor}");
    let is_long = *length > 1 && fs::metadata(path).is_ok_and(|file| file.is_file());
    if is_long {
        *length /= 2;
        ptrace::setregs(thread, registers)?;
    }
    Ok(is_long)
}
