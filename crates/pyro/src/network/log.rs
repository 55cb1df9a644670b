//! What a guest has reached, or tried to: one JSON line per connection when it is over, and per refusal at
//! once. Two files of `MAX_BYTES` at most, the older beside the newer; a line that a kill has torn is
//! left out. Connections that are still open when the machine is killed are not in it.

use crate::clock::now_ms;
use crate::error::{AtPath, PathError};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The most of one file, in bytes.
const MAX_BYTES: u64 = 1 << 20;
/// No line is longer.
const MAX_LINE: u64 = 4096;
/// A command's result names no more refusals: the log has all of them.
const MAX_TOLD: usize = 8;
/// The same refusal is not written again so soon, in milliseconds: a client asks for both kinds of
/// addresses, and tries again.
const SAME: u64 = 1000;

/// One connection, or one try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// When it was asked for, Unix milliseconds.
    pub began_at_ms: u64,
    /// The name or address that the guest asked for.
    pub host: String,
    /// The port; none where only the name was asked for.
    pub port: Option<u16>,
    /// What came of it.
    pub decision: Decision,
    /// The address that was dialled, where the host dialled one itself.
    #[serde(default)]
    pub address: Option<IpAddr>,
    /// Why it was refused or has failed, or how it ended before its time.
    #[serde(default)]
    pub reason: Option<String>,
    /// Bytes from the guest.
    pub sent_bytes: u64,
    /// Bytes to the guest.
    pub received_bytes: u64,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}

/// What came of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It was made.
    Allowed,
    /// The policy refused it.
    Refused,
    /// It was allowed, and could not be made.
    Failed,
}

impl Connection {
    /// One that begins now.
    pub(super) fn begin(host: &str, port: Option<u16>) -> Self {
        Self {
            began_at_ms: now_ms(),
            host: host.to_owned(),
            port,
            decision: Decision::Allowed,
            address: None,
            reason: None,
            sent_bytes: 0,
            received_bytes: 0,
            duration_ms: 0,
        }
    }

    /// The same, which has come to nothing.
    pub(super) fn unmade(self, decision: Decision, reason: &impl ToString) -> Self {
        Self { decision, reason: Some(reason.to_string()), ..self }
    }

    /// `HOST:PORT`, or only the host.
    #[must_use]
    pub fn target(&self) -> String {
        self.port.map_or_else(|| self.host.clone(), |port| format!("{}:{port}", self.host))
    }

    fn is_again(&self, earlier: &Self) -> bool {
        self.decision == Decision::Refused
            && (&self.host, self.port, self.decision)
                == (&earlier.host, earlier.port, earlier.decision)
            && self.began_at_ms.saturating_sub(earlier.began_at_ms) < SAME
    }
}

/// A connection that the policy refused, as the result of a command names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedConnection {
    /// The name or address that the guest asked for.
    pub host: String,
    /// The port; none where only the name was asked for.
    pub port: Option<u16>,
    /// Why.
    pub reason: String,
}

impl fmt::Display for RefusedConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, reason } = self;
        match port {
            Some(port) => write!(f, "{host}:{port} was refused: {reason}"),
            None => write!(f, "{host} was refused: {reason}"),
        }
    }
}

/// What the log in this directory says was refused in a span of Unix milliseconds: each once, the first
/// `MAX_TOLD`. A log that cannot be read names nothing.
pub fn refused(directory: &Path, span: RangeInclusive<u64>) -> Vec<RefusedConnection> {
    let mut told: Vec<RefusedConnection> = Vec::new();
    for connection in read(directory).unwrap_or_default() {
        let Connection { began_at_ms, host, port, decision, reason, .. } = connection;
        if decision != Decision::Refused || !span.contains(&began_at_ms) {
            continue;
        }
        if told.iter().any(|known| (&known.host, known.port) == (&host, port)) {
            continue;
        }
        told.push(RefusedConnection { host, port, reason: reason.unwrap_or_default() });
        if told.len() == MAX_TOLD {
            break;
        }
    }
    told
}

/// The log while it is written. What cannot be written is lost and stops nothing.
#[derive(Debug)]
pub(super) struct Log {
    directory: PathBuf,
    open: Option<(File, u64)>,
    last: Option<Connection>,
}

