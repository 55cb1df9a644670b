//! Links of documents lead somewhere: to a file or a folder of the repository, and to a heading in it.
//! What lies outside is not asked.

use crate::finding::Finding;
use crate::repository::{File, Repository};
use std::collections::BTreeSet;

/// Links that lead nowhere.
pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let documents = repository.files().iter().filter(|file| is_document(&file.path));
    documents.flat_map(|document| broken(repository, document)).collect()
}

fn is_document(path: &str) -> bool {
    path.ends_with(".md")
}

fn broken(repository: &Repository, document: &File) -> Vec<Finding> {
    let lost = |(line, target): (usize, &str)| {
        let problem = wrong(repository, &document.path, target)?;
        let remedy = "correct the link".into();
        Some(Finding { path: document.path.clone(), line, rule: "links", problem, remedy })
    };
    links(&document.text).into_iter().filter_map(lost).collect()
}

/// What is wrong with a link, if anything.
fn wrong(repository: &Repository, from: &str, target: &str) -> Option<String> {
    let (path, heading) = target.split_once('#').unwrap_or((target, ""));
    let Some(place) = resolve(from, path) else {
        return Some(format!("`{target}` leads out of the repository"));
    };
    let Some(file) = repository.file(&place) else {
        let folder = format!("{}/", place.trim_end_matches('/'));
        let is_folder = repository.files().iter().any(|file| file.path.starts_with(&folder));
        return (!is_folder).then(|| format!("`{target}` leads to nothing"));
    };
    let is_there =
        heading.is_empty() || !is_document(&place) || anchors(&file.text).contains(heading);
    (!is_there).then(|| format!("there is no heading `#{heading}` in {place}"))
}

/// The path from the root of what a link in a document leads to.
fn resolve(from: &str, path: &str) -> Option<String> {
    if path.is_empty() {
        return Some(from.to_owned());
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// The targets of links, each with its line; without those to other sites, and without code.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        let mut rest = line;
        while let Some(at) = rest.find("](") {
            let is_code = rest[..at].matches('`').count() % 2 == 1;
            rest = &rest[at + 2..];
            let target = rest.split([')', ' ']).next().unwrap_or_default();
            let is_outside = target.contains("://") || target.starts_with("mailto:");
            if !is_code && !is_outside && !target.is_empty() {
                found.push((number, target));
            }
        }
    }
    found
}

/// The lines outside of code blocks, with their numbers.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut in_code = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let is_fence = line.trim_start().starts_with("```");
        in_code ^= is_fence;
        (!in_code && !is_fence).then_some((index + 1, line))
    })
}

/// The headings as links name them: as GitHub makes anchors, the second of a name with `-1` behind it.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    for (_, line) in prose(text) {
        let Some(heading) = line.starts_with('#').then(|| line.trim_start_matches('#').trim())
        else {
            continue;
        };
        let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
        let anchor: String =
            heading.chars().filter(kept).collect::<String>().to_lowercase().replace(' ', "-");
        let mut unique = anchor.clone();
        let mut number = 0;
        while !anchors.insert(unique.clone()) {
            number += 1;
            unique = format!("{anchor}-{number}");
        }
    }
    anchors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_lead_nowhere_are_found_and_others_are_not() {
        let page = "[a](b.md) [b](../README.md#some-heads) [c](https://x.example/) [d](more)\n\
                    [e](#here) [f](b.md#none) [g](c.md) [h](../../x) `[i](j)`\n```\n[k](l)\n```\n# Here\n";
        let repository = Repository::sample(&[
            ("docs/a.md", page),
            ("docs/b.md", "# B\n"),
            ("docs/more/c.md", "[up](../a.md#here)\n"),
            ("README.md", "## Some `heads`!\n[docs](docs)\n"),
        ]);
        let found: Vec<String> = check(&repository).into_iter().map(|f| f.problem).collect();
        assert_eq!(
            found,
            [
                "there is no heading `#none` in docs/b.md",
                "`c.md` leads to nothing",
                "`../../x` leads out of the repository",
            ]
        );
    }
}
