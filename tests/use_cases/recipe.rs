//! A recipe on its way: a project, a server in it, and what the model says and hears.

use scenarios::{Era, Server, World};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// A model at work.
pub(crate) struct Recipe {
    name: &'static str,
    world: World,
    server: Server,
    /// What each tool may be told.
    tools: HashMap<String, Value>,
    calls: usize,
    /// What the model has said and heard.
    words: String,
    begun: Instant,
}

impl Recipe {
    /// Starts the server in a Git project of these files, with these options.
    pub(crate) fn begin(name: &'static str, files: &[(&str, &str)], options: &[&str]) -> Self {
        let world = World::new();
        let project = project(&world, files);
        let serve = world.pyro(&[&["mcp", "serve"], options].concat()).within_directory(&project);
        let mut server = Server::of(serve, Era::Initialize);
        let tools = server.tools().into_iter();
        let tools = tools.map(|tool| (tool["name"].as_str().unwrap().to_owned(), tool));
        let tools = tools.collect();
        Self { name, world, server, tools, calls: 0, words: String::new(), begun: Instant::now() }
    }

    /// Calls a tool with what its schema knows, and returns the text of its answer.
    #[track_caller]
    pub(crate) fn ask(&mut self, tool: &str, arguments: &Value) -> String {
        let schema =
            &self.tools.get(tool).unwrap_or_else(|| panic!("no {tool} here"))["inputSchema"];
        for name in arguments.as_object().unwrap().keys() {
            assert!(schema["properties"].get(name).is_some(), "{tool} knows no {name}");
        }
        let text = self.server.text(tool, arguments);
        self.calls += 1;
        self.words.extend([tool, &arguments.to_string(), &text]);
        text
    }

    /// A command in a workspace: all it printed, with its exit code.
    #[track_caller]
    pub(crate) fn exec(&mut self, workspace: &str, command: &str) -> (String, String) {
        let said =
            self.ask("workspace_exec", &json!({"workspace_id": workspace, "command": command}));
        let (facts, output) = said.split_once("output:\n").unwrap_or((&said, ""));
        let code = facts.lines().find_map(|line| line.strip_prefix("exit_code: "));
        (code.unwrap_or_else(|| panic!("no exit code: {said}")).to_owned(), output.to_owned())
    }

    /// The patch of a workspace, as a person gets it.
    #[track_caller]
    pub(crate) fn patch(&mut self, workspace: &str) -> String {
        let said = self.ask("workspace_diff", &json!({"workspace_id": workspace}));
        said.split_once("patch:\n").unwrap_or_else(|| panic!("no patch: {said}")).1.to_owned()
    }

    /// Deletes a workspace.
    #[track_caller]
    pub(crate) fn delete(&mut self, workspace: &str) {
        let said = self.ask("workspace_delete", &json!({"workspace_id": workspace}));
        assert!(said.contains("deleted"), "{said}");
    }

    /// The project on the host.
    pub(crate) fn project(&self) -> PathBuf {
        self.world.home().join("project")
    }

    /// Lands a patch in the project, as its owner does.
    #[track_caller]
    pub(crate) fn land(&self, patch: &str) {
        let file = self.world.home().join("patch");
        fs::write(&file, patch).unwrap();
        git(&self.project(), &["apply", file.to_str().unwrap()]);
    }

    /// Ends the server; nothing is left, and the figures are printed. A token is counted as four characters.
    #[track_caller]
    pub(crate) fn end(self) {
        let Self { name, world, server, calls, words, begun, .. } = self;
        let _ = server.end();
        world.assert_clean();
        let tokens = words.chars().count().div_ceil(4);
        println!(
            "{name:28} {calls:3} calls {tokens:6} tokens {:5.1} s",
            begun.elapsed().as_secs_f64()
        );
    }
}

fn project(world: &World, files: &[(&str, &str)]) -> PathBuf {
    let project = world.home().join("project");
    for (name, text) in files {
        let path = project.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    git(&project, &["init", "--quiet"]);
    git(&project, &["add", "."]);
    git(&project, &["commit", "--quiet", "-m", "begin"]);
    project
}

#[track_caller]
fn git(directory: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
    let status = Command::new("git").current_dir(directory).args(identity).args(arguments).status();
    assert!(status.unwrap().success(), "git {arguments:?}");
}

/// A small library with a mistake, and the test that shows it.
pub(crate) const MEDIAN: [(&str, &str); 2] = [
    (
        "lib/Median.pm",
        "package Median;\nuse strict; use warnings;\n\nsub median {\n    my @sorted = sort @_;\n    \
         return $sorted[@sorted / 2];\n}\n\n1;\n",
    ),
    (
        "t/median.t",
        "use strict; use warnings;\nuse Test::More tests => 2;\nuse Median;\n\n\
         is(Median::median(3, 1, 2), 2, 'small numbers');\n\
         is(Median::median(10, 9, 100), 10, 'numbers of several digits');\n",
    ),
];

/// The patch that mends it, in the form that some models write.
pub(crate) const MENDED: &str = "*** Begin Patch\n*** Update File: lib/Median.pm\n@@\n sub median {\n\
    -    my @sorted = sort @_;\n+    my @sorted = sort { $a <=> $b } @_;\n*** End Patch\n";
