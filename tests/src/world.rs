//! A user with a home of their own on this host. The prepared environments are shared by all
//! worlds of one kind of user; everything else is private and goes with the world.

use crate::call::Call;
use crate::executable::{executable, target_directory};
use crate::lab::{expected_backend, expected_isolation};
use crate::process::adopt_orphans;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;
use std::time::Duration;
use tempfile::TempDir;

/// What the scenarios boot.
pub const ENVIRONMENT: &str = "debian:12";

/// A first preparation on two busy cores, and nobody else's in front.
const PREPARATION: Duration = Duration::from_secs(330);

/// Network settings that belong to the host and not to the user.
const PROXIES: [&str; 6] =
    ["http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"];

/// Runs commands in another view of this host; see its own first lines.
const ALTERED_HOST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/altered-host");

/// The ordinary user's number: nobody's on Debian, and without subordinate ones.
const STRANGER: u32 = 47_110;
/// Where `altered-host` shows the stranger's directory.
const STRANGERS_HOME: &str = "/home/stranger";

/// A user and their home.
#[derive(Debug)]
pub struct World {
    home: TempDir,
    /// `home` as the user sees it.
    seen: PathBuf,
    cache: PathBuf,
    executable: PathBuf,
    host: Vec<String>,
    /// Whether a scenario has taken something away from the host.
    altered: bool,
}

impl World {
    /// Whoever runs the tests, with `debian:12` prepared.
    #[must_use]
    pub fn new() -> Self {
        static PREPARED: Once = Once::new();
        let world = Self::unprepared();
        PREPARED.call_once(|| world.prepare());
        world
    }

    /// The same with whatever the shared cache has.
    #[must_use]
    pub fn unprepared() -> Self {
        adopt_orphans();
        let cache = scratch("own").join("cache");
        let home = tempfile::Builder::new().prefix("pyro-").tempdir().unwrap();
        Self {
            seen: home.path().to_owned(),
            home,
            cache,
            executable: executable(),
            host: vec![],
            altered: false,
        }
    }

    /// An ordinary user with neither `/dev/kvm` nor subordinate users, whose environment was built
    /// by that user. Where the tests run as such a user already, that one. Where KVM is what the
    /// host must have, the user is in its group.
    #[must_use]
    pub fn of_an_ordinary_user() -> Self {
        static PREPARED: Once = Once::new();
        if !rustix::process::geteuid().is_root() {
            return Self::new();
        }
        adopt_orphans();
        let place = scratch("stranger");
        give(&place, 0o755);
        let below = |name: &str| {
            let path = place.join(name);
            fs::create_dir_all(&path).unwrap();
            give(&path, 0o700);
            path
        };
        let (_, homes) = (below("cache"), below("homes"));
        let executable = copy_for_the_stranger(&below("bin"));
        let home = tempfile::Builder::new().prefix("w").tempdir_in(homes).unwrap();
        give(home.path(), 0o700);
        let seen = |path: &Path| Path::new(STRANGERS_HOME).join(path.strip_prefix(&place).unwrap());
        let world = Self {
            seen: seen(home.path()),
            cache: seen(&place.join("cache")),
            executable: seen(&executable),
            host: stranger_at(&place),
            altered: false,
            home,
        };
        PREPARED.call_once(|| world.prepare());
        world
    }

    /// The same world on a host that `altered-host` has changed, for example `--without-kvm`.
    #[must_use]
    pub fn on_a_host(mut self, changes: &[&str]) -> Self {
        self.host.extend(changes.iter().map(|&change| change.to_owned()));
        self.altered = true;
        self
    }

    /// With a cache of its own, which starts as hard links to the shared one.
    #[must_use]
    pub fn with_private_cache(mut self) -> Self {
        let private = self.home.path().join("cache");
        let status = Command::new("cp").arg("-al").arg(&self.cache).arg(&private).status().unwrap();
        assert!(status.success(), "cp: {status}");
        self.cache = private;
        self
    }

    /// With a cache of its own in which nothing is.
    #[must_use]
    pub fn with_empty_cache(mut self) -> Self {
        self.cache = self.home.path().join("cache");
        self
    }

    /// `pyro ARGUMENTS…`
    #[must_use]
    pub fn pyro(&self, arguments: &[&str]) -> Call {
        let mut command = self.on_host(&self.executable);
        command.args(arguments);
        self.in_home(command)
    }

