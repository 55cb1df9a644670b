//! A cap on how many packages the executable may be built from: each one is somebody else's code
//! to trust and to wait for.

use crate::finding::Finding;
use crate::repository::Repository;

/// The most packages that `Cargo.lock` may hold, our own included.
const MAX_PACKAGES: usize = 226;

/// The lock file, where it holds too many.
pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let Some(lock) = repository.file("Cargo.lock") else { return Vec::new() };
    let packages = lock.text.lines().filter(|line| *line == "[[package]]").count();
    if packages <= MAX_PACKAGES {
        return Vec::new();
    }
    vec![Finding {
        path: lock.path.clone(),
        line: 1,
        rule: "budget",
        problem: format!("{packages} packages, the budget is {MAX_PACKAGES}"),
        remedy: "drop a dependency or its features (`cargo tree -e features`)".into(),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_is_exact() {
        let lock = |packages| "[[package]]\nname = \"a\"\n".repeat(packages);
        let found = |packages| check(&Repository::sample(&[("Cargo.lock", &lock(packages))])).len();
        assert_eq!((found(MAX_PACKAGES), found(MAX_PACKAGES + 1)), (0, 1));
    }
}
