//! A project fetched by its URL into a directory of the host. The user's own credentials may be used by
//! git for it; none of them, and none that the URL holds, stay in the clone. The checkout runs
//! neither hooks nor filters.

use super::super::SeedError;
use super::Project;
use super::git::Git;
use super::url::{self, PROTOCOLS};
use crate::config::Config;
use crate::event::{self, Observer};
use std::path::Path;
use std::process::Command;

/// A server that sends less than this is given up after so long (git-config(1), `http.lowSpeedLimit`),
/// and nothing goes on in the background afterwards.
const SETTINGS: [&str; 8] = [
    "-c",
    "http.lowSpeedLimit=1000",
    "-c",
    "http.lowSpeedTime=60",
    "-c",
    "gc.auto=0",
    "-c",
    "maintenance.auto=false",
];
/// ssh that asks nobody, and leaves no shared connection open behind git's back.
const SSH: &str = "ssh -o BatchMode=yes -o ControlPath=none";

impl Project {
    /// Clones `url` (https, http, ssh, git, file, or `host:path`) into `into`, which is empty or does
    /// not exist, and checks out `reference`: a branch, a tag or a commit, else the default branch.
    /// Submodules are not fetched.
    ///
    /// # Errors
    /// [`SeedError::BadUrl`] before anything is fetched, [`SeedError::Git`] with what git said;
    /// `into` then holds a part.
    pub fn clone_of(
        config: &Config,
        url: &str,
        reference: Option<&str>,
        into: &Path,
        observer: Observer<'_>,
    ) -> Result<Self, SeedError> {
        url::check(url)?;
        check_reference(url, reference)?;
        let git = Git::find(config)?;
        let clean = url::shown(url);
        event::step(observer, &format!("cloning {clean}"), || {
            fetch(&git, config, url, &clean, into)?;
            check_out(&git, config, url, &clean, reference, into)
        })?;
        Self::at(config, into)
    }
}

/// Clones without files.
fn fetch(git: &Git, config: &Config, url: &str, clean: &str, into: &Path) -> Result<(), SeedError> {
    let mut command = fetching(git, config, Path::new("/"), url, clean);
    command.args(["clone", "--quiet", "--no-checkout", "--no-recurse-submodules"]);
    command.args(["--template=", "--no-local", "--", clean]).arg(into);
    git.run(command, "clone").map_err(|error| match error {
        SeedError::Git { verb, said } => SeedError::Git { verb, said: said.replace(url, clean) },
        error => error,
    })
}

fn check_out(
    git: &Git,
    config: &Config,
    url: &str,
    clean: &str,
    reference: Option<&str>,
    into: &Path,
) -> Result<(), SeedError> {
    let Some(reference) = reference else {
        let has_commits = git.output(into, &["rev-parse", "--quiet", "--verify", "HEAD"], b"")?;
        return match has_commits {
            Some(_) => plain(git, into, &["reset", "--quiet", "--hard"]),
            None => Ok(()),
        };
    };
    // a branch of the server's becomes a branch here, as `git switch` would make it
    let first = plain(git, into, &["checkout", "--quiet", reference, "--"]);
    let Err(not_known) = first else { return Ok(()) };
    let mut command = fetching(git, config, into, url, clean);
    command.args(["fetch", "--quiet", "origin", "--", reference]);
    if git.run(command, "fetch").is_err() {
        return Err(not_known);
    }
    plain(git, into, &["checkout", "--quiet", "--detach", "FETCH_HEAD", "--"])
}

/// A command that writes files: without the user's and the system's settings, which are the only ones
/// that could name a filter in a fresh clone.
fn plain(git: &Git, into: &Path, args: &[&str]) -> Result<(), SeedError> {
    let mut command = git.command(into);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").args(args);
    git.run(command, args.first().copied().unwrap_or_default())
}

/// A command that may speak to the server of `url`, and asks nobody for a password. What is secret in
/// the URL is handed over in the environment, which only this user can read; `clean` stands for it.
fn fetching(git: &Git, config: &Config, directory: &Path, url: &str, clean: &str) -> Command {
    let mut command = git.command(directory);
    command.args(SETTINGS).args(["-c", "protocol.allow=never"]);
    for protocol in PROTOCOLS {
        command.arg("-c").arg(format!("protocol.{protocol}.allow=always"));
    }
    command.env_remove("GIT_ALLOW_PROTOCOL").env("GIT_SSH_COMMAND", SSH);
    command.envs(config.proxies.iter().map(|(name, value)| (name, value)));
    if clean != url {
        command.env("GIT_CONFIG_COUNT", "1");
        command.env("GIT_CONFIG_KEY_0", format!("url.{url}.insteadOf"));
        command.env("GIT_CONFIG_VALUE_0", clean);
    }
    command
}

fn check_reference(url: &str, reference: Option<&str>) -> Result<(), SeedError> {
    let is_bad = |name: &str| name.is_empty() || name.starts_with('-') || name.contains('\0');
    if reference.is_some_and(is_bad) {
        let url = url::shown(url);
        return Err(SeedError::BadUrl { url, why: "the reference is no branch, tag or commit" });
    }
    Ok(())
}
