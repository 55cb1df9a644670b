//! The logins that Docker and Podman keep for this user: in their configuration files, or in the programs
//! that those name. Sources: Docker's `config.json` (`auths`, `credHelpers`, `credsStore`),
//! containers-auth.json(5), and the protocol of `docker/docker-credential-helpers`. Nothing is ever
//! written, and no password is ever shown.

use super::OciError;
use super::reference::Reference;
use crate::config::Config;
use crate::error::AtPath;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// What Docker calls Docker Hub in its files.
const HUB: &str = "index.docker.io";
const HUB_URL: &str = "https://index.docker.io/v1/";
/// Bytes of a file with logins, and of a helper's answer.
const MAX_FILE: u64 = 1 << 20;
/// The name by which helpers hand out a token instead of a password.
const TOKEN_NAME: &str = "<token>";

/// Proof of who somebody is.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Login {
    Password {
        name: String,
        password: String,
    },
    /// To be exchanged for a token for one repository.
    IdentityToken(String),
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login")
    }
}

/// The first login that the user's files have for the registry of `reference`.
pub(super) fn find(config: &Config, reference: &Reference) -> Result<Option<Login>, OciError> {
    for path in &config.registries.logins {
        if let Some(file) = read(path)?
            && let Some(login) = file.login(config, path, reference)?
        {
            return Ok(Some(login));
        }
    }
    Ok(None)
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct LoginFile {
    auths: BTreeMap<String, Entry>,
    cred_helpers: BTreeMap<String, String>,
    creds_store: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
}

fn read(path: &Path) -> Result<Option<LoginFile>, OciError> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(MAX_FILE).read_to_end(&mut bytes).at("read", path)?,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(error).at("open", path)?,
    };
    if bytes.is_empty() {
        return Ok(None);
    }
    // The error of a JSON reader tells where, not what stands there.
    let parsed = serde_json::from_slice(&bytes);
    parsed.map(Some).map_err(|error| bad(path, format!("line {}: no login file", error.line())))
}

fn bad(path: &Path, reason: impl Into<String>) -> OciError {
    OciError::BadLogins { path: path.to_owned(), reason: reason.into() }
}

impl LoginFile {
    fn login(
        &self,
        config: &Config,
        path: &Path,
        reference: &Reference,
    ) -> Result<Option<Login>, OciError> {
        let registry = reference.registry();
        let own = self.cred_helpers.iter().find(|(host, _)| is_host(host, registry));
        let helpers = own.map(|(_, helper)| helper).into_iter().chain(&self.creds_store);
        for helper in helpers {
            if let Some(login) = ask(config, helper, registry)? {
                return Ok(Some(login));
            }
        }
        match entry(&self.auths, reference) {
            Some(entry) => entry.login().map_err(|reason| bad(path, reason)),
            None => Ok(None),
        }
    }
}

/// The entry whose key says most: Podman's may name a repository or a part of its path.
fn entry<'a>(auths: &'a BTreeMap<String, Entry>, reference: &Reference) -> Option<&'a Entry> {
    let whole = format!("{}/{}", reference.registry(), reference.repository());
    let mut name = &*whole;
    while let Some((shorter, _)) = name.rsplit_once('/') {
        if let Some(entry) = auths.get(name) {
            return Some(entry);
        }
        name = shorter;
    }
    auths.iter().find(|(key, _)| is_host(key, name)).map(|(_, entry)| entry)
}

/// Whether a key of a login file means `registry`: Docker writes some as URLs.
fn is_host(key: &str, registry: &str) -> bool {
    let key = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    let host = ["/v1/", "/v2/", "/v1", "/v2", "/"].iter().find_map(|end| key.strip_suffix(end));
    let host = host.unwrap_or(key);
    host == registry || (registry == "docker.io" && host == HUB)
}

