//! Starting a VMM by itself, with the settings that pyro gave one of its own.

use crate::raw::Files;
use crate::user::User;
use pyro_proto::handshake::VSOCK_PORT;
use scenarios::{Process, Running};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A VMM and what it is told.
#[derive(Debug)]
pub(crate) enum RawVmm {
    /// QEMU's arguments, with places for the numbers of descriptors.
    Qemu(Vec<String>),
    /// Firecracker's configuration, which it would read from a file.
    Firecracker {
        /// The program.
        program: String,
        /// JSON.
        configuration: String,
    },
}

impl RawVmm {
    /// The one that `pyro run` chooses here, told the same.
    pub(crate) fn like_pyros(user: &User, files: &Files) -> Self {
        let running = user.world.script("echo ready; sleep 60").start();
        running.prints("ready");
        let vmm = running.process(Process::is_vmm);
        let raw = if vmm.mentions("--api-sock") {
            Self::like_firecracker(user, &vmm, files)
        } else {
            let words = vmm.words[1..].iter();
            Self::Qemu(words.map(|word| with_places(&outside_of_the_jail(word, files))).collect())
        };
        end(user, running);
        raw
    }

    fn like_firecracker(user: &User, vmm: &Process, files: &Files) -> Self {
        let machine = user.world.machines().pop().unwrap();
        let configuration = ask_firecracker(&machine.join("run/api.sock"));
        let program = vmm.words[0].clone();
        Self::Firecracker { program, configuration: outside_of_the_jail(&configuration, files) }
    }

    /// Starts it in `directory`; `word` is added to the kernel's line. Returns it with its channel.
    pub(crate) fn start(&self, directory: &Path, word: &str) -> (Child, UnixStream) {
        match self {
            Self::Qemu(arguments) => start_qemu(arguments, word),
            Self::Firecracker { program, configuration } => {
                start_firecracker(program, configuration, directory, word)
            }
        }
    }
}

fn start_qemu(arguments: &[String], word: &str) -> (Child, UnixStream) {
    let (channel, theirs) = UnixStream::pair().unwrap();
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
    let mut command = Command::new("qemu-system-x86_64");
    (silent(command.args(arguments.iter().map(number))), channel)
}

/// Without its API, which takes it a thread and the caller six requests.
fn start_firecracker(
    program: &str,
    configuration: &str,
    directory: &Path,
    word: &str,
) -> (Child, UnixStream) {
    let called = directory.join(format!("vsock_{VSOCK_PORT}"));
    for socket in [&directory.join("vsock"), &called] {
        let _ = std::fs::remove_file(socket);
    }
    let listener = UnixListener::bind(called).unwrap();
    let configuration = configuration.replace("pyro.agent=1", &format!("pyro.agent=1{word}"));
    std::fs::write(directory.join("configuration"), configuration).unwrap();
    let mut command = Command::new(program);
    command.args(["--no-api", "--config-file", "configuration"]).current_dir(directory);
    let vmm = silent(&mut command);
    let (channel, _) = listener.accept().unwrap();
    (vmm, channel)
}

fn silent(command: &mut Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// `GET /vm/config`: everything that it was told, in the form of its configuration file.
fn ask_firecracker(socket: &Path) -> String {
    let mut api = UnixStream::connect(socket).unwrap();
    api.write_all(b"GET /vm/config HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = BufReader::new(api);
    let (mut line, mut length) = (String::new(), 0);
    while answer.read_line(&mut line).unwrap() > 2 {
        if let Some(value) = line.strip_prefix("Content-Length: ") {
            length = value.trim().parse().unwrap();
        }
        line.clear();
    }
    let mut body = vec![0; length];
    answer.read_exact(&mut body).unwrap();
    String::from_utf8(body).unwrap()
}

fn end(user: &User, running: Running) {
    running.signal(scenarios::Signal::TERM);
    let _ = running.end();
    user.world.assert_clean();
}

/// An argument with places for the channels' descriptors.
fn with_places(argument: &str) -> String {
    for (channel, place) in [("agent", "{agent}"), ("console", "{console}")] {
        if argument.starts_with(&format!("socket,id={channel},fd=")) {
            return format!("socket,id={channel},fd={place}");
        }
    }
    argument.to_owned()
}

/// The same with this host's paths.
fn outside_of_the_jail(argument: &str, files: &Files) -> String {
    files.iter().fold(argument.to_owned(), |argument, (inside, host)| {
        argument.replace(inside, &host.display().to_string())
    })
}
