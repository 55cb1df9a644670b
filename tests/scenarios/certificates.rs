//! Certificate authorities that guests trust because their human does: in every command, for as long as
//! a workspace lives, and nowhere else.

use scenarios::{ENVIRONMENT, Era, Server, World};
use serde_json::json;
use std::fs;
use std::path::PathBuf;

/// Made for these scenarios; nobody has its key.
const AUTHORITY: &str = "\
-----BEGIN CERTIFICATE-----
MIIBpjCCAU2gAwIBAgIUSOF+mHsYSr95akaFfIELIaSHQ8EwCgYIKoZIzj0EAwIw
KDEmMCQGA1UEAwwdQW4gYXV0aG9yaXR5IG9mIHRoZSBzY2VuYXJpb3MwIBcNMjYx
MTI1MjEyNTM5WhgPMjEyNjExMDEyMTI1MzlaMCgxJjAkBgNVBAMMHUFuIGF1dGhv
cml0eSBvZiB0aGUgc2NlbmFyaW9zMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
uExEsr0U5kvdU5isitx29+UuJCtDg70qy1E/ojQSFYm9d08HdwuExpRmduNs3rjN
9YktMHeTYHqI5HuPq+9RZaNTMFEwHQYDVR0OBBYEFM5gfA7xYitxt8RaX1C5DCcd
Q5KMMB8GA1UdIwQYMBaAFM5gfA7xYitxt8RaX1C5DCcdQ5KMMA8GA1UdEwEB/wQF
MAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgKfHU1YLl558TqoOBcGk79FsNcVXfRWkc
WWDvc3BgY1gCIGKQRf7QTTYf29KnJtmVd/4po2O1tpCCdgmBzkTwmB/2
-----END CERTIFICATE-----
";

/// Asks the guest's OpenSSL whether it trusts the authority, with the variables of every command and
/// without any; whatever the clock says. Then names the seven variables that lead to the authority.
fn question() -> String {
    format!(
        "cat > /tmp/authority.pem <<'EOF'\n{AUTHORITY}EOF\n\
         openssl verify -no_check_time /tmp/authority.pem\n\
         env -i openssl verify -no_check_time /tmp/authority.pem\n\
         last=$(tail -n 2 /tmp/authority.pem | head -n 1)\n\
         for name in SSL_CERT_FILE CURL_CA_BUNDLE REQUESTS_CA_BUNDLE NODE_EXTRA_CA_CERTS PIP_CERT \
         GIT_SSL_CAINFO CARGO_HTTP_CAINFO; do\n\
         eval \"file=\\$$name\"; grep -qsxF \"$last\" \"$file\" && printf '%s ' $name\n\
         done\nexit 0\n"
    )
}

const TRUSTED: &str = "/tmp/authority.pem: OK\n/tmp/authority.pem: OK\nSSL_CERT_FILE CURL_CA_BUNDLE \
    REQUESTS_CA_BUNDLE NODE_EXTRA_CA_CERTS PIP_CERT GIT_SSL_CAINFO CARGO_HTTP_CAINFO ";

/// The authority in a file of the world's.
fn authority(world: &World) -> PathBuf {
    let file = world.home().join("company.pem");
    fs::write(&file, AUTHORITY).unwrap();
    file
}

#[test]
fn a_workspace_trusts_what_it_was_made_with_for_its_whole_life() {
    let world = World::new();
    let file = authority(&world);
    let workspace = world.workspace(&["--ca-bundle", file.to_str().unwrap()]);
    // it depends on nothing that the human may remove
    fs::remove_file(&file).unwrap();
    let is_trusted = || assert_eq!(workspace.script(&question()).succeeds().text(), TRUSTED);
    is_trusted();
    let status = workspace.json(&["status"], &[]);
    assert_eq!(status["metadata"]["ca_bundle"], file.to_str().unwrap());
    assert_eq!(status["metadata"]["ca_certificates"], "1");
    let _ = workspace.call(&["diff"], &[]).succeeds().complains("nothing has changed");
    // the distribution's tool collects what it finds, and puts the whole in place of what was there
    let collected = "cat /usr/local/share/ca-certificates/pyro-*.crt > /etc/ssl/certs/new && \
                     mv -f /etc/ssl/certs/new /etc/ssl/certs/ca-certificates.crt";
    let _ = workspace.script(collected).succeeds();
    is_trusted();

    let _ = workspace.script("echo > /etc/ssl/certs/ca-certificates.crt").succeeds();
    let _ = workspace.call(&["stop"], &[]).succeeds();
    let _ = workspace.call(&["start"], &[]).succeeds();
    is_trusted();
    let _ = workspace.script("rm -r /etc/ssl /usr/local/share").succeeds();
    let _ = workspace.call(&["reset"], &[]).succeeds();
    is_trusted();
    workspace.delete();
    world.assert_clean();
}

