//! The host's side: lays out the bait, and plays the shim as one user or another.

use crate::inside::{Bait, Findings};
use pyro::machine::jail::{self, Bind, JailSpec, JailedChild, Limits, Streams, Tier};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::fd::AsRawFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The ordinary user that a test started by root plays.
const ORDINARY: u32 = 65_533;

/// Who runs pyro.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Root,
    Ordinary,
}

impl Who {
    /// Everybody that the user of this test can be.
    pub(crate) fn all() -> &'static [Self] {
        if rustix::process::geteuid().is_root() {
            &[Self::Root, Self::Ordinary]
        } else {
            &[Self::Ordinary]
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Ordinary => "ordinary_user",
        }
    }

    /// The user that the VMM must run as.
    fn vmm_uid(self) -> u32 {
        match self {
            Self::Root => jail::machine_uid(7).unwrap(),
            Self::Ordinary if rustix::process::geteuid().is_root() => ORDINARY,
            Self::Ordinary => rustix::process::geteuid().as_raw(),
        }
    }
}

/// A directory with bait and machine files, and the listeners that keep the bait alive.
pub(crate) struct Host {
    directory: tempfile::TempDir,
    who: Who,
    tcp: TcpListener,
    _socket: UnixListener,
    _abstract_socket: UnixListener,
}

impl Host {
    pub(crate) fn new(who: Who) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        // Open to everybody, so that only the jail keeps anybody out.
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(path.join("home")).unwrap();
        fs::set_permissions(path.join("home"), fs::Permissions::from_mode(0o777)).unwrap();
        fs::write(path.join("home/secret"), "secret").unwrap();
        fs::write(path.join("kernel"), "kernel").unwrap();
        fs::copy(std::env::current_exe().unwrap(), path.join("program")).unwrap();
        fs::create_dir(path.join("run")).unwrap();
        if rustix::process::geteuid().is_root() {
            chown(path.join("run"), Some(who.vmm_uid()), Some(who.vmm_uid())).unwrap();
        }
        let socket = UnixListener::bind(path.join("home/socket")).unwrap();
        fs::set_permissions(path.join("home/socket"), fs::Permissions::from_mode(0o777)).unwrap();
        let name = abstract_name(path);
        let address = SocketAddr::from_abstract_name(name).unwrap();
        Self {
            who,
            tcp: TcpListener::bind("127.0.0.1:0").unwrap(),
            _socket: socket,
            _abstract_socket: UnixListener::bind_addr(&address).unwrap(),
            directory,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The jail of a program that does `role` with the bait as its argument.
    pub(crate) fn spec(&self, tier: Tier, role: &str) -> JailSpec {
        let kernel =
            Bind { host: self.path("kernel"), inside: "/machine/kernel".into(), writable: false };
        let run = Bind { host: self.path("run"), inside: "/machine/run".into(), writable: true };
        let program = self.path("program");
        let bait = Bait {
            secret: self.path("home/secret"),
            socket: self.path("home/socket"),
            abstract_socket: abstract_name(self.directory.path()),
            tcp_port: self.tcp.local_addr().unwrap().port(),
            host_process: rustix::process::getpid().as_raw_pid(),
            hostname: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            uid: self.who.vmm_uid(),
            kept_fd: -1, // known to the shim only
            program: program.clone(),
            kernel: kernel.seen_at(tier).to_owned(),
            run_dir: run.seen_at(tier).to_owned(),
        };
        JailSpec {
            tier,
            args: vec![
                role.to_owned(),
                serde_json::to_string(&tier).unwrap(),
                serde_json::to_string(&bait).unwrap(),
            ],
            env: vec![],
            working_dir: None,
            readable: jail::readable_for(&program).unwrap(),
            program,
            binds: vec![kernel, run],
            devices: vec!["/dev/zero".into()],
            keep_fds: vec![],
            unprivileged_uid: (self.who == Who::Root).then(|| self.who.vmm_uid()),
            limits: Limits {
                file_size: crate::FILE_SIZE,
                open_files: 256,
                processes: None,
                memory: None,
            },
        }
    }

    /// QEMU with an emulated CPU and its own filter, stopped before its first instruction.
    pub(crate) fn qemu_answers(&self, tier: Tier) {
        let program = PathBuf::from("/usr/bin/qemu-system-x86_64");
        let args = "-nodefaults -no-user-config -display none -M microvm -accel tcg -m 64 -S \
            -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";
        let mut spec = self.spec(tier, "");
        spec.args = args.split_whitespace().map(str::to_owned).collect();
        spec.readable = jail::readable_for(&program).unwrap();
        spec.program = program;
        let output = self.play("__qemu", &spec).wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}: {said}", output.status);
    }

