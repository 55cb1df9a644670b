//! Images that a model names: which registries are asked for them, and as whom.

use crate::host::Host;
use crate::registry::image::{Image, Layer, Packing};
use crate::registry::server::{Fault, Server};
use base64::Engine;
use serde_json::json;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

fn image() -> Image {
    Image::new(&[Layer::new(Packing::Gzip, |layer| {
        layer.file("a", "a");
    })])
}

/// A host whose images are named by a model, which may name these.
fn of_a_model(patterns: &[&str]) -> Host {
    let mut host = Host::new();
    host.config.registries.allowed_images =
        Some(patterns.iter().map(|pattern| pattern.parse().unwrap()).collect());
    host
}

/// The same on a network whose proxy takes `registry.example` for this server: as public as a test can be.
fn behind_a_proxy(server: &Server, proxy: &Proxy) -> (Host, String) {
    let mut host = of_a_model(&[]);
    host.config.registries.plain_http = vec!["registry.example".into()];
    host.config.proxies = vec![("http_proxy".into(), format!("http://{}", proxy.address).into())];
    let reference = server.put(&image(), "a", "1");
    (host, reference.replace(&server.host, "registry.example"))
}

/// Connects everybody to one server, and remembers what they wanted.
struct Proxy {
    address: String,
    wanted: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn to(server: &Server) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (server, wanted) = (server.host.clone(), Arc::<Mutex<Vec<String>>>::default());
        let noted = wanted.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (server, noted) = (server.clone(), noted.clone());
                // a client that leaves early is no failure of the proxy
                std::thread::spawn(move || connect(client, &server, &noted));
            }
        });
        Self { address, wanted }
    }

    fn wanted(&self) -> Vec<String> {
        let mut wanted = self.wanted.lock().unwrap().clone();
        wanted.dedup();
        wanted
    }
}

fn connect(mut client: TcpStream, server: &str, noted: &Mutex<Vec<String>>) -> Option<()> {
    let mut reader = BufReader::new(client.try_clone().ok()?);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    noted.lock().unwrap().push(line.split(' ').nth(1)?.to_owned());
    while line != "\r\n" {
        line.clear();
        reader.read_line(&mut line).ok()?;
    }
    let mut server = TcpStream::connect(server).ok()?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok()?;
    let mut back = server.try_clone().ok()?;
    std::thread::spawn(move || std::io::copy(&mut back, &mut client));
    std::io::copy(&mut reader, &mut server).ok().map(drop)
}

#[test]
fn a_registry_of_this_host_is_not_even_asked_unless_the_human_has_allowed_it() {
    let server = Server::start();
    let reference = server.put(&image(), "tools/a", "1");
    let port = server.host.split_once(':').unwrap().1;
    let host = of_a_model(&["ghcr.io/acme/*", "127.0.0.1/*"]);
    for name in
        [&reference, &format!("localhost:{port}/tools/a:1"), &format!("[::1]:{port}/tools/a")]
    {
        let error = host.refused(name);
        assert_eq!(error.code(), "image_not_allowed", "{error}");
        assert!(error.hints().join(" ").contains("--allow-image "), "{:?}", error.hints());
    }
    assert_eq!(server.asked(), [""; 0]);

    // what it may name, it may name with the human's login
    server.wants_token("somebody:pass:word");
    let host = of_a_model(&[&format!("{}/tools/*", server.host)]);
    let auth = base64::engine::general_purpose::STANDARD.encode("somebody:pass:word");
    host.logins(&json!({ "auths": { &server.host: { "auth": auth } } }));
    host.pull(&reference).unwrap();
}

#[test]
fn an_image_that_is_here_may_be_named_wherever_it_came_from() {
    let (server, mut host) = (Server::start(), Host::new());
    let reference = server.put(&image(), "a", "1");
    host.pull(&reference).unwrap();
    let asked = server.asked().len();
    host.config.registries.allowed_images = Some(Vec::new());
    host.pull(&reference).unwrap();
    assert_eq!(
        host.environments().update(&reference, &|_| {}).unwrap_err().code(),
        "image_not_allowed"
    );
    assert_eq!(server.asked().len(), asked);
}

#[test]
fn a_public_registry_is_asked_as_by_a_stranger() {
    let server = Server::start();
    let proxy = Proxy::to(&server);
    let (host, reference) = behind_a_proxy(&server, &proxy);
    // logins that nobody could read without an error
    fs::create_dir_all(host.path(".docker")).unwrap();
    fs::write(host.path(".docker/config.json"), "no logins").unwrap();
    server.breaks("/manifests/", Fault::Status(401, "WWW-Authenticate: Basic realm=\"r\""), 1);
    let error = host.refused(&reference);
    assert_eq!(error.code(), "image_not_allowed", "{error}");
    assert!(error.to_string().contains("without a login"), "{error}");
    assert!(error.hints().join(" ").contains("--allow-image registry.example/a"));
    host.pull(&reference).unwrap();
    assert_eq!(proxy.wanted(), ["registry.example:80"]);
}

#[test]
fn a_public_registry_cannot_send_to_servers_that_are_not() {
    let server = Server::start();
    let proxy = Proxy::to(&server);
    let (host, reference) = behind_a_proxy(&server, &proxy);
    let layer = image().blobs[1].0.clone();
    for place in ["127.0.0.1", "localhost", "169.254.169.254", "metadata.google.internal"] {
        let away = format!("Location: http://{place}/latest/meta-data/");
        server.breaks(&layer, Fault::Status(307, Box::leak(away.into_boxed_str())), 1);
        let error = host.refused(&reference);
        assert_eq!(error.code(), "image_not_allowed", "{error}");
        assert!(error.to_string().contains(place), "{error}");
    }
    // the server's own place for tokens is an address
    server.wants_token("somebody:pass:word");
    let error = host.refused(&reference);
    assert_eq!(error.code(), "image_not_allowed", "{error}");
    assert_eq!(server.times_asked("/token"), 0);
    assert_eq!(server.times_asked("/latest/"), 0);
    assert_eq!(proxy.wanted(), ["registry.example:80"]);
}
