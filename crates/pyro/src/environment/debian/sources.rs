//! Which Debian mirror to use: the user's setting, else the host's own where its apt serves the
//! suite, else the installing tool's default. Sources are one-line entries (sources.list(5)) with
//! the host's signing key kept; third-party repositories and backports never get in.

use super::super::EnvironmentError;
use super::{SUITE, tool};
use crate::config::Config;
use std::path::Path;
use std::process::Command;

/// The one component that environments are made from.
const COMPONENT: &str = "main";
/// The key ring of the package `debian-archive-keyring`.
const ARCHIVE_KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// The entries to install from; empty leaves the choice to the installing tool.
pub(super) fn choose(config: &Config) -> Result<Vec<String>, EnvironmentError> {
    let host = of_host(config);
    match &config.debian_mirror {
        Some(mirror) => of_setting(mirror, &host),
        None if host.iter().any(|source| source.suite == SUITE) => {
            Ok(host.iter().map(Source::line).collect())
        }
        None => Ok(Vec::new()),
    }
}

/// What the host's apt is configured for; a host without apt has nothing.
fn of_host(config: &Config) -> Vec<Source> {
    let Some(apt_get) = config.find_program("apt-get") else { return Vec::new() };
    let mut command = Command::new(apt_get);
    command.args(["indextargets", "Created-By: Packages"]);
    tool::output(config, &command).map(|text| parse(&text, read_sources_file)).unwrap_or_default()
}

/// The user's mirror carries the suite and its updates; security updates live on hosts of their
/// own, so they come from wherever the host gets them.
fn of_setting(mirror: &str, host: &[Source]) -> Result<Vec<String>, EnvironmentError> {
    let bad = |reason| EnvironmentError::BadMirror { mirror: without_password(mirror), reason };
    if !is_plain_web_address(mirror) {
        return Err(bad(if mirror.contains('@') {
            "it holds a user name or password, which would end up inside the environment"
        } else {
            "it is not an http or https URL"
        }));
    }
    let signed_by = Path::new(ARCHIVE_KEYRING).exists().then(|| ARCHIVE_KEYRING.to_owned());
    let of_mirror =
        |suite: String| Source { uri: mirror.to_owned(), suite, signed_by: signed_by.clone() };
    let security = host.iter().find(|source| source.suite == suites()[2]).cloned();
    let [suite, updates, _] = suites();
    let sources = [suite, updates].map(of_mirror).into_iter().chain(security);
    Ok(sources.map(|source| source.line()).collect())
}

/// The suite, its stable updates and its security updates.
fn suites() -> [String; 3] {
    [SUITE.to_owned(), format!("{SUITE}-updates"), format!("{SUITE}-security")]
}

/// A repository to install from.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Source {
    uri: String,
    suite: String,
    /// A key ring other than those that apt trusts anyway.
    signed_by: Option<String>,
}

impl Source {
    fn line(&self) -> String {
        let options =
            self.signed_by.as_ref().map(|path| format!("[signed-by={path}] ")).unwrap_or_default();
        format!("deb {options}{} {} {COMPONENT}", self.uri, self.suite)
    }
}

/// Reads `apt-get indextargets` (deb822 stanzas; apt's acquire-additional-files.txt names the
/// fields). `Origin` and `Codename` are there only once the host has fetched its lists; without
/// them a third party's "bookworm" could not be told from Debian's, so they are required.
fn parse(text: &str, read: impl Fn(&str) -> Option<String>) -> Vec<Source> {
    let mut sources: Vec<Source> = Vec::new();
    for stanza in text.split("\n\n") {
        let field = |name: &str| {
            stanza.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        };
        let (Some("Debian"), Some(suite), Some(COMPONENT), Some("amd64"), Some(uri)) = (
            field("Origin"),
            field("Codename"),
            field("Component"),
            field("Architecture"),
            field("Repo-URI"),
        ) else {
            continue;
        };
        let known = sources.iter().any(|source| source.suite == suite);
        if known || !suites().iter().any(|s| s == suite) || !is_plain_web_address(uri) {
            continue;
        }
        match signing_key(field("Sourcesentry").unwrap_or_default(), &read) {
            SigningKey::Trusted => sources.push(source(uri, suite, None)),
            SigningKey::File(path) => sources.push(source(uri, suite, Some(path))),
            SigningKey::Unusable => {}
        }
    }
    sources
}

fn source(uri: &str, suite: &str, signed_by: Option<String>) -> Source {
    Source { uri: uri.to_owned(), suite: suite.to_owned(), signed_by }
}

enum SigningKey {
    /// One of those in apt's own directory of trusted keys.
    Trusted,
    /// A key ring file.
    File(String),
    /// A finger print or a key written into the entry: not passed on.
    Unusable,
}

