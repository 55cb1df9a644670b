//! Source files stay short: a hard cap on each, and the median and 90th percentile of all printed,
//! so that drift shows before the cap does. Tests do not count.

use crate::finding::Finding;
use crate::repository::{Language, Repository};
use std::fmt::Write;

/// The most lines a source file may have, `#[cfg(test)]` items apart.
const MAX_LINES: usize = 800;
/// The aim for the median file.
const AIM_OF_MEDIAN: usize = 120;
/// How many of the longest files the table shows.
const SHOWN: usize = 20;

/// Files over the cap.
pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let too_long = lengths(repository).into_iter().filter(|(lines, _)| *lines > MAX_LINES);
    too_long
        .map(|(lines, path)| Finding {
            path,
            line: MAX_LINES + 1,
            rule: "size",
            problem: format!("{lines} lines of source, the cap is {MAX_LINES}"),
            remedy: "split the file by concern: one verb, one file".into(),
        })
        .collect()
}

/// One line: how many files, their median and 90th percentile, the longest.
pub(crate) fn summary(repository: &Repository) -> String {
    let lengths = lengths(repository);
    let Some((longest, path)) = lengths.last() else { return "no source files".into() };
    let total: usize = lengths.iter().map(|(lines, _)| lines).sum();
    format!(
        "{} source files, {total} lines without tests: median {} (aim: under {AIM_OF_MEDIAN}), \
         90th percentile {}, longest {longest} ({path})",
        lengths.len(),
        percentile(&lengths, 50),
        percentile(&lengths, 90),
    )
}

/// The longest files, longest first.
pub(crate) fn table(repository: &Repository) -> String {
    let mut table = String::new();
    for (lines, path) in lengths(repository).iter().rev().take(SHOWN) {
        // Writing to a string cannot fail.
        let _ = writeln!(table, "{lines:5}  {path}");
    }
    table
}

/// Lines and path of every source file that is not a test, shortest first.
fn lengths(repository: &Repository) -> Vec<(usize, String)> {
    let rust = repository.rust().iter().filter(|file| !file.is_test);
    let rust = rust.map(|file| (file.shipped_lines(), file.path.clone()));
    let is_script = |language| matches!(language, Some(Language::Python | Language::Shell));
    let scripts = repository
        .files()
        .iter()
        .filter(|file| is_script(file.language()) && !file.is_beside_the_product())
        .map(|file| (file.text.lines().count(), file.path.clone()));
    let mut lengths: Vec<_> = rust.chain(scripts).collect();
    lengths.sort();
    lengths
}

/// The nearest-rank percentile; `sorted` is not empty.
fn percentile(sorted: &[(usize, String)], percent: usize) -> usize {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted[rank - 1].0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_do_not_count_and_the_cap_is_exact() {
        let at_the_cap = "\n".repeat(MAX_LINES);
        let with_tests = format!("{at_the_cap}#[cfg(test)]\nmod tests {{\n{at_the_cap}}}\n");
        let over = format!("{at_the_cap}\n");
        let repository = Repository::sample(&[
            ("crates/a/src/fits.rs", &with_tests),
            ("crates/a/tests/long.rs", &over),
            ("crates/a/src/over.rs", &over),
            ("scripts/over", &format!("#!/bin/sh{over}")),
        ]);
        let paths: Vec<String> = check(&repository).into_iter().map(|found| found.path).collect();
        assert_eq!(paths, ["crates/a/src/over.rs", "scripts/over"]);
    }

    #[test]
    fn the_summary_names_median_percentile_and_the_longest() {
        let files: Vec<(String, String)> =
            (1..=10).map(|n| (format!("s/{n}.rs"), "x\n".repeat(n))).collect();
        let files: Vec<(&str, &str)> =
            files.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
        let summary = summary(&Repository::sample(&files));
        assert!(summary.contains("10 source files, 55 lines"), "{summary}");
        assert!(summary.contains("median 5 "), "{summary}");
        assert!(summary.contains("90th percentile 9, longest 10 (s/10.rs)"), "{summary}");
    }
}
