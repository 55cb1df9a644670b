//! What is recorded about a service: `services/<name>/service.json` in its workspace's directory, and beside it
//! what it wrote.

use super::{PublishedPort, Readiness, ServiceError};
use crate::durable;
use crate::error::{AtPath, PathError};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The longest name, in characters.
const MAX_NAME: usize = 64;
/// The name of the record.
const RECORD: &str = "service.json";

/// A service, as its shim last recorded it. Whether the shim lives, it does not say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// How it is called.
    pub service_name: String,
    /// Where it is in its life.
    pub state: State,
    /// One string for `/bin/sh -lc`.
    pub command: String,
    /// Where it began.
    pub cwd: String,
    /// When, Unix seconds.
    pub started_at: u64,
    /// When it was ready, Unix seconds.
    pub ready_at: Option<u64>,
    /// When it ended, Unix seconds.
    pub ended_at: Option<u64>,
    /// As a shell reports it.
    pub exit_code: Option<i32>,
    /// Its process in the guest.
    pub pid: Option<i32>,
    /// When it is ready, if that was asked.
    pub readiness: Option<Readiness>,
    /// Why it ended, where it did not do so by itself.
    pub stop_reason: Option<StopReason>,
    /// Where it is reached on the host while it runs.
    pub published_ports: Vec<PublishedPort>,
    /// Counts its starts, so that one can be told from the next.
    pub starts: u64,
    /// Bytes that it wrote to stdout, once it has ended.
    pub stdout_bytes: u64,
    /// Bytes that it wrote to stderr, once it has ended.
    pub stderr_bytes: u64,
}

/// Where a service is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It runs and is not ready yet.
    Starting,
    /// It runs.
    Running,
    /// It ended by itself.
    Exited,
    /// It was ended.
    Stopped,
    /// It could not be started, or was not ready in time, or ended before it was.
    Failed,
}

/// Why a service ended that did not end by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// Somebody asked for it, and it obeyed SIGTERM.
    Sigterm,
    /// Somebody asked for it, and it had to be killed.
    Sigkill,
    /// It was not ready in time.
    ReadyTimeout,
    /// Its machine ended: the workspace was stopped, reset or expired, or the machine was killed.
    MachineEnded,
}

impl State {
    /// Whether it runs.
    #[must_use]
    pub fn is_alive(self) -> bool {
        matches!(self, Self::Starting | Self::Running)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Exited => "exited",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        })
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sigterm => "sigterm",
            Self::Sigkill => "sigkill",
            Self::ReadyTimeout => "ready_timeout",
            Self::MachineEnded => "machine_ended",
        })
    }
}

impl Service {
    /// As it is once its machine has ended without a word about it.
    #[must_use]
    pub fn without_machine(mut self, workspace: &Path, ended_at: u64) -> Self {
        if self.state.is_alive() {
            self.state = State::Stopped;
            self.stop_reason = Some(StopReason::MachineEnded);
            self.ended_at = Some(ended_at);
            self.published_ports.clear();
            let home = directory(workspace, &self.service_name);
            [self.stdout_bytes, self.stderr_bytes] = crate::journal::kept(&home, LOG);
        }
        self
    }
}

/// Under this id the journal's files have what a service wrote, in the service's directory.
pub const LOG: &str = "log";

/// Refuses what cannot be a name: it is a directory's too.
///
/// # Errors
/// [`ServiceError::BadName`].
pub fn check_name(name: &str) -> Result<(), ServiceError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let begins = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if begins && name.len() <= MAX_NAME && name.chars().all(fits) {
        return Ok(());
    }
    Err(ServiceError::BadName(name.to_owned()))
}

/// Where everything about a service is kept. The name has been checked.
#[must_use]
pub fn directory(workspace: &Path, name: &str) -> PathBuf {
    all(workspace).join(name)
}

/// Records a service, in one step. Its directory is there.
///
/// # Errors
/// If the disk is full.
pub fn write(workspace: &Path, service: &Service) -> Result<(), PathError> {
    durable::write_json(&directory(workspace, &service.service_name).join(RECORD), service)
}

