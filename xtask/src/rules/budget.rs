//! A cap on how many packages the executable may be built from: each is somebody else's code
//! to trust and to wait for. What only benchmarks, tests or the Python module need does not count
//! as long as `pyro-cli` gets along without it.

use crate::finding::Finding;
use crate::repository::Repository;
use std::collections::{BTreeMap, BTreeSet};

/// The package whose dependencies are counted.
const EXECUTABLE: &str = "pyro-cli";

/// The most packages that it may be built from and tested with, our own included.
const MAX_PACKAGES: usize = 224;

/// The lock file, where it holds too many.
pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let Some(lock) = repository.file("Cargo.lock") else { return Vec::new() };
    let packages = count(&lock.text);
    if packages <= MAX_PACKAGES {
        return Vec::new();
    }
    vec![Finding {
        path: lock.path.clone(),
        line: 1,
        rule: "budget",
        problem: format!("{EXECUTABLE} needs {packages} packages, the budget is {MAX_PACKAGES}"),
        remedy: "drop a dependency or its features (`cargo tree -e features`)".into(),
    }]
}

/// How many packages the executable needs, itself included.
fn count(lock: &str) -> usize {
    let packages = dependencies(lock);
    let mut reached = BTreeSet::new();
    let mut waiting = vec![EXECUTABLE];
    while let Some(package) = waiting.pop() {
        if reached.insert(package) {
            waiting.extend(packages.get(package).into_iter().flatten());
        }
    }
    reached.len()
}

/// Each package of the lock file with what it depends on. Versions of one package are not told apart: it
/// counts once, with the dependencies of all.
fn dependencies(lock: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in lock.split("[[package]]\n").skip(1) {
        let Some(name) = field(package, "name = ") else { continue };
        let list = package.split_once("dependencies = [").map_or("", |(_, list)| list);
        let needed = list.lines().filter_map(|line| quoted(line.trim().trim_end_matches(',')));
        found.entry(name).or_default().extend(needed.map(without_version));
    }
    found
}

/// The lock file names the version where there are several.
fn without_version(dependency: &str) -> &str {
    dependency.split_once(' ').map_or(dependency, |(name, _)| name)
}

fn field<'a>(package: &'a str, key: &str) -> Option<&'a str> {
    package.lines().find_map(|line| quoted(line.strip_prefix(key)?))
}

fn quoted(text: &str) -> Option<&str> {
    text.strip_prefix('"')?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_is_exact() {
        let lock = |packages: usize| {
            let names: Vec<String> = (1..packages).map(|number| format!("p{number}")).collect();
            let list: String = names.iter().map(|name| format!(" \"{name}\",\n")).collect();
            let others: String =
                names.iter().map(|name| format!("[[package]]\nname = \"{name}\"\n\n")).collect();
            format!("[[package]]\nname = \"pyro-cli\"\ndependencies = [\n{list}]\n\n{others}")
        };
        let found = |packages| check(&Repository::sample(&[("Cargo.lock", &lock(packages))])).len();
        assert_eq!((found(MAX_PACKAGES), found(MAX_PACKAGES + 1)), (0, 1));
    }

    #[test]
    fn only_what_the_executable_needs_counts() {
        let lock = "[[package]]\nname = \"benches\"\ndependencies = [\n \"tokens\",\n]\n\n\
                    [[package]]\nname = \"bytes\"\nversion = \"1\"\n\n\
                    [[package]]\nname = \"pyro-cli\"\ndependencies = [\n \"bytes 1\",\n]\n\n\
                    [[package]]\nname = \"tokens\"\n";
        assert_eq!(count(lock), 2);
    }
}