impl Log {
    /// Goes on with the log in this directory.
    pub(super) fn open(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), open: None, last: None }
    }

    pub(super) fn write(&mut self, connection: Connection) {
        let connection = Connection { duration_ms: since(connection.began_at_ms), ..connection };
        if self.last.as_ref().is_some_and(|earlier| connection.is_again(earlier)) {
            return;
        }
        if self.append(&connection).is_err() {
            self.open = None;
        }
        self.last = Some(connection);
    }

    fn append(&mut self, connection: &Connection) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(connection)?;
        line.push(b'\n');
        let length = line.len() as u64;
        let (mut file, written) = match self.open.take() {
            Some((file, written)) if written + length <= MAX_BYTES => (file, written),
            _ => self.room_for(length)?,
        };
        file.write_all(&line)?;
        self.open = Some((file, written + length));
        Ok(())
    }

    fn room_for(&self, length: u64) -> std::io::Result<(File, u64)> {
        let path = newer(&self.directory);
        if fs::metadata(&path).is_ok_and(|file| file.len() + length > MAX_BYTES) {
            fs::rename(&path, older(&self.directory))?;
        }
        let mut file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path)?;
        // closes a line that a kill has torn; an empty one is no line
        file.write_all(b"\n")?;
        let written = file.metadata()?.len();
        Ok((file, written))
    }
}

fn since(began_at_ms: u64) -> u64 {
    now_ms().saturating_sub(began_at_ms)
}

/// What is in the log in this directory, oldest first.
///
/// # Errors
/// If it cannot be read; one that is missing is empty.
pub fn read(directory: &Path) -> Result<Vec<Connection>, PathError> {
    let mut connections = read_file(&older(directory))?;
    connections.extend(read_file(&newer(directory))?);
    Ok(connections)
}

fn read_file(path: &Path) -> Result<Vec<Connection>, PathError> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        file => file.at("read", path)?,
    };
    let (mut connections, mut reader, mut line) = (Vec::new(), BufReader::new(file), Vec::new());
    loop {
        line.clear();
        let read = reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
        if read.at("read", path)? == 0 {
            return Ok(connections);
        }
        connections.extend(serde_json::from_slice::<Connection>(&line));
    }
}

fn newer(directory: &Path) -> PathBuf {
    directory.join("network.log")
}

fn older(directory: &Path) -> PathBuf {
    directory.join("network.log.1")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(host: &str) -> Connection {
        Connection::begin(host, Some(443))
    }

    #[test]
    fn what_is_written_is_read_again_around_a_torn_line() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(read(directory.path()).unwrap(), []);
        Log::open(directory.path()).write(connection("a.example"));
        let mut file = OpenOptions::new().append(true).open(newer(directory.path())).unwrap();
        file.write_all(b"{\"began_at_ms\":1,\"ho").unwrap();
        Log::open(directory.path()).write(connection("b.example"));
        let hosts: Vec<String> =
            read(directory.path()).unwrap().into_iter().map(|entry| entry.host).collect();
        assert_eq!(hosts, ["a.example", "b.example"]);
    }

    #[test]
    fn it_never_grows_beyond_two_files_and_the_newest_stay() {
        let directory = tempfile::tempdir().unwrap();
        let mut log = Log::open(directory.path());
        for number in 0..20_000 {
            log.write(connection(&format!("n{number}.example")));
        }
        for file in [newer(directory.path()), older(directory.path())] {
            assert!(fs::metadata(file).unwrap().len() <= MAX_BYTES);
        }
        let connections = read(directory.path()).unwrap();
        assert_eq!(connections.last().unwrap().host, "n19999.example");
        assert!(connections.len() > 5000);
    }

    #[test]
    fn a_result_names_each_refusal_of_its_time_once() {
        let directory = tempfile::tempdir().unwrap();
        let mut log = Log::open(directory.path());
        for (host, at) in
            [("early.example", 5), ("a.example", 10), ("a.example", 5000), ("b.example", 20)]
        {
            let refused = connection(host).unmade(Decision::Refused, &"so it is");
            log.write(Connection { began_at_ms: at, ..refused });
        }
        log.write(connection("c.example"));
        let told: Vec<String> =
            refused(directory.path(), 10..=u64::MAX).iter().map(ToString::to_string).collect();
        let expected = ["a.example:443", "b.example:443"];
        assert_eq!(told, expected.map(|target| format!("{target} was refused: so it is")));
    }

    #[test]
    fn a_refusal_is_not_repeated_at_once_but_connections_are() {
        let directory = tempfile::tempdir().unwrap();
        let mut log = Log::open(directory.path());
        for _ in 0..3 {
            log.write(connection("a.example").unmade(Decision::Refused, &"so it is"));
        }
        log.write(connection("b.example").unmade(Decision::Refused, &"so it is"));
        log.write(connection("b.example"));
        log.write(connection("b.example"));
        assert_eq!(read(directory.path()).unwrap().len(), 4);
    }
}
