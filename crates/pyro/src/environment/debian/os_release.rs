//! Checks that a built system is the Debian release that was ordered, by its os-release(5) file.

use super::super::EnvironmentError;
use super::SUITE;

/// Makes sure that `text` describes Debian's [`SUITE`].
pub(super) fn verify(text: &str) -> Result<(), EnvironmentError> {
    for (key, expected) in [("ID", "debian"), ("VERSION_CODENAME", SUITE)] {
        let found = value(text, key);
        if found != Some(expected) {
            let found = found.unwrap_or("nothing");
            let reason = format!("its os-release says {key}={found:.40} instead of {expected}");
            return Err(EnvironmentError::WrongSystem { reason });
        }
    }
    Ok(())
}

/// The value of `key`; the last assignment wins as in a shell.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let raw = text
        .lines()
        .filter_map(|line| line.trim().split_once('='))
        .rfind(|(name, _)| *name == key)?
        .1;
    let unquoted = |quote| raw.strip_prefix(quote).and_then(|r: &str| r.strip_suffix(quote));
    Some(unquoted('"').or_else(|| unquoted('\'')).unwrap_or(raw))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bookworm_of_debian_passes() {
        verify("PRETTY_NAME=\"Debian GNU/Linux 12\"\nVERSION_CODENAME=bookworm\nID=debian\n")
            .unwrap();
        verify("VERSION_CODENAME='bookworm'\nID=\"debian\"\n").unwrap();
        for wrong in [
            "",
            "VERSION_CODENAME=trixie\nID=debian\n",
            "VERSION_CODENAME=bookworm\nID=ubuntu\n",
            "VERSION_CODENAME=bookworm\nID=debian\nID=raspbian\n",
            "XID=debian\nVERSION_CODENAME=bookworm\n",
        ] {
            assert!(verify(wrong).is_err(), "{wrong}");
        }
    }
}
