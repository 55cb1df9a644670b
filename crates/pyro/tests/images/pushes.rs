//! Pushes that are refused, break, or are made twice; and registries that want to know who pushes.

use crate::host::Host;
use crate::registry::artifact::Artifact;
use crate::registry::debian::Registry;
use crate::registry::server::{Fault, Server};
use crate::registry::token::TokenServer;
use base64::Engine;
use pyro::environment::Pushed;
use pyro::event::{Event, ignore};
use pyro::{Error, Result};
use serde_json::json;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

const NAME: &str = "localhost/tool:1";

/// A machine with an environment of some hundred KiB.
fn host() -> Host {
    let host = Host::empty();
    let server = Server::start();
    let root: Vec<u8> =
        (0..100_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let reference = server.put(&Artifact::new(NAME, "1", &root).image(), "tool", "1");
    host.pull(&reference).unwrap();
    let file = host.path("tool.tar");
    host.environments().export(&reference, &file, &ignore).unwrap();
    host.environments().import(&file, Some(NAME), &ignore).unwrap();
    host
}

fn push(host: &Host, reference: &str) -> Result<Pushed> {
    host.environments().push(NAME, reference, &ignore)
}

/// Nothing of a push stays on this side.
fn refused(host: &Host, reference: &str) -> Error {
    let error = push(host, reference).unwrap_err();
    let left = std::fs::read_dir(host.path("cache/building")).unwrap().count();
    assert_eq!(left, 0, "after {error}");
    error
}

fn login(host: &Host, registry: &str, name_and_password: &str) {
    let auth = base64::engine::general_purpose::STANDARD.encode(name_and_password);
    host.logins(&json!({ "auths": { registry: { "auth": auth } } }));
}

#[test]
fn docker_registry_with_accounts_takes_from_the_users_login_alone() {
    let (host, store) = (host(), tempfile::tempdir().unwrap());
    let registry = Registry::with_accounts(store.path());
    let reference = format!("{}/pyro/tool:1", registry.host);
    let error = refused(&host, &reference);
    assert_eq!(error.code(), "push_refused");
    assert!(error.hints()[0].contains(&format!("docker login {}", registry.host)), "{error}");
    login(&host, &registry.host, "somebody:wrong");
    let error = refused(&host, &reference);
    assert_eq!(error.code(), "push_refused");
    assert!(!error.report().message.contains("wrong"), "{error}");
    login(&host, &registry.host, "somebody:pass:word");
    push(&host, &reference).unwrap();
    let other = Host::empty();
    assert_eq!(other.refused(&reference).code(), "registry_login");
    login(&other, &registry.host, "somebody:pass:word");
    other.pull(&reference).unwrap();
}

#[test]
fn a_token_is_asked_for_as_much_as_is_wanted_and_no_more() {
    let (host, store) = (host(), tempfile::tempdir().unwrap());
    let keys = tempfile::tempdir().unwrap();
    let server = TokenServer::start(keys.path(), "somebody:pass:word");
    let registry = Registry::with_tokens(store.path(), &server);
    let reference = format!("{}/pyro/tool:1", registry.host);
    assert_eq!(refused(&host, &reference).code(), "push_refused");
    login(&host, &registry.host, "somebody:pass:word");
    push(&host, &reference).unwrap();
    let scopes = server.scopes();
    let write = ["repository:pyro/tool:pull,push", "repository:pyro/tool:push,pull"];
    assert!(scopes.iter().any(|scope| write.contains(&&**scope)), "{scopes:?}");

    let other = Host::empty();
    assert_eq!(other.refused(&reference).code(), "registry_login");
    login(&other, &registry.host, "somebody:pass:word");
    let before = server.scopes().len();
    other.pull(&reference).unwrap();
    assert!(server.scopes()[before..].iter().all(|scope| scope == "repository:pyro/tool:pull"));
}

#[test]
fn who_gets_no_token_is_told_to_log_in() {
    let (server, host) = (Server::start(), host());
    server.wants_token("somebody:pass:word");
    let reference = format!("{}/pyro/tool:1", server.host);
    let error = refused(&host, &reference);
    assert!(error.code() == "push_refused" && error.hints()[0].contains("docker login"), "{error}");
    login(&host, &server.host, "somebody:pass:word");
    push(&host, &reference).unwrap();
}

#[test]
fn each_refusal_of_a_registry_is_one_clear_error() {
    let (server, host) = (Server::start(), host());
    let reference = format!("{}/pyro/tool:1", server.host);
    let cases = [
        ("POST", 403, "denied", "push_refused"),
        ("POST", 404, "repository name not known to registry", "no_such_repository"),
        ("PUT /v2/pyro/tool/blobs", 400, "provided digest did not match", "push_rejected"),
        ("PUT /v2/pyro/tool/blobs", 413, "too large", "push_rejected"),
        ("PUT /v2/pyro/tool/manifests", 400, "manifest invalid", "push_rejected"),
    ];
    for (question, status, said, code) in cases {
        server.breaks(question, Fault::Status(status, said), 1);
        let error = refused(&host, &reference);
        assert_eq!(error.code(), code, "{error}");
        assert!(error.report().message.contains(said), "{error}");
    }
    // a registry whose disk is full
    server.breaks("PUT", Fault::Status(507, "no space left on device"), 5);
    let error = refused(&host, &reference);
    assert_eq!(error.code(), "registry_unwell");
    assert!(error.hints()[0].contains("disk is full"), "{error}");
    assert_eq!(refused(&host, "127.0.0.1:1/tool:1").code(), "fetch_failed");
    push(&host, &reference).unwrap();
}

#[test]
fn what_has_no_tag_to_give_or_is_not_here_goes_nowhere() {
    let host = host();
    let fixed = format!("localhost/a@sha256:{}", "0".repeat(64));
    for reference in [&*fixed, "No Name", "a b:1"] {
        assert_eq!(push(&host, reference).unwrap_err().code(), "bad_reference", "{reference}");
    }
    let absent = host.environments().push("alpine", "localhost/a:1", &ignore).unwrap_err();
    assert_eq!(absent.code(), "environment_not_here");
    std::fs::remove_dir_all(host.path("cache/kernels")).unwrap();
    assert_eq!(push(&host, "localhost/a:1").unwrap_err().code(), "kernel_not_here");
    let output = host.path("out.tar");
    let error = host.environments().export(NAME, &output, &ignore).unwrap_err();
    assert!(error.code() == "kernel_not_here" && !output.exists(), "{error}");
}

#[test]
fn a_transfer_that_breaks_is_made_again_and_nothing_is_sent_twice_that_is_there() {
    let (server, host) = (Server::start(), host());
    let reference = format!("{}/pyro/tool:1", server.host);
    server.breaks("POST", Fault::Status(503, "busy"), 1);
    server.breaks("PUT /v2/pyro/tool/blobs", Fault::DeafAfter(100), 2);
    server.breaks("PUT /v2/pyro/tool/manifests", Fault::Status(429, "slowly"), 1);
    let heard = Mutex::new(Vec::new());
    let observer = |event| heard.lock().unwrap().push(event);
    host.environments().push(NAME, &reference, &observer).unwrap();
    let warnings = heard.into_inner().unwrap().into_iter();
    let warnings = warnings.filter(|event| matches!(event, Event::Warning(_))).count();
    assert_eq!(warnings, 4);
    assert_eq!(server.times_asked("PUT /v2/pyro/tool/blobs"), 5, "{:?}", server.asked());
    Host::empty().pull(&reference).unwrap();
}

#[test]
fn a_registry_that_takes_no_more_and_says_nothing_is_given_up() {
    let (server, mut host) = (Server::start(), host());
    host.config.registries.patience = Duration::from_millis(50);
    server.breaks("PUT", Fault::FullAfter(100), usize::MAX);
    let error = refused(&host, &format!("{}/pyro/tool:1", server.host));
    assert_eq!(error.code(), "fetch_timeout", "{error}");
}

#[test]
fn two_at_once_are_both_content() {
    let (host, store) = (host(), tempfile::tempdir().unwrap());
    let registry = Registry::start(store.path());
    let reference = format!("{}/pyro/tool:1", registry.host);
    std::thread::scope(|scope| {
        let push = || push(&host, &reference).unwrap().digest;
        let [one, two] = [scope.spawn(push), scope.spawn(push)];
        assert_eq!(one.join().unwrap(), two.join().unwrap());
    });
    Host::empty().pull(&reference).unwrap();
}

#[test]
fn an_image_that_was_changed_in_the_cache_does_not_get_out() {
    let (server, host) = (Server::start(), host());
    let image = host.environments().inspect(NAME).unwrap().image.unwrap();
    let mut bytes = std::fs::read(&image).unwrap();
    bytes[1000] ^= 1;
    replace(&image, &bytes);
    let error = refused(&host, &format!("{}/pyro/tool:1", server.host));
    assert_eq!(error.code(), "digest_mismatch");
    assert_eq!(server.times_asked("PUT"), 0);
}

fn replace(file: &Path, bytes: &[u8]) {
    std::fs::remove_file(file).unwrap();
    std::fs::write(file, bytes).unwrap();
}
