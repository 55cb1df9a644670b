//! The types that become JSON, read from the sources: their fields with what is said of each, and the words that
//! an enum becomes.

use super::documents::Documents;
use crate::repository::Repository;
use crate::syntax::{Token, closing};
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

/// All of them, by name.
pub(crate) fn all(repository: &Repository) -> BTreeMap<String, Vec<Type>> {
    let documents = Documents::of(repository);
    let mut types: BTreeMap<String, Vec<Type>> = BTreeMap::new();
    for file in repository.rust().iter().filter(|file| !file.is_test) {
        let tokens = &file.tokens;
        for at in 0..tokens.len().saturating_sub(2) {
            let is_struct = tokens[at].is_word("struct");
            if !is_struct && !tokens[at].is_word("enum") {
                continue;
            }
            let Some(name) = tokens[at + 1].word() else { continue };
            let attributes = words_before(tokens, at);
            if !attributes.iter().any(|word| word == "Serialize") {
                continue;
            }
            let Some(open) = opening(tokens, at + 2) else { continue };
            let shape = match is_struct {
                _ if attributes.iter().any(|word| word == "into") => Shape::Text,
                true => Shape::Fields(fields(tokens, open, |field| {
                    documents.of_field(&file.path, name, field)
                })),
                false if attributes.iter().any(|word| word == "tag") => Shape::Cases,
                false => Shape::Words(words(tokens, open, case_of(&attributes))),
            };
            let found = Type { path: file.path.clone(), shape };
            types.entry(name.to_owned()).or_default().push(found);
        }
    }
    types
}

/// The nearest of this name: in the same file, else the one whose path has most in common.
pub(crate) fn nearest<'t>(
    types: &'t BTreeMap<String, Vec<Type>>,
    name: &str,
    from: &str,
) -> Option<&'t Type> {
    let common =
        |path: &str| path.split('/').zip(from.split('/')).take_while(|(a, b)| a == b).count();
    types.get(name)?.iter().max_by_key(|found| (found.path == from, common(&found.path)))
}

/// The words in the attributes of the item whose keyword is at `at`.
fn words_before(tokens: &[Token], at: usize) -> Vec<String> {
    let ends_item = |token: &Token| [';', '}'].iter().any(|mark| token.is_mark(*mark));
    let start = tokens[..at].iter().rposition(ends_item).map_or(0, |end| end + 1);
    let before = tokens[start..at].iter();
    before.filter_map(|token| token.word().or(token.text()).map(str::to_owned)).collect()
}

/// The brace that opens a body; none for a tuple or a unit.
fn opening(tokens: &[Token], at: usize) -> Option<usize> {
    let ends = |token: &Token| ['{', ';', '('].iter().any(|mark| token.is_mark(*mark));
    let found = (at..tokens.len()).find(|&index| ends(&tokens[index]))?;
    tokens[found].is_mark('{').then_some(found)
}

fn fields(tokens: &[Token], open: usize, meaning: impl Fn(&str) -> Option<String>) -> Vec<Field> {
    let end = closing(tokens, open);
    let (mut found, mut at) = (Vec::new(), open + 1);
    while at < end {
        let mut attributes = Vec::new();
        while tokens[at].is_mark('#') {
            let close = closing(tokens, at + 1);
            attributes.extend(
                tokens[at..close].iter().filter_map(|t| t.word().or(t.text()).map(str::to_owned)),
            );
            at = close + 1;
        }
        if tokens[at].is_word("pub") {
            at += 1;
            if tokens[at].is_mark('(') {
                at = closing(tokens, at) + 1;
            }
        }
        let Some(name) = tokens[at].word() else { break };
        let (start, mut depth) = (at + 2, 0_i32);
        at = start;
        while at < end && (depth > 0 || !tokens[at].is_mark(',')) {
            depth += i32::from(tokens[at].is_mark('<')) - i32::from(tokens[at].is_mark('>'));
            at += 1;
        }
        let has = |word: &str| attributes.iter().any(|attribute| attribute == word);
        let renamed = attributes
            .iter()
            .position(|word| word == "rename")
            .and_then(|at| attributes.get(at + 1));
        if !has("skip") {
            found.push(Field {
                name: renamed.cloned().unwrap_or_else(|| name.to_owned()),
                kind: tokens[start..at].iter().filter_map(word_of_type).collect(),
                meaning: meaning(name).unwrap_or_default(),
                is_flat: has("flatten"),
                is_optional: has("skip_serializing_if"),
            });
        }
        at += 1;
    }
    found
}

/// A slice is a list like any other.
fn word_of_type(token: &Token) -> Option<String> {
    if token.is_mark('[') { Some("Vec".to_owned()) } else { token.word().map(str::to_owned) }
}

/// How an enum's variants are written.
fn case_of(attributes: &[String]) -> char {
    if attributes.iter().any(|word| word == "kebab-case") { '-' } else { '_' }
}

fn words(tokens: &[Token], open: usize, joint: char) -> Vec<String> {
    let variants = super::documents::variants(tokens, open - 1);
    variants.into_iter().map(|(name, _)| super::documents::lower(&name, joint)).collect()
}
