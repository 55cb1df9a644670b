//! The last look at an export before it gets its name: names, links and content, whoever made them and how.
//! Nobody else knows the place yet, so what was looked at is what is given out.

use super::ExportError;
use crate::error::AtPath;
use crate::hostfs::{Directory, Name, Regular};
use crate::secret::{Redactor, SecretError};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// So many paths are named.
const NAMED: usize = 20;

/// What must not be in an export; nothing by default.
#[derive(Debug, Default)]
pub(super) struct Inspection {
    secrets: Redactor,
    /// What is exported, as its user calls it.
    source: String,
}

impl Inspection {
    pub(super) fn new(secrets: Redactor, source: &str) -> Self {
        Self { secrets, source: source.to_owned() }
    }

    /// Looks through what `name` is in `directory`; `shown` is what it will be called.
    pub(super) fn pass(
        &self,
        directory: &Directory,
        name: &OsStr,
        shown: &Path,
    ) -> Result<(), ExportError> {
        if self.secrets.is_idle() {
            return Ok(());
        }
        let mut looking = Looking { secrets: &self.secrets, found: Vec::new(), more: 0 };
        looking.at(directory, name, &self.source).at("look through", shown)?;
        if looking.found.is_empty() {
            return Ok(());
        }
        Err(SecretError::InContent { paths: looking.found, more: looking.more }.into())
    }
}

struct Looking<'i> {
    secrets: &'i Redactor,
    found: Vec<String>,
    more: usize,
}

impl Looking<'_> {
    fn at(&mut self, directory: &Directory, name: &OsStr, path: &str) -> std::io::Result<()> {
        match directory.regular_file(name)? {
            Regular::File(file, _) => {
                if self.secrets.finds_in(&file)? {
                    self.find(path);
                }
                Ok(())
            }
            Regular::Other => self.at_no_file(directory, name, path),
            Regular::Gone => Ok(()),
        }
    }

    fn at_no_file(
        &mut self,
        directory: &Directory,
        name: &OsStr,
        path: &str,
    ) -> std::io::Result<()> {
        let inner = match directory.enter(name) {
            Ok(inner) => inner,
            // nothing but links is made beside files and directories
            Err(Errno::NOTDIR | Errno::LOOP) => {
                if self.secrets.finds(&directory.link_target(name)?) {
                    self.find(path);
                }
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let mut names = inner.names(u64::MAX)?.unwrap_or_default();
        while let Some(Name { name, .. }) = names.next_name() {
            let path = format!("{path}/{}", name.to_string_lossy());
            if self.secrets.finds(name.as_bytes()) {
                self.find(&path);
            }
            self.at(&inner, name, &path)?;
        }
        Ok(())
    }

    fn find(&mut self, path: &str) {
        if self.found.len() == NAMED {
            self.more += 1;
            return;
        }
        self.found.push(self.secrets.text(path).into_owned());
    }
}
