//! What the sources say of types, of the variants of enums and of fields.

use crate::repository::Repository;
use crate::syntax::{RustFile, members};
use std::collections::BTreeMap;

/// The lines of a file.
pub(super) fn text_of<'a>(repository: &'a Repository, file: &RustFile) -> Vec<&'a str> {
    repository.file(&file.path).map(|file| file.text.lines().collect()).unwrap_or_default()
}

/// As serde writes it: `NotFound` is `not_found`.
pub(super) fn lower(name: &str, joint: char) -> String {
    let mut lower = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !lower.is_empty() {
            lower.push(joint);
        }
        lower.extend(c.to_lowercase());
    }
    lower
}

/// The documentation of types and of the variants of enums, by file and name.
pub(super) struct Documents {
    known: BTreeMap<(String, String, String), String>,
}

impl Documents {
    pub(super) fn of(repository: &Repository) -> Self {
        let mut known = BTreeMap::new();
        for file in repository.rust().iter().filter(|file| !file.is_test) {
            let text = text_of(repository, file);
            for (at, pair) in file.tokens.windows(2).enumerate() {
                let Some(name) = pair[1].word().map(str::to_owned) else { continue };
                if !pair[0].is_word("enum") && !pair[0].is_word("struct") {
                    continue;
                }
                let key = (file.path.clone(), name.clone(), String::new());
                known.extend(above(&text, pair[0].line).map(|document| (key, document)));
                let members = members(&file.tokens, at + 2).into_iter();
                known.extend(members.filter_map(|member| {
                    let document = above(&text, member.line)?;
                    Some(((file.path.clone(), name.clone(), member.name), document))
                }));
            }
        }
        Self { known }
    }

    /// In the file where it is used, else in the only other that has it.
    pub(super) fn of_variant(&self, path: &str, name: &str, variant: &str) -> Option<String> {
        let here = self.known.get(&(path.to_owned(), name.to_owned(), variant.to_owned()));
        let elsewhere = || {
            let is_meant = |key: &(String, String, String)| key.1 == name && key.2 == variant;
            let mut others = self.known.iter().filter(|(key, _)| is_meant(key));
            others.next().filter(|_| others.next().is_none()).map(|(_, document)| document)
        };
        here.or_else(elsewhere).cloned()
    }

    /// In the file where it is.
    pub(super) fn of_field(&self, path: &str, name: &str, field: &str) -> Option<String> {
        self.known.get(&(path.to_owned(), name.to_owned(), field.to_owned())).cloned()
    }

    pub(super) fn of_type(&self, path: &str, name: &str) -> Option<String> {
        self.of_variant(path, name, "")
    }
}

/// The first paragraph of the documentation that ends above this line; attributes may lie in between.
fn above(text: &[&str], line: usize) -> Option<String> {
    let mut before = text[..line.saturating_sub(1)].iter().rev().map(|line| line.trim()).peekable();
    while before
        .next_if(|line| {
            !line.is_empty() && !line.starts_with("///") && !line.ends_with(['{', '}', ','])
        })
        .is_some()
    {}
    let mut lines: Vec<&str> = Vec::new();
    while let Some(line) = before.next_if(|line| line.starts_with("///")) {
        lines.push(line.trim_start_matches('/').trim());
    }
    lines.reverse();
    let paragraph: Vec<&str> = lines.into_iter().take_while(|line| !line.is_empty()).collect();
    (!paragraph.is_empty()).then(|| paragraph.join(" "))
}
