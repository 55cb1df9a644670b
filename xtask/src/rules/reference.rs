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
        repository.file(path).is_some_and(|file| file.text != page(repository))
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
        for (path, page) in PAGES {
            let old = Repository::sample(&[(path, "# Something\n")]);
            assert_eq!(check(&old).len(), 1);
            assert_eq!(check(&Repository::sample(&[(path, &page(&old))])), []);
        }
    }
}
