//! The raw machine: the same QEMU with the same arguments, read off a running machine of pyro's, the
//! same kernel, modules, image and a new disk; but no jail, no shim, and an init that does next to
//! nothing (`raw/init.c`).

use crate::user::User;
use pyro::environment::{disk, initramfs};
use scenarios::Process;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const DISK_BYTES: u64 = 8 << 30;
const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/raw/init.c");

/// How to start raw machines.
#[derive(Debug)]
pub(crate) struct RawMachine {
    arguments: Vec<String>,
    directory: tempfile::TempDir,
}

/// One that runs.
#[derive(Debug)]
pub(crate) struct RunningRaw {
    qemu: Child,
    channel: UnixStream,
    /// From the start of QEMU to the guest's first byte.
    pub(crate) booted: Duration,
}

impl RawMachine {
    /// Learns the arguments, builds the init and packs it.
    pub(crate) fn new(user: &User) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let place = |name: &str| directory.path().join(name);
        build_init(&place("init"));
        initramfs::write(&place("init"), &user.installed.kernel, &place("initramfs")).unwrap();
        let files = [
            ("/vm/kernel", user.installed.kernel.vmlinux.clone()),
            ("/vm/initramfs", place("initramfs")),
            ("/vm/image", user.installed.image.clone()),
            ("/vm/disk", place("disk")),
        ];
        let arguments = arguments_of_pyro(user);
        let arguments = arguments.iter().map(|argument| outside_of_the_jail(argument, &files));
        Self { arguments: arguments.collect(), directory }
    }

    /// Boots one and waits for its first byte.
    pub(crate) fn boot(&self) -> RunningRaw {
        self.boot_with("")
    }

    /// The same; the guest runs what the agent runs for `true` before it sends the byte.
    pub(crate) fn boot_and_run_true(&self) -> RunningRaw {
        self.boot_with(" with-a-command")
    }

    fn boot_with(&self, word: &str) -> RunningRaw {
        let disk = self.directory.path().join("disk");
        let _ = std::fs::remove_file(&disk);
        disk::create(&disk, DISK_BYTES).unwrap();
        let (mut channel, theirs) = UnixStream::pair().unwrap();
        let (_console, console) = UnixStream::pair().unwrap();
        for end in [&theirs, &console] {
            rustix::io::fcntl_setfd(end, rustix::io::FdFlags::empty()).unwrap();
        }
        let number = |argument: &String| {
            let more = if argument.contains("pyro.agent=1") { word } else { "" };
            format!("{argument}{more}")
                .replace("{agent}", &theirs.as_raw_fd().to_string())
                .replace("{console}", &console.as_raw_fd().to_string())
        };
        let started = Instant::now();
        let qemu = Command::new("qemu-system-x86_64")
            .args(self.arguments.iter().map(number))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        drop(theirs);
        channel.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        channel.read_exact(&mut [0]).expect("the raw machine does not boot");
        RunningRaw { qemu, channel, booted: started.elapsed() }
    }
}

impl RunningRaw {
    /// Has the guest send `count` bytes, and says how long they took to come.
    pub(crate) fn receive(&mut self, count: u64) -> Duration {
        let started = Instant::now();
        self.channel.write_all(&count.to_le_bytes()).unwrap();
        let copied = std::io::copy(&mut (&self.channel).take(count), &mut std::io::sink());
        assert_eq!(copied.unwrap(), count);
        started.elapsed()
    }

    /// Ends it.
    pub(crate) fn end(mut self) {
        self.qemu.kill().unwrap();
        self.qemu.wait().unwrap();
    }
}

fn build_init(to: &Path) {
    let status = Command::new("cc").args(["-O2", "-static", "-o"]).arg(to).arg(SOURCE).status();
    assert!(status.unwrap().success(), "cc does not build {SOURCE}");
}

/// QEMU's arguments in a machine that `pyro run` has started.
fn arguments_of_pyro(user: &User) -> Vec<String> {
    let running = user.world.script("echo ready; sleep 60").start();
    running.prints("ready");
    let qemu = running.process(Process::is_vmm);
    running.signal(scenarios::Signal::TERM);
    let _ = running.end();
    user.world.assert_clean();
    qemu.words[1..].to_vec()
}

/// The same argument with this host's paths and with places for the channels' descriptors.
fn outside_of_the_jail(argument: &str, files: &[(&str, PathBuf)]) -> String {
    for (channel, place) in [("agent", "{agent}"), ("console", "{console}")] {
        if argument.starts_with(&format!("socket,id={channel},fd=")) {
            return format!("socket,id={channel},fd={place}");
        }
    }
    files.iter().fold(argument.to_owned(), |argument, (inside, host)| {
        argument.replace(inside, &host.display().to_string())
    })
}
