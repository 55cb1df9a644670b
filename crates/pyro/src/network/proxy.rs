//! The way through the host's HTTP proxy: CONNECT (RFC 9110, 9.3.6). The proxy resolves the name, so where it
//! leads is for the proxy to judge.

use crate::fetch::proxy::{SetProxy, for_scheme};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::ffi::OsString;
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use ureq::ProxyProtocol;

/// The longest head of an answer, in bytes.
const MAX_HEAD: usize = 8 << 10;

/// A proxy that speaks HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Proxy {
    host: String,
    port: u16,
    credentials: Option<String>,
}

/// The setting whose proxy connections of guests go through, if any does.
///
/// # Errors
/// What is wrong with it.
pub fn proxy_setting(settings: &[(String, OsString)]) -> Result<Option<&'static str>, String> {
    let set = for_scheme("https", settings).map_err(|e| e.to_string())?;
    set.map(spoken_to).transpose().map(|set| set.map(|set| set.setting))
}

fn spoken_to(set: SetProxy) -> Result<SetProxy, String> {
    match set.proxy.protocol() {
        ProxyProtocol::Http => Ok(set),
        _ => Err(format!("{} names a proxy that is not spoken to in plain HTTP", set.setting)),
    }
}

/// The proxy for a connection to this host and port, as the settings have it; none where it is made directly.
pub(super) fn proxy_for(
    host: &str,
    port: u16,
    settings: &[(String, OsString)],
) -> Result<Option<Proxy>, String> {
    let scheme = if port == 80 { "http" } else { "https" };
    let Some(set) = for_scheme(scheme, settings).map_err(|e| e.to_string())? else {
        return Ok(None);
    };
    let url = format!("{scheme}://{host}:{port}/").parse();
    if url.is_ok_and(|url| set.excepts(&url)) {
        return Ok(None);
    }
    let proxy = spoken_to(set)?.proxy;
    let credentials = proxy.username().map(|name| {
        BASE64_STANDARD.encode(format!("{name}:{}", proxy.password().unwrap_or_default()))
    });
    Ok(Some(Proxy { host: proxy.host().to_owned(), port: proxy.port(), credentials }))
}

impl Proxy {
    /// A connection to the host and port behind it.
    pub(super) async fn connect(&self, host: &str, port: u16) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        let target = format!("{host}:{port}");
        let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
        if let Some(credentials) = &self.credentials {
            request += &format!("Proxy-Authorization: Basic {credentials}\r\n");
        }
        stream.write_all((request + "\r\n").as_bytes()).await?;
        let head = head(&mut stream).await?;
        accepted(&head)?;
        Ok(stream)
    }
}

/// Up to the empty line and not a byte further: what follows is the other side's.
async fn head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == MAX_HEAD {
            return Err(io::Error::other("the proxy's answer is too long"));
        }
        head.push(stream.read_u8().await?);
    }
    Ok(head)
}

fn accepted(head: &[u8]) -> io::Result<()> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut answer = httparse::Response::new(&mut headers);
    let read = answer.parse(head);
    match (read, answer.code) {
        (Ok(_), Some(200..=299)) => Ok(()),
        (Ok(_), Some(code)) => Err(io::Error::other(format!("the proxy answered {code}"))),
        _ => Err(io::Error::other("the proxy's answer cannot be read")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn settings(pairs: &[(&str, &str)]) -> Vec<(String, OsString)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect()
    }

    #[test]
    fn the_settings_say_which_proxy_is_for_which_port() {
        let settings = settings(&[
            ("http_proxy", "http://plain:1"),
            ("https_proxy", "http://user:word@secure:2"),
            ("no_proxy", "corp.example"),
        ]);
        let to = |host: &str, port| proxy_for(host, port, &settings).unwrap();
        assert_eq!(to("a.example", 80).unwrap().host, "plain");
        let secure = to("a.example", 443).unwrap();
        assert_eq!((secure.host.as_str(), secure.port), ("secure", 2));
        assert_eq!(secure.credentials.as_deref(), Some("dXNlcjp3b3Jk"));
        assert_eq!(to("a.example", 22).unwrap().host, "secure");
        assert_eq!(to("git.corp.example", 443), None);
        assert!(proxy_for("a.example", 443, &[]).unwrap().is_none());
    }

    #[test]
    fn a_proxy_of_another_kind_is_not_passed_by_in_silence() {
        let settings = settings(&[("https_proxy", "socks5://a:1")]);
        assert!(proxy_for("a.example", 443, &settings).unwrap_err().contains("https_proxy"));
        assert!(proxy_setting(&settings).is_err());
        assert_eq!(proxy_setting(&[]), Ok(None));
    }

    #[tokio::test]
    async fn what_follows_the_proxys_answer_is_not_read_with_it() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let serve = async {
            let (mut client, _) = listener.accept().await.unwrap();
            let asked = head(&mut client).await.unwrap();
            client.write_all(b"HTTP/1.1 200 OK\r\nX: y\r\n\r\nhello").await.unwrap();
            String::from_utf8(asked).unwrap()
        };
        let proxy = Proxy { host: "127.0.0.1".into(), port, credentials: Some("eDp5".into()) };
        let (asked, connected) = tokio::join!(serve, proxy.connect("a.example", 443));
        assert!(asked.starts_with("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n"));
        assert!(asked.contains("Proxy-Authorization: Basic eDp5\r\n"));
        let mut first = [0; 5];
        connected.unwrap().read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"hello");
    }

    #[test]
    fn only_a_success_opens_the_way() {
        assert!(accepted(b"HTTP/1.1 200 Connection established\r\n\r\n").is_ok());
        assert!(
            accepted(b"HTTP/1.1 403 Forbidden\r\n\r\n").unwrap_err().to_string().contains("403")
        );
        assert!(accepted(b"SSH-2.0-OpenSSH\r\n\r\n").is_err());
    }

    proptest! {
        #[test]
        fn any_answer_of_a_proxy_is_survived(head in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = accepted(&head);
        }
    }
}
