//! Every Rust file opens with `//!`: what the module is for and what it must not do.

use crate::finding::Finding;
use crate::repository::Repository;

/// Files whose first line is anything else.
pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let is_bare = |line: &str| line.strip_prefix("//!").is_none_or(|text| text.trim().is_empty());
    repository
        .rust()
        .iter()
        .filter(|file| is_bare(&file.first_line))
        .map(|file| Finding {
            path: file.path.clone(),
            line: 1,
            rule: "headline",
            problem: "the file does not open with `//!`".into(),
            remedy: "say in a sentence what it is for and what it must not do".into(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_first_line_with_words_will_do() {
        let repository = Repository::sample(&[
            ("a.rs", "//! For this.\n"),
            ("b.rs", "use x;\n//! Late.\n"),
            ("c.rs", "//!\n"),
            ("d.rs", ""),
        ]);
        let paths: Vec<String> = check(&repository).into_iter().map(|f| f.path).collect();
        assert_eq!(paths, ["b.rs", "c.rs", "d.rs"]);
    }
}
