//! The raw machine: the same VMM with the same settings, read off a running machine of pyro's, the
//! same kernel, modules, image and a new disk; but no jail, no shim, and an init that does next to
//! nothing (`raw/init.c`).

use crate::raw_vmm::RawVmm;
use crate::user::User;
use pyro::disk;
use pyro::environment::initramfs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

const DISK_BYTES: u64 = 8 << 30;
/// As in `raw/init.c`.
const TAKE: u64 = 1 << 63;
const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/raw/init.c");

/// How to start raw machines.
#[derive(Debug)]
pub(crate) struct RawMachine {
    vmm: RawVmm,
    directory: tempfile::TempDir,
}

/// One that runs.
#[derive(Debug)]
pub(crate) struct RunningRaw {
    vmm: Child,
    channel: UnixStream,
    /// From the start of the VMM to the guest's first byte.
    pub(crate) booted: Duration,
}

/// What pyro's machine has at these paths lies there for the raw one.
pub(crate) type Files = [(&'static str, PathBuf); 4];

impl RawMachine {
    /// Learns the settings, builds the init and packs it.
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
        Self { vmm: RawVmm::like_pyros(user, &files), directory }
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
        let started = Instant::now();
        let (vmm, mut channel) = self.vmm.start(self.directory.path(), word);
        channel.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        channel.read_exact(&mut [0]).expect("the raw machine does not boot");
        RunningRaw { vmm, channel, booted: started.elapsed() }
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

    /// Has the guest take `count` bytes, and says how long it took until it had them.
    pub(crate) fn send(&mut self, count: u64) -> Duration {
        let started = Instant::now();
        self.channel.write_all(&(count | TAKE).to_le_bytes()).unwrap();
        let copied = std::io::copy(&mut std::io::repeat(b'x').take(count), &mut self.channel);
        assert_eq!(copied.unwrap(), count);
        self.channel.read_exact(&mut [0]).expect("the raw machine does not take it");
        started.elapsed()
    }

    /// Ends it.
    pub(crate) fn end(mut self) {
        self.vmm.kill().unwrap();
        self.vmm.wait().unwrap();
    }
}

fn build_init(to: &Path) {
    let status = Command::new("cc").args(["-O2", "-static", "-o"]).arg(to).arg(SOURCE).status();
    assert!(status.unwrap().success(), "cc does not build {SOURCE}");
}
