//! A short report for people: names on the left, what they stand for aligned on the right.

use super::printable::one_line;
use std::fmt;

/// Lines of a name and a value.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    lines: Vec<(&'static str, String)>,
}

impl Fields {
    pub(crate) fn add(&mut self, name: &'static str, value: impl Into<String>) {
        self.lines.push((name, value.into()));
    }

    /// Only where there is something to say.
    pub(crate) fn add_if(&mut self, name: &'static str, value: Option<impl Into<String>>) {
        if let Some(value) = value {
            self.add(name, value);
        }
    }
}

impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.lines.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        self.lines
            .iter()
            .try_for_each(|(name, value)| writeln!(f, "{name:width$}  {}", one_line(value)))
    }
}
