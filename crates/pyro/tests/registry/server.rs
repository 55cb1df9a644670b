//! A registry that misbehaves on purpose, and remembers what it was asked.

use super::image::{INDEX, Image, MANIFEST, digest};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// Begins a record of TLS's handshake (RFC 8446, 5.1).
const TLS_GREETING: u8 = 22;

/// What it does wrong with an answer.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Says this status, with this header.
    Status(u16, &'static str),
    /// Changes one byte of the content.
    Corrupt,
    /// Hangs up after so many bytes.
    CutAfter(usize),
    /// Says nothing more after so many bytes, and does not hang up.
    SilentAfter(usize),
    /// Sends so many bytes at a time, with pauses.
    Slowly(usize, Duration),
    /// Sends all of it, whatever part was asked for.
    Whole,
    /// Reads so many bytes of what it is sent, and hangs up.
    DeafAfter(usize),
    /// Reads so many bytes of what it is sent, then nothing more, and does not hang up.
    FullAfter(usize),
}

/// For questions whose path holds a text: what goes wrong, and how often.
#[derive(Debug)]
struct Rule {
    path: String,
    fault: Fault,
    times: usize,
}

#[derive(Default)]
struct State {
    manifests: HashMap<String, Vec<u8>>,
    blobs: HashMap<String, Vec<u8>>,
    rules: Vec<Rule>,
    asked: Vec<String>,
    uploads: usize,
    /// Answers on their way, and the most there ever were.
    busy: isize,
    most_busy: isize,
    /// The authorization without which nothing is handed out.
    token: Option<String>,
    /// The authorization for which the token is handed out, and the server's own name.
    realm: Option<(String, String)>,
}

/// A running server. It ends with the process.
#[derive(Clone)]
pub struct Server {
    pub host: String,
    state: Arc<(Mutex<State>, Condvar)>,
}

