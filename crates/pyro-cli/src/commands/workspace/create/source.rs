//! What a workspace is seeded with, as the command line names it.

use crate::failure::Outcome;
use crate::ui::{Ui, count, human_bytes};
use pyro::Config;
use pyro::error::AtPath;
use pyro::seed::{self, Project, project};
use pyro::workspace::Seed;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// So many paths are named; the JSON document has more.
const NAMED: usize = 8;

/// Where the files come from: one of these, or nowhere.
#[derive(Debug, clap::Args)]
pub(super) struct Source {
    /// Seed it with a directory, or with what a .tar, .tar.gz, .tgz or .tar.zst holds
    #[arg(long, value_name = "PATH", group = "source")]
    seed_path: Option<PathBuf>,
    /// Seed it with the Git project around the current directory: its history, its tracked files,
    /// and the others that Git does not ignore
    #[arg(long, group = "source")]
    project: bool,
    /// The same with the Git project around another directory
    #[arg(long, value_name = "DIR", group = "source")]
    project_path: Option<PathBuf>,
    /// Seed it with a Git repository, which is cloned
    #[arg(long, value_name = "URL", group = "source")]
    repo_url: Option<String>,
    /// Which branch, tag or commit of it
    #[arg(long, value_name = "REF", requires = "repo_url")]
    repo_ref: Option<String>,
}

/// A source that can be read.
pub(super) struct Opened {
    pub(super) seed: Option<Seed>,
    /// A clone is deleted when it has been read.
    _clone: Option<TempDir>,
}

impl Source {
    pub(super) async fn open(&self, ui: &Ui, config: &Config) -> Outcome<Opened> {
        if let Some(url) = &self.repo_url {
            return self.clone_of(ui, config, url).await;
        }
        let seed = if let Some(path) = &self.seed_path {
            let source = seed::Source::of(path).map_err(pyro::Error::from)?;
            Some(Seed::new(source, path.display().to_string()))
        } else if let Some(directory) = self.project_directory()? {
            let project = Project::at(config, &directory).map_err(pyro::Error::from)?;
            let path = project.path().display().to_string();
            Some(Seed::new(seed::Source::Project(project), path))
        } else {
            None
        };
        Ok(Opened { seed, _clone: None })
    }

    fn project_directory(&self) -> pyro::Result<Option<PathBuf>> {
        if self.project {
            return Ok(Some(std::env::current_dir().at("find", Path::new("."))?));
        }
        Ok(self.project_path.clone())
    }

    /// On a thread of its own, because that work blocks.
    async fn clone_of(&self, ui: &Ui, config: &Config, url: &str) -> Outcome<Opened> {
        let place = tempfile::Builder::new().prefix("pyro-clone-").tempdir();
        let place =
            place.at("make a directory in", &std::env::temp_dir()).map_err(pyro::Error::from)?;
        let (config, progress, into) = (config.clone(), ui.progress(), place.path().to_owned());
        let (from, reference) = (url.to_owned(), self.repo_ref.clone());
        let work = move || {
            let observer = |event| progress.observe(&event);
            Project::clone_of(&config, &from, reference.as_deref(), &into, &observer)
        };
        let cloned = tokio::task::spawn_blocking(work).await;
        // it is never aborted, so all that can be wrong with it is a panic
        let cloned = cloned.unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic()));
        let project = cloned.map_err(pyro::Error::from)?;
        let seed = Seed::new(seed::Source::Project(project), project::url::shown(url));
        Ok(Opened { seed: Some(seed), _clone: Some(place) })
    }
}

/// `812 entries, 14 MiB`.
pub(in super::super) fn amount(entries: u64, bytes: u64) -> String {
    format!("{}, {}", count(entries, "entry"), human_bytes(bytes))
}

/// What Git's ignore rules left out, to be added to a sentence.
pub(super) fn ignored(number: u64) -> String {
    if number == 0 {
        String::new()
    } else {
        format!("; {} left out", count(number, "ignored entry"))
    }
}

/// Warns of files that are not there, or perhaps not as they ever were.
pub(in super::super) fn tell_what_was_left_out(ui: &Ui, withheld: &[String], changed: &[String]) {
    if !withheld.is_empty() {
        ui.warning(&format!("withheld, because they look like credentials: {}", named(withheld)));
    }
    if !changed.is_empty() {
        ui.warning(&format!("changed while they were read: {}", named(changed)));
    }
}

fn named(paths: &[String]) -> String {
    let first = paths.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match paths.len().saturating_sub(NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_cut() {
        let paths: Vec<String> = (0..10).map(|n| format!("{n}.pem")).collect();
        assert_eq!(named(&paths[..2]), "0.pem, 1.pem");
        assert!(named(&paths).ends_with("7.pem and 2 more"));
    }
}
