//! What a host knows of pyro now.

use super::surroundings::is_program;
use super::{Entry, Host, HostError, Surroundings, file};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// In a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// The host is not on this machine.
    NotInstalled,
    /// The host is here and knows nothing of pyro.
    NotConnected,
    /// It starts this pyro.
    Connected,
    /// It starts pyro, but not this one or not in the usual way.
    Drifted,
    /// What it would start is not there.
    CommandGone,
    /// Another server has the name.
    Foreign,
    /// Its settings cannot be read.
    Malformed,
}

impl State {
    /// Whether something is wrong with it.
    pub(crate) fn is_trouble(self) -> bool {
        matches!(self, Self::Drifted | Self::CommandGone | Self::Foreign | Self::Malformed)
    }
}

/// What was found out about a host.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    /// Its name on the command line.
    pub(crate) host: &'static str,
    /// Its own name.
    pub(crate) title: &'static str,
    /// In a word.
    pub(crate) state: State,
    /// In a sentence, where there is something to say.
    pub(crate) why: Option<String>,
    /// Its executable.
    pub(crate) program: Option<PathBuf>,
    /// Its settings, there or not.
    pub(crate) settings: Option<PathBuf>,
    /// The entry of that name in them.
    pub(crate) entry: Option<Entry>,
}

impl Finding {
    /// Looks, and changes nothing.
    pub(crate) fn of(host: &Host, around: &Surroundings, executable: &Path) -> Self {
        let program = host.program.and_then(|name| around.program(name));
        let settings = host.settings(around);
        let entry = settings.as_deref().map_or(Ok(None), |path| entry_in(host, path));
        let (state, why, entry) = match entry {
            Err(error) => (State::Malformed, Some(pyro::Error::from(error).to_string()), None),
            Ok(None) if program.is_none() => (State::NotInstalled, None, None),
            Ok(None) => (State::NotConnected, None, None),
            Ok(Some(entry)) => {
                let (state, why) = judge(&entry, around, executable);
                (state, why, Some(entry))
            }
        };
        Self { host: host.name, title: host.title, state, why, program, settings, entry }
    }
}

fn entry_in(host: &Host, path: &Path) -> Result<Option<Entry>, HostError> {
    match file::read(path)?.filter(|text| !text.trim().is_empty()) {
        Some(text) => host.entry(&text),
        None => Ok(None),
    }
}

/// What an entry of the name is.
fn judge(entry: &Entry, around: &Surroundings, executable: &Path) -> (State, Option<String>) {
    if entry.words().is_none() {
        return (State::Foreign, Some(format!("it starts something else: {}", entry.line())));
    }
    let command = Path::new(&entry.command);
    let found = if command.is_absolute() {
        is_program(command).then(|| command.to_owned())
    } else {
        around.program(&entry.command)
    };
    match found {
        None => (State::CommandGone, Some(format!("{} is not there", entry.command))),
        Some(_) if entry.is_brought() => (State::Connected, None),
        Some(_) if !command.is_absolute() => {
            let why =
                format!("it looks for `{}` on whatever PATH it is started with", entry.command);
            (State::Drifted, Some(why))
        }
        Some(found) if is_same(&found, executable) => (State::Connected, None),
        Some(found) => {
            let why =
                format!("it starts {}, and this is {}", found.display(), executable.display());
            (State::Drifted, Some(why))
        }
    }
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}
