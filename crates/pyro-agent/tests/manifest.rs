//! What changed since a manifest, found by the real agent in a process of its own.
#![allow(clippy::unwrap_used)] // a failed step is a failed test

mod support;

use pyro_proto::request::Request;
use pyro_proto::tree::{Change, ChangesDone, Facts, Kind, ManifestTaken};
use pyro_proto::{GuestPath, Refusal, RefusalCode};
use std::fs;
use std::path::PathBuf;
use support::Agent;

/// An agent whose workspace holds what `script` makes there, and the manifest of that.
async fn workspace(script: &str) -> (Agent, ManifestTaken) {
    let agent = Agent::start().await;
    fs::create_dir(agent.path("workspace")).unwrap();
    run(&agent, script).await;
    let taken = agent.ask(&Request::TakeManifest).await.unwrap();
    (agent, taken)
}

async fn run(agent: &Agent, script: &str) {
    let ran = agent.sh(&format!("set -e; cd workspace; {script}")).await;
    assert_eq!(ran.exit.code, 0, "{}", String::from_utf8_lossy(&ran.stderr));
}

async fn changes(agent: &Agent, checksum: &str) -> Result<(Vec<Change>, ChangesDone), Refusal> {
    agent.lines(&Request::Changes { checksum: Some(checksum.into()), limit: 1000 }).await
}

#[tokio::test]
async fn without_a_manifest_everything_is_new() {
    let agent = Agent::start().await;
    fs::create_dir(agent.path("workspace")).unwrap();
    run(&agent, "mkdir d; echo 1 >d/f").await;
    let request = Request::Changes { checksum: None, limit: 10 };
    let (changes, done): (Vec<Change>, ChangesDone) = agent.lines(&request).await.unwrap();
    assert_eq!(done.changes, 2);
    assert!(changes.iter().all(|change| change.before.is_none() && change.after.is_some()));
    assert_eq!(changes[1].path.to_string(), "d/f");
}

/// The changes, each as one letter and a path: added, removed, modified.
async fn told(agent: &Agent, taken: &ManifestTaken) -> Vec<String> {
    let (changes, done) = changes(agent, &taken.checksum).await.unwrap();
    assert_eq!((done.changes, done.truncated), (changes.len() as u64, false));
    assert!(changes.is_sorted_by(|one, next| one.path.tree_order(&next.path).is_lt()));
    let letter = |change: &Change| match (&change.before, &change.after) {
        (None, Some(_)) => 'A',
        (Some(_), None) => 'R',
        (Some(_), Some(_)) => 'M',
        (None, None) => panic!("{change:?}"),
    };
    changes.iter().map(|change| format!("{} {}", letter(change), change.path)).collect()
}

async fn after(before: &str, script: &str) -> Vec<String> {
    let (agent, taken) = workspace(before).await;
    assert_eq!(told(&agent, &taken).await, [""; 0]);
    run(&agent, script).await;
    told(&agent, &taken).await
}

fn file(size: u64, mode: u32) -> Option<Facts> {
    Some(Facts { kind: Kind::File, size, mode, link_target: None })
}

fn manifest(agent: &Agent) -> PathBuf {
    agent.path(".pyro/manifest")
}

const TREE: &str = "mkdir -p d/e 'a b'; echo 1 >d/f; echo 2 >d/e/g; echo 3 >d.x; echo 4 >'a b/h'; \
                    ln -s d/f link; mkfifo pipe; chmod 640 d/f";

#[tokio::test]
async fn nothing_is_told_of_what_is_as_it_was() {
    let (agent, taken) = workspace(TREE).await;
    assert_eq!(taken.entries, 9);
    let written = fs::read(manifest(&agent)).unwrap();
    assert_eq!(taken.bytes, written.len() as u64);
    assert_eq!(taken.checksum, format!("{:08x}", crc32c::crc32c(&written)));
    assert_eq!(told(&agent, &taken).await, [""; 0]);
    // to read, to list and to make and remove something changes nothing
    run(&agent, "cat d/f >/dev/null; ls -lR >/dev/null; touch d/new; rm d/new").await;
    assert_eq!(told(&agent, &taken).await, [""; 0]);
    let again: ManifestTaken = agent.ask(&Request::TakeManifest).await.unwrap();
    assert_eq!(again, taken);
}

