//! Names of hosts, and the patterns of `--allow-host`.

use super::NetworkError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The longest name and the longest part of one, in bytes (RFC 1035, 2.3.4).
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;
/// What a pattern without a port allows.
const USUAL_PORTS: [u16; 2] = [80, 443];

/// How a guest calls the host's own loopback.
pub const HOST: &str = "host.pyro.internal";

/// A name that can be one of a host: lower case, without a dot at its end, and no number, which a resolver
/// would take for an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostName(String);

impl HostName {
    /// None where it cannot be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let fits = |label: &str| {
            let letter = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_');
            (1..=MAX_LABEL).contains(&label.len()) && label.bytes().all(letter)
        };
        // `127.1` and `0x7f000001` are addresses to inet_aton(3)
        let last = name.rsplit('.').next().unwrap_or_default();
        let number = last.starts_with(|c: char| c.is_ascii_digit())
            && (last.bytes().all(|c| c.is_ascii_digit()) || last.starts_with("0x"));
        let legal = name.len() <= MAX_NAME && name.split('.').all(fits) && !number;
        legal.then_some(Self(name))
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is [`HOST`].
    pub(super) fn is_host(&self) -> bool {
        self.0 == HOST
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which names may be reached: `example.org` is that name, `*.example.org` all below it, `*` every name; with
/// `:443` behind it only on that port, otherwise on 80 and 443.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Pattern {
    names: Names,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Names {
    All,
    Below(HostName),
    One(HostName),
}

impl Pattern {
    /// Whether it is about this name.
    pub(super) fn names(&self, name: &HostName) -> bool {
        match &self.names {
            // the host itself is nobody's by accident
            Names::All | Names::Below(_) if name.is_host() => false,
            Names::All => true,
            Names::Below(domain) => {
                let beginning = name.0.strip_suffix(&domain.0);
                beginning.is_some_and(|beginning| beginning.ends_with('.'))
            }
            Names::One(one) => one == name,
        }
    }

    /// Whether it is about this port.
    pub(super) fn has(&self, port: u16) -> bool {
        self.port.map_or(USUAL_PORTS.contains(&port), |own| own == port)
    }

    /// Whether the human has named one name, and no more.
    pub(super) fn is_exact(&self) -> bool {
        matches!(self.names, Names::One(_))
    }
}

impl FromStr for Pattern {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let bad = || NetworkError::BadPattern(text.to_owned());
        let (names, port) = match text.rsplit_once(':') {
            Some((names, port)) => {
                let port = port.parse().ok().filter(|port| *port > 0).ok_or_else(bad)?;
                (names, Some(port))
            }
            None => (text, None),
        };
        let name = |text| HostName::parse(text).ok_or_else(bad);
        let names = match names.strip_prefix("*.") {
            Some(domain) => Names::Below(name(domain)?),
            None if names == "*" => Names::All,
            None => Names::One(name(names)?),
        };
        Ok(Self { names, port })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.names {
            Names::All => f.write_str("*")?,
            Names::Below(domain) => write!(f, "*.{domain}")?,
            Names::One(name) => write!(f, "{name}")?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.to_string()
    }
}

impl TryFrom<String> for Pattern {
    type Error = NetworkError;

    fn try_from(text: String) -> Result<Self, NetworkError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_pattern_is_about_whole_names_only() {
        let about = |pattern: &str, name: &str| {
            pattern.parse::<Pattern>().unwrap().names(&HostName::parse(name).unwrap())
        };
        for (pattern, name) in [
            ("example.org", "Example.ORG."),
            ("*.example.org", "a.example.org"),
            ("*.example.org", "a.b.example.org"),
            ("*", "anything"),
            (HOST, HOST),
        ] {
            assert!(about(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("example.org", "a.example.org"),
            ("*.example.org", "example.org"),
            ("*.example.org", "badexample.org"),
            ("*.example.org", "example.org.evil.example"),
            ("*", HOST),
            ("*.pyro.internal", HOST),
        ] {
            assert!(!about(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn without_a_port_a_pattern_is_for_the_web() {
        let pattern: Pattern = "example.org".parse().unwrap();
        assert!(pattern.has(80) && pattern.has(443) && !pattern.has(22));
        let pattern: Pattern = "example.org:22".parse().unwrap();
        assert!(pattern.has(22) && !pattern.has(443));
    }

    #[test]
    fn what_is_no_pattern_or_no_name_is_refused() {
        for text in [
            "",
            "*.",
            "a..b",
            "a b",
            "*a.example",
            "a.*.b",
            "example.org:",
            "example.org:0",
            "example.org:70000",
            "http://a.example",
            "10.0.0.1",
            "[::1]:80",
            "ä.example",
        ] {
            assert!(text.parse::<Pattern>().is_err(), "{text}");
        }
        for text in [
            "127.1",
            "2130706433",
            "0x7f000001",
            "1.2.3.4",
            "",
            ".",
            "a/b",
            &"a".repeat(64),
            &"a.".repeat(128),
        ] {
            assert_eq!(HostName::parse(text), None, "{text}");
        }
        assert!(HostName::parse("3com.example").is_some() && HostName::parse("a.7up").is_some());
    }

    proptest! {
        #[test]
        fn names_of_any_bytes_are_survived(text: String) {
            if let Some(name) = HostName::parse(&text) {
                prop_assert_eq!(HostName::parse(name.as_str()), Some(name));
            }
            if let Ok(pattern) = text.parse::<Pattern>() {
                prop_assert_eq!(pattern.to_string().parse::<Pattern>().unwrap(), pattern);
            }
        }
    }
}
