//! Ports of a service that are reached on the host's loopback, and nowhere else.

use super::ServiceError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A wish to publish a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publish {
    /// The port in the guest.
    pub guest_port: u16,
    /// The port on the host; one that is free is chosen where nothing is said.
    pub host_port: Option<u16>,
}

/// A port that is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedPort {
    /// The host's address: always 127.0.0.1.
    pub host: String,
    /// The port there.
    pub host_port: u16,
    /// The port in the guest.
    pub guest_port: u16,
    /// Always `tcp`.
    pub protocol: String,
}

impl Publish {
    /// The most that one service publishes.
    const MAX: usize = 16;

    /// Refuses pairs that cannot be published together.
    ///
    /// # Errors
    /// [`ServiceError::BadPort`].
    pub fn check(wishes: &[Self]) -> Result<(), ServiceError> {
        let refuse = |wish: &Self, why| Err(ServiceError::BadPort { text: wish.to_string(), why });
        for (place, wish) in wishes.iter().enumerate() {
            let before = &wishes[..place];
            if wish.guest_port == 0 || wish.host_port == Some(0) {
                return refuse(wish, "ports are 1 to 65535");
            }
            if before.contains(wish) {
                return refuse(wish, "it is there twice");
            }
            if before.iter().any(|one| wish.host_port.is_some() && one.host_port == wish.host_port)
            {
                return refuse(wish, "another port of the guest is published there");
            }
        }
        match wishes.get(Self::MAX) {
            Some(wish) => refuse(wish, "a service publishes at most 16 ports"),
            None => Ok(()),
        }
    }
}

/// `GUEST` or `HOST:GUEST`.
impl FromStr for Publish {
    type Err = ServiceError;

    fn from_str(text: &str) -> Result<Self, ServiceError> {
        let port = |part: &str| {
            let port = part.parse().ok().filter(|port| *port != 0);
            port.ok_or(ServiceError::BadPort { text: text.to_owned(), why: "ports are 1 to 65535" })
        };
        Ok(match text.split_once(':') {
            Some((host, guest)) => Self { guest_port: port(guest)?, host_port: Some(port(host)?) },
            None => Self { guest_port: port(text)?, host_port: None },
        })
    }
}

impl fmt::Display for Publish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host_port {
            Some(host_port) => write!(f, "{host_port}:{}", self.guest_port),
            None => write!(f, "{}", self.guest_port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_port_or_a_pair_is_read_and_nothing_else() {
        let read = |text: &str| text.parse::<Publish>().ok().map(|p| (p.host_port, p.guest_port));
        assert_eq!(read("8080"), Some((None, 8080)));
        assert_eq!(read("18080:8080"), Some((Some(18080), 8080)));
        for bad in ["", "0", "70000", "a", "0.0.0.0:8080:80", "1:2:3", ":80", "80:", "-1", "80/udp"]
        {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_port_of_the_host_is_given_away_once() {
        let check = |texts: &[&str]| {
            let wishes: Vec<Publish> = texts.iter().map(|text| text.parse().unwrap()).collect();
            Publish::check(&wishes).map_err(|error| error.to_string())
        };
        assert_eq!(check(&["80", "8080:80", "8081:80"]), Ok(()));
        assert!(check(&["8080:80", "8080:81"]).unwrap_err().contains("another port"));
        assert!(check(&["80", "80"]).unwrap_err().contains("twice"));
        let many: Vec<String> = (1..=17).map(|port| port.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(check(&many).unwrap_err().contains("at most 16"));
    }
}