#[tokio::test]
async fn every_change_is_told_with_what_was_and_what_is() {
    let (agent, taken) = workspace(TREE).await;
    run(&agent, "printf new >d/f; rm d.x; ln -sf other link; mkdir n; chmod 700 d/e").await;
    let (changes, done) = changes(&agent, &taken.checksum).await.unwrap();
    let directory = |mode| Some(Facts { kind: Kind::Directory, size: 0, mode, link_target: None });
    let link = |to: &str| {
        let (size, link_target) = (to.len() as u64, Some(to.into()));
        Some(Facts { kind: Kind::Symlink, size, mode: 0o777, link_target })
    };
    let change = |path: &str, before, after| Change { path: path.into(), before, after };
    let expected = [
        change("d/e", directory(0o755), directory(0o700)),
        change("d/f", file(2, 0o640), file(3, 0o640)),
        change("d.x", file(2, 0o644), None),
        change("link", link("d/f"), link("other")),
        change("n", None, directory(0o755)),
    ];
    assert_eq!(changes, expected);
    assert_eq!(done, ChangesDone { changes: 5, truncated: false, git_metadata_changed: false });
}

#[tokio::test]
async fn a_change_that_keeps_size_and_mtime_is_found_at_once() {
    let (agent, _) = workspace("printf old >f").await;
    // again and again: within the tick of the manifest most of all
    for round in 0..20 {
        let taken: ManifestTaken = agent.ask(&Request::TakeManifest).await.unwrap();
        let content = if round % 2 == 0 { "new" } else { "old" };
        let modified = fs::metadata(agent.path("workspace/f")).unwrap().modified().unwrap();
        fs::write(agent.path("workspace/f"), content).unwrap();
        let file = fs::File::options().write(true).open(agent.path("workspace/f")).unwrap();
        file.set_modified(modified).unwrap();
        assert_eq!(told(&agent, &taken).await, ["M f"], "{round}");
    }
}

#[tokio::test]
async fn a_touched_a_chmodded_and_a_linked_file_are_candidates() {
    assert_eq!(after("echo 1 >f; echo 2 >g", "touch f").await, ["M f"]);
    assert_eq!(after("echo 1 >f; echo 2 >g", "chmod 600 g").await, ["M g"]);
    assert_eq!(after("echo 1 >f", "ln f h").await, ["M f", "A h"]);
}

#[tokio::test]
async fn a_renamed_directory_is_gone_and_new_with_all_its_content() {
    let moved = after(TREE, "mv d z").await;
    let expected =
        ["R d", "R d/e", "R d/e/g", "R d/f", "A z", "A z/e", "A z/e/g", "A z/f"].map(String::from);
    assert_eq!(moved, expected);
    assert_eq!(after("echo 1 >f; echo 22 >g", "mv f x; mv g f; mv x g").await, ["M f", "M g"]);
    // two directories change places: their files have kept all times
    let swapped = after("mkdir a b; echo 1 >a/f; echo 2 >b/f", "mv a x; mv b a; mv x b").await;
    assert_eq!(swapped, ["M a/f", "M b/f"]);
}

