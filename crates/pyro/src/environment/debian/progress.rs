//! How far a build is, read from what mmdebstrap, apt and dpkg say with `--verbose`.

/// Follows the lines of one build.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Packages to install, as far as apt has announced them.
    total: u64,
    fetched: u64,
    configured: u64,
    /// mmdebstrap's way to be root.
    pub(super) mode: Option<String>,
}

/// What a line means for the user.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Moved {
    /// A package was fetched; of how many.
    Fetched(u64, u64),
    /// A package was set up; of how many.
    Installed(u64, u64),
    /// The last steps begin.
    Packing,
}

impl Progress {
    /// Takes the next line.
    pub(super) fn line(&mut self, line: &str) -> Option<Moved> {
        if let Some(mode) = line.strip_prefix("I: automatically chosen mode: ") {
            self.mode = Some(mode.trim().to_owned());
        } else if let Some(count) = newly_installed(line) {
            self.total = self.total.saturating_add(count);
        } else if line.starts_with("Get:") && self.total > 0 {
            // Before the total is known apt fetches its lists.
            self.fetched = (self.fetched + 1).min(self.total);
            return Some(Moved::Fetched(self.fetched, self.total));
        } else if line.starts_with("Setting up ") {
            // dpkg sets some essential packages up twice.
            self.configured = (self.configured + 1).min(self.total);
            return Some(Moved::Installed(self.configured, self.total));
        } else if line.starts_with("I: creating tarball") {
            return Some(Moved::Packing);
        }
        None
    }
}

/// `0 upgraded, 89 newly installed, 0 to remove and 0 not upgraded.`
fn newly_installed(line: &str) -> Option<u64> {
    let (_, rest) = line.split_once(" upgraded, ")?;
    rest.split_once(" newly installed,")?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_is_followed_by_its_lines() {
        let mut progress = Progress::default();
        let moves: Vec<_> = [
            "I: automatically chosen mode: unshare",
            "Get:1 http://m.example/debian bookworm InRelease [151 kB]",
            "0 upgraded, 2 newly installed, 0 to remove and 0 not upgraded.",
            "Get:1 http://m.example/debian bookworm/main amd64 dash amd64 0.5 [97 kB]",
            "Setting up dash (0.5) ...",
            "0 upgraded, 1 newly installed, 0 to remove and 0 not upgraded.",
            "Setting up git (2) ...",
            "Setting up git (2) ...",
            "Setting up git (2) ...",
            "I: creating tarball...",
            "nonsense upgraded, x newly installed, y",
        ]
        .into_iter()
        .filter_map(|line| progress.line(line))
        .collect();
        assert_eq!(progress.mode.as_deref(), Some("unshare"));
        assert_eq!(
            moves,
            [
                Moved::Fetched(1, 2),
                Moved::Installed(1, 2),
                Moved::Installed(2, 3),
                Moved::Installed(3, 3),
                Moved::Installed(3, 3),
                Moved::Packing,
            ]
        );
    }
}
