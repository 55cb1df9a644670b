//! A TOML document read strictly: every key must be known, every value of its kind, and what is not is named
//! with its line. What the keys mean is somebody else's business.

use super::nearest::nearest;
use super::recipe::RecipeError;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml_edit::{Document, Item, TableLike, Value};

/// The text of a recipe, for finding lines in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written<'t> {
    pub(super) path: &'t Path,
    pub(super) text: &'t str,
}

/// A table whose keys are known.
#[derive(Clone, Copy)]
pub(super) struct Keys<'d> {
    written: Written<'d>,
    table: &'d dyn TableLike,
}

impl<'t> Written<'t> {
    /// Its tables.
    pub(super) fn parse(self) -> Result<Document<&'t str>, RecipeError> {
        Document::parse(self.text)
            .map_err(|error| self.wrong(error.span(), error.message().to_owned()))
    }

    /// The top table of a document, whose keys must be among `known`.
    pub(super) fn keys<'d>(
        self,
        document: &'d Document<&'t str>,
        known: &[&'static str],
    ) -> Result<Keys<'d>, RecipeError>
    where
        't: 'd,
    {
        Keys::of(self, document.as_table(), known)
    }

    /// What is wrong, and on which line.
    pub(super) fn wrong(self, place: Option<Range<usize>>, what: String) -> RecipeError {
        let before = place.and_then(|place| self.text.as_bytes().get(..place.start));
        let line = before.map_or(1, |text| 1 + text.iter().filter(|b| **b == b'\n').count());
        RecipeError::Wrong { path: PathBuf::from(self.path), line, what, hint: None }
    }
}

impl<'d> Keys<'d> {
    fn of(
        written: Written<'d>,
        table: &'d dyn TableLike,
        known: &[&'static str],
    ) -> Result<Self, RecipeError> {
        let mut keys = table.iter().map(|(key, _)| key);
        if let Some(key) = keys.find(|key| !known.contains(key)) {
            let place = table.key(key).and_then(toml_edit::Key::span);
            let error = written.wrong(place, format!("there is no key {key:?} here"));
            let hint = match nearest(key, known) {
                Some(near) => format!("did you mean {near:?}?"),
                None => format!("the keys are {}", known.join(", ")),
            };
            return Err(error.with_hint(hint));
        }
        Ok(Self { written, table })
    }

    /// Whether a key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// What is wrong with the value of a key.
    pub(super) fn wrong(&self, key: &str, what: impl std::fmt::Display) -> RecipeError {
        let place = self.table.get(key).and_then(Item::span);
        let place = place.or_else(|| self.table.key(key).and_then(toml_edit::Key::span));
        self.written.wrong(place, format!("{key}: {what}"))
    }

    /// A text.
    pub(super) fn text(&self, key: &str) -> Result<Option<String>, RecipeError> {
        let Some(item) = self.table.get(key) else { return Ok(None) };
        let text = item.as_str().ok_or_else(|| self.wrong(key, "it must be a text"))?;
        Ok(Some(text.to_owned()))
    }

    /// A list of texts.
    pub(super) fn texts(&self, key: &str) -> Result<Vec<String>, RecipeError> {
        let Some(item) = self.table.get(key) else { return Ok(Vec::new()) };
        let wrong = || self.wrong(key, "it must be a list of texts");
        let texts = item.as_array().ok_or_else(wrong)?.iter();
        let texts = texts.map(|text| text.as_str().map(str::to_owned).ok_or_else(wrong));
        texts.collect()
    }

    /// Names with their texts, in their order.
    pub(super) fn pairs(&self, key: &str) -> Result<Vec<(String, String)>, RecipeError> {
        let Some(item) = self.table.get(key) else { return Ok(Vec::new()) };
        let wrong = || self.wrong(key, "it must be a table of texts");
        let pairs = item.as_table_like().ok_or_else(wrong)?.iter();
        let pairs = pairs.map(|(name, text)| {
            let text = text.as_str().ok_or_else(wrong)?;
            Ok((name.to_owned(), text.to_owned()))
        });
        pairs.collect()
    }

    /// A table of its own.
    pub(super) fn table(
        &self,
        key: &str,
        known: &[&'static str],
    ) -> Result<Option<Keys<'d>>, RecipeError> {
        let Some(item) = self.table.get(key) else { return Ok(None) };
        let table = item.as_table_like().ok_or_else(|| self.wrong(key, "it must be a table"))?;
        Keys::of(self.written, table, known).map(Some)
    }

    /// A list of tables, in brackets or one after another.
    pub(super) fn tables(
        &self,
        key: &str,
        known: &[&'static str],
    ) -> Result<Vec<Keys<'d>>, RecipeError> {
        let keys = |table: &'d dyn TableLike| Keys::of(self.written, table, known);
        match self.table.get(key) {
            None => Ok(Vec::new()),
            Some(Item::ArrayOfTables(tables)) => tables.iter().map(|table| keys(table)).collect(),
            Some(Item::Value(Value::Array(list))) => list
                .iter()
                .map(|value| match value {
                    Value::InlineTable(table) => keys(table),
                    _ => Err(self.wrong(key, "it must be a list of tables")),
                })
                .collect(),
            Some(_) => Err(self.wrong(key, "it must be a list of tables")),
        }
    }
}