#[tokio::test]
async fn whatever_changes_its_kind_is_told_as_both() {
    let (agent, taken) = workspace("mkdir d; echo >d/in; echo >f; ln -s f l; mkfifo p").await;
    run(&agent, "rm -r d; echo 12 >d; rm f; mkdir f; echo >f/in; rm l; mkfifo l; rm p; ln -s d p")
        .await;
    let (changes, _) = changes(&agent, &taken.checksum).await.unwrap();
    let kinds = |change: &Change| {
        let kind = |facts: &Option<Facts>| facts.as_ref().map(|facts| facts.kind);
        (change.path.to_string(), kind(&change.before), kind(&change.after))
    };
    let (file, directory) = (Some(Kind::File), Some(Kind::Directory));
    let (link, other) = (Some(Kind::Symlink), Some(Kind::Other));
    let expected = [
        ("d", directory, file),
        ("d/in", file, None),
        ("f", file, directory),
        ("f/in", None, file),
        ("l", link, other),
        ("p", other, link),
    ];
    let expected = expected.map(|(path, before, after)| (path.to_owned(), before, after));
    assert_eq!(changes.iter().map(kinds).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn names_that_order_differently_as_paths_do_not_confuse_the_two_sides() {
    let before = "mkdir a a.b a-b; for d in a a.b a-b; do echo >$d/x; echo >$d.c; done";
    assert_eq!(after(before, "rm -r a").await, ["R a", "R a/x"]);
    assert_eq!(after(before, "rm -r a-b a.b").await, ["R a-b", "R a-b/x", "R a.b", "R a.b/x"]);
    let deep = "mkdir -p a/b/c; echo >a/b/c/z; echo >a/y; echo >x";
    assert_eq!(
        after(deep, "rm -r a/b; echo >w; mkdir a/z; echo >a/z/0").await,
        ["R a/b", "R a/b/c", "R a/b/c/z", "A a/z", "A a/z/0", "A w"]
    );
    assert_eq!(
        after(deep, "rm -r a x").await,
        ["R a", "R a/b", "R a/b/c", "R a/b/c/z", "R a/y", "R x"]
    );
    assert_eq!(after("true", "mkdir -p a/b; echo >a/b/c").await, ["A a", "A a/b", "A a/b/c"]);
}

#[tokio::test]
async fn hostile_names_are_told_byte_by_byte() {
    let names: [&[u8]; 5] = [b"\n", b"-rf", b"\xff\xfe", &[b'\xff'; 255], b"\x1b[2J"];
    let (agent, taken) = workspace("true").await;
    for name in names {
        use std::os::unix::ffi::OsStrExt;
        let name = std::ffi::OsStr::from_bytes(name);
        fs::write(agent.path("workspace").join(name), "").unwrap();
    }
    let sorted = |changes: Vec<Change>| changes.into_iter().map(|c| c.path).collect::<Vec<_>>();
    let mut expected = names.map(GuestPath::new).to_vec();
    expected.sort();
    let (added, _) = changes(&agent, &taken.checksum).await.unwrap();
    assert_eq!(sorted(added), expected);
    let taken: ManifestTaken = agent.ask(&Request::TakeManifest).await.unwrap();
    run(&agent, "find . -type f -delete").await;
    let (removed, _) = changes(&agent, &taken.checksum).await.unwrap();
    assert_eq!(sorted(removed), expected);
}

#[tokio::test]
async fn links_lead_nowhere_wherever_they_are() {
    let (agent, taken) =
        workspace("mkdir d; echo >d/f; ln -s / root; ln -s . loop; ln -s d .git").await;
    assert_eq!(taken.entries, 5);
    assert_eq!(told(&agent, &taken).await, [""; 0]);
    run(&agent, "mv d was; ln -s was d").await;
    assert_eq!(told(&agent, &taken).await, ["M d", "R d/f", "A was", "A was/f"]);
    // the workspace itself and the agent's own directory are not to be links either
    fs::rename(agent.path("workspace"), agent.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink("elsewhere", agent.path("workspace")).unwrap();
    assert!(agent.ask::<ManifestTaken>(&Request::TakeManifest).await.is_err());
}

#[tokio::test]
async fn a_limit_cuts_the_list_but_not_the_count() {
    let (agent, taken) = workspace("mkdir many").await;
    run(&agent, "cd many; seq -f %06g 20000 | xargs touch; git init -q").await;
    let request = Request::Changes { checksum: Some(taken.checksum), limit: 10 };
    let (changes, done) = agent.lines::<Change, ChangesDone>(&request).await.unwrap();
    assert_eq!(changes.len(), 10);
    assert_eq!(done, ChangesDone { changes: 20_000, truncated: true, git_metadata_changed: true });
}

#[tokio::test]
async fn only_that_git_metadata_changed_is_told_of_it() {
    let commit = "git -c user.name=a -c user.email=a@b.c commit -qam x";
    let repository = format!("git init -q -b main; echo 1 >f; git add f; {commit}");
    let nested = format!("mkdir -p sub/deep; cd sub/deep; {repository}");
    let cases = [
        (&*repository, "git status >/dev/null; git diff >/dev/null; git log >/dev/null", false),
        (&repository, "git branch other", true),
        (&repository, "git config a.b c", true),
        (&repository, "git checkout -q -b other", true),
        (&repository, "rm -rf .git", true),
        (&nested, "cd sub/deep; git status >/dev/null", false),
        (&nested, "cd sub/deep; git tag t", true),
        ("mkdir d", "cd d; git init -q", true),
        ("echo gitdir: x >.git", "echo gitdir: y >.git; touch -d yesterday .git", true),
        ("echo gitdir: x >.git", "true", false),
    ];
    for (before, script, changed) in cases {
        let (agent, taken) = workspace(before).await;
        run(&agent, script).await;
        let (changes, done) = changes(&agent, &taken.checksum).await.unwrap();
        assert_eq!((changes, done.git_metadata_changed), (vec![], changed), "{script}");
    }
    let (agent, taken) = workspace(&repository).await;
    run(&agent, &format!("echo 2 >f; {commit}")).await;
    let (changes, done) = changes(&agent, &taken.checksum).await.unwrap();
    assert_eq!((changes.len(), done.git_metadata_changed), (1, true));
}

#[tokio::test]
async fn a_manifest_that_is_missing_or_not_the_one_is_refused() {
    let (agent, taken) = workspace(TREE).await;
    let whole = fs::read(manifest(&agent)).unwrap();
    let code = async |checksum: &str| changes(&agent, checksum).await.unwrap_err().code;
    assert_eq!(code("00000000").await, RefusalCode::Failed);
    assert_eq!(code("").await, RefusalCode::Failed);
    // each byte counts, and none of them can do more than fail
    for at in 0..whole.len() {
        let mut tampered = whole.clone();
        tampered[at] ^= 0x41;
        fs::write(manifest(&agent), &tampered).unwrap();
        assert_eq!(code(&taken.checksum).await, RefusalCode::Failed, "{at}");
    }
    for end in [0, 4, 8, 20, whole.len() - 1] {
        fs::write(manifest(&agent), &whole[..end]).unwrap();
        assert_eq!(code(&taken.checksum).await, RefusalCode::Failed, "{end}");
    }
    fs::write(manifest(&agent), [&whole[..], &[0xff; 100_000]].concat()).unwrap();
    assert_eq!(code(&taken.checksum).await, RefusalCode::Failed);
    fs::remove_file(manifest(&agent)).unwrap();
    assert_eq!(code(&taken.checksum).await, RefusalCode::NotFound);
    assert_eq!(agent.sh("mkfifo .pyro/manifest").await.exit.code, 0);
    assert_eq!(code(&taken.checksum).await, RefusalCode::Failed);
    fs::remove_file(manifest(&agent)).unwrap();
    fs::write(manifest(&agent), &whole).unwrap();
    assert_eq!(told(&agent, &taken).await, [""; 0]);
}

#[tokio::test]
async fn a_tree_that_changes_meanwhile_is_walked_to_its_end() {
    let (agent, _) = workspace("mkdir -p d/e/f; echo >d/e/f/g").await;
    let mut busy = agent
        .open(&Request::Exec(support::sh(
            "cd workspace; while :; do mv d x; mkdir d; rm -r d; ln -s / d; rm d; mv x d; done",
        )))
        .await;
    for _ in 0..50 {
        let taken: ManifestTaken = agent.ask(&Request::TakeManifest).await.unwrap();
        assert!(taken.entries <= 5, "{taken:?}");
        let (changes, _) = changes(&agent, &taken.checksum).await.unwrap();
        assert!(changes.len() <= 9, "{changes:?}");
    }
    busy.sender.finish().await.unwrap();
}
