//! Registries that want to know who asks.

use crate::host::Host;
use crate::registry::debian::Registry;
use crate::registry::image::{Image, Layer, Packing};
use crate::registry::server::Server;
use base64::Engine;
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;

fn image() -> Image {
    Image::new(&[Layer::new(Packing::Gzip, |layer| {
        layer.file("a", "a");
    })])
}

fn auth(name_and_password: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(name_and_password)
}

/// A helper that knows this registry, in the directory where the host looks for programs.
fn helper(host: &Host, registry: &str) {
    let script = format!(
        "#!/bin/sh\nread -r server\n[ \"$server\" = {registry} ] || exit 1\n\
         echo '{{\"Username\":\"somebody\",\"Secret\":\"pass:word\"}}'\n"
    );
    fs::create_dir(host.path("bin")).unwrap();
    let file = host.path("bin/docker-credential-test");
    fs::write(&file, script).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn docker_registry_with_accounts_opens_to_the_users_login_alone() {
    let store = tempfile::tempdir().unwrap();
    let reference = Registry::start(store.path()).push(&image(), "private", "1");
    let registry = Registry::with_accounts(store.path());
    let reference = format!("{}{}", registry.host, &reference[reference.find('/').unwrap()..]);

    let error = Host::new().refused(&reference);
    assert_eq!(error.code(), "registry_login");
    assert!(error.hints()[0].contains(&format!("docker login {}", registry.host)), "{error}");

    let host = Host::new();
    host.logins(&json!({ "auths": { &registry.host: { "auth": auth("somebody:wrong") } } }));
    let error = host.refused(&reference);
    assert_eq!(error.code(), "registry_login");
    assert!(!error.report().message.contains("wrong"), "{error}");

    host.logins(&json!({ "auths": { &registry.host: { "auth": auth("somebody:pass:word") } } }));
    host.pull(&reference).unwrap();

    let host = Host::new();
    helper(&host, &registry.host);
    host.logins(&json!({ "credHelpers": { &registry.host: "test" } }));
    host.pull(&reference).unwrap();
}

#[test]
fn a_token_is_fetched_where_the_registry_says_and_shown_with_every_question() {
    let (server, host) = (Server::start(), Host::new());
    let reference = server.put(&image(), "private/deep", "1");
    server.wants_token("somebody:pass:word");
    assert_eq!(host.refused(&reference).code(), "registry_login");
    host.logins(&json!({ "auths": { &server.host: { "auth": auth("somebody:pass:word") } } }));
    host.pull(&reference).unwrap();
    assert_eq!(server.times_asked("/token?service=s&scope=repository%3Aprivate%2Fdeep%3Apull"), 2);
}
