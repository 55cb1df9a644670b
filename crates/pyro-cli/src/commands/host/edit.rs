//! A change of a host's settings, the same for all verbs: look, decide, keep a copy, write or let the host
//! write, look again. Dry, it only shows what would change.

use crate::failure::Outcome;
use crate::hosts::{Entry, Finding, Host, HostError, State, Surroundings, Way, file, probe};
use crate::settings;
use crate::ui::Ui;
use crate::words::shell_line;
use serde::Serialize;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// How the change is made.
#[derive(Debug, clap::Args)]
pub(crate) struct Change {
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Take the name from another server that has it
    #[arg(long)]
    replace: bool,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

/// A change that has begun: nothing is done yet.
pub(super) struct Edit<'a> {
    ui: &'a Ui,
    host: &'static Host,
    change: &'a Change,
    around: Surroundings,
    path: PathBuf,
    before: Option<String>,
    entry: Option<Entry>,
}

/// What was done.
#[derive(Debug, Serialize)]
struct Done {
    /// The chat host.
    host: &'static str,
    /// Its settings.
    settings: PathBuf,
    /// Whether they are others now, or would be.
    changed: bool,
    /// Whether it was only shown.
    dry_run: bool,
    /// The entry that is there now, or would be.
    entry: Option<Entry>,
    /// A copy of what was there before.
    backup: Option<PathBuf>,
    /// What its server says when it is started.
    server: Option<Value>,
}

impl<'a> Edit<'a> {
    /// Reads the settings.
    pub(super) fn begin(ui: &'a Ui, host: &'static Host, change: &'a Change) -> Outcome<Self> {
        let around = Surroundings::of_this_process(settings::working_directory()?);
        let path = host.settings(&around).ok_or(HostError::NoHome { host: host.title });
        let path = path.map_err(pyro::Error::from)?;
        let before = file::read(&path).map_err(pyro::Error::from)?;
        let text = before.as_deref().filter(|text| !text.trim().is_empty());
        let entry = text.map_or(Ok(None), |text| host.entry(text)).map_err(pyro::Error::from)?;
        Ok(Self { ui, host, change, around, path, before, entry })
    }

    /// The host has this entry.
    pub(super) fn connect(self, entry: &Entry) -> Outcome {
        self.refuse_foreign()?;
        let after = self.host.with(self.before.as_deref(), entry).map_err(pyro::Error::from)?;
        self.carry_out(Some(entry), &after)
    }

    /// The entry that the host has starts this executable, with the words it has.
    pub(super) fn repair(self, executable: &std::path::Path) -> Outcome {
        let Host { name: host, title, .. } = self.host;
        let Some(entry) = &self.entry else {
            return Err(pyro::Error::from(HostError::NotConnected { host, title }).into());
        };
        self.refuse_foreign()?;
        let finding = Finding::of(self.host, &self.around, executable);
        let words = entry.words().unwrap_or_default();
        let is_right = finding.state == State::Connected;
        let right = if is_right { entry.clone() } else { Entry::of_executable(executable, words) };
        self.connect(&right)
    }

    /// The host has no entry.
    pub(super) fn disconnect(self) -> Outcome {
        let after = match (&self.before, &self.entry) {
            (Some(before), Some(_)) => {
                self.refuse_foreign()?;
                self.host.without(before).map_err(pyro::Error::from)?
            }
            _ => self.before.clone().unwrap_or_default(),
        };
        self.carry_out(None, &after)
    }

    fn refuse_foreign(&self) -> Result<(), pyro::Error> {
        match &self.entry {
            Some(entry) if entry.words().is_none() && !self.change.replace => {
                Err(HostError::Foreign { host: self.host.title, line: entry.line() }.into())
            }
            _ => Ok(()),
        }
    }

    fn carry_out(self, entry: Option<&Entry>, after: &str) -> Outcome {
        let changed = self.before.as_deref().unwrap_or_default() != after;
        let mut backup = None;
        if changed && self.change.dry_run {
            if !self.change.json {
                self.show(entry, after)?;
            }
        } else if changed {
            backup = self.write(entry, after)?;
        }
        let server = entry.filter(|_| !self.change.dry_run).map(probe::ask);
        self.tell(changed, entry, backup, server)
    }

    fn write(&self, entry: Option<&Entry>, after: &str) -> Result<Option<PathBuf>, pyro::Error> {
        if self.host.way == Way::Command {
            let backup = self.before.as_ref().map(|_| file::back_up(&self.path)).transpose()?;
            for words in self.commands(entry, after)? {
                self.host.run(&self.around, &words)?;
            }
            return Ok(backup);
        }
        Ok(file::replace(&self.path, self.before.as_deref(), after)?)
    }

    /// What the host's own command is told: it adds no entry where one is.
    fn commands(&self, entry: Option<&Entry>, after: &str) -> Result<Vec<Vec<String>>, HostError> {
        let mut commands = Vec::new();
        if self.entry.is_some() {
            commands.push(self.host.remove_words());
        }
        if entry.is_some() {
            commands.push(self.host.add_words(after)?);
        }
        Ok(commands)
    }

    fn show(&self, entry: Option<&Entry>, after: &str) -> Outcome<()> {
        if self.host.way == Way::Command {
            for words in self.commands(entry, after).map_err(pyro::Error::from)? {
                let program = self.host.program.unwrap_or_default();
                let all = std::iter::once(program).chain(words.iter().map(String::as_str));
                self.ui.data(&format!("{}\n", shell_line(all)))?;
            }
            return Ok(());
        }
        let before = self.before.as_deref().unwrap_or_default();
        let name = self.path.display().to_string();
        let diff = similar::TextDiff::from_lines(before, after);
        Ok(self.ui.patch(&diff.unified_diff().header(&name, &name).to_string())?)
    }

    fn tell(
        &self,
        changed: bool,
        entry: Option<&Entry>,
        backup: Option<PathBuf>,
        server: Option<Result<probe::Answer, String>>,
    ) -> Outcome {
        let dry = self.change.dry_run;
        let fails = matches!(server, Some(Err(_)));
        if self.change.json {
            let server = server.map(|server| match server {
                Ok(answer) => json!(answer),
                Err(why) => json!({"error": why}),
            });
            let (host, settings) = (self.host.name, self.path.clone());
            let entry = entry.cloned();
            self.ui.json(&Done { host, settings, changed, dry_run: dry, entry, backup, server })?;
        } else {
            let verb = match (entry, changed) {
                _ if dry => "nothing was changed in",
                (Some(_), true) => "pyro is now in",
                (None, true) => "pyro is no longer in",
                (Some(_), false) => "pyro is already in",
                (None, false) => "pyro is not in",
            };
            self.ui.remark(&format!(
                "{verb} the settings of {}: {}",
                self.host.title,
                self.path.display()
            ));
            if let Some(backup) = backup {
                self.ui.remark(&format!("what they were before: {}", backup.display()));
            }
            match server {
                Some(Ok(answer)) => self.ui.remark(&answer.to_string()),
                Some(Err(why)) => self.ui.warning(&format!("its server does not start: {why}")),
                None => {}
            }
            if let Some(program) =
                self.host.program.filter(|name| self.around.program(name).is_none())
            {
                self.ui.warning(&format!(
                    "{} is not installed: there is no `{program}` on PATH",
                    self.host.title
                ));
            }
        }
        Ok(if fails { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}