#[test]
fn a_run_trusts_what_the_host_does_and_the_next_one_does_not() {
    let world = World::new();
    let file = authority(&world);
    let image = || {
        let images = fs::read_dir(world.cache().join("images")).unwrap();
        let facts = images.map(|image| image.unwrap().metadata().unwrap());
        facts.map(|facts| (facts.len(), facts.modified().unwrap())).collect::<Vec<_>>()
    };
    let before = image();
    let with = world.script(&question()).env("PYRO_CA_BUNDLE", "host");
    assert_eq!(with.env("SSL_CERT_FILE", &file).succeeds().text(), TRUSTED);
    let without = world.script(&question()).env("SSL_CERT_FILE", &file).succeeds();
    assert_eq!(without.text(), "", "{}", without.stderr);
    assert!(without.stderr.contains("self-signed"), "{}", without.stderr);
    assert_eq!(image(), before, "the image is as it was");
    world.assert_clean();
}

#[test]
fn a_server_gives_every_machine_what_its_human_trusts() {
    let world = World::new();
    let file = authority(&world);
    let serve = ["mcp", "serve", "--profile", "workspace-full", "--ca-bundle"];
    let serve = world.pyro(&[&serve[..], &[file.to_str().unwrap()]].concat());
    let mut server = Server::of(serve, Era::Initialize);
    let command = question();
    let ran = server.text("vm_run", &json!({"environment": ENVIRONMENT, "command": command}));
    assert!(ran.contains(TRUSTED.trim_end()), "{ran}");

    let made = server.call("vm_create", &json!({"environment": ENVIRONMENT}));
    assert_eq!(made["metadata"]["ca_certificates"], "1", "{made}");
    // it is kept until the vm is started
    fs::remove_file(&file).unwrap();
    let vm = json!({"vm_id": made["vm_id"]});
    let _ = server.call("vm_start", &vm);
    let ran = server.text("vm_exec", &json!({"vm_id": made["vm_id"], "command": command}));
    assert!(ran.contains(TRUSTED.trim_end()), "{ran}");
    let refused = server.refused("workspace_create", &json!({"environment": ENVIRONMENT}));
    assert!(refused.contains("company.pem"), "{refused}");
    let _ = server.end();
    world.assert_clean();
}

#[test]
fn a_key_and_a_file_without_certificates_are_refused_before_anything_starts() {
    let world = World::new();
    let file = world.home().join("company.pem");
    let refused = |content: String| {
        fs::write(&file, content).unwrap();
        let bundle = ["--ca-bundle", file.to_str().unwrap(), "--json"];
        let ran = world.run_with(&bundle, &["true"]).outcome().exits(125).json();
        let words = [&["workspace", "create", ENVIRONMENT], &bundle[..]].concat();
        let made = world.pyro(&words).outcome().exits(2).json();
        assert_eq!(made, ran);
        ran
    };
    let key = "-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----\n";
    let error = refused(AUTHORITY.to_owned() + key);
    assert_eq!(
        (&error["code"], &error["kind"]),
        (&json!("ca_bundle_private_key"), &json!("usage"))
    );
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("company.pem") && message.contains("line 12"), "{message}");
    let error = refused("\u{7f}ELF".into());
    assert_eq!(error["code"], "ca_bundle_invalid", "{error}");
    let error = refused(AUTHORITY.replace("MIIBpj", "MIIB*j"));
    assert!(error["message"].as_str().unwrap().contains("line 2: "), "{error}");
    assert!(world.workspaces().is_empty());
    world.assert_clean();
}
