//! The distribution's kernel: the newest `linux-image-<release>-amd64` of the suite, fetched by the
//! host's apt from the sources that an image was built from. Backports stay out because apt is shown
//! those sources only. Unpacking is the business of `environment::kernel`.

use super::super::EnvironmentError;
use super::super::building::Building;
use super::tool;
use crate::config::Config;
use crate::digest;
use crate::error::AtPath;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The package that depends on the newest generic kernel. Not the cloud flavour: that one lacks
/// VMGENID (`CONFIG_VMGENID`), which reseeds the random numbers of a restored machine.
const META_PACKAGE: &str = "linux-image-amd64";

/// A kernel package of the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct KernelPackage {
    /// `linux-image-6.1.0-56-amd64`.
    pub(in super::super) name: String,
    /// `6.1.192-2`.
    pub(in super::super) version: String,
    /// Where apt fetches it from.
    pub(in super::super) uri: String,
    /// Its SHA-256 in the signed index.
    pub(in super::super) digest: String,
}

/// apt with directories of its own: works for any user, whatever the host has installed or pinned.
#[derive(Debug)]
pub(in super::super) struct Archive<'a> {
    config: &'a Config,
    apt_get: PathBuf,
    apt_cache: PathBuf,
    directory: PathBuf,
    /// Lists of the host's last update, or of one of our own.
    lists: PathBuf,
}

impl<'a> Archive<'a> {
    /// Opens the archive behind `sources` (one-line entries).
    pub(in super::super) fn open(
        config: &'a Config,
        building: &Building,
        sources: &[String],
    ) -> Result<Self, EnvironmentError> {
        let find = |program: &str| {
            config.find_program(program).ok_or_else(|| EnvironmentError::MissingTools {
                lacking: vec![program.to_owned()],
                packages: vec!["apt".to_owned()],
            })
        };
        let archive = Self {
            config,
            apt_get: find("apt-get")?,
            apt_cache: find("apt-cache")?,
            directory: building.file("apt"),
            lists: PathBuf::from("/var/lib/apt/lists"),
        };
        archive.lay_out(sources)?;
        Ok(archive)
    }

    fn lay_out(&self, sources: &[String]) -> Result<(), EnvironmentError> {
        for name in ["lists/partial", "cache/archives/partial", "state"] {
            let directory = self.directory.join(name);
            fs::create_dir_all(&directory).at("create", &directory)?;
        }
        for (name, text) in
            [("state/status", String::new()), ("sources.list", sources.join("\n") + "\n")]
        {
            let file = self.directory.join(name);
            fs::write(&file, text).at("write", &file)?;
        }
        Ok(())
    }

    /// The newest kernel, from the host's lists where they have one, else after an update.
    pub(in super::super) fn newest_kernel(&mut self) -> Result<KernelPackage, EnvironmentError> {
        match self.look_up() {
            Ok(package) => Ok(package),
            Err(_) => {
                self.update()?;
                self.look_up()
            }
        }
    }

    /// Fetches `package` and checks its digest ourselves, beside apt: the file is what the signed
    /// index names. Lists that are too old name files that are gone, so one update is tried.
    pub(in super::super) fn fetch(
        &mut self,
        package: &mut KernelPackage,
    ) -> Result<PathBuf, EnvironmentError> {
        if self.download(package).is_err() {
            self.update()?;
            *package = self.look_up()?;
            self.download(package)?;
        }
        let name = package.uri.rsplit('/').next().unwrap_or_default();
        let file = self.find_download(name)?;
        let found = digest::of_file(&file)?;
        if found != package.digest {
            let expected = package.digest.clone();
            return Err(EnvironmentError::DigestMismatch { file, expected, found });
        }
        Ok(file)
    }

    fn update(&mut self) -> Result<(), EnvironmentError> {
        self.lists = self.directory.join("lists");
        tool::output(self.config, self.apt(&self.apt_get).args(["-q", "update"])).map(drop)
    }

    fn look_up(&self) -> Result<KernelPackage, EnvironmentError> {
        let meta =
            tool::output(self.config, self.apt(&self.apt_cache).args(["show", META_PACKAGE]))?;
        let (name, version) = newest_dependency(&meta)?;
        let order = format!("{name}={version}");
        let uris = tool::output(
            self.config,
            self.apt(&self.apt_get).args(["-qq", "download", "--print-uris", &order]),
        )?;
        let (uri, digest) = uri_and_digest(&uris)?;
        Ok(KernelPackage { name, version, uri, digest })
    }

    fn download(&self, package: &KernelPackage) -> Result<(), EnvironmentError> {
        let order = format!("{}={}", package.name, package.version);
        tool::output(self.config, self.apt(&self.apt_get).args(["-q", "download", &order]))
            .map(drop)
    }

