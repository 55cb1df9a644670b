//! A server that hands out tokens for Debian's `docker-registry` (distribution's `auth: token`): a JWT per
//! repository, signed with a key of the test's own.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

/// Who signs, and for whom.
const ISSUER: &str = "a token server";
const SERVICE: &str = "a registry";

/// A running server. It ends with the process.
pub struct TokenServer {
    realm: String,
    keys: PathBuf,
    scopes: Arc<Mutex<Vec<String>>>,
}

impl TokenServer {
    /// One with keys in the directory `keys`. Only somebody with this name and password gets a token that allows
    /// anything.
    pub fn start(keys: &Path, name_and_password: &str) -> Self {
        make_keys(keys);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let realm = format!("http://{}/token", listener.local_addr().unwrap());
        let server = Self { realm, keys: keys.to_owned(), scopes: Arc::default() };
        let (keys, scopes) = (keys.to_owned(), Arc::clone(&server.scopes));
        let expected = format!("Basic {}", STANDARD.encode(name_and_password));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // a client that leaves early is no failure of the server
                let _ = serve(&client, &keys, &expected, &scopes);
            }
        });
        server
    }

    /// The lines of `docker-registry`'s settings that send its users here.
    pub fn settings(&self) -> String {
        let certificate = self.keys.join("token.pem");
        format!(
            "auth:\n  token:\n    realm: {}\n    service: {SERVICE}\n    issuer: {ISSUER}\n    \
             rootcertbundle: {}\n",
            self.realm,
            certificate.display()
        )
    }

    /// What was asked for so far.
    pub fn scopes(&self) -> Vec<String> {
        self.scopes.lock().unwrap().clone()
    }
}

fn openssl(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {arguments:?}");
    output.stdout
}

fn make_keys(keys: &Path) {
    let (key, certificate) = (keys.join("token.key"), keys.join("token.pem"));
    let [key, certificate] = [&key, &certificate].map(|path| path.to_str().unwrap());
    let subject = ["-days", "2", "-subj", "/CN=tokens", "-keyout", key, "-out", certificate];
    let request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes"];
    openssl(&[&request[..], &subject].concat(), b"");
}

fn serve(
    mut client: &TcpStream,
    keys: &Path,
    expected: &str,
    scopes: &Mutex<Vec<String>>,
) -> Option<()> {
    let mut lines = BufReader::new(client).lines().map_while(Result::ok);
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let is_known = headers.iter().any(|header| {
        header.split_once(": ").is_some_and(|(name, value)| {
            name.eq_ignore_ascii_case("authorization") && value == expected
        })
    });
    let scope = path.split(['?', '&']).find_map(|part| part.strip_prefix("scope="))?;
    let scope = scope.replace("%3A", ":").replace("%2F", "/").replace("%2C", ",");
    scopes.lock().unwrap().push(scope.clone());
    let token = json!({ "token": token(keys, &scope, is_known) }).to_string();
    let head =
        format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", token.len());
    client.write_all(&[head.as_bytes(), token.as_bytes()].concat()).ok()
}

/// A token for what was asked for, or for nothing.
fn token(keys: &Path, scope: &str, is_allowed: bool) -> String {
    let [kind, name, actions] = scope.split(':').collect::<Vec<_>>().try_into().unwrap();
    let actions: Vec<_> = actions.split(',').filter(|_| is_allowed).collect();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let certificate = fs::read(keys.join("token.pem")).unwrap();
    let certificate = openssl(&["x509", "-outform", "DER"], &certificate);
    let header = json!({ "typ": "JWT", "alg": "RS256", "x5c": [STANDARD.encode(certificate)] });
    let claims = json!({
        "iss": ISSUER, "sub": "somebody", "aud": SERVICE, "jti": "1",
        "exp": now + 300, "nbf": now - 10, "iat": now,
        "access": [{ "type": kind, "name": name, "actions": actions }],
    });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&header), part(&claims));
    let key = keys.join("token.key");
    let signature =
        openssl(&["dgst", "-sha256", "-sign", key.to_str().unwrap()], signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}