/// The `Signed-By` of a source, by its entry `<file>:<n>`: the n-th stanza of a `.sources` file, or
/// line n of a `.list` file.
fn signing_key(entry: &str, read: impl Fn(&str) -> Option<String>) -> SigningKey {
    let Some((file, number)) = entry.rsplit_once(':') else { return SigningKey::Trusted };
    let (Some(text), Ok(number)) = (read(file), number.parse::<usize>()) else {
        return SigningKey::Unusable;
    };
    let index = number.saturating_sub(1);
    let value = if file.ends_with(".sources") {
        let uncommented: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let stanza = uncommented
            .split(|line| line.trim().is_empty())
            .filter(|stanza| !stanza.is_empty())
            .nth(index)
            .unwrap_or_default();
        stanza.iter().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("signed-by").then(|| value.trim().to_owned())
        })
    } else {
        let line = text.lines().nth(index).unwrap_or_default();
        let options = line.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
        options.and_then(|(options, _)| {
            options.split_whitespace().find_map(|o| o.strip_prefix("signed-by=")).map(str::to_owned)
        })
    };
    match value {
        None => SigningKey::Trusted,
        Some(path) if path.starts_with('/') && !path.contains([' ', ',', ']']) => {
            SigningKey::File(path)
        }
        Some(_) => SigningKey::Unusable,
    }
}

fn read_sources_file(path: &str) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

/// Whether apt can fetch from `uri` without anything secret in it, and it is one word.
fn is_plain_web_address(uri: &str) -> bool {
    let rest = uri.strip_prefix("http://").or_else(|| uri.strip_prefix("https://"));
    rest.is_some_and(|rest| {
        !rest.is_empty()
            && !rest.contains(|c: char| c == '@' || c.is_whitespace() || c.is_control())
    })
}

fn without_password(uri: &str) -> String {
    match (uri.find("://"), uri.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => {
            format!("{}://{}", &uri[..scheme], &uri[at + 1..])
        }
        _ => uri.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(origin: &str, codename: &str, uri: &str, entry: &str) -> String {
        format!(
            "MetaKey: main/binary-amd64/Packages\nOrigin: {origin}\nCodename: {codename}\n\
             Architecture: amd64\nComponent: main\nRepo-URI: {uri}\nSourcesentry: {entry}\n\n"
        )
    }

    fn lines(text: &str) -> Vec<String> {
        let file = |path: &str| {
            match path {
            "/e/debian.sources" => Some(
                "# the main one\nTypes: deb\nURIs: x\nSigned-By: /k/debian.gpg\n\nTypes: deb\nURIs: y\n\n\
                 Types: deb\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n"
                    .to_owned(),
            ),
            "/e/a.list" => Some("\ndeb [arch=amd64 signed-by=/k/corp.gpg] http://c bookworm main\n".to_owned()),
            _ => None,
        }
        };
        parse(text, file).iter().map(Source::line).collect()
    }

    #[test]
    fn the_hosts_entries_are_taken_with_their_keys() {
        let text =
            target("Debian", "bookworm", "http://mirror.example/debian/", "/e/debian.sources:1")
                + &target(
                    "Debian",
                    "bookworm-updates",
                    "http://mirror.example/debian/",
                    "/e/debian.sources:2",
                )
                + &target(
                    "Debian",
                    "bookworm-security",
                    "https://corp.example/sec/",
                    "/e/a.list:2",
                );
        assert_eq!(
            lines(&text),
            [
                "deb [signed-by=/k/debian.gpg] http://mirror.example/debian/ bookworm main",
                "deb http://mirror.example/debian/ bookworm-updates main",
                "deb [signed-by=/k/corp.gpg] https://corp.example/sec/ bookworm-security main",
            ]
        );
    }

    #[test]
    fn other_suites_other_vendors_and_addresses_with_secrets_are_left_out() {
        let entry = "/e/debian.sources:2";
        let text = target("Debian", "bookworm-backports", "http://m.example/debian/", entry)
            + &target("Debian", "trixie", "http://m.example/debian/", entry)
            + &target("Docker", "bookworm", "http://d.example/", entry)
            + &target("Debian", "bookworm", "http://user:pw@m.example/debian/", entry)
            + &target("Debian", "bookworm", "cdrom://Debian 12/", entry)
            + &target("Debian", "bookworm", "http://inline.example/", "/e/debian.sources:3")
            + &target("Debian", "bookworm", "http://first.example/", entry)
            + &target("Debian", "bookworm", "http://second.example/", entry);
        assert_eq!(lines(&text), ["deb http://first.example/ bookworm main"]);
        assert_eq!(lines("").len(), 0);
    }

    #[test]
    fn a_mirror_setting_brings_suite_and_updates_and_keeps_the_hosts_security() {
        let host = [source("http://s.example/", "bookworm-security", None)];
        let lines = of_setting("http://m.example/debian", &host).unwrap();
        assert_eq!(lines.len(), 3);
        assert!(lines[0].ends_with("http://m.example/debian bookworm main"));
        assert!(lines[1].ends_with("http://m.example/debian bookworm-updates main"));
        assert_eq!(lines[2], "deb http://s.example/ bookworm-security main");
    }

    #[test]
    fn a_mirror_with_a_password_is_refused_without_repeating_it() {
        let error = of_setting("http://me:hunter2@m.example/debian", &[]).unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
        assert!(error.to_string().contains("m.example"), "{error}");
        assert!(of_setting("http://m.example/a b", &[]).is_err());
        assert!(of_setting("/srv/mirror", &[]).is_err());
    }
}
