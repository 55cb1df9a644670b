//! What the host may ask of the agent. One stream per request: its `Open` frame carries a
//! [`Request`], what follows on the stream is said at each variant. JSON with named fields, so
//! that an older agent ignores a field it does not know.

use crate::path::GuestPath;
use serde::{Deserialize, Serialize};

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
    },
    /// Sends a file or directory as a tar archive on the main lane, then [`TransferDone`] and
    /// `Finish`. (Since 1.)
    ReadTree {
        /// Absolute.
        path: GuestPath,
    },
    /// Ends the machine: the agent flushes its disks and powers off. No answer. (Since 1.)
    PowerOff,
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

    /// The wire surface. A changed line here is a change that some peer will meet: see VERSIONING.md.
    #[test]
    fn the_wire_surface_is_frozen() {
        let samples = [
            serde_json::to_string(&Request::Echo),
            serde_json::to_string(&Request::Exec(Exec {
                command: "true".into(),
                cwd: Some("/workspace".into()),
                env: vec![("A".into(), "b".into())],
                user: Some("1000:1000".into()),
                stdin: true,
                timeout_ms: Some(30_000),
            })),
            serde_json::to_string(&Request::ReadFile {
                path: "/a".into(),
                offset: 1,
                length: None,
            }),
            serde_json::to_string(&Request::WriteFile { path: "/a".into(), mode: 0o644 }),
            serde_json::to_string(&Request::WriteTree { path: GuestPath::new(*b"/\xff") }),
            serde_json::to_string(&Request::ReadTree { path: "/a".into() }),
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
        let lines: Vec<String> = samples.into_iter().map(Result::unwrap).collect();
        let frozen = include_str!("../schema/generation-1.txt");
        assert_eq!(lines.join("\n") + "\n", frozen);
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
