//! The page of error codes.

use super::codes::{Code, all};
use crate::repository::Repository;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

const HEAD: &str = "\
<!-- Written by `cargo run -p xtask -- docs` from the sources. Do not edit. -->

# Error codes

Every failure is the same on all surfaces: `{kind, code, message, hints}`, printed with `--json`, told to a
model as text. The message is for people and may change; kind and code are stable: a code keeps its name and its meaning
within a major version, and new ones may be added. `hints` say what to do next, where anything can be said.

| kind | |
|---|---|
| `usage` | the request itself is wrong: a bad argument, an unknown name, an illegal combination |
| `not_found` | the named thing does not exist |
| `busy` | somebody else is working on the same thing; trying again can succeed |
| `host` | the host lacks something: a program, a permission, disk space, a working KVM |
| `guest` | the machine or the agent in it failed |
| `timeout` | a deadline passed |
| `denied` | refused on purpose, by a policy that the human can change |
| `internal` | a fault in pyro |

What some of them need from you: [troubleshooting](../troubleshooting.md).

| code | kind | what has happened |
|---|---|---|
";

/// The page.
pub(crate) fn page(repository: &Repository) -> String {
    let mut by_code: BTreeMap<String, Vec<Code>> = BTreeMap::new();
    for code in all(repository) {
        by_code.entry(code.code.clone()).or_default().push(code);
    }
    let mut page = HEAD.to_owned();
    for (code, found) in by_code {
        let kinds: BTreeSet<&str> =
            found.iter().flat_map(|one| one.kinds.iter().map(String::as_str)).collect();
        let mut meanings: Vec<String> = Vec::new();
        for meaning in found.iter().flat_map(|one| one.meanings.iter().map(|text| plain(text))) {
            if !meanings.contains(&meaning) {
                meanings.push(meaning);
            }
        }
        let kinds: Vec<String> = kinds.into_iter().map(|kind| format!("`{kind}`")).collect();
        // writing to a string cannot fail
        let _ = writeln!(page, "| `{code}` | {} | {} |", kinds.join(", "), meanings.join(" "));
    }
    page
}

/// Documentation as a cell of a table: links of rustdoc as plain words.
fn plain(text: &str) -> String {
    text.replace("[`", "`").replace("`]", "`").replace('|', "\\|")
}