    /// `pyro run OPTIONS… debian:12 -- WORDS…`
    #[must_use]
    pub fn run_with(&self, options: &[&str], words: &[&str]) -> Call {
        self.pyro(&[&["run", ENVIRONMENT], options, &["--"], words].concat())
    }

    /// `pyro run debian:12 -- WORDS…`
    #[must_use]
    pub fn run(&self, words: &[&str]) -> Call {
        self.run_with(&[], words)
    }

    /// `pyro run debian:12 -- sh -c SCRIPT`
    #[must_use]
    pub fn script(&self, script: &str) -> Call {
        self.run(&["sh", "-c", script])
    }

    /// Another program in the same environment, with `pyro` as its first argument where it asks
    /// for it with `{pyro}`.
    #[must_use]
    pub fn program(&self, words: &[&str]) -> Call {
        let pyro = self.executable.display().to_string();
        let words: Vec<String> = words.iter().map(|word| word.replace("{pyro}", &pyro)).collect();
        let mut command = self.on_host(Path::new(&words[0]));
        command.args(&words[1..]);
        self.in_home(command)
    }

    /// The world's own directory.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Where machines live, as this test sees it.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.home.path().join("state")
    }

    /// pyro's cache, as the user sees it.
    #[must_use]
    pub fn cache(&self) -> PathBuf {
        self.cache.join("pyro")
    }

    fn on_host(&self, program: &Path) -> Command {
        if self.host.is_empty() {
            return Command::new(program);
        }
        let mut command = Command::new(ALTERED_HOST);
        command.args(&self.host).arg("--").arg(program);
        command
    }

    fn in_home(&self, mut command: Command) -> Call {
        let proxies = PROXIES.iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", &self.seen)
            .env("XDG_CACHE_HOME", &self.cache)
            .env("XDG_STATE_HOME", self.seen.join("state"))
            .env("XDG_DATA_HOME", self.seen.join("data"))
            .envs(proxies)
            .current_dir(self.home.path());
        if let Some(isolation) = expected_isolation().filter(|_| !self.altered) {
            command.env("PYRO_REQUIRE_ISOLATION", isolation);
        }
        Call::new(command)
    }

    /// Whoever comes first builds it; the others wait, which is pyro's own doing.
    fn prepare(&self) {
        let _ = self.pyro(&["env", "pull", ENVIRONMENT]).within(PREPARATION).succeeds();
        if let Some(backend) = expected_backend() {
            let diagnosis = self.pyro(&["doctor", "--json"]).succeeds().json();
            assert_eq!(diagnosis["machines"]["backend"], backend, "{diagnosis}");
        }
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

/// A directory that outlives the tests, one for each kind of user.
fn scratch(user: &str) -> PathBuf {
    let path = target_directory().join("scenarios").join(user);
    fs::create_dir_all(&path).unwrap();
    path
}

fn stranger_at(place: &Path) -> Vec<String> {
    let (number, place) = (STRANGER.to_string(), place.display().to_string());
    let kvm = expected_isolation() == Some("hardware-vm");
    let of = if kvm { vec!["--of-group", "kvm"] } else { vec!["--without-kvm"] };
    let words = of.into_iter().chain(["--as", &number, &place]);
    words.map(str::to_owned).collect()
}

fn give(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    chown(path, Some(STRANGER), Some(STRANGER)).unwrap();
}

/// The executable may lie where the stranger cannot reach it. The copy keeps its time, so that it
/// is the same to pyro from one test to the next.
fn copy_for_the_stranger(directory: &Path) -> PathBuf {
    let (from, to) = (executable(), directory.join("pyro"));
    let facts = |path: &Path| fs::metadata(path).map(|m| (m.len(), m.modified().unwrap())).ok();
    if facts(&from) != facts(&to) {
        let aside = tempfile::NamedTempFile::new_in(directory).unwrap();
        fs::copy(&from, aside.path()).unwrap();
        aside.as_file().set_modified(fs::metadata(&from).unwrap().modified().unwrap()).unwrap();
        fs::set_permissions(aside.path(), fs::Permissions::from_mode(0o755)).unwrap();
        aside.persist(&to).unwrap();
    }
    to
}
