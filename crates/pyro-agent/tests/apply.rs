//! Many files changed at once, by the real agent in a process of its own.
#![allow(clippy::unwrap_used)] // a failed step is a failed test

mod support;

use pyro_proto::frame::Lane;
use pyro_proto::request::Request;
use pyro_proto::tree::{After, ApplyOutcome, Before, Kind, Rewrite};
use pyro_proto::{Refusal, RefusalCode};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use support::{Agent, message};

/// A change of a text file.
fn change(path: &str, before: Option<&str>, after: Option<&str>) -> Vec<u8> {
    let kind = Kind::File;
    let size = |text: &str| text.len() as u64;
    let checksum = |text: &str| crc32c::crc32c(text.as_bytes());
    let before = before.map(|t| Before { kind, size: size(t), checksum: checksum(t) });
    let made = after.map(|text| After { kind, size: size(text), mode: 0o755 });
    let mut wire = serde_json::to_vec(&Rewrite { path: path.into(), before, after: made }).unwrap();
    wire.push(b'\n');
    wire.extend(after.unwrap_or_default().as_bytes());
    wire
}

async fn apply(agent: &Agent, changes: &[Vec<u8>]) -> Result<ApplyOutcome, Refusal> {
    let mut stream = agent.open(&Request::Apply).await;
    // the agent may refuse before it has read everything
    let _ = stream.sender.send(Lane::Main, &changes.concat()).await;
    let _ = stream.sender.finish().await;
    message(&mut stream).await
}

async fn in_workspace() -> Agent {
    let agent = Agent::start().await;
    fs::create_dir(agent.path("workspace")).unwrap();
    fs::write(agent.path("workspace/a"), "a").unwrap();
    fs::write(agent.path("workspace/b"), "b").unwrap();
    agent
}

fn read(agent: &Agent, path: &str) -> String {
    fs::read_to_string(agent.path("workspace").join(path)).unwrap()
}

#[tokio::test]
async fn all_is_done_where_everything_is_as_expected() {
    let agent = in_workspace().await;
    let changes = [
        change("a", Some("a"), Some("new a")),
        change("b", Some("b"), None),
        change("c/d", None, Some("d")),
    ];
    assert_eq!(apply(&agent, &changes).await.unwrap(), ApplyOutcome::Applied {});
    assert_eq!((read(&agent, "a"), read(&agent, "c/d")), ("new a".into(), "d".into()));
    assert!(!agent.path("workspace/b").exists());
    let mode = fs::metadata(agent.path("workspace/a")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o755);
    assert!(!agent.path(".pyro/patch").exists());
}

#[tokio::test]
async fn nothing_is_done_where_one_thing_is_not() {
    let agent = in_workspace().await;
    fs::create_dir(agent.path("workspace/full")).unwrap();
    fs::write(agent.path("workspace/full/x"), "").unwrap();
    for (wrong, at) in [
        (change("b", Some("other"), Some("x")), "b"),
        (change("b", Some("B"), None), "b"),
        (change("b", None, Some("x")), "b"),
        (change("none", Some(""), Some("x")), "none"),
        (change("none", Some(""), None), "none"),
        (change("full", Some(""), Some("x")), "full"),
        (change("full", None, Some("x")), "full"),
        (change("b/below", None, Some("x")), "b"),
    ] {
        let changes = [
            change("new", None, Some("x")),
            change("a", Some("a"), Some("new a")),
            change("d/e", None, Some("x")),
            wrong,
        ];
        let outcome = apply(&agent, &changes).await.unwrap();
        assert_eq!(outcome, ApplyOutcome::Differs { path: at.into() });
        assert_eq!((read(&agent, "a"), read(&agent, "b")), ("a".into(), "b".into()));
        let left = fs::read_dir(agent.path("workspace")).unwrap().count();
        assert_eq!(left, 3, "{at}");
        assert!(!agent.path(".pyro/patch").exists());
    }
}

#[tokio::test]
async fn no_link_leads_anywhere_and_no_path_outside() {
    let agent = in_workspace().await;
    fs::create_dir(agent.path("outside")).unwrap();
    fs::write(agent.path("outside/x"), "x").unwrap();
    symlink("../outside", agent.path("workspace/out")).unwrap();
    symlink("a", agent.path("workspace/link")).unwrap();
    for changes in [
        change("out/x", Some("x"), Some("y")),
        change("out/x", Some("x"), None),
        change("out/new", None, Some("y")),
        change("link", Some("a"), Some("y")),
    ] {
        let outcome = apply(&agent, &[changes]).await;
        assert!(!matches!(outcome, Ok(ApplyOutcome::Applied {})), "{outcome:?}");
    }
    for path in ["../outside/x", "/outside/x", "a/../../outside/x", ".git/config", "s/.git/x", ""] {
        let refused = apply(&agent, &[change(path, Some("x"), None)]).await.unwrap_err();
        assert_eq!(refused.code, RefusalCode::Invalid, "{path}");
    }
    assert_eq!(fs::read_dir(agent.path("outside")).unwrap().count(), 1);
    assert_eq!((read(&agent, "../outside/x"), read(&agent, "a")), ("x".into(), "a".into()));
}

#[tokio::test]
async fn what_ends_too_early_changes_nothing() {
    let agent = in_workspace().await;
    let whole = change("a", Some("a"), Some("new a"));
    for end in [5, whole.len() - 1] {
        assert!(apply(&agent, &[whole[..end].to_vec()]).await.is_err());
        assert_eq!(read(&agent, "a"), "a");
    }
    // the host is gone before it has said that this is all
    let mut stream = agent.open(&Request::Apply).await;
    stream.sender.send(Lane::Main, &whole).await.unwrap();
    drop(stream);
    assert_eq!(
        apply(&agent, &[change("b", Some("b"), Some("2"))]).await.unwrap(),
        ApplyOutcome::Applied {}
    );
    assert_eq!(read(&agent, "a"), "a");
}

/// A program of the guest replaces one of the files all the time, as editors do.
#[tokio::test]
async fn a_patch_beside_an_editor_is_whole_or_nothing() {
    let agent = in_workspace().await;
    let (file, aside) = (agent.path("workspace/b"), agent.path("workspace/b~"));
    let stop = Arc::new(AtomicBool::new(false));
    let editor = std::thread::spawn({
        let (stop, file) = (stop.clone(), file.clone());
        move || {
            for turn in 0_u64.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                fs::write(&aside, format!("edit {turn}")).unwrap();
                fs::rename(&aside, &file).unwrap();
                std::thread::sleep(Duration::from_micros(turn % 7 * 300));
            }
        }
    });
    let until = Instant::now() + Duration::from_millis(1500);
    let (mut applied, mut differed, mut old) = (0, 0, "a".to_owned());
    while Instant::now() < until {
        let seen = fs::read_to_string(&file).unwrap();
        let new = format!("round {applied} {differed}");
        let changes =
            [change("a", Some(&old), Some(&new)), change("b", Some(&seen), Some("by the patch"))];
        match apply(&agent, &changes).await.unwrap() {
            ApplyOutcome::Applied {} => (applied, old) = (applied + 1, new),
            ApplyOutcome::Differs { path } => {
                differed += 1;
                assert_eq!(path, "b".into());
            }
        }
        assert_eq!(read(&agent, "a"), old);
    }
    stop.store(true, Ordering::Relaxed);
    editor.join().unwrap();
    assert!(applied > 0 && differed > 0, "{applied} applied, {differed} differed");
}
