//! When a service is ready: what is looked at, how often, and how long at most.

use super::ServiceError;
use pyro_proto::GuestPath;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::time::Duration;

/// When a service is ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readiness {
    /// What is looked at.
    #[serde(flatten)]
    pub probe: Probe,
    /// How long it may take, in seconds.
    pub timeout_seconds: u64,
    /// Between two looks, in milliseconds.
    pub interval_ms: u64,
}

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Probe {
    /// There is something at this path.
    File {
        /// Absolute.
        path: GuestPath,
    },
    /// A server takes connections.
    Tcp {
        /// `HOST:PORT`, see [`Probe::tcp`].
        address: String,
    },
    /// A server answers a GET with a status of 200 to 399.
    Http {
        /// See [`Url`].
        url: String,
    },
    /// A command ends with exit code 0.
    Command {
        /// One string for `/bin/sh -lc`, in the service's directory and environment.
        command: String,
    },
}

/// `http://HOST[:PORT][/PATH]`, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// `localhost` or an address.
    pub host: String,
    /// The TCP port.
    pub port: u16,
    /// What stands in the `Host` header.
    pub authority: String,
    /// The path and the query, as they go into the request.
    pub target: String,
}

impl Readiness {
    /// The same with its words as `shown` has them.
    #[must_use]
    pub fn map_text(&self, shown: impl Fn(&str) -> String) -> Self {
        let probe = match &self.probe {
            Probe::File { path } => Probe::File { path: shown(&path.to_string()).as_str().into() },
            Probe::Tcp { address } => Probe::Tcp { address: shown(address) },
            Probe::Http { url } => Probe::Http { url: shown(url) },
            Probe::Command { command } => Probe::Command { command: shown(command) },
        };
        Self { probe, ..self.clone() }
    }

    /// How long a service may take to get ready, in seconds.
    const TIMEOUTS: std::ops::RangeInclusive<u64> = 1..=3600;
    /// The times between two looks, in milliseconds: more often costs the guest more than it tells.
    const INTERVALS: std::ops::RangeInclusive<u64> = 50..=60_000;

    /// Refuses what cannot be looked at.
    ///
    /// # Errors
    /// [`ServiceError::BadReadiness`].
    pub fn check(&self) -> Result<(), ServiceError> {
        if !Self::TIMEOUTS.contains(&self.timeout_seconds) {
            return bad(&format!("{} s", self.timeout_seconds), "it may take 1 to 3600 seconds");
        }
        if !Self::INTERVALS.contains(&self.interval_ms) {
            return bad(
                &format!("{} ms", self.interval_ms),
                "the interval is 50 to 60000 milliseconds",
            );
        }
        match &self.probe {
            Probe::File { .. } => Ok(()),
            Probe::Tcp { address } => Probe::tcp(address).map(drop),
            Probe::Http { url } => Url::parse(url).map(drop),
            Probe::Command { command } if command.trim().is_empty() => bad(command, "it is empty"),
            Probe::Command { .. } => Ok(()),
        }
    }

    /// How long it may take.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds)
    }

    /// Between two looks.
    #[must_use]
    pub fn interval(&self) -> Duration {
        Duration::from_millis(self.interval_ms)
    }
}

impl Probe {
    /// Host and port of an address such as `localhost:8080`, `127.0.0.1:80` or `[::1]:80`.
    ///
    /// # Errors
    /// [`ServiceError::BadReadiness`]; also for a name other than `localhost`, which nobody resolves.
    pub fn tcp(address: &str) -> Result<(String, u16), ServiceError> {
        let Some((host, port)) = address.rsplit_once(':') else {
            return bad(address, "there is no port");
        };
        Ok((host_of(address, host)?, port_of(address, port)?))
    }
}

impl Url {
    /// Takes a URL apart.
    ///
    /// # Errors
    /// [`ServiceError::BadReadiness`]; also for `https`, user names and names other than `localhost`.
    pub fn parse(url: &str) -> Result<Self, ServiceError> {
        let Some(rest) = url.strip_prefix("http://") else {
            return bad(url, "only http:// is asked");
        };
        if rest.contains(|c: char| c.is_ascii_control() || c.is_whitespace()) {
            return bad(url, "it has blanks or control characters");
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let target = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let colon = authority.rfind(':').filter(|colon| !authority[*colon..].contains(']'));
        let (host, port) = match colon {
            Some(colon) => (&authority[..colon], port_of(url, &authority[colon + 1..])?),
            None => (authority, 80),
        };
        Ok(Self { host: host_of(url, host)?, port, authority: authority.to_owned(), target })
    }
}

/// `localhost`, or an address, which of IPv6 stands in brackets.
fn host_of(text: &str, host: &str) -> Result<String, ServiceError> {
    if host.eq_ignore_ascii_case("localhost") {
        return Ok("localhost".to_owned());
    }
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    match bare.unwrap_or(host).parse() {
        Ok(IpAddr::V4(address)) if bare.is_none() => Ok(address.to_string()),
        Ok(IpAddr::V6(address)) if bare.is_some() => Ok(address.to_string()),
        _ => bad(text, "the host is neither localhost nor an address"),
    }
}

fn port_of(text: &str, port: &str) -> Result<u16, ServiceError> {
    match port.parse() {
        Ok(port @ 1..) => Ok(port),
        _ => bad(text, "ports are 1 to 65535"),
    }
}

fn bad<T>(text: &str, why: &'static str) -> Result<T, ServiceError> {
    Err(ServiceError::BadReadiness { text: text.to_owned(), why })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart_and_names_are_refused() {
        let tcp = |text: &str| Probe::tcp(text).ok();
        assert_eq!(tcp("localhost:80"), Some(("localhost".into(), 80)));
        assert_eq!(tcp("127.0.0.1:8080"), Some(("127.0.0.1".into(), 8080)));
        assert_eq!(tcp("[::1]:5432"), Some(("::1".into(), 5432)));
        for bad in
            ["", "80", "localhost", "localhost:0", "::1:80", "[127.0.0.1]:80", "db:5432", ":80"]
        {
            assert_eq!(tcp(bad), None, "{bad}");
        }
    }

    #[test]
    fn urls_are_taken_apart_and_only_plain_http_is_asked() {
        let parts = |text: &str| Url::parse(text).ok().map(|url| (url.host, url.port, url.target));
        let is = |host: &str, port, target: &str| Some((host.to_owned(), port, target.to_owned()));
        assert_eq!(
            parts("http://localhost:3000/health?x=1#y"),
            is("localhost", 3000, "/health?x=1")
        );
        assert_eq!(parts("http://127.0.0.1"), is("127.0.0.1", 80, "/"));
        assert_eq!(parts("http://[::1]:8000?a"), is("::1", 8000, "/?a"));
        assert_eq!(parts("http://[::1]/"), is("::1", 80, "/"));
        assert_eq!(Url::parse("http://[::1]:8000/").unwrap().authority, "[::1]:8000");
        for bad in [
            "localhost:3000",
            "https://localhost/",
            "http://example.org/",
            "http://me@localhost/",
            "http://localhost:0/",
            "http://localhost/a b",
            "http://localhost/\r\nX: y",
            "http:///",
        ] {
            assert_eq!(parts(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn patience_and_intervals_are_bounded() {
        let check = |timeout_seconds, interval_ms| {
            let probe = Probe::Command { command: "true".into() };
            Readiness { probe, timeout_seconds, interval_ms }.check().is_ok()
        };
        assert!(check(30, 500) && check(1, 50) && check(3600, 60_000));
        assert!(!check(0, 500) && !check(3601, 500) && !check(30, 49) && !check(30, 60_001));
    }
}