    /// This program as `role`, run by the host's user, with `spec` on its standard input.
    fn play(&self, role: &str, spec: &JailSpec) -> Child {
        let mut input = tempfile::tempfile().unwrap();
        serde_json::to_writer(&mut input, spec).unwrap();
        std::io::Seek::rewind(&mut input).unwrap();
        let mut command = self.command(&self.path("program"));
        command.arg(role).stdin(input).stdout(Stdio::piped()).spawn().unwrap()
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/");
        if self.who == Who::Ordinary && rustix::process::geteuid().is_root() {
            command.uid(ORDINARY).gid(ORDINARY); // drops the supplementary groups as well
        }
        command
    }

    /// The probe's report in a place where nobody may make a user namespace.
    pub(crate) fn tier_without_user_namespaces(&self) -> jail::TierReport {
        let script = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$0\" __tier";
        let mut unshare = self.command(Path::new("unshare"));
        unshare.args(["--user", "--map-root-user", "sh", "-c", script]).arg(self.path("program"));
        let output = unshare.stderr(Stdio::inherit()).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What the probe finds in a jail of this tier.
    pub(crate) fn findings(&self, tier: Tier) -> Findings {
        self.findings_of(&self.spec(tier, "__probe"))
    }

    /// What the probe finds in this jail.
    pub(crate) fn findings_of(&self, spec: &JailSpec) -> Findings {
        let output = self.play("__run", spec).wait_with_output().unwrap();
        assert!(output.status.success(), "the probe ended with {}", output.status);
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// A shim whose machine sleeps, with the identities of its launcher and its VMM.
    pub(crate) fn sleeping_machine(&self, tier: Tier) -> (Child, [jail::ProcessIdentity; 2]) {
        let mut shim = self.play("__shim", &self.spec(tier, "__sleep"));
        let mut line = String::new();
        BufReader::new(shim.stdout.take().unwrap()).read_line(&mut line).unwrap();
        (shim, serde_json::from_str(&line).unwrap())
    }
}

fn abstract_name(directory: &Path) -> String {
    format!("pyro-jail-test{}", directory.display())
}

/// The spec on standard input, with a descriptor to keep and one that must not be inherited.
fn start(streams: Streams) -> JailedChild {
    let mut spec: JailSpec = serde_json::from_reader(std::io::stdin()).unwrap();
    let kept = fs::File::open("/dev/null").unwrap();
    let leaking = fs::File::open("/dev/null").unwrap();
    rustix::io::fcntl_setfd(&leaking, rustix::io::FdFlags::empty()).unwrap();
    spec.keep_fds = vec![kept.as_raw_fd()];
    if let Some(Ok(mut bait)) = spec.args.get(2).map(|json| serde_json::from_str::<Bait>(json)) {
        bait.kept_fd = kept.as_raw_fd();
        spec.args[2] = serde_json::to_string(&bait).unwrap();
    }
    jail::spawn(&std::env::current_exe().unwrap(), &spec, streams).unwrap()
}

/// Role `__run`: a shim that waits for its VMM and ends with the same status.
pub(crate) fn run() -> i32 {
    let mut vmm =
        start(Streams { stdin: Stdio::null(), stdout: Stdio::inherit(), stderr: Stdio::inherit() });
    vmm.wait().unwrap().code().unwrap_or(255)
}

/// Role `__shim`: a shim that names its two processes and stays.
pub(crate) fn stay() -> ! {
    let vmm = start(Streams::discard());
    println!("{}", serde_json::to_string(&[vmm.launcher().unwrap(), vmm.vmm()]).unwrap());
    sleep()
}

/// Role `__qemu`: a shim whose VMM is QEMU, which must answer on the descriptor it inherits.
pub(crate) fn ask_qemu() {
    let mut spec: JailSpec = serde_json::from_reader(std::io::stdin()).unwrap();
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    ours.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    spec.keep_fds = vec![theirs.as_raw_fd()];
    let chardev = format!("socket,id=qmp,fd={}", theirs.as_raw_fd());
    spec.args.extend(["-chardev", &chardev, "-mon", "chardev=qmp,mode=control"].map(str::to_owned));
    let streams =
        Streams { stdin: Stdio::null(), stdout: Stdio::inherit(), stderr: Stdio::inherit() };
    let mut qemu = jail::spawn(&std::env::current_exe().unwrap(), &spec, streams).unwrap();
    drop(theirs);
    let mut lines = BufReader::new(ours.try_clone().unwrap()).lines().map(Result::unwrap);
    assert!(lines.next().unwrap().contains("\"QMP\""));
    for command in ["qmp_capabilities", "query-status", "quit"] {
        writeln!(ours, "{{\"execute\":\"{command}\"}}").unwrap();
        let answer = lines.find(|line| !line.contains("\"event\"")).unwrap();
        assert!(answer.contains("\"return\""), "{command}: {answer}");
    }
    assert!(qemu.wait().unwrap().success());
}

/// Role `__sleep`: a VMM that does nothing.
pub(crate) fn sleep() -> ! {
    loop {
        std::thread::park();
    }
}
