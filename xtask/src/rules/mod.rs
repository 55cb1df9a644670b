//! The rules of the house, one file each. A rule reads the repository and returns what it found.

mod budget;
mod crates;
mod headline;
mod layers;
mod links;
mod names;
mod printing;
mod reachable;
mod reference;
mod registries;
pub(crate) mod size;

use crate::finding::Finding;
use crate::repository::Repository;

const RULES: [fn(&Repository) -> Vec<Finding>; 11] = [
    size::check,
    layers::check,
    crates::check,
    headline::check,
    names::check,
    registries::check,
    printing::check,
    reachable::check,
    budget::check,
    links::check,
    reference::check,
];

/// Everything that any rule found, in the order of files and lines.
pub(crate) fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings: Vec<Finding> = RULES.iter().flat_map(|rule| rule(repository)).collect();
    findings.sort();
    findings
}