impl Server {
    pub fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let server = Self { host, state: Arc::default() };
        let serving = server.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let serving = serving.clone();
                // a client that leaves early is no failure of the server
                std::thread::spawn(move || serving.serve(&client));
            }
        });
        server
    }

    /// Puts an image into it, by tag and by digest. Returns what it is called.
    pub fn put(&self, image: &Image, name: &str, tag: &str) -> String {
        let mut state = self.state.0.lock().unwrap();
        state.blobs.extend(image.blobs.iter().cloned());
        for version in [tag.to_owned(), image.digest()] {
            state.manifests.insert(format!("{name}/{version}"), image.manifest.clone());
        }
        format!("{}/{name}:{tag}", self.host)
    }

    /// Puts a document in the place of a manifest.
    pub fn put_document(&self, name: &str, tag: &str, document: &[u8]) -> String {
        let mut state = self.state.0.lock().unwrap();
        for version in [tag.to_owned(), digest(document)] {
            state.manifests.insert(format!("{name}/{version}"), document.to_vec());
        }
        format!("{}/{name}:{tag}", self.host)
    }

    /// Lets the next answers to questions about `path` go wrong.
    pub fn breaks(&self, path: &str, fault: Fault, times: usize) {
        let mut state = self.state.0.lock().unwrap();
        state.rules.push(Rule { path: path.to_owned(), fault, times });
    }

    /// From now on everything needs a token, which is there for this name and password alone.
    pub fn wants_token(&self, name_and_password: &str) {
        use base64::Engine;
        let basic = base64::engine::general_purpose::STANDARD.encode(name_and_password);
        let mut state = self.state.0.lock().unwrap();
        state.token = Some("Bearer a-token".into());
        state.realm = Some((format!("Basic {basic}"), format!("http://{}/token", self.host)));
    }

    /// How many answers were on their way at a time, at most.
    pub fn most_at_once(&self) -> isize {
        self.state.0.lock().unwrap().most_busy
    }

    /// Every question so far: path and what of it was asked for, or another method than GET and a path.
    pub fn asked(&self) -> Vec<String> {
        self.state.0.lock().unwrap().asked.clone()
    }

    /// How many questions so far had this text.
    pub fn times_asked(&self, text: &str) -> usize {
        self.asked().iter().filter(|question| question.contains(text)).count()
    }

    /// Waits until a question with this text has come.
    pub fn wait_for(&self, text: &str) {
        let (state, changed) = &*self.state;
        let is_missing = |state: &mut State| !state.asked.iter().any(|asked| asked.contains(text));
        let waited =
            changed.wait_timeout_while(state.lock().unwrap(), Duration::from_secs(20), is_missing);
        assert!(!waited.unwrap().1.timed_out(), "nobody asked for {text}");
    }

    fn serve(&self, client: &TcpStream) -> Option<()> {
        let mut first = [0];
        client.peek(&mut first).ok()?;
        if first == [TLS_GREETING] {
            let mut client = client;
            let _ = client.read(&mut [0; 4096]).ok()?;
            return client.write_all(b"HTTP/1.0 400 Bad Request\r\n\r\n").ok();
        }
        let mut reader = BufReader::new(client);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let mut words = line.split(' ');
            let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
            let (mut range, mut authorization, mut length) = (None, None, 0);
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).ok()?;
                let Some((name, value)) = line.trim_end().split_once(": ") else { break };
                match name.to_ascii_lowercase().as_str() {
                    "range" => range = Some(value.to_owned()),
                    "authorization" => authorization = Some(value.to_owned()),
                    "content-length" => length = value.parse().unwrap(),
                    _ => {}
                }
            }
            if method == "GET" {
                self.answer(client, &path, range.as_deref(), authorization.as_deref())?;
            } else {
                let question = format!("{method} {path}");
                self.take(client, &mut reader, &question, length, authorization.as_deref())?;
            }
        }
    }

    /// The push half of the protocol, as far as one piece for each part goes.
    fn take(
        &self,
        client: &TcpStream,
        reader: &mut impl Read,
        question: &str,
        length: usize,
        authorization: Option<&str>,
    ) -> Option<()> {
        let (fault, denied) = {
            let (state, changed) = &*self.state;
            let mut state = state.lock().unwrap();
            state.asked.push(question.to_owned());
            changed.notify_all();
            (state.fault(question), state.denial(authorization))
        };
        match fault {
            Some(Fault::DeafAfter(count)) => {
                reader.read_exact(&mut vec![0; count]).ok()?;
                client.shutdown(std::net::Shutdown::Both).ok()?;
                return None;
            }
            Some(Fault::FullAfter(count)) => {
                reader.read_exact(&mut vec![0; count]).ok()?;
                let (state, changed) = &*self.state;
                state.lock().unwrap().asked.push(format!("FULL {question}"));
                changed.notify_all();
                std::thread::sleep(Duration::from_secs(60));
                return None;
            }
            _ => {}
        }
        let mut content = vec![0; length];
        reader.read_exact(&mut content).ok()?;
        if let Some(challenge) = denied {
            return send(client, 401, &challenge, b"");
        }
        if let Some(Fault::Status(status, said)) = fault {
            let said = format!("{{\"errors\":[{{\"code\":\"X\",\"message\":\"{said}\"}}]}}");
            return send(client, status, "X: y", said.as_bytes());
        }
        let (status, header) = self.state.0.lock().unwrap().keep(question, content);
        send(client, status, &header, b"")
    }

    fn answer(
        &self,
        client: &TcpStream,
        path: &str,
        range: Option<&str>,
        authorization: Option<&str>,
    ) -> Option<()> {
        let (found, fault) = {
            let (state, changed) = &*self.state;
            let mut state = state.lock().unwrap();
            state.asked.push(format!("{path} {}", range.unwrap_or("-")));
            changed.notify_all();
            if let Some((basic, realm)) = &state.realm {
                let is_token = path.starts_with("/token");
                let wanted = if is_token { Some(&**basic) } else { state.token.as_deref() };
                if authorization != wanted {
                    let challenge =
                        format!("WWW-Authenticate: Bearer realm=\"{realm}\",service=\"s\"");
                    return send(client, 401, &challenge, b"");
                }
                if is_token {
                    return send(client, 200, "X: y", br#"{"token":"a-token"}"#);
                }
            }
            (state.find(path), state.fault(path))
        };
        let Some((media_type, bytes)) = found else {
            let said = br#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#;
            return send(client, 404, "X: y", said);
        };
        self.busy(1);
        let done = respond(client, media_type, bytes, range, fault.as_ref());
        self.busy(-1);
        done
    }

    fn busy(&self, more: isize) {
        let mut state = self.state.0.lock().unwrap();
        state.busy += more;
        state.most_busy = state.most_busy.max(state.busy);
    }
}

