//! What the host may ask of the agent. One stream per request: its `Open` frame carries a
//! [`Request`], what follows on the stream is said at each variant. JSON with named fields, so
//! that an older agent ignores a field it does not know.

use crate::path::GuestPath;
use crate::shell::Shell;
use serde::{Deserialize, Serialize};
use std::ops::Not;

/// A request from the host. Precondition of all: the handshake is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Request {
    /// Main-lane bytes come back as they are, until `Finish`; the agent then finishes too. (Since 1.)
    Echo,
    /// Runs a command. Host to agent: stdin on the main lane, `Finish` closes it, [`ExecControl`]
    /// messages. Agent to host: stdout and stderr on the two lanes, then one [`ExecExit`] message and
    /// `Finish`. A `Reset` from the host kills everything the command started. (Since 1.)
    Exec(Exec),
    /// Sends a regular file's bytes on the main lane, then [`TransferDone`] and `Finish`. (Since 1.)
    ReadFile {
        /// Absolute; no symlink is followed in the last component.
        path: GuestPath,
        /// First byte to send.
        #[serde(default)]
        offset: u64,
        /// How many bytes at most; none: to the end.
        #[serde(default)]
        length: Option<u64>,
    },
    /// Takes the main lane up to `Finish` as the new content of a file, replacing it in one step;
    /// missing parents are made. Answers [`TransferDone`] and `Finish`. (Since 1.)
    WriteFile {
        /// Absolute.
        path: GuestPath,
        /// Permission bits of a new file.
        mode: u32,
    },
    /// Takes a tar archive on the main lane up to `Finish` and unpacks it below a directory.
    /// Answers [`TransferDone`] and `Finish`. (Since 1.)
    WriteTree {
        /// Absolute; made if missing.
        path: GuestPath,
        /// Whether each file is written aside and renamed into its place, for a tree that somebody
        /// uses meanwhile.
        #[serde(default, skip_serializing_if = "Not::not")]
        replace: bool,
    },
    /// Sends a file or directory as a tar archive on the main lane, then [`TransferDone`] and
    /// `Finish`. (Since 1.)
    ReadTree {
        /// Absolute.
        path: GuestPath,
        /// Whether what is in a `.git` stays out.
        #[serde(default, skip_serializing_if = "Not::not")]
        without_git: bool,
    },
    /// Ends the machine: the agent flushes its disks and powers off. No answer. (Since 1.)
    PowerOff,
    /// Tells what is at a path: one [`tree::Entry`](crate::tree::Entry) message, then `Finish`.
    /// (Since 2.)
    Stat {
        /// Absolute, without `..`; a symbolic link in the last component is told, not followed.
        path: GuestPath,
    },
    /// Tells what is in a directory, or what a file is: [`tree::Entry`](crate::tree::Entry) as JSON
    /// lines on the main lane in [tree order](GuestPath::tree_order), then one
    /// [`tree::ListDone`](crate::tree::ListDone) message and `Finish`. (Since 2.)
    List {
        /// Absolute, without `..`; no symbolic link is followed in the last component, nor further in.
        path: GuestPath,
        /// Whether directories in it are listed too.
        #[serde(default)]
        recursive: bool,
        /// How many entries to send at most.
        limit: u64,
    },
    /// Replaces a text in a regular file of at most [`tree::MAX_EDITED`](crate::tree::MAX_EDITED)
    /// bytes, in one step. Answers [`tree::EditOutcome`](crate::tree::EditOutcome) and `Finish`. (Since 2.)
    EditFile {
        /// Absolute; no symbolic link is followed in the last component.
        path: GuestPath,
        /// What to look for, byte by byte; not empty.
        old: String,
        /// What to put in its place.
        new: String,
        /// Whether all occurrences are meant; otherwise there must be exactly one.
        #[serde(default)]
        replace_all: bool,
    },
    /// Notes what `/workspace` holds now, for later [`Request::Changes`]. Answers
    /// [`tree::ManifestTaken`](crate::tree::ManifestTaken) and `Finish`. (Since 2.)
    TakeManifest,
    /// Compares `/workspace` with the manifest: [`tree::Change`](crate::tree::Change) as JSON lines
    /// on the main lane in [tree order](GuestPath::tree_order), then one
    /// [`tree::ChangesDone`](crate::tree::ChangesDone) message and `Finish`. (Since 2.)
    Changes {
        /// The manifest's, as [`tree::ManifestTaken`](crate::tree::ManifestTaken) gave it; none:
        /// there is no manifest, everything is new.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        checksum: Option<String>,
        /// How many changes to send at most.
        limit: u64,
    },
    /// Stops every write to the workspace's disk: one [`tree::Frozen`](crate::tree::Frozen) message,
    /// and after the host's `Finish` one [`tree::Thawed`](crate::tree::Thawed) and `Finish`. Writes go on
    /// when the host finishes or resets the stream, and after the limit. (Since 2.)
    Freeze {
        /// After so many milliseconds it ends by itself.
        limit_ms: u64,
    },
    /// Writes everything to the workspace's disk, then `Finish`. (Since 2.)
    Sync,
    /// Gives the guest its network: from then on the agent opens streams with
    /// [`network::Ask`](crate::network::Ask). Answers [`network::Up`](crate::network::Up) and `Finish`.
    /// Asked once per session, and only where the machine may reach something. (Since 3.)
    StartNetwork {
        /// Ranges of addresses that are let through beside the public ones, such as `10.1.0.0/16`: so the
        /// guest does not take them for its own.
        #[serde(default)]
        reachable: Vec<String>,
    },
    /// Changes files of `/workspace`, all of them or none, whatever happens meanwhile. Host to agent, on
    /// the main lane up to `Finish`: for each file a [`tree::Rewrite`](crate::tree::Rewrite) as a JSON
    /// line, then the bytes of its new content. Nothing is changed before `Finish`. Answers
    /// [`tree::ApplyOutcome`](crate::tree::ApplyOutcome) and `Finish`. (Since 3.)
    Apply,
    /// Opens a shell behind a terminal of its own. Host to agent: what is typed, on the main lane, and
    /// [`ShellControl`](crate::shell::ShellControl) messages. Agent to host: one
    /// [`ShellOpened`](crate::shell::ShellOpened) message, what the terminal shows on the main lane, and
    /// when the shell has ended one [`ExecExit`] and `Finish`. The host's `Finish` or `Reset` kills
    /// everything that the shell started, even after its end. (Since 4.)
    Shell(Shell),
    /// Connects to a server in the guest. One [`network::Connected`](crate::network::Connected) message once
    /// the connection is there; from then on bytes on the main lane in both directions, `Finish` for a half
    /// that is closed, `Reset` for a connection that is reset. One that cannot be made is a `Reset` too.
    /// (Since 4.)
    Connect {
        /// An address, or `localhost`: 127.0.0.1, else ::1, else the guest's own address.
        host: String,
        /// The TCP port.
        port: u16,
    },
    /// Sends the whole root file system as a tar archive on the main lane, then [`TransferDone`] and `Finish`:
    /// what an image of it is made of, with owners, all permission bits, extended attributes, devices and
    /// hard links. What is mounted in it stays out, and so does what is in `/workspace`. (Since 5.)
    ReadRoot,
}

