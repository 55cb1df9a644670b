//! Other users of the host at a shim's socket. Only root can be somebody else, so these tests exist
//! where root runs them, and nowhere else.

use crate::host::processes::shim;
use crate::host::{Host, machine, trial};
use libtest_mimic::Trial;
use pyro_proto::frame::{self, FrameKind};
use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

const ROLE: &str = "__stranger";
/// `nobody` on Debian; nothing on this host belongs to it.
const NOBODY: u32 = 65534;

pub(crate) fn trials() -> Vec<Trial> {
    if !rustix::process::geteuid().is_root() {
        return Vec::new();
    }
    vec![trial("a_stranger_is_stopped_by_the_directory_and_by_the_shim", a_stranger)]
}

/// `__stranger SOCKET`: asks the shim whether its machine is ready, and prints what came of it.
pub(crate) fn play() -> Option<ExitCode> {
    let mut words = std::env::args().skip(1);
    if words.next()? != ROLE {
        return None;
    }
    println!("{}", ask(Path::new(&words.next().unwrap())));
    Some(ExitCode::SUCCESS)
}

fn ask(socket: &Path) -> String {
    let mut shim = match UnixStream::connect(socket) {
        Ok(shim) => shim,
        Err(error) => return format!("no connection: {}", error.kind()),
    };
    shim.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut question = bytes::BytesMut::new();
    frame::encode(FrameKind::Open, 1, br#"{"shim":"ready"}"#, &mut question);
    // a shim that has closed already cannot take it
    let _ = shim.write_all(&question);
    match shim.read(&mut [0; 64]) {
        Ok(0) => "closed".into(),
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => "closed".into(),
        Ok(_) => "answered".into(),
        Err(error) => format!("silence: {error}"),
    }
}

async fn a_stranger() {
    let host = Host::new();
    let vm = host.start(&machine()).await.unwrap();
    let directory = host.machines().join(&vm.facts().vm_id);
    let socket = directory.join("shim.sock");
    // nobody may not reach the build directory
    let program = host.home().join("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    open(&program, 0o755);
    open(host.home(), 0o755);
    let says = |user| {
        let mut stranger = Command::new(&program);
        let output = stranger.arg(ROLE).arg(&socket).uid(user).gid(user).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    assert_eq!(says(0), "answered");
    assert_eq!(says(NOBODY), "no connection: permission denied");

    for path in [host.home().join("state"), host.machines(), directory] {
        open(&path, 0o755);
    }
    open(&socket, 0o777);
    assert_eq!(says(NOBODY), "closed");
    assert!(shim().is_some());
    assert_eq!(says(0), "answered");
    open(&host.machines(), 0o700);
    vm.delete().await.unwrap();
    host.assert_clean().await;
}

fn open(path: &Path, mode: u32) {
    let path: PathBuf = path.into();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}
