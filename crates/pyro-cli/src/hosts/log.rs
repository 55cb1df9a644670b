//! What a host has written down of a server that did not start: Claude Code keeps lines of JSON, a file per
//! session, with `error` where something went wrong.

use serde_json::Value;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// How much of a log's end is read, in bytes.
const END: u64 = 64 << 10;
/// How much of a line is shown, in characters.
const SHOWN: usize = 400;

/// The last error in the newest log of a directory.
pub(super) fn last_error(directory: &Path) -> Option<String> {
    let logs = fs::read_dir(directory).ok()?.flatten().map(|entry| entry.path());
    let logs = logs.filter(|path| path.extension().is_some_and(|end| end == "jsonl"));
    let newest = logs.max_by_key(|path| path.metadata().and_then(|found| found.modified()).ok())?;
    let end = end_of(&newest).ok()?;
    let errors = end.lines().rev().filter_map(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        Some(line.get("error")?.as_str()?.chars().take(SHOWN).collect())
    });
    { errors }.next()
}

fn end_of(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(END)))?;
    let mut end = Vec::new();
    file.take(END).read_to_end(&mut end)?;
    Ok(String::from_utf8_lossy(&end).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_error_of_the_newest_log_is_told_and_nothing_else() {
        let logs = tempfile::tempdir().unwrap();
        assert_eq!(last_error(logs.path()), None);
        let write = |name: &str, text: &str| fs::write(logs.path().join(name), text).unwrap();
        write("a.jsonl", "{\"error\": \"old\"}\n");
        std::thread::sleep(std::time::Duration::from_millis(20));
        write(
            "b.jsonl",
            "{\"error\": \"first\"}\nno json\n{\"error\": \"last\"}\n{\"debug\": \"x\"}\n",
        );
        write("c.txt", "{\"error\": \"no log\"}\n");
        assert_eq!(last_error(logs.path()).as_deref(), Some("last"));
        assert_eq!(last_error(&logs.path().join("none")), None);
    }
}
