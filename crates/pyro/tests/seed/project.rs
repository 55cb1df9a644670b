//! Projects with real git: whatever a repository is on the host, what arrives is one of its own, as
//! clean as it was, and without what could run something or tell a secret.

use crate::arrival::{Arrived, receive, refusal};
use pyro::config::Config;
use pyro::event;
use pyro::seed::{Project, SeedError, SeedLimits, Source};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A directory with repositories in it.
struct Place(tempfile::TempDir);

fn config() -> Config {
    let lookup = |name: &str| match name {
        "HOME" => Some(OsString::from("/nonexistent")),
        name => std::env::var_os(name),
    };
    Config::from_lookup(PathBuf::from("/bin/false"), lookup).unwrap()
}

/// Runs git as somebody with a name and without settings; returns what it prints.
fn git(directory: &Path, args: &[&str]) -> String {
    let mut git = Command::new("git");
    git.args(["-c", "protocol.file.allow=always", "-c", "init.defaultBranch=main"]);
    git.args(args).current_dir(directory);
    git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    for role in ["AUTHOR", "COMMITTER"] {
        git.env(format!("GIT_{role}_NAME"), "A").env(format!("GIT_{role}_EMAIL"), "a@example.org");
    }
    let output = git.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {args:?} in {}: {said}", directory.display());
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

fn status(directory: &Path) -> String {
    git(directory, &["status", "--porcelain=v2", "--branch", "--untracked-files=all"])
}

fn write(directory: &Path, name: &str, content: &str) {
    let path = directory.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn commit(directory: &Path, message: &str) {
    git(directory, &["add", "-A"]);
    git(directory, &["commit", "-q", "-m", message]);
}

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A repository with two commits and a few files.
    fn repository(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(&path).unwrap();
        git(&path, &["init", "-q"]);
        write(&path, "README.md", "one\n");
        write(&path, "src/main.rs", "fn main() {}\n");
        write(&path, "src-b.txt", "b\n");
        symlink("src/main.rs", path.join("link")).unwrap();
        commit(&path, "first");
        write(&path, "README.md", "two\n");
        write(&path, "run.sh", "#!/bin/sh\n");
        fs::set_permissions(path.join("run.sh"), PermissionsExt::from_mode(0o755)).unwrap();
        commit(&path, "second");
        path
    }
}

fn seed(path: &Path) -> Result<Arrived, SeedError> {
    let project = Project::at(&config(), path)?;
    receive(Source::Project(project), &SeedLimits::default())
}

/// Seeds, unpacks and checks that git finds nothing missing. The second is the unpacked tree.
#[track_caller]
fn arrive(path: &Path) -> (Arrived, tempfile::TempDir, PathBuf) {
    let arrived = seed(path).unwrap();
    assert!(arrived.seeded.changed_during_read.is_empty());
    let unpacked = arrived.unpack();
    let tree = unpacked.path().join("tree");
    git(&tree, &["fsck", "--strict", "--no-dangling"]);
    (arrived, unpacked, tree)
}

/// Arrives with the same status and the same history.
#[track_caller]
fn arrives_alike(path: &Path) -> (Arrived, tempfile::TempDir, PathBuf) {
    let (arrived, unpacked, tree) = arrive(path);
    assert_eq!(status(&tree), status(path));
    let log = ["log", "--all", "--format=%H %D"];
    let refs = |path| git(path, &["for-each-ref", "--format=%(refname) %(objectname)"]);
    assert_eq!(git(&tree, &log), git(path, &log));
    assert_eq!(refs(&tree), refs(path));
    (arrived, unpacked, tree)
}

fn names(paths: &[PathBuf]) -> Vec<&str> {
    paths.iter().map(|path| path.to_str().unwrap()).collect()
}

#[test]
fn a_clean_checkout_arrives_clean() {
    let place = Place::new();
    let path = place.repository("a");
    git(&path, &["tag", "v1"]);
    git(&path, &["branch", "deep/er"]);
    git(&path, &["gc", "-q"]);
    git(&path, &["commit", "-q", "--allow-empty", "-m", "third"]);
    let (arrived, _unpacked, tree) = arrives_alike(&path);
    assert_eq!(arrived.seeded.mode, "project");
    assert!(status(&tree).lines().all(|line| line.starts_with('#')), "{}", status(&tree));
    assert_eq!(
        git(&tree, &["log", "-g", "--format=%gs"]).lines().count(),
        3,
        "the reflog is there"
    );
}

#[test]
fn a_subdirectory_leads_to_its_project_and_nowhere_else_is_one() {
    let place = Place::new();
    let path = place.repository("a");
    let project = Project::discover(&config(), &path.join("src")).unwrap().unwrap();
    assert_eq!(project.path(), path.canonicalize().unwrap());
    assert!(Project::discover(&config(), place.0.path()).unwrap().is_none());
    assert_eq!(refusal(seed(place.0.path())).0, "project_not_found");
    assert_eq!(refusal(seed(&place.path("none"))).0, "seed_not_found");
}

#[test]
fn what_is_changed_staged_deleted_and_new_arrives_as_it_is() {
    let place = Place::new();
    let path = place.repository("a");
    write(&path, ".gitignore", "target\n*.log\n");
    commit(&path, "ignore");
    write(&path, "README.md", "changed\n");
    write(&path, "staged.txt", "staged\n");
    git(&path, &["add", "staged.txt"]);
    write(&path, "staged.txt", "and changed\n");
    fs::remove_file(path.join("src-b.txt")).unwrap();
    fs::remove_file(path.join("link")).unwrap();
    symlink("/etc", path.join("link")).unwrap();
    write(&path, "new/file", "new\n");
    write(&path, "target/debug/x", "built\n");
    write(&path, "a.log", "log\n");
    let (arrived, _unpacked, tree) = arrives_alike(&path);
    assert_eq!(arrived.seeded.ignored_count, 2, "target/ and a.log");
    assert!(!tree.join("target").exists() && !tree.join("a.log").exists());
    assert_eq!(fs::read_to_string(tree.join("staged.txt")).unwrap(), "and changed\n");
    assert_eq!(git(&tree, &["show", ":staged.txt"]), "staged");
    assert_eq!(fs::read_link(tree.join("link")).unwrap(), Path::new("/etc"));
}

#[test]
fn a_tracked_directory_that_became_a_link_is_not_followed() {
    let place = Place::new();
    let path = place.repository("a");
    write(&place.path("outside"), "main.rs", "must not be read");
    fs::remove_dir_all(path.join("src")).unwrap();
    symlink(place.path("outside"), path.join("src")).unwrap();
    let (arrived, _unpacked, tree) = arrives_alike(&path);
    assert!(tree.join("src").is_symlink());
    assert!(!arrived.archive.windows(16).any(|window| window == b"must not be read"));
}

#[test]
fn untracked_credentials_are_withheld_and_named_and_tracked_ones_are_history_anyway() {
    let place = Place::new();
    let path = place.repository("a");
    write(&path, "test/fixture.pem", "tracked");
    commit(&path, "fixture");
    let secret = [".env", "config/id_rsa", "deploy/credentials.json", "keys/tls.key"];
    for name in secret {
        write(&path, name, "S3CRET");
    }
    write(&path, ".env.example", "fill in");
    let (arrived, _unpacked, tree) = arrive(&path);
    assert_eq!(names(&arrived.seeded.withheld.paths), secret);
    assert!(!arrived.archive.windows(6).any(|window| window == b"S3CRET"));
    assert!(tree.join(".env.example").exists() && tree.join("test/fixture.pem").exists());
}

#[test]
fn settings_that_run_something_or_tell_a_secret_stay_behind() {
    let place = Place::new();
    let path = place.repository("a");
    let canary = place.path("canary");
    let run = format!("touch {}", canary.display());
    let set = |key: &str, value: &str| drop(git(&path, &["config", "--local", key, value]));
    git(
        &path,
        &["remote", "add", "origin", "https://user:T0KEN@example.org/a.git?private_token=T0KEN"],
    );
    set("http.https://example.org/.extraheader", "Authorization: T0KEN");
    set("branch.main.remote", "https://T0KEN@example.org/b");
    set("user.name", "Ada \"the\" \\ Countess");
    set("core.sshCommand", &run);
    set("alias.x", "!T0KEN");
    set("credential.helper", &format!("!{run}"));
    set("filter.evil.clean", &run);
    set("include.path", "/T0KEN");
    write(&path, ".gitattributes", "* filter=evil\n");
    write(&path, ".git/hooks/post-checkout", &format!("#!/bin/sh\n{run}\n"));
    fs::set_permissions(path.join(".git/hooks/post-checkout"), PermissionsExt::from_mode(0o755))
        .unwrap();
    write(&path, ".git/FETCH_HEAD", "T0KEN");
    set("core.hooksPath", ".git/hooks");
    set("core.fsmonitor", &run);
    let arrived = seed(&path).unwrap();
    let unpacked = arrived.unpack();
    let tree = unpacked.path().join("tree");
    assert!(!canary.exists(), "the host has run something for the repository");
    assert!(!arrived.archive.windows(5).any(|window| window == b"T0KEN"));
    assert!(!tree.join(".git/hooks").exists());
    assert_eq!(git(&tree, &["remote", "get-url", "origin"]), "https://example.org/a.git");
    assert_eq!(git(&tree, &["config", "branch.main.remote"]), "https://example.org/b");
    assert_eq!(git(&tree, &["config", "user.name"]), "Ada \"the\" \\ Countess");
    let keys = git(&tree, &["config", "--local", "--list", "--name-only"]);
    for gone in ["filter", "alias", "credential", "include", "http", "hookspath", "fsmonitor"] {
        assert!(!keys.contains(gone), "{keys}");
    }
}

#[test]
fn a_linked_work_tree_arrives_as_a_repository_of_its_own() {
    let place = Place::new();
    let main = place.repository("main");
    let linked = place.path("linked");
    git(&main, &["worktree", "add", "-q", "-b", "topic", linked.to_str().unwrap()]);
    write(&main, "only-main", "m");
    write(&linked, "on-topic", "t");
    commit(&linked, "topic");
    write(&linked, "README.md", "changed\n");
    let (_arrived, _unpacked, tree) = arrives_alike(&linked);
    assert!(tree.join(".git").is_dir() && !tree.join(".git/worktrees").exists());
    assert_eq!(git(&tree, &["branch", "--show-current"]), "topic");
    assert_eq!(git(&tree, &["log", "-g", "--format=%gs", "-1"]), "commit: topic");
    assert!(!tree.join("only-main").exists());
    arrives_alike(&main);
}

#[test]
fn a_work_tree_of_the_same_repository_inside_of_it_stays_behind() {
    let place = Place::new();
    let path = place.repository("a");
    git(&path, &["worktree", "add", "-q", ".trees/topic"]);
    let (arrived, _unpacked, tree) = arrive(&path);
    assert_eq!(arrived.seeded.ignored_count, 1);
    assert!(!tree.join(".trees").exists());
}

#[test]
fn submodules_arrive_with_their_history_and_relative_links() {
    let place = Place::new();
    let (inner, outer) = (place.repository("inner"), place.repository("outer"));
    let innermost = place.repository("innermost");
    git(&inner, &["submodule", "add", "-q", innermost.to_str().unwrap(), "deepest"]);
    commit(&inner, "submodule");
    git(&outer, &["submodule", "add", "-q", inner.to_str().unwrap(), "libs/inner"]);
    git(&outer, &["submodule", "update", "-q", "--init", "--recursive"]);
    commit(&outer, "submodule");
    write(&outer, "libs/inner/README.md", "changed inside\n");
    let (_arrived, unpacked, tree) = arrives_alike(&outer);
    let gitfile = fs::read_to_string(tree.join("libs/inner/.git")).unwrap();
    assert_eq!(gitfile, "gitdir: ../../.git/modules/libs/inner\n");
    // it works wherever it lies
    let moved = unpacked.path().join("moved");
    fs::rename(&tree, &moved).unwrap();
    for inner in ["libs/inner", "libs/inner/deepest"] {
        assert_eq!(status(&moved.join(inner)), status(&outer.join(inner)));
        git(&moved.join(inner), &["fsck", "--strict", "--no-dangling"]);
    }

    // the submodules of a linked work tree are kept with that work tree
    let linked = place.path("linked");
    git(&outer, &["worktree", "add", "-q", linked.to_str().unwrap()]);
    git(&linked, &["submodule", "update", "-q", "--init", "--recursive"]);
    arrives_alike(&linked);

    // one that is not checked out is an empty directory
    git(&linked, &["submodule", "deinit", "-q", "-f", "--all"]);
    let (_arrived, _unpacked, tree) = arrives_alike(&linked);
    assert!(fs::read_dir(tree.join("libs/inner")).unwrap().next().is_none());
}

#[test]
fn repositories_that_merely_lie_inside_arrive_as_such() {
    let place = Place::new();
    let path = place.repository("a");
    let inside = place.repository("a/vendor/inside");
    write(&inside, "new", "n");
    write(&path, "bare/HEAD", "ref: refs/heads/x\n");
    write(&path, "bare/objects/x", "just a file\n");
    write(&path, "bare/refs/x", "just a file\n");
    let (_arrived, _unpacked, tree) = arrives_alike(&path);
    assert_eq!(status(&tree.join("vendor/inside")), status(&inside));
    assert!(tree.join("bare/objects/x").exists());
}

#[test]
fn borrowed_objects_are_merged_in() {
    let place = Place::new();
    let lender = place.repository("lender");
    let middle = place.path("middle");
    let path = place.path("borrower");
    git(place.0.path(), &["clone", "-q", "--shared", lender.to_str().unwrap(), "middle"]);
    write(&middle, "m", "m");
    commit(&middle, "middle");
    git(place.0.path(), &["clone", "-q", "--shared", middle.to_str().unwrap(), "borrower"]);
    git(&lender, &["gc", "-q"]);
    write(&path, "own", "o");
    commit(&path, "own");
    let (_arrived, _unpacked, tree) = arrives_alike(&path);
    assert!(!tree.join(".git/objects/info/alternates").exists());
    fs::remove_dir_all(&lender).unwrap();
    git(&tree, &["fsck", "--strict", "--no-dangling"]);
}

#[test]
fn shallow_partial_sparse_and_empty_repositories_stay_what_they_are() {
    let place = Place::new();
    let origin = place.repository("origin");
    git(&origin, &["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", origin.display());

    git(place.0.path(), &["clone", "-q", "--depth=1", &url, "shallow"]);
    let (_arrived, _unpacked, tree) = arrives_alike(&place.path("shallow"));
    assert_eq!(git(&tree, &["rev-parse", "--is-shallow-repository"]), "true");
    assert_eq!(git(&tree, &["rev-list", "--count", "HEAD"]), "1");

    git(place.0.path(), &["clone", "-q", "--filter=blob:none", &url, "partial"]);
    let arrived = seed(&place.path("partial")).unwrap();
    let unpacked = arrived.unpack();
    assert_eq!(status(&unpacked.path().join("tree")), status(&place.path("partial")));

    git(place.0.path(), &["clone", "-q", &url, "sparse"]);
    git(&place.path("sparse"), &["sparse-checkout", "set", "--cone", "src"]);
    let (_arrived, _unpacked, tree) = arrives_alike(&place.path("sparse"));
    assert_eq!(git(&tree, &["sparse-checkout", "list"]), "src");
    assert!(!tree.join("link").join("x").exists() && tree.join("src/main.rs").exists());

    fs::create_dir(place.path("empty")).unwrap();
    git(&place.path("empty"), &["init", "-q"]);
    write(&place.path("empty"), "new", "n");
    let arrived = seed(&place.path("empty")).unwrap();
    let unpacked = arrived.unpack();
    assert_eq!(status(&unpacked.path().join("tree")), status(&place.path("empty")));
}

#[test]
fn every_format_of_repository_arrives() {
    let place = Place::new();
    for format in ["--object-format=sha256", "--ref-format=reftable", "--separate-git-dir=../apart"]
    {
        let path = place.path(&format[2..8]);
        fs::create_dir(&path).unwrap();
        git(&path, &["init", "-q", format]);
        write(&path, "file", "content");
        commit(&path, "first");
        if format.contains("separate") {
            // the repository has to know of the work tree that claims it
            let (code, message) = refusal(seed(&path));
            assert_eq!(code, "project_unsupported", "{message}");
            git(&path, &["config", "core.worktree", path.to_str().unwrap()]);
        }
        arrives_alike(&path);
    }
    // the index in two parts
    let path = place.repository("split");
    git(&path, &["update-index", "--split-index"]);
    write(&path, "more", "m");
    git(&path, &["add", "more"]);
    arrives_alike(&path);
}

#[test]
fn an_interrupted_merge_can_be_ended_in_the_guest() {
    let place = Place::new();
    let path = place.repository("a");
    git(&path, &["switch", "-q", "-c", "other", "HEAD~1"]);
    write(&path, "README.md", "other\n");
    commit(&path, "other");
    let merge = Command::new("git").args(["merge", "main"]).current_dir(&path).output().unwrap();
    assert!(!merge.status.success(), "it must conflict");
    let (_arrived, _unpacked, tree) = arrives_alike(&path);
    write(&tree, "README.md", "both\n");
    commit(&tree, "merged");
    assert_eq!(git(&tree, &["rev-list", "--count", "--merges", "HEAD"]), "1");
}

#[test]
fn odd_names_arrive() {
    let place = Place::new();
    let path = place.repository("a");
    for name in ["new\nline", "-dash", "sp ace", "quote\"", "tab\t", "\u{e9}", "a*", ":x", "\\"] {
        write(&path, &format!("tracked/{name}"), "t");
    }
    commit(&path, "odd");
    for name in ["new\nline", "-dash", "tab\t", "\u{e9}"] {
        write(&path, &format!("untracked\n/{name}"), "u");
    }
    arrives_alike(&path);
}

#[test]
fn a_stranger_cannot_claim_what_is_not_his() {
    let place = Place::new();
    let private = place.repository("private");
    write(&private, "private.txt", "must not be read");
    commit(&private, "private");
    // a directory that names somebody else's repository as its own
    let evil = place.path("evil");
    write(&evil, ".git", &format!("gitdir: {}\n", private.join(".git").display()));
    assert_eq!(refusal(seed(&evil)).0, "project_unsupported");
    // a repository that names somebody else's directory as its files
    let evil = place.repository("worktree");
    git(&evil, &["config", "core.worktree", place.0.path().to_str().unwrap()]);
    assert_eq!(refusal(seed(&evil)).0, "project_unsupported");
    // one that shares somebody else's history
    let evil = place.repository("common");
    write(&evil, ".git/commondir", private.join(".git").to_str().unwrap());
    assert_eq!(refusal(seed(&evil)).0, "project_unsupported");
    // one whose parts are links
    for part in ["objects", "refs", "HEAD"] {
        let evil = place.repository(&format!("link-{part}"));
        fs::rename(evil.join(".git").join(part), place.path(&format!("moved-{part}"))).unwrap();
        symlink(place.path(&format!("moved-{part}")), evil.join(".git").join(part)).unwrap();
        assert!(seed(&evil).is_err(), "{part}");
    }
    // an index that names what lies in .git
    let evil = place.repository("index");
    write(&evil, ".git/hooks/x", "must not be read");
    let blob = git(&evil, &["hash-object", "-w", ".git/hooks/x"]);
    git(&evil, &["update-index", "--add", "--cacheinfo", &format!("100644,{blob},zgit/hooks/x")]);
    let forge = Command::new("python3").args(["-c", FORGE]).current_dir(&evil).status();
    assert!(forge.unwrap().success());
    assert!(git(&evil, &["ls-files"]).contains(".git/hooks/x"));
    assert!(!seed(&evil).unwrap().unpack().path().join("tree/.git/hooks").exists());
}

/// Renames an entry of the index, whose last 20 bytes are its SHA-1.
const FORGE: &str = "import hashlib
index = open('.git/index', 'rb').read()[:-20]
assert b'zgit/hooks/x' in index
index = index.replace(b'zgit/hooks/x', b'.git/hooks/x')
open('.git/index', 'wb').write(index + hashlib.sha1(index).digest())";

/// A configuration whose git is started with more in its environment.
fn config_with(place: &Place, environment: &str) -> Config {
    let mut config = config();
    let git = config.find_program("git").unwrap();
    let script = format!("#!/bin/sh\n{environment} exec {} \"$@\"\n", git.display());
    write(place.0.path(), "bin/git", &script);
    fs::set_permissions(place.path("bin/git"), PermissionsExt::from_mode(0o755)).unwrap();
    config.search_path.insert(0, place.path("bin"));
    config
}

#[test]
fn text_stays_as_the_users_own_settings_have_it() {
    let place = Place::new();
    let path = place.repository("a");
    write(&path, "text.txt", "one\r\ntwo\r\n");
    git(&path, &["-c", "core.autocrlf=true", "add", "text.txt"]);
    git(&path, &["commit", "-q", "-m", "text"]);
    write(place.0.path(), "global", "[core]\n\tautocrlf = true\n");
    let environment = format!("GIT_CONFIG_GLOBAL={}", place.path("global").display());
    let project = Project::at(&config_with(&place, &environment), &path).unwrap();
    let arrived = receive(Source::Project(project), &SeedLimits::default()).unwrap();
    let unpacked = arrived.unpack();
    let said = status(&unpacked.path().join("tree"));
    assert!(said.lines().all(|line| line.starts_with('#')), "{said}");
}

#[test]
fn a_directory_of_somebody_else_is_refused_with_the_next_step() {
    let place = Place::new();
    let path = place.repository("theirs");
    // git's own way to be told that everything belongs to somebody else (its t0033)
    let config = config_with(&place, "GIT_TEST_ASSUME_DIFFERENT_OWNER=1");
    let error = pyro::Error::from(Project::at(&config, &path).unwrap_err());
    assert_eq!(error.code(), "git_unsafe_directory");
    assert!(error.hints()[0].contains("safe.directory"), "{:?}", error.hints());
}

#[test]
fn without_git_the_next_step_is_to_install_it() {
    let mut config = config();
    config.search_path = vec![PathBuf::from("/nonexistent")];
    let error = pyro::Error::from(Project::at(&config, Path::new("/")).unwrap_err());
    assert_eq!(error.code(), "git_missing");
    assert!(error.hints()[0].contains("git"));
}

#[test]
fn a_clone_has_the_wanted_reference_and_no_secrets() {
    let place = Place::new();
    let origin = place.repository("origin");
    git(&origin, &["tag", "v1", "HEAD~1"]);
    git(&origin, &["branch", "topic/x", "HEAD~1"]);
    git(&origin, &["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let (first, second) =
        (git(&origin, &["rev-parse", "HEAD~1"]), git(&origin, &["rev-parse", "HEAD"]));
    let url = format!("file://{}", origin.display());
    let cases = [
        (None, &second, "main"),
        (Some("topic/x"), &first, "topic/x"),
        (Some("v1"), &first, ""),
        (Some(first.as_str()), &first, ""),
    ];
    for (number, (reference, wanted, branch)) in cases.into_iter().enumerate() {
        let into = place.path(&format!("clone-{number}"));
        let project = Project::clone_of(&config(), &url, reference, &into, &event::ignore).unwrap();
        assert_eq!(&git(&into, &["rev-parse", "HEAD"]), wanted, "{reference:?}");
        assert_eq!(git(&into, &["branch", "--show-current"]), branch, "{reference:?}");
        let arrived = receive(Source::Project(project), &SeedLimits::default()).unwrap();
        assert_eq!(status(&arrived.unpack().path().join("tree")), status(&into));
    }
    let clone = |url: &str, reference| {
        refusal(Project::clone_of(&config(), url, reference, &place.path("bad"), &event::ignore))
    };
    assert_eq!(clone("ext::sh -c id", None).0, "bad_repository_url");
    assert_eq!(clone(&url, Some("--upload-pack=x")).0, "bad_repository_url");
    let (code, message) = clone("https://user:T0KEN@127.0.0.1:1/a.git", None);
    assert_eq!(code, "git_failed");
    assert!(!message.contains("T0KEN"), "{message}");
}

#[test]
fn a_clone_of_an_empty_repository_is_an_empty_project() {
    let place = Place::new();
    fs::create_dir(place.path("empty")).unwrap();
    git(&place.path("empty"), &["init", "-q"]);
    let url = format!("file://{}", place.path("empty").display());
    let into = place.path("clone");
    let project = Project::clone_of(&config(), &url, None, &into, &event::ignore).unwrap();
    receive(Source::Project(project), &SeedLimits::default()).unwrap();
}