impl Entry {
    fn login(&self) -> Result<Option<Login>, String> {
        let full = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        if let Some(token) = full(&self.identitytoken) {
            return Ok(Some(Login::IdentityToken(token)));
        }
        if let Some(auth) = full(&self.auth) {
            let bytes = STANDARD.decode(auth.trim()).map_err(|_| "an auth is not base64")?;
            let text = String::from_utf8(bytes).map_err(|_| "an auth is not text")?;
            let (name, password) = text.split_once(':').ok_or("an auth has no password")?;
            let password = password.trim_end_matches('\0').to_owned();
            return Ok(Some(Login::Password { name: name.to_owned(), password }));
        }
        let both = full(&self.username).zip(full(&self.password));
        Ok(both.map(|(name, password)| Login::Password { name, password }))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeptPassword {
    username: String,
    secret: String,
}

/// Asks the program that keeps the passwords. It may ask its human, so it has all the time it wants.
fn ask(config: &Config, helper: &str, registry: &str) -> Result<Option<Login>, OciError> {
    let program = format!("docker-credential-{helper}");
    let failed = |reason: &str| OciError::HelperFailed {
        program: program.clone(),
        registry: registry.to_owned(),
        reason: reason.to_owned(),
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if !helper.chars().all(is_plain) {
        return Err(failed("its name is not one"));
    }
    let path = config.find_program(&program).ok_or_else(|| failed("there is no such program"))?;
    let server = if registry == "docker.io" { HUB_URL } else { registry };
    let (status, said) = converse(&path, server).at("run", &path)?;
    if status {
        let answer: KeptPassword =
            serde_json::from_slice(&said).map_err(|_| failed("its answer is no login"))?;
        return Ok(Some(if answer.username == TOKEN_NAME {
            Login::IdentityToken(answer.secret)
        } else {
            Login::Password { name: answer.username, password: answer.secret }
        }));
    }
    let said: String =
        String::from_utf8_lossy(&said).chars().filter(|c| !c.is_control()).take(200).collect();
    if said.contains("not found") { Ok(None) } else { Err(failed(&said)) }
}

/// Whether it was well, and what it said on its standard output.
fn converse(program: &Path, server: &str) -> std::io::Result<(bool, Vec<u8>)> {
    let mut child = Command::new(program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // one that does not read is judged by what it says
        let _ = stdin.write_all(server.as_bytes());
    }
    let mut said = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(MAX_FILE).read_to_end(&mut said)?;
    }
    Ok((child.wait()?.success(), said))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    /// A host with this login file, and a helper `pass` that knows `helped.example` alone.
    fn host(file: &str) -> (tempfile::TempDir, Config) {
        let home = tempfile::tempdir().unwrap();
        let script = "#!/bin/sh\nread -r server\ncase $1/$server in\n\
             get/helped.example) echo '{\"Username\":\"h\",\"Secret\":\"s\"}' ;;\n\
             get/token.example) echo '{\"Username\":\"<token>\",\"Secret\":\"t\"}' ;;\n\
             get/locked.example) echo 'the store is locked'; exit 1 ;;\n\
             *) echo 'credentials not found in native keychain'; exit 1 ;;\nesac\n";
        let helper = home.path().join("docker-credential-pass");
        fs::write(&helper, script).unwrap();
        fs::set_permissions(&helper, fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(home.path().join(".docker")).unwrap();
        fs::write(home.path().join(".docker/config.json"), file).unwrap();
        let config = Config::from_lookup("/pyro".into(), |name| {
            ["HOME", "PATH"].contains(&name).then(|| home.path().into())
        });
        (home, config.unwrap())
    }

    fn login(file: &str, reference: &str) -> Result<Option<(String, String)>, String> {
        let (_home, config) = host(file);
        let found = find(&config, &Reference::parse(reference).unwrap());
        let pair = |login| match login {
            Login::Password { name, password } => (name, password),
            Login::IdentityToken(token) => ("<token>".to_owned(), token),
        };
        found.map(|found| found.map(pair)).map_err(|error| error.to_string())
    }

    fn pair(name: &str, password: &str) -> Result<Option<(String, String)>, String> {
        Ok(Some((name.to_owned(), password.to_owned())))
    }

    #[test]
    fn logins_of_files_are_found_by_whatever_key_they_have() {
        let file = format!(
            r#"{{ "auths": {{
                "https://index.docker.io/v1/": {{ "auth": "{}" }},
                "a.example:5000": {{ "username": "a", "password": "1" }},
                "b.example/team": {{ "username": "team", "password": "2" }},
                "b.example": {{ "username": "b", "password": "3" }},
                "c.example": {{ "identitytoken": "it" }},
                "d.example": {{}}
            }} }}"#,
            STANDARD.encode("hub:p:w")
        );
        assert_eq!(login(&file, "alpine"), pair("hub", "p:w"));
        assert_eq!(login(&file, "a.example:5000/x"), pair("a", "1"));
        assert_eq!(login(&file, "b.example/team/x"), pair("team", "2"));
        assert_eq!(login(&file, "b.example/teams/x"), pair("b", "3"));
        assert_eq!(login(&file, "c.example/x"), pair("<token>", "it"));
        for none in ["d.example/x", "a.example/x", "e.example/x"] {
            assert_eq!(login(&file, none), Ok(None), "{none}");
        }
    }

    #[test]
    fn helpers_are_asked_and_their_silence_is_no_error() {
        let file = r#"{ "credsStore": "pass", "credHelpers": { "x.example": "none" },
            "auths": { "other.example": { "username": "o", "password": "1" } } }"#;
        assert_eq!(login(file, "helped.example/x"), pair("h", "s"));
        assert_eq!(login(file, "token.example/x"), pair("<token>", "t"));
        assert_eq!(login(file, "other.example/x"), pair("o", "1"));
        assert_eq!(login(file, "unknown.example/x"), Ok(None));
        let locked = login(file, "locked.example/x").unwrap_err();
        assert!(
            locked.contains("docker-credential-pass") && locked.contains("is locked"),
            "{locked}"
        );
        assert!(login(file, "x.example/x").unwrap_err().contains("there is no such program"));
        let climbing = r#"{ "credsStore": "../../bin/sh" }"#;
        assert!(login(climbing, "alpine").unwrap_err().contains("its name is not one"));
    }

    #[test]
    fn a_broken_file_is_named_without_what_it_holds() {
        for file in [
            r#"{ "auths": { "a": { "auth": "secret"#,
            r#"{"auths":{"docker.io":{"auth":"?secret"}}}"#,
        ] {
            let error = login(file, "alpine").unwrap_err();
            assert!(error.contains(".docker/config.json") && !error.contains("secret"), "{error}");
        }
        assert_eq!(login("", "alpine"), Ok(None));
    }
}