/// The service that is called so, if there is one.
///
/// # Errors
/// If its record cannot be read.
pub fn read(workspace: &Path, name: &str) -> Result<Option<Service>, PathError> {
    let path = directory(workspace, name).join(RECORD);
    let json = match fs::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        json => json.at("read", &path)?,
    };
    serde_json::from_slice(&json).map(Some).map_err(std::io::Error::from).at("read", &path)
}

/// Every service of the workspace in this directory, by name.
///
/// # Errors
/// If they cannot be read. One that is damaged hides no other.
pub fn read_all(workspace: &Path) -> Result<Vec<Service>, PathError> {
    let place = all(workspace);
    let entries = match fs::read_dir(&place) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.at("list", &place)?,
    };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut services: Vec<Service> =
        names.filter_map(|name| read(workspace, &name).ok().flatten()).collect();
    services.sort_by(|one, other| one.service_name.cmp(&other.service_name));
    Ok(services)
}

/// Forgets every service and what it wrote. None of them runs.
///
/// # Errors
/// If that is impossible.
pub fn clear(workspace: &Path) -> Result<(), PathError> {
    remove(&all(workspace))
}

/// Forgets one that does not run.
///
/// # Errors
/// If that is impossible.
pub fn forget(workspace: &Path, name: &str) -> Result<(), PathError> {
    remove(&directory(workspace, name))
}

fn remove(directory: &Path) -> Result<(), PathError> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error).at("remove", directory),
        _ => Ok(()),
    }
}

fn all(workspace: &Path) -> PathBuf {
    workspace.join("services")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(name: &str) -> Service {
        Service {
            service_name: name.into(),
            state: State::Running,
            command: "serve".into(),
            cwd: "/workspace".into(),
            started_at: 1,
            ready_at: None,
            ended_at: None,
            exit_code: None,
            pid: Some(7),
            readiness: None,
            stop_reason: None,
            published_ports: Vec::new(),
            starts: 1,
            stdout_bytes: 0,
            stderr_bytes: 0,
        }
    }

    #[test]
    fn a_name_is_a_word_and_leads_nowhere() {
        for name in ["web", "a.b_c-d", "7"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", ".", "..", "a/b", "-x", "a b", "ä", &"a".repeat(65)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn services_are_told_by_name_and_a_damaged_one_hides_no_other() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(read_all(home.path()).unwrap(), []);
        for name in ["web", "db", "bad"] {
            fs::create_dir_all(directory(home.path(), name)).unwrap();
            write(home.path(), &service(name)).unwrap();
        }
        fs::write(directory(home.path(), "bad").join(RECORD), "{").unwrap();
        assert_eq!(read_all(home.path()).unwrap(), [service("db"), service("web")]);
        assert!(read(home.path(), "bad").is_err());
        assert_eq!(read(home.path(), "none").unwrap(), None);
        forget(home.path(), "db").unwrap();
        clear(home.path()).unwrap();
        clear(home.path()).unwrap();
        assert_eq!(read_all(home.path()).unwrap(), []);
    }

    #[test]
    fn one_whose_machine_is_gone_does_not_run() {
        let home = tempfile::tempdir().unwrap();
        let output = crate::journal::output_directory(&directory(home.path(), "web"));
        fs::create_dir_all(&output).unwrap();
        fs::write(output.join("log.out"), "four").unwrap();
        let gone = service("web").without_machine(home.path(), 9);
        assert_eq!(
            (gone.state, gone.stop_reason),
            (State::Stopped, Some(StopReason::MachineEnded))
        );
        assert_eq!((gone.ended_at, gone.stdout_bytes, gone.stderr_bytes), (Some(9), 4, 0));
        let ended = Service { state: State::Exited, ..service("db") };
        assert_eq!(ended.clone().without_machine(home.path(), 9), ended);
    }
}
