//! The journal as a file: `<CRC-32C of the JSON, 8 hex digits> <JSON>` per line. A line that a kill or
//! a loss of power has torn is left out; the lines around it count.

use super::entry::{Begun, Ended, Entry, History};
use super::output_directory;
use crate::durable;
use crate::error::{AtPath, PathError};
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// No line is longer: a command has at most 1 MiB, which JSON can make six times as long.
const MAX_LINE: u64 = 8 << 20;

/// A workspace's journal, open for writing.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
}

impl Journal {
    /// Opens the journal of the workspace in this directory, or begins it; also says what is in it.
    ///
    /// # Errors
    /// If it cannot be read or written.
    pub fn open(workspace: &Path) -> Result<(Self, History), PathError> {
        let history = read(workspace)?;
        let path = path(workspace);
        let mut file = OpenOptions::new();
        let mut file = file.create(true).append(true).mode(0o600).open(&path).at("open", &path)?;
        // closes a line that a kill has torn; an empty one is no line
        file.write_all(b"\n").at("write", &path)?;
        Ok((Self { file, path }, history))
    }

    /// Records that a command begins. It survives a kill from here on.
    ///
    /// # Errors
    /// If the disk is full.
    pub fn begin(&mut self, begun: Begun) -> Result<(), PathError> {
        self.append(&Entry::Begun(begun))
    }

    /// Records how a command ended.
    ///
    /// # Errors
    /// If the disk is full.
    pub fn end(&mut self, ended: Ended) -> Result<(), PathError> {
        self.append(&Entry::Ended(ended))
    }

    fn append(&mut self, entry: &Entry) -> Result<(), PathError> {
        self.file.write_all(&line(entry).at("write", &self.path)?).at("write", &self.path)
    }
}

/// What the journal of the workspace in this directory tells.
///
/// # Errors
/// If it cannot be read; one that is missing is empty.
pub fn read(workspace: &Path) -> Result<History, PathError> {
    let path = path(workspace);
    let file = match File::open(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(History::default()),
        file => file.at("read", &path)?,
    };
    let (mut history, mut reader, mut line) =
        (History::default(), BufReader::new(file), Vec::new());
    loop {
        line.clear();
        let read = reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
        if read.at("read", &path)? == 0 {
            return Ok(history);
        }
        if let Some(entry) = parse(&line) {
            history.take_in(entry);
        }
    }
}

/// Forgets every command and what it wrote; numbers go on where they were.
///
/// # Errors
/// If the disk is full.
pub fn clear(workspace: &Path) -> Result<(), PathError> {
    let last_sequence = read(workspace)?.last_sequence;
    let path = path(workspace);
    let cleared = line(&Entry::Cleared { last_sequence }).at("write", &path)?;
    durable::write_whole(&path, &cleared)?;
    let output = output_directory(workspace);
    match fs::remove_dir_all(&output) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error).at("remove", &output),
        _ => Ok(()),
    }
}

fn path(workspace: &Path) -> PathBuf {
    workspace.join("journal")
}

fn line(entry: &Entry) -> std::io::Result<Vec<u8>> {
    let json = serde_json::to_string(entry)?;
    Ok(format!("{:08x} {json}\n", crc32c::crc32c(json.as_bytes())).into_bytes())
}

fn parse(line: &[u8]) -> Option<Entry> {
    let (sum, json) = line.strip_suffix(b"\n")?.split_at_checked(9)?;
    let sum = u32::from_str_radix(std::str::from_utf8(sum).ok()?.trim_end(), 16).ok()?;
    if sum != crc32c::crc32c(json) {
        return None;
    }
    serde_json::from_slice(json).ok()
}

#[cfg(test)]
mod tests {
    use super::super::Fate;
    use super::*;

    fn begun(sequence: u64) -> Begun {
        Begun {
            sequence,
            exec_id: format!("exec-{sequence}"),
            command: "echo 'one\ntwo'".into(),
            cwd: "/workspace".into(),
            began_at: 7,
        }
    }

    fn ended(sequence: u64) -> Ended {
        Ended {
            exec_id: format!("exec-{sequence}"),
            fate: Fate::Exited { code: 3, timed_out: false },
            duration_ms: 5,
            stdout_bytes: 1,
            stderr_bytes: 0,
            ended_at: 8,
        }
    }

    #[test]
    fn what_was_recorded_is_told_and_a_torn_or_altered_line_harms_no_other() {
        let home = tempfile::tempdir().unwrap();
        let (mut journal, history) = Journal::open(home.path()).unwrap();
        assert_eq!(history, History::default());
        journal.begin(begun(1)).unwrap();
        journal.begin(begun(2)).unwrap();
        journal.end(ended(1)).unwrap();
        journal.file.write_all(b"00000000 {\"entry\":\"ended\"}\nffff").unwrap();
        let (mut journal, history) = Journal::open(home.path()).unwrap();
        assert_eq!((history.commands.len(), history.last_sequence), (2, 2));
        journal.end(ended(2)).unwrap();
        let history = read(home.path()).unwrap();
        assert_eq!(history.command("exec-1").unwrap().ended, Some(ended(1)));
        assert_eq!(history.command("exec-2").unwrap().ended, Some(ended(2)));
        assert_eq!(history.command("exec-3"), None);
    }

    #[test]
    fn every_cut_of_the_file_tells_a_beginning_of_the_history() {
        let home = tempfile::tempdir().unwrap();
        let (mut journal, _) = Journal::open(home.path()).unwrap();
        for sequence in 1..=3 {
            journal.begin(begun(sequence)).unwrap();
            journal.end(ended(sequence)).unwrap();
        }
        let whole = fs::read(path(home.path())).unwrap();
        for cut in 0..whole.len() {
            fs::write(path(home.path()), &whole[..cut]).unwrap();
            let commands = read(home.path()).unwrap().commands;
            assert!(commands.len() <= 3);
            assert!(commands.iter().enumerate().all(|(i, c)| c.begun == begun(i as u64 + 1)));
        }
    }

    #[test]
    fn numbers_go_on_after_a_clearing() {
        let home = tempfile::tempdir().unwrap();
        let (mut journal, _) = Journal::open(home.path()).unwrap();
        journal.begin(begun(41)).unwrap();
        fs::create_dir(output_directory(home.path())).unwrap();
        clear(home.path()).unwrap();
        let history = read(home.path()).unwrap();
        assert_eq!((history.commands.len(), history.last_sequence), (0, 41));
        assert!(!output_directory(home.path()).exists());
    }
}
