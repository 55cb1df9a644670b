//! Where secrets come from, how guests have them, and how commands are given them.

use scenarios::{ENVIRONMENT, World};
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// What a guest has: modes, owner and kind of file system, then the values.
const LOOK: &str =
    "cd /run/pyro-secrets && stat -c '%a %U %n' . * && stat -f -c %T . && head -c 99 *";

#[test]
fn a_guest_has_its_secrets_at_every_boot_and_a_command_has_those_that_it_asks_for() {
    let world = World::new();
    let file = world.home().join("token");
    fs::write(&file, "from-a-file\n").unwrap();
    let create = ["workspace", "create", ENVIRONMENT, "--id-only", "--secret", "LITERAL=a=b c"];
    let from_file = format!("FILE={}", file.display());
    let more = ["--secret-file", &from_file, "--secret-env-from", "api-key=HOST_KEY"];
    let made = world.pyro(&[&create[..], &more].concat()).env("HOST_KEY", "from-the-host");
    let made = made.succeeds().complains("LITERAL has fewer than 8 bytes");
    let workspace = world.known(made.text());
    fs::remove_file(&file).unwrap();
    let has_all = || {
        // what is long enough to be looked for does not come out
        let look = workspace.script(LOOK).succeeds();
        let expected = "700 root .\n400 root FILE\n400 root LITERAL\n400 root api-key\ntmpfs\n\
            ==> FILE <==\n[REDACTED:FILE]\n\n==> LITERAL <==\na=b c\n==> api-key <==\n[REDACTED:api-key]";
        assert_eq!(look.text(), expected);
    };
    has_all();
    let kept = workspace.directory().join("secrets.json");
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    let status = workspace.json(&["status"], &[]);
    let secrets = status["secrets"].as_array().unwrap().iter();
    let secrets: Vec<_> = secrets.map(|s| format!("{}:{}", s["name"], s["source_kind"])).collect();
    let expected = ["\"LITERAL\":\"literal\"", "\"FILE\":\"file\"", "\"api-key\":\"environment\""];
    assert_eq!(secrets, expected);

    let with =
        ["--secret-env", "LITERAL", "--secret-env", "FILE=TOKEN", "--secret-env", "api-key=KEY"];
    let count = "echo \"$LITERAL ${#TOKEN} ${#KEY} ${FILE-unset}\"";
    let counted = workspace.exec_with(&with, &["sh", "-c", count]).succeeds();
    assert_eq!(counted.text(), "a=b c 11 13 unset");
    let refused = |word: &str| workspace.exec_with(&["--secret-env", word], &["true"]).outcome();
    let _ = refused("OTHER").exits(125).complains("it has LITERAL, FILE, api-key");
    let _ = refused("api-key").exits(125).complains("SECRET=ENV_VAR");

    let shown = ["snapshot", "create"];
    let named = workspace.call(&shown, &["from-the-host", "--json"]).outcome().exits(2);
    assert_eq!(named.json()["code"], "secret_in_the_open");

    let _ = workspace.call(&["stop"], &[]).succeeds();
    let _ = workspace.call(&["start"], &[]).succeeds();
    has_all();
    let _ = workspace.call(&["reset"], &[]).succeeds();
    has_all();
    let directory = workspace.directory();
    workspace.delete();
    assert!(!directory.exists());
    world.assert_clean();
}

#[test]
fn what_cannot_be_a_secret_is_refused_before_anything_starts_and_is_not_repeated() {
    let world = World::new();
    for (words, code) in [
        (&["--secret", "hunter2hunter2"][..], "secret_form"),
        (&["--secret", "hunter2 =hunter2hunter2"], "secret_name"),
        (&["--secret", "A=1", "--secret", "A=hunter2"], "secret_twice"),
        (&["--secret-file", "A=/nonesuch"], "secret_file_not_found"),
        (&["--secret-file", "A=/dev/zero"], "secret_not_a_file"),
        (&["--secret-env-from", "NONESUCH"], "secret_variable_unset"),
        (&["--secret", "A=hunter2hunter2", "--name", "hunter2hunter2"], "secret_in_the_open"),
    ] {
        let create = [&["workspace", "create", ENVIRONMENT, "--json"], words].concat();
        let refused = world.pyro(&create).outcome();
        assert_eq!(refused.json()["code"], code, "{words:?}");
        let said = String::from_utf8_lossy(&refused.stdout).into_owned() + &refused.stderr;
        assert!(!said.contains("hunter2"), "{said}");
    }
    assert!(world.workspaces().is_empty());
    world.assert_clean();
}