/// A command to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exec {
    /// One string for `/bin/sh -lc`.
    pub command: String,
    /// Absolute working directory; none: `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<GuestPath>,
    /// Variables on top of the agent's own few (`PATH`, `HOME`, …).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<(String, String)>,
    /// `name`, `name:group`, `uid` or `uid:gid` of the guest; none: root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Whether stdin will be sent; otherwise it is `/dev/null`.
    #[serde(default)]
    pub stdin: bool,
    /// After so many milliseconds everything the command started is killed; none: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// Whether everything on the workspace's disk is written before the end is told.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub sync: bool,
    /// Whether it is a service: one [`ExecStarted`] message comes before everything else, and what it
    /// leaves in the background is killed before its end is told. (Since 4.)
    #[serde(default, skip_serializing_if = "Not::not")]
    pub service: bool,
}

/// A service has started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecStarted {
    /// Its process in the guest.
    pub pid: i32,
}

/// What the host may say to a running command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum ExecControl {
    /// Sends a signal to the command's process group.
    Signal {
        /// Linux signal number, 1 to 31.
        signal: i32,
    },
    /// Kills everything that the command started. Its end is told as always. (Since 4.)
    Kill,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecExit {
    /// As a shell reports it: the exit code, or 128 + the number of the signal that killed it;
    /// 124 when the time limit did.
    pub code: i32,
    /// The signal that killed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// Whether the time limit ended it.
    #[serde(default)]
    pub timed_out: bool,
    /// From start to end in the guest, in microseconds.
    pub duration_us: u64,
}

