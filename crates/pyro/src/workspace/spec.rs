//! What a workspace is asked to be, and which wishes are refused before anything starts. Pure data:
//! nothing here looks at the host.

use super::WorkspaceError;
use crate::error::Result;
use crate::network::{NetworkError, NetworkPolicy};
use crate::secret::{Secret, Vault};
use crate::vm::VmSpec;
use std::collections::BTreeMap;

/// The longest name, label or label's value, in characters.
const MAX_TEXT: usize = 64;
/// The most labels.
const MAX_LABELS: usize = 64;

/// A workspace, as the user orders it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkspaceSpec {
    /// Its machine. Its time to live counts from the last activity here.
    pub machine: VmSpec,
    /// How the user calls it.
    pub name: Option<String>,
    /// What the user notes about it.
    pub labels: BTreeMap<String, String>,
    /// What its guest may reach; what of that, the machine says.
    pub network_policy: NetworkPolicy,
    /// What its guest is given in [`GUEST_DIRECTORY`](crate::secret::GUEST_DIRECTORY).
    pub secrets: Vec<Secret>,
}

impl WorkspaceSpec {
    /// Refuses what cannot be.
    ///
    /// # Errors
    /// [`SpecError`](crate::vm::SpecError), [`NetworkError`], [`WorkspaceError::BadText`] or
    /// [`SecretError`](crate::secret::SecretError).
    pub fn check(&self) -> Result<()> {
        self.machine.check()?;
        if self.network_policy == NetworkPolicy::Off && !self.machine.allow.is_empty() {
            return Err(NetworkError::ListWithoutEgress.into());
        }
        // first of all, because what is wrong with the others repeats them
        Vault::check_all(&self.secrets)?;
        Vault::holding(self.secrets.clone()).check_open(self.name.as_ref(), &self.labels)?;
        if let Some(name) = &self.name {
            check_name(name)?;
        }
        Ok(check_labels(&self.labels)?)
    }
}

/// Refuses what cannot be a name: it must be told apart from other words of a command line, and be
/// typed with ease.
pub(super) fn check_name(name: &str) -> Result<(), WorkspaceError> {
    check("name", name, is_word)
}

pub(super) fn check_labels(labels: &BTreeMap<String, String>) -> Result<(), WorkspaceError> {
    if labels.len() > MAX_LABELS {
        return Err(WorkspaceError::BadText {
            what: "label beyond the 64th",
            value: String::new(),
        });
    }
    for (label, value) in labels {
        check("label", label, is_word)?;
        check("label's value", value, |value| value.chars().all(|c| !c.is_control()))?;
    }
    Ok(())
}

fn check(
    what: &'static str,
    value: &str,
    fits: impl Fn(&str) -> bool,
) -> Result<(), WorkspaceError> {
    if value.chars().count() <= MAX_TEXT && fits(value) {
        return Ok(());
    }
    Err(WorkspaceError::BadText { what, value: value.to_owned() })
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words_and_a_label_may_be_any_line() {
        for name in ["a", "fix-issue.42", "feature/x", "7"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", "-x", "a b", "ä", "a\n", "../x", &"a".repeat(65)] {
            assert!(check_name(name).is_err(), "{name}");
        }
        let labels = |value: &str| BTreeMap::from([("owner".to_owned(), value.to_owned())]);
        assert!(check_labels(&labels("Grace Hopper, ägypten")).is_ok());
        assert!(check_labels(&labels("a\u{1b}[31m")).is_err());
    }
}
