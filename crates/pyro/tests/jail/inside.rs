//! What a VMM that has been taken over would try, run in the VMM's place inside the jail. Each row
//! names one forbidden thing; those that worked are what the test reports.

use crate::sys;
use pyro::machine::jail::Tier;
use rustix::process::{self, Pid, Resource};
use rustix::thread::{self, CapabilitySet};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixStream};
use std::path::PathBuf;

/// Things of the host that are there to be reached, and things of the machine that must be.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Bait {
    pub(crate) secret: PathBuf,
    pub(crate) socket: PathBuf,
    pub(crate) abstract_socket: String,
    pub(crate) tcp_port: u16,
    pub(crate) host_process: i32,
    pub(crate) hostname: String,
    pub(crate) uid: u32,
    pub(crate) kept_fd: i32,
    pub(crate) program: PathBuf,
    /// As seen inside.
    pub(crate) kernel: PathBuf,
    /// As seen inside.
    pub(crate) run_dir: PathBuf,
}

/// What the probe found, by name.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Findings {
    pub(crate) allowed: Vec<String>,
    pub(crate) missing: Vec<String>,
}

type Attempt = fn(&Bait) -> bool;

/// A forbidden thing, the weakest tier that forbids it, and the attempt.
const FORBIDDEN: &[(&str, Tier, Attempt)] = &[
    ("read a file of the home", Tier::Landlock, |b| fs::read(&b.secret).is_ok()),
    ("list the home", Tier::Landlock, |b| fs::read_dir(b.secret.parent().unwrap()).is_ok()),
    ("see that a file of the home exists", Tier::Full, |b| b.secret.symlink_metadata().is_ok()),
    ("read /etc/passwd", Tier::Landlock, |_| fs::read("/etc/passwd").is_ok()),
    ("see /etc/passwd", Tier::Full, |_| fs::metadata("/etc/passwd").is_ok()),
    ("read /proc", Tier::Landlock, |_| fs::read_dir("/proc/1").is_ok()),
    ("see /proc/self", Tier::Full, |_| fs::metadata("/proc/self").is_ok()),
    ("see /sys", Tier::Full, |_| fs::metadata("/sys").is_ok()),
    ("open a device that is not listed", Tier::Landlock, |_| File::open("/dev/urandom").is_ok()),
    ("write the root", Tier::Landlock, |_| File::create("/planted").is_ok()),
    ("write the home", Tier::Landlock, |b| File::create(b.secret.with_file_name("x")).is_ok()),
    ("write beside the program", Tier::Landlock, |b| {
        File::create(b.program.with_file_name("planted")).is_ok()
    }),
    ("write the program", Tier::Landlock, |b| append(&b.program)),
    ("write a read-only file", Tier::Landlock, |b| append(&b.kernel)),
    ("replace a read-only file", Tier::Landlock, |b| fs::remove_file(&b.kernel).is_ok()),
    ("make a device", Tier::Landlock, |b| {
        let node = b.run_dir.join("node");
        let mode = rustix::fs::Mode::RWXU;
        let kind = rustix::fs::FileType::CharacterDevice;
        rustix::fs::mknodat(rustix::fs::CWD, &node, kind, mode, rustix::fs::makedev(1, 5)).is_ok()
    }),
    ("execute a shell", Tier::Landlock, |_| {
        std::process::Command::new("/bin/sh").arg("-c").arg("exit 0").status().is_ok()
    }),
    ("execute a file it wrote", Tier::Landlock, |b| {
        let copy = b.run_dir.join("copy");
        fs::copy(&b.program, &copy).is_ok()
            && std::process::Command::new(copy).arg("__exit").status().is_ok()
    }),
    ("connect over TCP", Tier::Landlock, |b| TcpStream::connect(("127.0.0.1", b.tcp_port)).is_ok()),
    ("send a datagram", Tier::Landlock, |_| {
        UdpSocket::bind("0.0.0.0:0").and_then(|s| s.send_to(b"x", "192.0.2.1:9")).is_ok()
    }),
    ("see an interface other than lo", Tier::Full, |_| other_interface().is_some()),
    ("connect to an abstract socket", Tier::Full, |b| {
        SocketAddr::from_abstract_name(&b.abstract_socket)
            .and_then(|address| UnixStream::connect_addr(&address))
            .is_ok()
    }),
    ("connect to a socket in the file system", Tier::Full, |b| {
        UnixStream::connect(&b.socket).is_ok()
    }),
    ("see a process of the host", Tier::Full, |b| {
        process::test_kill_process(Pid::from_raw(b.host_process).unwrap())
            != Err(rustix::io::Errno::SRCH)
    }),
    ("signal a process of the host", Tier::Landlock, |b| {
        process::test_kill_process(Pid::from_raw(b.host_process).unwrap()).is_ok()
    }),
    ("be anything but PID 1", Tier::Full, |_| process::getpid() != Pid::INIT),
    ("share the session", Tier::None, |_| process::getsid(None) != Ok(process::getpid())),
    ("learn the host's name", Tier::Full, |b| {
        rustix::system::uname().nodename().to_string_lossy() == b.hostname
    }),
    ("have a capability", Tier::None, |_| {
        let sets = thread::capabilities(None).unwrap();
        !(sets.effective | sets.permitted | sets.inheritable).is_empty()
    }),
    ("have a bounding capability", Tier::Full, |_| bounding_set_is_not_empty()),
    ("gain privileges by exec", Tier::None, |_| thread::no_new_privs() != Ok(true)),
    ("make a user namespace", Tier::Landlock, |_| sys::can_make_user_namespace()),
    ("become root", Tier::None, |_| {
        let root = rustix::fs::Uid::ROOT;
        thread::set_thread_res_uid(root, root, root).is_ok()
    }),
    ("run as another user than its own", Tier::None, |b| {
        process::getuid().as_raw() != b.uid || process::geteuid().as_raw() != b.uid
    }),
    ("be in a group of the host", Tier::None, |b| {
        b.uid >= 900_000 && !process::getgroups().is_ok_and(|groups| groups.is_empty())
    }),
    ("use an inherited descriptor", Tier::None, |b| {
        (3..4096).any(|fd| fd != b.kept_fd && sys::is_open(fd))
    }),
    ("dump core", Tier::None, |_| process::getrlimit(Resource::Core).maximum != Some(0)),
    ("write a file above the limit", Tier::None, |_| {
        process::getrlimit(Resource::Fsize).maximum != Some(crate::FILE_SIZE)
    }),
    ("see an environment variable", Tier::None, |_| std::env::vars_os().next().is_some()),
];

