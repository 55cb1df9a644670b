//! The types that become JSON, read from the sources: their fields with what is said of each, and the words that
//! an enum becomes.

use super::documents::{Documents, lower};
use crate::repository::Repository;
use crate::syntax::{Member, Token, members};
use std::collections::BTreeMap;

/// A type with `Serialize`.
#[derive(Debug)]
pub(crate) struct Type {
    pub(crate) path: String,
    pub(crate) shape: Shape,
}

/// What it becomes.
#[derive(Debug)]
pub(crate) enum Shape {
    /// An object.
    Fields(Vec<Field>),
    /// One of these words.
    Words(Vec<String>),
    /// A string of its own making.
    Text,
    /// An object that differs from case to case.
    Cases,
}

/// A field of an object.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// The words of its type, as written: `Option < Vec < T > >`.
    pub(crate) kind: Vec<String>,
    pub(crate) meaning: String,
    /// Its own fields stand in its place.
    pub(crate) is_flat: bool,
    /// It may be left out.
    pub(crate) is_optional: bool,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Types {
    by_name: BTreeMap<String, Vec<Type>>,
    /// The words of the `use` declarations of each file.
    uses: BTreeMap<String, Vec<Vec<String>>>,
}

/// Reads them.
pub(crate) fn all(repository: &Repository) -> Types {
    let documents = Documents::of(repository);
    let mut types = Types::default();
    for file in repository.rust().iter().filter(|file| !file.is_test) {
        let tokens = &file.tokens;
        types.uses.insert(file.path.clone(), uses(tokens));
        for at in 0..tokens.len().saturating_sub(2) {
            let is_struct = tokens[at].is_word("struct");
            if !is_struct && !tokens[at].is_word("enum") {
                continue;
            }
            let Some(name) = tokens[at + 1].word() else { continue };
            let attributes = words_before(tokens, at);
            if !has(&attributes, "Serialize") {
                continue;
            }
            let shape = match is_struct {
                _ if has(&attributes, "into") => Shape::Text,
                true => Shape::Fields(fields(tokens, at + 2, |field| {
                    documents.of_field(&file.path, name, field)
                })),
                false if has(&attributes, "tag") => Shape::Cases,
                false => Shape::Words(words(tokens, at + 2, &attributes)),
            };
            let found = Type { path: file.path.clone(), shape };
            types.by_name.entry(name.to_owned()).or_default().push(found);
        }
    }
    types
}

impl Types {
    /// The type that these words mean in a file: the one of that file, else the one whose path has most of what
    /// stands before the name, or else of a `use` of it; else the one that lies nearest.
    pub(crate) fn meant(&self, words: &[String], from: &str) -> Option<&Type> {
        let (name, before) = words.split_last()?;
        let used = self.uses.get(from).into_iter().flatten().filter(|used| used.contains(name));
        let hints: Vec<&String> =
            if before.is_empty() { used.flatten().collect() } else { before.iter().collect() };
        let hinted = |path: &str| {
            let parts: Vec<String> =
                path.split(['/', '.']).map(|part| part.replace('-', "_")).collect();
            hints.iter().filter(|hint| parts.contains(hint)).count()
        };
        let common = |path: &str| {
            path.split('/').zip(from.split('/')).take_while(|(one, other)| one == other).count()
        };
        let candidates = self.by_name.get(name)?.iter();
        candidates
            .max_by_key(|found| (found.path == from, hinted(&found.path), common(&found.path)))
    }
}

/// The words of each `use`.
fn uses(tokens: &[Token]) -> Vec<Vec<String>> {
    let starts = (0..tokens.len()).filter(|&at| tokens[at].is_word("use"));
    let words = |at: usize| {
        let path = tokens[at + 1..].iter().take_while(|token| !token.is_mark(';'));
        path.filter_map(|token| token.word().map(str::to_owned)).collect()
    };
    starts.map(words).collect()
}

/// The words in the attributes of the item whose keyword is at `at`.
fn words_before(tokens: &[Token], at: usize) -> Vec<String> {
    let ends_item = |token: &Token| [';', '}'].iter().any(|mark| token.is_mark(*mark));
    let start = tokens[..at].iter().rposition(ends_item).map_or(0, |end| end + 1);
    let before = tokens[start..at].iter();
    before.filter_map(|token| token.word().or(token.text()).map(str::to_owned)).collect()
}

fn fields(tokens: &[Token], at: usize, meaning: impl Fn(&str) -> Option<String>) -> Vec<Field> {
    let told = members(tokens, at).into_iter().filter(|member| !has(&member.attributes, "skip"));
    told.map(|member| Field {
        kind: tokens[member.rest.clone()].iter().filter_map(word_of_type).collect(),
        meaning: meaning(&member.name).unwrap_or_default(),
        is_flat: has(&member.attributes, "flatten"),
        is_optional: has(&member.attributes, "skip_serializing_if"),
        name: renamed(&member).unwrap_or(member.name),
    })
    .collect()
}

/// A slice is a list like any other.
fn word_of_type(token: &Token) -> Option<String> {
    if token.is_mark('[') { Some("Vec".to_owned()) } else { token.word().map(str::to_owned) }
}

/// The words that the variants of an enum become.
fn words(tokens: &[Token], at: usize, attributes: &[String]) -> Vec<String> {
    let written = |member: Member| {
        let case = |name: &str| match attributes {
            _ if has(attributes, "snake_case") => lower(name, '_'),
            _ if has(attributes, "kebab-case") => lower(name, '-'),
            _ => name.to_owned(),
        };
        renamed(&member).unwrap_or_else(|| case(&member.name))
    };
    members(tokens, at).into_iter().map(written).collect()
}

fn has(attributes: &[String], word: &str) -> bool {
    attributes.iter().any(|attribute| attribute == word)
}

/// What `#[serde(rename = "…")]` says.
fn renamed(member: &Member) -> Option<String> {
    let at = member.attributes.iter().position(|word| word == "rename")?;
    member.attributes.get(at + 1).cloned()
}
