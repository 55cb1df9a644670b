//! Who may be asked at all, where not everybody may. A guard stands where connections are made, so it sees
//! every one of them: of a redirect as of the first question, and with the very addresses that are dialled.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use ureq::unversioned::transport::{ConnectionDetails, Connector};

/// Decides who may be asked. The reasons are shown.
pub(crate) trait Guard: fmt::Debug + Send + Sync {
    /// Whether the host may be asked, as far as its name (or address) tells. Where a proxy makes the
    /// connections nothing else is known.
    fn judge_name(&self, host: &str) -> Result<(), String>;

    /// Whether an address may be dialled that the host has.
    fn judge_address(&self, host: &str, address: IpAddr) -> Result<(), String>;
}

/// What the guard said, on its way through `ureq`.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Refused(String);

/// The first link of the chain that makes connections: lets pass, or not.
#[derive(Debug)]
pub(super) struct Guarded {
    guard: Arc<dyn Guard>,
    /// Whether the settings name a proxy, to which a connection has none itself.
    has_proxy: bool,
}

impl Guarded {
    pub(super) fn new(guard: Arc<dyn Guard>, has_proxy: bool) -> Self {
        Self { guard, has_proxy }
    }

    fn judge(&self, details: &ConnectionDetails<'_>) -> Result<(), String> {
        // the proxy is the human's choice
        if self.has_proxy && details.config.proxy().is_none() {
            return Ok(());
        }
        let host = details.uri.host().unwrap_or_default();
        self.guard.judge_name(host)?;
        // none where the proxy asks for them
        let mut addresses = details.addrs.iter().map(std::net::SocketAddr::ip);
        addresses.try_for_each(|address| self.guard.judge_address(host, address))
    }
}

impl Connector for Guarded {
    type Out = ();

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        _chained: Option<()>,
    ) -> Result<Option<()>, ureq::Error> {
        match self.judge(details) {
            Ok(()) => Ok(None),
            Err(reason) => Err(ureq::Error::Other(Box::new(Refused(reason)))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Client, FetchError};
    use super::*;
    use std::ffi::OsString;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::time::Duration;

    /// Lets pass these hosts, and addresses of IPv4.
    #[derive(Debug)]
    struct Only(&'static [&'static str]);

    impl Guard for Only {
        fn judge_name(&self, host: &str) -> Result<(), String> {
            if self.0.contains(&host) { Ok(()) } else { Err(format!("{host} is not one of them")) }
        }

        fn judge_address(&self, host: &str, address: IpAddr) -> Result<(), String> {
            match (host, address.is_loopback()) {
                ("localhost", true) => Err(format!("{host} is {address}")),
                _ => Ok(()),
            }
        }
    }

    /// Answers one question with this head.
    fn server(head: String) -> (u16, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let serve = move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = Vec::new();
            while !asked.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                asked.push(byte[0]);
            }
            write!(stream, "HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n").unwrap();
            String::from_utf8(asked).unwrap()
        };
        (port, std::thread::spawn(serve))
    }

    /// A port where nobody may ever call.
    fn silent() -> (TcpListener, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        (listener, port)
    }

    fn ask(
        hosts: &'static [&'static str],
        proxy: Option<u16>,
        url: &str,
    ) -> Result<u16, FetchError> {
        let proxy = proxy.map(|port| format!("http://127.0.0.1:{port}"));
        let proxies: Vec<_> =
            proxy.map(|url| ("http_proxy".to_owned(), OsString::from(url))).into_iter().collect();
        let client = Client::guarded(&proxies, Duration::from_secs(5), Only(hosts));
        client.unwrap().get(url, &[]).map(|answer| answer.status())
    }

    fn refusal(asked: Result<u16, FetchError>) -> String {
        match asked.unwrap_err() {
            FetchError::Forbidden { reason, .. } => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn who_may_not_be_asked_never_sees_a_connection_by_name_by_address_or_by_redirect() {
        let (nobody, port) = silent();
        let asked = ask(&["127.0.0.1"], None, &format!("http://127.0.0.2:{port}/"));
        assert_eq!(refusal(asked), "127.0.0.2 is not one of them");
        let asked = ask(&["localhost"], None, &format!("http://localhost:{port}/"));
        assert!(refusal(asked).starts_with("localhost is "));
        for place in ["127.0.0.2", "localhost"] {
            let head = format!("307 Away\r\nLocation: http://{place}:{port}/");
            let (first, asked) = server(head);
            let answer =
                ask(&["127.0.0.1", "localhost"], None, &format!("http://127.0.0.1:{first}/"));
            assert!(refusal(answer).starts_with(place));
            assert!(asked.join().unwrap().starts_with("GET / "));
        }
        assert!(nobody.accept().is_err());
        let (port, _) = server("204 Nothing".into());
        let answer = ask(&["127.0.0.1"], None, &format!("http://127.0.0.1:{port}/"));
        assert_eq!(answer.unwrap(), 204);
    }

    #[test]
    fn a_proxy_is_the_humans_choice_and_what_lies_behind_it_is_judged_by_name() {
        let (nobody, port) = silent();
        let asked = ask(&["a.example"], Some(port), "http://b.example/");
        assert_eq!(refusal(asked), "b.example is not one of them");
        // not even the proxy's own name gets past
        let asked = ask(&["a.example"], Some(port), &format!("http://127.0.0.1:{port}/"));
        assert_eq!(refusal(asked), "127.0.0.1 is not one of them");
        assert!(nobody.accept().is_err());
        let (proxy, asked) = server("502 Bad Gateway".into());
        assert!(ask(&["a.example"], Some(proxy), "http://a.example/").is_err());
        assert!(asked.join().unwrap().starts_with("CONNECT a.example:80 "));
    }
}
