//! The pages that are made from the sources say what those say, and the sources say of each code what it means.

use crate::finding::Finding;
use crate::reference::{PAGES, unexplained};
use crate::repository::Repository;

const RULE: &str = "reference";

/// Codes without a meaning, and pages that are old.
pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings: Vec<Finding> = unexplained(repository)
        .into_iter()
        .map(|code| Finding {
            path: code.path,
            line: code.line,
            rule: RULE,
            problem: format!(
                "nothing says what the code `{}` means, or of which kind it is",
                code.code
            ),
            remedy: "document its variant, or put a sentence in a comment behind it".into(),
        })
        .collect();
    let old = PAGES.iter().filter(|(path, page)| {
        repository.file(path).is_none_or(|file| file.text != page(repository))
    });
    findings.extend(old.map(|(path, _)| Finding {
        path: (*path).into(),
        line: 1,
        rule: RULE,
        problem: "it is not what the sources say".into(),
        remedy: "run `cargo run -p xtask -- docs`".into(),
    }));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_is_old_is_found() {
        let nothing = Repository::sample(&[]);
        let pages = PAGES.map(|(path, page)| (path, page(&nothing)));
        let current: Vec<(&str, &str)> =
            pages.iter().map(|(path, page)| (*path, &page[..])).collect();
        assert_eq!(check(&Repository::sample(&current)), []);
        for old in 0..current.len() {
            let mut files = current.clone();
            files[old].1 = "# Something else\n";
            assert_eq!(check(&Repository::sample(&files)).len(), 1);
            files.remove(old);
            assert_eq!(check(&Repository::sample(&files)).len(), 1, "nothing is there");
        }
    }
}
