//! `--ca-bundle` and `PYRO_CA_BUNDLE`, as far as no machine is needed: what is refused, before anything
//! is started, and what is said where they do not apply.

use crate::world::World;
use insta::assert_snapshot;
use std::fs;

const KEY: &str = "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n";
/// Something put together like a certificate.
const CERTIFICATE: &str =
    "-----BEGIN CERTIFICATE-----\nMAswBAEBAQEwAAMBAA==\n-----END CERTIFICATE-----\n";

fn run(bundle: &str) -> [&str; 7] {
    ["run", "debian:12", "--allow-host-compat", "--ca-bundle", bundle, "--", "true"]
}

#[test]
fn a_key_is_refused_by_its_line_and_nothing_is_started() {
    let world = World::new();
    fs::write(world.path("both.pem"), CERTIFICATE.to_owned() + KEY).unwrap();
    assert_snapshot!(world.pyro(&run("both.pem")), @r"
exit status: 125
--- stderr
error: the CA bundle $HOME/both.pem cannot be used: a private key begins on line 4 (EC PRIVATE KEY)
hint: guests need certificates only: copy those into a file of their own
");
    let create = ["workspace", "create", "--ca-bundle", "both.pem", "--json"];
    let error = world.pyro(&create);
    assert_eq!(error.json()["code"], "ca_bundle_private_key", "{error}");
    assert!(!world.path(".local/state/pyro/workspaces").exists());
    let serve = world.pyro(&["mcp", "serve", "--ca-bundle", "both.pem"]);
    assert_eq!(serve.code(), 2, "{serve}");
    assert!(serve.stderr().contains("a private key begins on line 4"), "{serve}");
}

#[test]
fn what_is_no_bundle_is_refused_with_the_next_step() {
    let world = World::new();
    fs::write(world.path("words.txt"), "hello\n").unwrap();
    fs::write(world.path("half.pem"), CERTIFICATE.replace("-----END", "----END")).unwrap();
    fs::write(world.path("ca.der"), [48, 11, 48, 4, 1, 1, 1, 1, 48, 0, 3, 1, 0]).unwrap();
    let refusals = ["words.txt", "half.pem", "ca.der", ".", "nowhere.pem"]
        .map(|name| world.pyro(&run(name)).stderr());
    assert_snapshot!(refusals.join(""), @r"
error: the CA bundle $HOME/words.txt cannot be used: there is no certificate in it
hint: a bundle holds certificates between `-----BEGIN CERTIFICATE-----` and `-----END CERTIFICATE-----`
error: the CA bundle $HOME/half.pem cannot be used: line 3: a character that no certificate has
hint: a bundle holds certificates between `-----BEGIN CERTIFICATE-----` and `-----END CERTIFICATE-----`
error: the CA bundle $HOME/ca.der cannot be used: it is one certificate in binary form (DER), not in PEM
hint: convert it: openssl x509 -inform der -in $HOME/ca.der -out ca.pem
error: the CA bundle $HOME/. is not a regular file
hint: name a file of PEM certificates, or `host` for this host's own trust store
error: the CA bundle cannot be used: cannot open $HOME/nowhere.pem: No such file or directory (os error 2)
hint: name a file of PEM certificates, or `host` for this host's own trust store
");
}

#[test]
fn the_command_line_wins_over_the_environment() {
    let world = World::new();
    fs::write(world.path("good.pem"), CERTIFICATE).unwrap();
    let with = |value: &str, words: &[&str]| {
        let child = world.command(words).env("PYRO_CA_BUNDLE", value).spawn().unwrap();
        world.finish(child)
    };
    let ran = with("/nowhere.pem", &run("good.pem"));
    assert_eq!(ran.code(), 0, "{ran}");
    assert!(ran.stderr().contains("no CA bundle beside them"), "{ran}");
    let plain = ["run", "debian:12", "--allow-host-compat", "--", "true"];
    let ran = with("/nowhere.pem", &plain);
    assert_eq!(ran.code(), 125, "{ran}");
    let ran = with("good.pem", &plain);
    assert!(ran.stderr().contains("PYRO_CA_BUNDLE=\"good.pem\" is not one of host, an"), "{ran}");
    let ran = with("", &plain);
    assert_eq!(ran.code(), 0, "{ran}");
    assert!(!ran.stderr().contains("CA bundle"), "{ran}");
}