/// What the VMM needs, in every tier.
const NEEDED: &[(&str, Attempt)] = &[
    ("read the kernel", |b| fs::read(&b.kernel).is_ok_and(|bytes| bytes == b"kernel")),
    ("write its run directory", |b| fs::write(b.run_dir.join("disk"), b"x").is_ok()),
    ("listen in its run directory", |b| {
        std::os::unix::net::UnixListener::bind(b.run_dir.join("sock")).is_ok()
    }),
    ("open a listed device", |_| {
        let mut byte = [1];
        let device = OpenOptions::new().read(true).write(true).open("/dev/zero");
        device.and_then(|mut d| d.read_exact(&mut byte)).is_ok() && byte == [0]
    }),
    ("use a kept descriptor", |b| sys::is_open(b.kept_fd)),
    ("start a thread", |_| {
        std::thread::Builder::new().spawn(|| ()).is_ok_and(|t| t.join().is_ok())
    }),
];

/// Tries everything that `tier` promises, and prints the findings.
pub(crate) fn probe(tier: Tier, bait: &Bait) {
    // The needs first: some attempts, should they succeed, would take them away.
    let missing = NEEDED.iter().filter(|(_, works)| !works(bait)).map(|(name, _)| *name);
    let missing = missing.map(str::to_owned).collect();
    let allowed = FORBIDDEN.iter().filter(|(_, from, attempt)| tier >= *from && attempt(bait));
    let allowed = allowed.map(|(name, ..)| (*name).to_owned()).collect();
    let json = serde_json::to_vec(&Findings { allowed, missing }).unwrap();
    std::io::stdout().write_all(&json).unwrap();
}

fn append(path: &std::path::Path) -> bool {
    OpenOptions::new().append(true).open(path).is_ok()
}

fn bounding_set_is_not_empty() -> bool {
    (0..u64::BITS).map(|bit| CapabilitySet::from_bits_retain(1 << bit)).any(|capability| {
        thread::capability_is_in_bounding_set(capability).is_ok_and(|present| present)
    })
}

fn other_interface() -> Option<String> {
    let socket = UnixDatagram::unbound().ok()?; // any socket can ask
    (1..64)
        .filter_map(|index| rustix::net::netdevice::index_to_name(&socket, index).ok())
        .find(|name| name != "lo")
}
