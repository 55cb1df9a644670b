//! Chat hosts, and how each is told of `pyro mcp serve`: where its settings lie, what an entry looks like
//! there. One file per host. Texts in, texts out; only [`file`] touches settings, only [`probe`] starts
//! servers, and nothing here prints.

mod claude_code;
mod claude_desktop;
mod codex;
mod cursor;
mod entry;
mod error;
pub(crate) mod file;
mod gemini;
mod generic;
mod json;
mod log;
mod opencode;
pub(crate) mod probe;
mod program;
mod state;
mod surroundings;
mod toml;
mod vscode;

pub(crate) use entry::Entry;
pub(crate) use error::HostError;
pub(crate) use state::{Finding, State};
pub(crate) use surroundings::Surroundings;

use std::path::PathBuf;

/// The entry's name in every host's settings.
pub(crate) const NAME: &str = "pyro";

/// A chat host.
#[derive(Debug)]
pub(crate) struct Host {
    /// As users write it: `claude-code`.
    pub(crate) name: &'static str,
    /// As it calls itself.
    pub(crate) title: &'static str,
    /// Its executable on `PATH`; none where it is no command.
    pub(crate) program: Option<&'static str>,
    /// How it is told.
    pub(crate) way: Way,
    /// How its settings are written.
    format: Format,
    /// Where its settings lie, for this user.
    settings: fn(&Surroundings) -> Option<PathBuf>,
    /// Where it keeps what it noticed of this server; none where it keeps nothing, or nothing known.
    log: Option<fn(&Surroundings) -> Option<PathBuf>>,
    /// What a person should know who puts the entry in by hand.
    pub(crate) advice: &'static str,
}

/// Who changes the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// pyro does, in the file.
    File,
    /// The host's own command does: it changes that file itself, at any time.
    Command,
    /// The user does.
    Hand,
}

/// How settings are written.
#[derive(Debug, Clone, Copy)]
enum Format {
    /// JSON, with or without comments: the entries are in the object of this name.
    Json(&'static str, json::Shape),
    /// Codex's TOML.
    Toml,
}

/// All of them; first those that `connect` can tell.
const ALL: [&Host; 8] = [
    &claude_code::HOST,
    &codex::HOST,
    &opencode::HOST,
    &gemini::HOST,
    &claude_desktop::HOST,
    &cursor::HOST,
    &vscode::HOST,
    &generic::HOST,
];

impl Host {
    /// Those that `pyro host connect` can tell by itself.
    pub(crate) fn connectable() -> impl Iterator<Item = &'static Self> {
        ALL.into_iter().filter(|host| host.way != Way::Hand)
    }

    /// All, those that the user must tell included.
    pub(crate) fn all() -> impl Iterator<Item = &'static Self> {
        ALL.into_iter()
    }

    /// Where its settings lie; none where that is not known.
    pub(crate) fn settings(&self, surroundings: &Surroundings) -> Option<PathBuf> {
        (self.settings)(surroundings)
    }

    /// What it noticed last of a server that did not start, if it keeps that.
    pub(crate) fn last_failure(&self, surroundings: &Surroundings) -> Option<String> {
        log::last_error(&(self.log?)(surroundings)?)
    }

    /// The settings that have nothing but this entry.
    pub(crate) fn snippet(&self, entry: &Entry) -> Result<String, HostError> {
        self.with(None, entry)
    }

    /// The entry in the text of its settings.
    ///
    /// # Errors
    /// A text that cannot be read.
    pub(crate) fn entry(&self, text: &str) -> Result<Option<Entry>, HostError> {
        let found = match self.format {
            Format::Json(key, shape) => json::entry(text, key, shape),
            Format::Toml => toml::entry(text),
        };
        found.map_err(|why| self.malformed(why))
    }

    /// The text with this entry; everything else in it stays as it is, comments too.
    ///
    /// # Errors
    /// A text that cannot be read: then it is not changed.
    pub(crate) fn with(&self, text: Option<&str>, entry: &Entry) -> Result<String, HostError> {
        let text = text.filter(|text| !text.trim().is_empty());
        let written = match self.format {
            Format::Json(key, shape) => json::with(text, key, shape, entry),
            Format::Toml => toml::with(text, entry),
        };
        written.map_err(|why| self.malformed(why))
    }

    /// What its own command is told to forget the entry.
    pub(crate) fn remove_words(&self) -> Vec<String> {
        ["mcp", "remove", NAME, "--scope", "user"].map(str::to_owned).into()
    }

    /// What its own command is told to get the entry that is in the text.
    ///
    /// # Errors
    /// A text that cannot be read.
    pub(crate) fn add_words(&self, text: &str) -> Result<Vec<String>, HostError> {
        let Format::Json(key, _) = self.format else { return Ok(Vec::new()) };
        let value = json::value(text, key).map_err(|why| self.malformed(why))?.unwrap_or_default();
        Ok(["mcp", "add-json", NAME, &value.to_string(), "--scope", "user"]
            .map(str::to_owned)
            .into())
    }

    /// Runs its own command.
    ///
    /// # Errors
    /// If it is not there, or fails.
    pub(crate) fn run(&self, around: &Surroundings, words: &[String]) -> Result<(), HostError> {
        let Self { name: host, title, program, .. } = *self;
        let program = program.unwrap_or_default();
        let missing = HostError::NotInstalled { host, title, program };
        program::run(&around.program(program).ok_or(missing)?, words)
    }

    fn malformed(&self, why: String) -> HostError {
        HostError::Malformed { host: self.title, why }
    }

    /// The text without the entry.
    ///
    /// # Errors
    /// A text that cannot be read: then it is not changed.
    pub(crate) fn without(&self, text: &str) -> Result<String, HostError> {
        let written = match self.format {
            Format::Json(key, _) => json::without(text, key),
            Format::Toml => toml::without(text),
        };
        written.map_err(|why| self.malformed(why))
    }
}

/// Names for the command line.
pub(crate) fn names(hosts: impl Iterator<Item = &'static Host>) -> Vec<&'static str> {
    hosts.map(|host| host.name).collect()
}

/// The host of this name.
pub(crate) fn named(name: &str) -> Option<&'static Host> {
    ALL.into_iter().find(|host| host.name == name)
}

#[cfg(test)]
mod tests;
