//! No drawers: names that fit anything (`common`, `utils`, …) say nothing about what is inside and
//! collect what nobody placed.

use crate::finding::Finding;
use crate::repository::Repository;
use crate::syntax::Token;
use std::collections::BTreeSet;

const DRAWERS: [&str; 9] =
    ["manager", "managers", "util", "utils", "utilities", "common", "helper", "helpers", "misc"];
const REMEDY: &str = "name it after the one thing it does, and move the rest to where it is used";

/// Source files, their folders, and Rust types with such a name.
pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let files = repository.files().iter().filter(|file| file.language().is_some());
    let files = files.filter_map(|file| {
        let drawer = file.path.split(['/', '_', '-', '.']).find(|part| is_drawer(part))?;
        Some(finding(&file.path, 1, format!("`{drawer}` in a file's path")))
    });
    let types = repository.rust().iter().flat_map(|file| {
        let named = types(&file.tokens).into_iter();
        let drawers = named.filter(|(name, _)| words(name).iter().any(|word| is_drawer(word)));
        drawers.map(|(name, line)| finding(&file.path, line, format!("a type called `{name}`")))
    });
    files.chain(types).collect::<BTreeSet<_>>().into_iter().collect()
}

fn is_drawer(word: &str) -> bool {
    DRAWERS.contains(&word.to_lowercase().as_str())
}

/// Names of the types and modules that a file defines.
fn types(tokens: &[Token]) -> Vec<(&str, usize)> {
    let keywords = ["struct", "enum", "trait", "union", "type", "mod"];
    let pairs = tokens.windows(2).filter(|pair| keywords.iter().any(|word| pair[0].is_word(word)));
    pairs.filter_map(|pair| Some((pair[1].word()?, pair[1].line))).collect()
}

/// `VmManager` is `Vm`, `Manager`; `vm_manager` is `vm`, `manager`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in name.chars() {
        if c.is_uppercase() || c == '_' {
            words.push(String::new());
        }
        if let Some(last) = words.last_mut()
            && c != '_'
        {
            last.push(c);
        }
    }
    words
}

fn finding(path: &str, line: usize, problem: String) -> Finding {
    Finding { path: path.into(), line, rule: "names", problem, remedy: REMEDY.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawers_are_found_in_files_folders_and_types() {
        let repository = Repository::sample(&[
            ("crates/a/src/vm_manager.rs", ""),
            ("crates/a/tests/common/mod.rs", ""),
            ("crates/a/src/b.rs", "struct Uncommon;\nstruct VmManager;\nmod helpers {}"),
            ("docs/common-problems.md", ""),
        ]);
        let found: Vec<String> =
            check(&repository).iter().map(|f| format!("{}:{}", f.path, f.line)).collect();
        assert_eq!(
            found,
            [
                "crates/a/src/b.rs:2",
                "crates/a/src/b.rs:3",
                "crates/a/src/vm_manager.rs:1",
                "crates/a/tests/common/mod.rs:1",
            ]
        );
    }
}
