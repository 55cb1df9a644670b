//! Which jail this host can give: found out by building one, never by reading version numbers.

use super::launcher::{ARRIVED, ROLE};
use super::spec::{JailSpec, Limits, Tier};
use super::{JailError, Streams, machine_uid, readable_for, spawn, sys};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The strongest jail of this host, and why it is not stronger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierReport {
    /// The strongest tier in which a program really ran.
    pub tier: Tier,
    /// What is in the way of more, one phrase each; empty where nothing is.
    pub reasons: Vec<String>,
}

/// Kernel settings that are in the way of user namespaces, with the value that is.
const OBSTACLES: [(&str, &str); 3] = [
    ("kernel.apparmor_restrict_unprivileged_userns", "1"),
    ("kernel.unprivileged_userns_clone", "0"),
    ("user.max_user_namespaces", "0"),
];

/// Tries each tier, strongest first, by running `executable` itself in it. Takes some tens of
/// milliseconds; the answer holds until the next boot or a change of the kernel's settings.
#[must_use]
pub fn probe(executable: &Path) -> TierReport {
    let mut reasons = Vec::new();
    if sys::landlock_abi().is_none() {
        reasons.push("the kernel has no landlock".to_owned());
    }
    for tier in [Tier::Full, Tier::Landlock] {
        match attempt(executable, tier) {
            Ok(()) => return TierReport { tier, reasons },
            Err(error) => reasons.push(format!("tier {tier}: {error}")),
        }
        if tier == Tier::Full {
            reasons.extend(why_no_namespaces(|file| std::fs::read_to_string(file).ok()));
        }
    }
    TierReport { tier: Tier::None, reasons }
}

fn attempt(executable: &Path, tier: Tier) -> Result<(), JailError> {
    let spec = JailSpec {
        tier,
        program: executable.to_owned(),
        args: vec![ROLE.to_owned(), ARRIVED.to_owned()],
        env: Vec::new(),
        working_dir: None,
        readable: readable_for(executable)?,
        binds: Vec::new(),
        devices: Vec::new(),
        keep_fds: Vec::new(),
        unprivileged_uid: machine_uid(u16::MAX),
        limits: Limits { file_size: 0, open_files: 64, processes: None, memory: None },
    };
    let status = spawn(executable, &spec, Streams::discard())?.wait()?;
    if status.success() { Ok(()) } else { Err(JailError::Silent) }
}

/// The settings among [`OBSTACLES`] that are in the way, given a reader of files; or else where to
/// look for what is.
fn why_no_namespaces(read: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let named: Vec<String> = OBSTACLES
        .iter()
        .filter(|(name, bad)| {
            let file = format!("/proc/sys/{}", name.replace('.', "/"));
            read(&file).is_some_and(|value| value.trim() == *bad)
        })
        .map(|(name, bad)| format!("{name}={bad} forbids user namespaces"))
        .collect();
    if named.is_empty() {
        return vec!["no kernel setting is in the way: perhaps a container or a chroot is".into()];
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_in_the_way_is_named() {
        let ubuntu = |file: &str| match file {
            "/proc/sys/kernel/apparmor_restrict_unprivileged_userns" => Some("1\n".to_owned()),
            "/proc/sys/user/max_user_namespaces" => Some("96365\n".to_owned()),
            _ => None,
        };
        let named = why_no_namespaces(ubuntu);
        assert_eq!(named.len(), 1);
        assert!(named[0].starts_with("kernel.apparmor_restrict_unprivileged_userns=1"));
        assert!(why_no_namespaces(|_| None)[0].contains("chroot"));
    }
}