    /// apt names the file after the package, not after the address: it quotes `:` differently.
    fn find_download(&self, address_name: &str) -> Result<PathBuf, EnvironmentError> {
        let entries = fs::read_dir(&self.directory).at("list", &self.directory)?;
        entries
            .flatten()
            .map(|entry| entry.path())
            .find(|path| path.extension().is_some_and(|e| e == "deb"))
            .ok_or_else(|| not_understood(format!("it did not leave {address_name:.200}")))
    }

    /// apt with our directories; the host's own settings (proxy, credentials) stay in force.
    fn apt(&self, program: &Path) -> Command {
        let at = |name: &str| self.directory.join(name).display().to_string();
        let options = [
            format!("Dir::Etc::sourcelist={}", at("sources.list")),
            "Dir::Etc::sourceparts=/dev/null".to_owned(),
            "Dir::Etc::preferences=/dev/null".to_owned(),
            "Dir::Etc::preferencesparts=/dev/null".to_owned(),
            format!("Dir::State={}", at("state")),
            format!("Dir::State::status={}", at("state/status")),
            format!("Dir::State::lists={}", self.lists.display()),
            format!("Dir::Cache={}", at("cache")),
            "APT::Architecture=amd64".to_owned(),
            "APT::Architectures=amd64".to_owned(),
            "Acquire::Languages=none".to_owned(),
            // Root's apt would fetch as a user that cannot enter the cache directory.
            "APT::Sandbox::User=root".to_owned(),
            // An update that could not fetch everything is a failure, not a warning.
            "APT::Update::Error-Mode=any".to_owned(),
        ];
        let mut command = Command::new(program);
        command.args(options.iter().flat_map(|option| ["-o", option])).current_dir(&self.directory);
        command
    }
}

/// The `Depends` of the first stanza of `apt-cache show`, which lists the newest version first:
/// `linux-image-6.1.0-56-amd64 (= 6.1.192-2)`.
fn newest_dependency(show: &str) -> Result<(String, String), EnvironmentError> {
    let depends = show.lines().find_map(|line| line.strip_prefix("Depends: ")).unwrap_or_default();
    let first = depends.split(',').next().unwrap_or_default();
    let parts = first
        .split_once(" (= ")
        .and_then(|(name, version)| Some((name.trim(), version.trim().strip_suffix(')')?)));
    match parts {
        Some((name, version)) if name.starts_with("linux-image-") && name.ends_with("-amd64") => {
            Ok((name.to_owned(), version.to_owned()))
        }
        _ => Err(not_understood(format!("{META_PACKAGE} depends on {depends:?}"))),
    }
}

/// `'<uri>' <file name> <size> SHA256:<digest>`, see `--print-uris` in apt-get(8).
fn uri_and_digest(line: &str) -> Result<(String, String), EnvironmentError> {
    let mut words = line.split_whitespace();
    let uri = words.next().map(|word| word.trim_matches('\''));
    let digest = words.nth(2).and_then(|word| word.strip_prefix("SHA256:"));
    match (uri, digest) {
        (Some(uri), Some(digest)) if digest::is_digest(digest) => {
            Ok((uri.to_owned(), digest.to_owned()))
        }
        _ => Err(not_understood(format!("no address with a SHA-256 in {line:.200?}"))),
    }
}

fn not_understood(reason: String) -> EnvironmentError {
    EnvironmentError::BadAnswer { program: "apt", reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_kernel_is_the_first_ones_dependency() {
        let show = "Package: linux-image-amd64\nVersion: 6.1.192-2\n\
                    Depends: linux-image-6.1.0-56-amd64 (= 6.1.192-2)\n\n\
                    Package: linux-image-amd64\nVersion: 6.1.176-1\n\
                    Depends: linux-image-6.1.0-50-amd64 (= 6.1.176-1)\n";
        let expected = ("linux-image-6.1.0-56-amd64".to_owned(), "6.1.192-2".to_owned());
        assert_eq!(newest_dependency(show).unwrap(), expected);
        assert!(newest_dependency("").is_err());
        assert!(newest_dependency("Depends: evil (= 1)\n").is_err());
    }

    #[test]
    fn an_address_counts_only_with_its_sha256() {
        let digest = "a8".repeat(32);
        let line =
            format!("'http://m.example/pool/l.deb' l_6.1_amd64.deb 70550672 SHA256:{digest}\n");
        assert_eq!(uri_and_digest(&line).unwrap(), ("http://m.example/pool/l.deb".into(), digest));
        assert!(uri_and_digest("'http://m.example/l.deb' l.deb 7 MD5Sum:00").is_err());
        assert!(uri_and_digest("").is_err());
    }
}
