//! A workspace as the command line has it: made, worked in, deleted.

use crate::call::Call;
use crate::world::{ENVIRONMENT, World};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

/// A workspace of a world. Dropping it deletes it: unlike a machine of `run` it would outlive its test.
#[derive(Debug)]
pub struct Workspace<'w> {
    world: &'w World,
    /// Its id.
    pub id: String,
}

impl World {
    /// `pyro workspace create debian:12 OPTIONS…`
    #[must_use]
    #[track_caller]
    pub fn workspace(&self, options: &[&str]) -> Workspace<'_> {
        let words = [&["workspace", "create", ENVIRONMENT, "--id-only"], options].concat();
        self.known(self.pyro(&words).succeeds().text())
    }

    /// A workspace that was made in another way.
    #[must_use]
    #[track_caller]
    pub fn known(&self, id: &str) -> Workspace<'_> {
        assert!(id.starts_with("ws-"), "{id}");
        Workspace { world: self, id: id.to_owned() }
    }

    /// The directories of workspaces, whatever state they are in.
    #[must_use]
    pub fn workspaces(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.state().join("pyro/workspaces"));
        let paths = entries.into_iter().flatten().flatten().map(|entry| entry.path());
        paths.filter(|path| path.is_dir()).collect()
    }
}

impl Workspace<'_> {
    /// `pyro workspace VERB… ID REST…`
    #[must_use]
    pub fn call(&self, verb: &[&str], rest: &[&str]) -> Call {
        self.world.pyro(&[&["workspace"], verb, &[self.id.as_str()], rest].concat())
    }

    /// The same with `--json`, and what it says where it ends well.
    #[must_use]
    #[track_caller]
    pub fn json(&self, verb: &[&str], rest: &[&str]) -> Value {
        // before the words of a command
        let rest = [&["--json"], rest].concat();
        self.call(verb, &rest).succeeds().json()
    }

    /// `pyro workspace exec ID OPTIONS… -- WORDS…`
    #[must_use]
    pub fn exec_with(&self, options: &[&str], words: &[&str]) -> Call {
        self.call(&["exec"], &[options, &["--"], words].concat())
    }

    /// `pyro workspace exec ID -- WORDS…`
    #[must_use]
    pub fn exec(&self, words: &[&str]) -> Call {
        self.exec_with(&[], words)
    }

    /// `pyro workspace exec ID -- sh -c SCRIPT`
    #[must_use]
    pub fn script(&self, script: &str) -> Call {
        self.exec(&["sh", "-c", script])
    }

    /// The id that a command's output is asked for by.
    #[must_use]
    pub fn exec_id(&self, sequence: u32) -> String {
        format!("{}.{sequence}", self.id)
    }

    /// Its directory on the host.
    #[must_use]
    pub fn directory(&self) -> PathBuf {
        self.world.state().join("pyro/workspaces").join(&self.id)
    }

    /// `pyro workspace delete ID`
    #[track_caller]
    pub fn delete(self) {
        let deleted = self.json(&["delete"], &[]);
        assert_eq!(
            (&deleted["workspace_id"], &deleted["deleted"]),
            (&self.id.as_str().into(), &true.into())
        );
    }
}

impl Drop for Workspace<'_> {
    fn drop(&mut self) {
        if self.directory().exists() {
            let _ = self.call(&["delete"], &[]).outcome();
        }
    }
}
