//! What a host needs to know of a server: which program to start, with which words.

use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// An entry, whoever wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Entry {
    /// The program: a path, or a name to be found on `PATH`.
    pub(crate) command: String,
    /// Its words.
    pub(crate) args: Vec<String>,
    /// Variables it gets besides.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) env: BTreeMap<String, String>,
}

/// The words between the program and what the user chose.
const SERVE: [&str; 2] = ["mcp", "serve"];
/// What comes before them where uv brings the program along.
const UVX: [&str; 3] = ["--from", "pyro-mcp", "pyro"];

impl Entry {
    /// This executable by its absolute path: what a host finds on its `PATH` may be something else.
    pub(crate) fn of_executable(executable: &Path, words: &[String]) -> Self {
        Self::new(executable.display().to_string(), &SERVE, words)
    }

    /// Whatever release uv finds.
    pub(crate) fn of_uvx(words: &[String]) -> Self {
        Self::new("uvx".to_owned(), &[&UVX[..], &SERVE].concat(), words)
    }

    fn new(command: String, first: &[&str], words: &[String]) -> Self {
        let first = first.iter().map(|word| (*word).to_owned());
        Self { command, args: first.chain(words.iter().cloned()).collect(), env: BTreeMap::new() }
    }

    /// What the user chose of the server; none where this starts something that is not pyro.
    pub(crate) fn words(&self) -> Option<&[String]> {
        let at = self.args.windows(2).position(|two| two == SERVE)?;
        let is_pyro = match &self.args[..at] {
            [] => Path::new(&self.command).file_name().is_some_and(|name| name == "pyro"),
            before => before.iter().any(|word| word == "pyro"),
        };
        is_pyro.then(|| &self.args[at + 2..])
    }

    /// Whether uv or another runner brings the program.
    pub(crate) fn is_brought(&self) -> bool {
        self.args.first().is_some_and(|first| first != SERVE[0])
    }

    /// One line for people.
    pub(crate) fn line(&self) -> String {
        let words = std::iter::once(&self.command).chain(&self.args);
        crate::words::shell_line(words.map(String::as_str))
    }
}
