//! How the host's apt reaches its mirror: proxies, certificates and validity checks that its
//! administrator set. They are passed on for the build and never stay in the image.

use super::tool;
use crate::config::Config;
use std::process::Command;

/// The settings that are passed on, by prefix (apt-transport-http(1), apt.conf(5)).
const PASSED_ON: [&str; 5] = [
    "Acquire::http::",
    "Acquire::https::",
    "Acquire::Check-Valid-Until ",
    "Acquire::Check-Date ",
    "Acquire::Retries ",
];

/// The host's settings as lines of apt.conf(5); nothing where the host has no apt.
pub(super) fn of_host(config: &Config) -> String {
    let Some(apt_config) = config.find_program("apt-config") else { return String::new() };
    let mut command = Command::new(apt_config);
    command.args(["dump", "--format", "%F \"%v\";%n", "Acquire"]);
    tool::output(config, &command).map(|dump| passed_on(&dump)).unwrap_or_default()
}

fn passed_on(dump: &str) -> String {
    let wanted = |line: &&str| {
        PASSED_ON.iter().any(|prefix| line.starts_with(prefix)) && !line.ends_with(" \"\";")
    };
    dump.lines().filter(wanted).flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_and_checks_pass_and_nothing_else_does() {
        let dump = "Acquire \"\";\nAcquire::http \"\";\nAcquire::http::Proxy \"http://p.example:3128\";\n\
                    Acquire::http::Proxy::intra.example \"DIRECT\";\nAcquire::https::CaInfo \"\";\n\
                    Acquire::Check-Valid-Until \"false\";\nAcquire::Languages \"none\";\n";
        assert_eq!(
            passed_on(dump),
            "Acquire::http::Proxy \"http://p.example:3128\";\n\
             Acquire::http::Proxy::intra.example \"DIRECT\";\nAcquire::Check-Valid-Until \"false\";\n"
        );
    }
}