/// What a transfer did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferDone {
    /// Files, directories and links.
    pub entries: u64,
    /// Bytes of content.
    pub bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network;
    use crate::shell::{ShellControl, ShellOpened, Size};
    use crate::tree::{
        After, ApplyOutcome, Before, Change, ChangesDone, EditOutcome, Entry, Facts, Frozen, Kind,
        ListDone, ManifestTaken, Rewrite, Thawed,
    };

    /// The wire surface. A changed line here is a change that some peer will meet: see VERSIONING.md.
    #[test]
    fn the_wire_surface_of_generation_1_is_frozen() {
        let samples = [
            serde_json::to_string(&Request::Echo),
            serde_json::to_string(&Request::Exec(Exec {
                command: "true".into(),
                cwd: Some("/workspace".into()),
                env: vec![("A".into(), "b".into())],
                user: Some("1000:1000".into()),
                stdin: true,
                timeout_ms: Some(30_000),
                sync: false,
                service: false,
            })),
            serde_json::to_string(&Request::ReadFile {
                path: "/a".into(),
                offset: 1,
                length: None,
            }),
            serde_json::to_string(&Request::WriteFile { path: "/a".into(), mode: 0o644 }),
            serde_json::to_string(&Request::WriteTree {
                path: GuestPath::new(*b"/\xff"),
                replace: false,
            }),
            serde_json::to_string(&Request::ReadTree { path: "/a".into(), without_git: false }),
            serde_json::to_string(&Request::PowerOff),
            serde_json::to_string(&ExecControl::Signal { signal: 2 }),
            serde_json::to_string(&ExecExit {
                code: 137,
                signal: Some(9),
                timed_out: false,
                duration_us: 5,
            }),
            serde_json::to_string(&TransferDone { entries: 1, bytes: 2 }),
        ];
        assert_eq!(lines(samples), include_str!("../schema/generation-1.txt"));
    }

    #[test]
    fn the_wire_surface_of_generation_2_is_frozen() {
        let facts = Facts { kind: Kind::File, size: 3, mode: 0o644, link_target: None };
        let link =
            Facts { kind: Kind::Symlink, size: 1, mode: 0o777, link_target: Some("a".into()) };
        let samples = [
            serde_json::to_string(&Request::Exec(Exec {
                command: "true".into(),
                cwd: None,
                env: Vec::new(),
                user: None,
                stdin: false,
                timeout_ms: None,
                sync: true,
                service: false,
            })),
            serde_json::to_string(&Request::WriteTree { path: "/a".into(), replace: true }),
            serde_json::to_string(&Request::Stat { path: "/a".into() }),
            serde_json::to_string(&Request::List { path: "/a".into(), recursive: true, limit: 9 }),
            serde_json::to_string(&Request::EditFile {
                path: "/a".into(),
                old: "x".into(),
                new: "y".into(),
                replace_all: true,
            }),
            serde_json::to_string(&Request::TakeManifest),
            serde_json::to_string(&Request::Changes {
                checksum: Some("0badcafe".into()),
                limit: 9,
            }),
            serde_json::to_string(&Request::Freeze { limit_ms: 5000 }),
            serde_json::to_string(&Request::Sync),
            serde_json::to_string(&Entry {
                path: "/a".into(),
                kind: Kind::Directory,
                size: 0,
                mode: 0o755,
                mtime_ns: -1,
                link_target: None,
            }),
            serde_json::to_string(&ListDone { entries: 1, truncated: true }),
            serde_json::to_string(&EditOutcome::Edited { replacements: 1, bytes: 2 }),
            serde_json::to_string(&EditOutcome::Missing {}),
            serde_json::to_string(&EditOutcome::Ambiguous { count: 2 }),
            serde_json::to_string(&ManifestTaken {
                entries: 1,
                bytes: 2,
                checksum: "0badcafe".into(),
            }),
            serde_json::to_string(&Change {
                path: GuestPath::new(*b"\xff"),
                before: Some(facts),
                after: Some(link),
            }),
            serde_json::to_string(&Change {
                path: "a/b".into(),
                before: None,
                after: Some(Facts { kind: Kind::Other, size: 0, mode: 0o600, link_target: None }),
            }),
            serde_json::to_string(&ChangesDone {
                changes: 2,
                truncated: false,
                git_metadata_changed: true,
            }),
            serde_json::to_string(&Frozen {}),
            serde_json::to_string(&Thawed { in_time: true }),
        ];
        assert_eq!(lines(samples), include_str!("../schema/generation-2.txt"));
    }

    #[test]
    fn the_wire_surface_of_generation_3_is_frozen() {
        let samples = [
            serde_json::to_string(&Request::StartNetwork { reachable: vec!["10.1.0.0/16".into()] }),
            serde_json::to_string(&network::Up { address: "198.18.0.1".into() }),
            serde_json::to_string(&network::Ask::Lookup { name: "a.example".into() }),
            serde_json::to_string(&network::Verdict::Known),
            serde_json::to_string(&network::Verdict::Denied),
            serde_json::to_string(&network::Verdict::Missing),
            serde_json::to_string(&network::Ask::Connect { host: "a.example".into(), port: 443 }),
            serde_json::to_string(&network::Connected {}),
            serde_json::to_string(&Request::ReadTree { path: "/a".into(), without_git: true }),
            serde_json::to_string(&Request::Apply),
            serde_json::to_string(&Rewrite {
                path: "a/b".into(),
                before: Some(Before { kind: Kind::Symlink, size: 2, checksum: 7 }),
                after: Some(After { kind: Kind::File, size: 3, mode: 0o755 }),
            }),
            serde_json::to_string(&ApplyOutcome::Applied {}),
            serde_json::to_string(&ApplyOutcome::Differs { path: "a/b".into() }),
        ];
        assert_eq!(lines(samples), include_str!("../schema/generation-3.txt"));
    }

    #[test]
    fn the_wire_surface_of_generation_4_is_frozen() {
        let samples = [
            serde_json::to_string(&Request::Shell(Shell {
                cwd: Some("/workspace".into()),
                env: vec![("A".into(), "b".into())],
                size: Size { cols: 120, rows: 30 },
            })),
            serde_json::to_string(&ShellOpened { program: "/bin/sh".into() }),
            serde_json::to_string(&ShellControl::Resize { size: Size { cols: 80, rows: 24 } }),
            serde_json::to_string(&ShellControl::Signal { signal: 2 }),
            serde_json::to_string(&ShellControl::Close),
            // services
            serde_json::to_string(&Request::Exec(Exec {
                command: "true".into(),
                cwd: None,
                env: Vec::new(),
                user: None,
                stdin: false,
                timeout_ms: None,
                sync: false,
                service: true,
            })),
            serde_json::to_string(&ExecStarted { pid: 42 }),
            serde_json::to_string(&ExecControl::Kill),
            serde_json::to_string(&Request::Connect { host: "localhost".into(), port: 8080 }),
        ];
        assert_eq!(lines(samples), include_str!("../schema/generation-4.txt"));
    }

    #[test]
    fn the_wire_surface_of_generation_5_is_frozen() {
        let samples = [serde_json::to_string(&Request::ReadRoot)];
        assert_eq!(lines(samples), include_str!("../schema/generation-5.txt"));
    }

    fn lines<const N: usize>(samples: [serde_json::Result<String>; N]) -> String {
        samples.into_iter().map(|sample| sample.unwrap() + "\n").collect()
    }

    #[test]
    fn a_field_from_the_future_is_ignored_and_a_missing_option_has_its_default() {
        let exec: Request =
            serde_json::from_str(r#"{"do":"exec","command":"ls","colour":"red"}"#).unwrap();
        let Request::Exec(exec) = exec else { panic!("not an exec") };
        assert_eq!((exec.stdin, exec.timeout_ms, exec.cwd), (false, None, None));
        assert!(serde_json::from_str::<Request>(r#"{"do":"fly"}"#).is_err());
    }
}
