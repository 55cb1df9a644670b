//! The page of error codes says what the sources say, and the sources say of each code what it means.

use crate::finding::Finding;
use crate::reference::{ERRORS, errors_page, unexplained};
use crate::repository::Repository;

const RULE: &str = "reference";

/// Codes without a meaning, and a page that is old.
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
    let is_current = |file: &crate::repository::File| file.text == errors_page(repository);
    if repository.file(ERRORS).is_some_and(|file| !is_current(file)) {
        findings.push(Finding {
            path: ERRORS.into(),
            line: 1,
            rule: RULE,
            problem: "it is not what the sources say".into(),
            remedy: "run `cargo run -p xtask -- docs`".into(),
        });
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_is_old_is_found() {
        let old = Repository::sample(&[(ERRORS, "# Error codes\n")]);
        assert_eq!(check(&old).len(), 1);
        let current = errors_page(&old);
        assert_eq!(check(&Repository::sample(&[(ERRORS, &current)])), []);
    }
}
