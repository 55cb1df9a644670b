//! No forgotten code: every Rust file of a crate is compiled by one of its targets, and no test is
//! switched off. A test that never runs looks exactly like one that passes.

use crate::finding::Finding;
use crate::manifest::Manifest;
use crate::repository::Repository;
use crate::syntax::{RustFile, Token};
use std::collections::{BTreeMap, BTreeSet};

const RULE: &str = "reachable";

/// Files that no target reaches, and tests marked `#[ignore]`.
pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let reached = reached(repository);
    let forgotten = repository.rust().iter().filter(|file| !reached.contains(file.path.as_str()));
    let forgotten = forgotten.map(|file| Finding {
        path: file.path.clone(),
        line: 1,
        rule: RULE,
        problem: "no target compiles this file".into(),
        remedy: "declare it with `mod`, or list it in the crate's manifest".into(),
    });
    forgotten.chain(repository.rust().iter().flat_map(ignored)).collect()
}

/// The files that Cargo's targets and their `mod` declarations lead to.
fn reached(repository: &Repository) -> BTreeSet<String> {
    let by_path: BTreeMap<&str, &RustFile> =
        repository.rust().iter().map(|file| (file.path.as_str(), file)).collect();
    let mut open: Vec<String> = by_path.keys().map(|path| (*path).to_owned()).collect();
    open.retain(|path| owner(repository, path).is_some_and(|manifest| is_target(manifest, path)));
    let mut reached = BTreeSet::new();
    while let Some(path) = open.pop() {
        let Some(file) = by_path.get(path.as_str()) else { continue };
        if reached.insert(path) {
            open.extend(file.declarations().iter().flat_map(|mod_| mod_.candidates(&file.path)));
        }
    }
    reached
}

/// The manifest of the crate that the file belongs to: the nearest above it.
fn owner<'a>(repository: &'a Repository, path: &str) -> Option<&'a Manifest> {
    let packages = repository.manifests().iter().filter(|manifest| !manifest.package.is_empty());
    packages
        .filter(|manifest| path.starts_with(manifest.folder()))
        .max_by_key(|manifest| manifest.folder().len())
}

/// Whether the file is the root of a target: one that Cargo finds by itself, or a listed one.
/// After "Package layout" and "Cargo targets" in the Cargo book.
fn is_target(manifest: &Manifest, path: &str) -> bool {
    let inside = path.strip_prefix(manifest.folder()).unwrap_or(path);
    let found = match inside.split('/').collect::<Vec<_>>()[..] {
        ["build.rs"] | ["src", "lib.rs" | "main.rs"] => true,
        ["src", "bin", _] | ["src", "bin", _, "main.rs"] => true,
        ["tests", _] | ["tests", _, "main.rs"] => manifest.finds_tests,
        ["benches" | "examples", _] | ["benches" | "examples", _, "main.rs"] => true,
        _ => false,
    };
    found || manifest.target_files.iter().any(|target| target == inside)
}

/// `#[ignore]`, also with a reason or behind `cfg_attr`.
fn ignored(file: &RustFile) -> impl Iterator<Item = Finding> + '_ {
    let opens_attribute = |pair: &[Token]| pair[0].is_mark('#') && pair[1].is_mark('[');
    let attributes =
        file.tokens.windows(2).enumerate().filter(move |(_, pair)| opens_attribute(pair));
    let ignores = attributes.filter(|(at, _)| {
        let attribute = file.tokens[at + 2..].iter().take_while(|token| !token.is_mark(']'));
        let words: Vec<&str> = attribute.filter_map(Token::word).collect();
        matches!(words[..], ["ignore", ..])
            || (words.first() == Some(&"cfg_attr") && words.contains(&"ignore"))
    });
    ignores.map(|(_, pair)| Finding {
        path: file.path.clone(),
        line: pair[0].line,
        rule: RULE,
        problem: "a test that is switched off".into(),
        remedy: "make it pass everywhere, or take it out".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(files: &[(&str, &str)]) -> Vec<String> {
        let found = check(&Repository::sample(files));
        found.iter().map(|f| format!("{}:{}", f.path, f.line)).collect()
    }

    #[test]
    fn targets_and_declared_modules_are_reached_and_the_rest_is_not() {
        let files = [
            (
                "a/Cargo.toml",
                "[package]\nname = \"a\"\n[[bin]]\nname = \"b\"\npath = \"b/entry.rs\"\n",
            ),
            ("a/src/lib.rs", "mod x;"),
            ("a/src/x/mod.rs", "pub(crate) mod y;"),
            ("a/src/x/y.rs", ""),
            ("a/src/forgotten.rs", ""),
            ("a/b/entry.rs", ""),
            ("a/tests/t.rs", "mod support;"),
            ("a/tests/support/mod.rs", ""),
            ("a/tests/deep/forgotten.rs", ""),
        ];
        assert_eq!(paths(&files), ["a/src/forgotten.rs:1", "a/tests/deep/forgotten.rs:1"]);
    }

    #[test]
    fn without_autotests_only_listed_tests_count() {
        let manifest =
            "[package]\nname = \"a\"\nautotests = false\n[[test]]\npath = \"tests/t.rs\"\n";
        let files = [("a/Cargo.toml", manifest), ("a/tests/t.rs", ""), ("a/tests/u.rs", "")];
        assert_eq!(paths(&files), ["a/tests/u.rs:1"]);
    }

    #[test]
    fn ignored_tests_are_found_in_every_spelling() {
        let source = "#[test]\n#[ignore]\nfn f() {}\n#[ignore = \"slow\"] fn g() {}\n\
                      #[cfg_attr(miri, ignore)] fn h() {}\n#[doc = \"ignore\"] fn i() {}";
        let files = [("a/Cargo.toml", "[package]\nname = \"a\"\n"), ("a/src/lib.rs", source)];
        assert_eq!(paths(&files), ["a/src/lib.rs:2", "a/src/lib.rs:4", "a/src/lib.rs:5"]);
    }
}