impl State {
    fn find(&self, path: &str) -> Option<(&'static str, Vec<u8>)> {
        let path = path.strip_prefix("/v2/")?;
        if let Some((_, digest)) = path.split_once("/blobs/") {
            return Some(("application/octet-stream", self.blobs.get(digest)?.clone()));
        }
        let bytes = self.manifests.get(&path.replace("/manifests/", "/"))?;
        let is_index = bytes.windows(11).any(|text| text == b"\"manifests\"");
        Some((if is_index { INDEX } else { MANIFEST }, bytes.clone()))
    }

    /// What to say to somebody without the token.
    fn denial(&self, authorization: Option<&str>) -> Option<String> {
        let (_, realm) = self.realm.as_ref()?;
        let is_known = authorization == self.token.as_deref();
        (!is_known).then(|| format!("WWW-Authenticate: Bearer realm=\"{realm}\",service=\"s\""))
    }

    /// Status and a header for what was sent.
    fn keep(&mut self, question: &str, content: Vec<u8>) -> (u16, String) {
        let (method, path) = question.split_once(' ').unwrap();
        let path = path.strip_prefix("/v2/").unwrap();
        match (method, path.split_once("/blobs/uploads/")) {
            ("HEAD", _) => {
                let found = self.find(&format!("/v2/{path}"));
                let header = found.as_ref().map(|(_, bytes)| digest(bytes)).unwrap_or_default();
                (
                    if found.is_some() { 200 } else { 404 },
                    format!("Docker-Content-Digest: {header}"),
                )
            }
            ("POST", Some((name, _))) => {
                self.uploads += 1;
                (202, format!("Location: /v2/{name}/blobs/uploads/{}?state=x", self.uploads))
            }
            ("PUT", Some((_, place))) => {
                let (_, expected) = place.split_once("&digest=").unwrap();
                if digest(&content) != expected {
                    return (400, "X: y".to_owned());
                }
                self.blobs.insert(expected.to_owned(), content);
                (201, "X: y".to_owned())
            }
            ("PUT", None) => {
                let (name, version) = path.split_once("/manifests/").unwrap();
                for version in [version, &digest(&content)] {
                    self.manifests.insert(format!("{name}/{version}"), content.clone());
                }
                (201, format!("Docker-Content-Digest: {}", digest(&content)))
            }
            _ => (405, "X: y".to_owned()),
        }
    }

    fn fault(&mut self, path: &str) -> Option<Fault> {
        let rule =
            self.rules.iter_mut().find(|rule| rule.times > 0 && path.contains(&rule.path))?;
        rule.times -= 1;
        Some(rule.fault.clone())
    }
}

fn send(mut client: &TcpStream, status: u16, header: &str, content: &[u8]) -> Option<()> {
    let length = content.len();
    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n{header}\r\n\r\n");
    client.write_all(&[head.as_bytes(), content].concat()).ok()
}

fn respond(
    mut client: &TcpStream,
    media_type: &str,
    mut bytes: Vec<u8>,
    range: Option<&str>,
    fault: Option<&Fault>,
) -> Option<()> {
    let from =
        range.and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    let from: usize = from.filter(|_| !matches!(fault, Some(Fault::Whole))).unwrap_or(0);
    let whole = bytes.len();
    bytes.drain(..from);
    let status = if from > 0 { 206 } else { 200 };
    let mut header = format!("Content-Type: {media_type}");
    if from > 0 {
        header += &format!("\r\nContent-Range: bytes {from}-{}/{whole}", whole - 1);
    }
    if let Some(Fault::Status(status, header)) = fault {
        return send(client, *status, header, b"{}");
    }
    let length = bytes.len();
    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n{header}\r\n\r\n");
    client.write_all(head.as_bytes()).ok()?;
    match fault {
        Some(Fault::Corrupt) => {
            bytes[length / 2] ^= 1;
            client.write_all(&bytes).ok()
        }
        Some(Fault::CutAfter(count)) => {
            client.write_all(&bytes[..length.min(*count)]).ok()?;
            client.shutdown(std::net::Shutdown::Both).ok()?;
            None
        }
        Some(Fault::SilentAfter(count)) => {
            client.write_all(&bytes[..length.min(*count)]).ok()?;
            // until the client has had enough
            let _ = client.read(&mut [0]);
            None
        }
        Some(Fault::Slowly(count, pause)) => {
            for chunk in bytes.chunks(*count) {
                client.write_all(chunk).ok()?;
                std::thread::sleep(*pause);
            }
            Some(())
        }
        _ => client.write_all(&bytes).ok(),
    }
}
