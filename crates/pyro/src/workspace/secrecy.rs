//! Keeps a workspace's secrets out of what its verbs say and give out. Messages and names lose them; content
//! is never altered: where it holds one, it is refused, unless the human allows it.

use super::Workspace;
use crate::error::Result;
use crate::secret::{Disclosure, Redactor, SecretError, Vault};

/// So many paths are named.
const NAMED: usize = 20;

impl Workspace {
    /// What looks through content before it is given out.
    pub(super) fn watch(&self) -> Watch {
        Watch::over(&self.vault, self.disclosure)
    }

    /// The outcome of a verb, without secrets in its error.
    pub(super) fn redacted<T>(&self, outcome: Result<T>) -> Result<T> {
        outcome.map_err(|error| self.vault.redactor().error(error))
    }

    /// A name or a path as it is shown.
    pub(super) fn shown(&self, text: &impl ToString) -> String {
        let mut text = text.to_string();
        self.vault.redactor().cover(&mut text);
        text
    }
}

/// Looks through content, path by path.
#[derive(Debug)]
pub(super) struct Watch {
    /// Looks for nothing where secrets may be given out.
    redactor: Redactor,
    /// For the paths.
    cover: Redactor,
    found: Vec<String>,
    more: usize,
}

impl Watch {
    pub(super) fn over(vault: &Vault, disclosure: Disclosure) -> Self {
        let cover = vault.redactor().clone();
        let redactor = match disclosure {
            Disclosure::Refused => cover.clone(),
            Disclosure::Allowed => Redactor::default(),
        };
        Self { redactor, cover, found: Vec::new(), more: 0 }
    }

    /// Whether nothing is looked for.
    pub(super) fn is_idle(&self) -> bool {
        self.redactor.is_idle()
    }

    /// What looks for secrets, where anything does.
    pub(super) fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Looks at bytes, which belong to this path.
    pub(super) fn look(&mut self, path: &str, parts: &[&[u8]]) {
        if parts.iter().any(|bytes| self.redactor.finds(bytes)) {
            self.find(path);
        }
    }

    /// The part of a file that must be looked at too before `length` bytes from `offset` on are given out: a
    /// secret may lie across either end.
    pub(super) fn surroundings(&self, offset: u64, length: usize) -> Surroundings {
        let margin = self.redactor.longest().saturating_sub(1) as u64;
        let from = offset.saturating_sub(margin);
        // no more than a margin, which is small
        let lead = usize::try_from(offset - from).unwrap_or_default();
        Surroundings { from, length: offset - from + length as u64 + margin, lead, part: length }
    }

    /// Looks at such a part, and at what lies around it.
    pub(super) fn look_around(&mut self, path: &str, around: &Surroundings, bytes: &[u8]) {
        let part = around.lead..around.lead + around.part;
        if self.redactor.touches(bytes, part) {
            self.find(path);
        }
    }

    fn find(&mut self, path: &str) {
        if self.found.len() == NAMED {
            self.more += 1;
            return;
        }
        let path = self.cover.text(path).into_owned();
        if self.found.last() != Some(&path) {
            self.found.push(path);
        }
    }

    /// Whether all of it may be given out.
    pub(super) fn verdict(self) -> Result<(), SecretError> {
        match self.found.is_empty() {
            true => Ok(()),
            false => Err(SecretError::InContent { paths: self.found, more: self.more }),
        }
    }
}

/// A part of a file, and as much around it as a secret is long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surroundings {
    pub(super) from: u64,
    pub(super) length: u64,
    lead: usize,
    part: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Diagnose;
    use crate::secret::Secret;

    fn vault() -> Vault {
        Vault::holding(vec![Secret::literal("TOKEN", "hunter2hunter2").unwrap()])
    }

    #[test]
    fn no_part_of_a_secret_is_given_out_and_what_lies_beside_it_is() {
        let text = format!("{}hunter2hunter2{}", "-".repeat(60), "-".repeat(60));
        let vault = vault();
        let refused = |begin: usize, end: usize| {
            let mut watch = Watch::over(&vault, Disclosure::Refused);
            let around = watch.surroundings(begin as u64, end - begin);
            let from = usize::try_from(around.from).unwrap();
            let until = (from + usize::try_from(around.length).unwrap()).min(text.len());
            watch.look_around("a", &around, &text.as_bytes()[from..until]);
            watch.verdict().is_err()
        };
        for begin in 0..text.len() {
            for end in begin..text.len() {
                let touches = begin < 74 && end > 60 && begin < end;
                assert_eq!(refused(begin, end), touches, "{begin}..{end}");
            }
        }
    }

    #[test]
    fn what_is_refused_is_named_and_what_is_allowed_passes() {
        let looked = |disclosure| {
            let mut watch = Watch::over(&vault(), disclosure);
            watch.look("a/hunter2hunter2", &[b"", b"aHVudGVyMmh1bnRlcjI="]);
            watch.look("b", &[b"nothing"]);
            watch.look("c", &[b"x hunter2hunter2 y"]);
            watch.verdict()
        };
        let refused = looked(Disclosure::Refused).unwrap_err();
        assert_eq!(refused.code(), "secret_in_content");
        assert!(refused.to_string().starts_with("a/[REDACTED:TOKEN], c hold "), "{refused}");
        assert!(looked(Disclosure::Allowed).is_ok());
    }
}
