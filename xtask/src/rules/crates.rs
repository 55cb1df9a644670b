//! Which crate may depend on which: read from the manifests, dev-dependencies apart.

use crate::finding::Finding;
use crate::repository::Repository;

/// Every crate of the repository, and which of the others it may name.
const ARROWS: [(&str, &[&str]); 10] = [
    ("pyro-proto", &[]),
    ("pyro-agent", &["pyro-proto"]),
    ("pyro", &["pyro-proto"]),
    ("pyro-mcp", &["pyro"]),
    ("pyro-cli", &["pyro", "pyro-mcp", "pyro-agent"]),
    ("pyro-python", &["pyro", "pyro-mcp"]),
    ("scenarios", &[]),
    ("benches", &["scenarios", "pyro", "pyro-proto"]),
    ("xtask", &[]),
    ("pyro-fuzz", &["pyro", "pyro-proto"]),
];

const RULE: &str = "crates";

/// Dependencies between our crates that the table does not have.
pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for manifest in repository.manifests().iter().filter(|manifest| !manifest.package.is_empty()) {
        let found = |line, problem: String, remedy: &str| Finding {
            path: manifest.path.clone(),
            line,
            rule: RULE,
            problem,
            remedy: remedy.to_owned(),
        };
        let package = manifest.package.as_str();
        let Some(allowed) = allowed(package) else {
            let problem = format!("the crate `{package}` has no place among the others");
            findings.push(found(1, problem, &format!("enter it in ARROWS of {}", file!())));
            continue;
        };
        for (name, line) in &manifest.dependencies {
            if self::allowed(name).is_some() && !allowed.contains(&name.as_str()) {
                let problem = format!("`{package}` depends on `{name}`");
                findings.push(found(
                    *line,
                    problem,
                    "turn the arrow round, or go through the library",
                ));
            }
        }
    }
    findings
}

fn allowed(package: &str) -> Option<&'static [&'static str]> {
    ARROWS.iter().find(|(name, _)| *name == package).map(|(_, allowed)| *allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(manifest: &str) -> Vec<String> {
        let repository = Repository::sample(&[("crates/x/Cargo.toml", manifest)]);
        check(&repository).into_iter().map(|f| format!("{} {}", f.line, f.problem)).collect()
    }

    #[test]
    fn only_listed_arrows_pass_and_dev_dependencies_are_free() {
        let manifest = "[package]\nname = \"pyro-agent\"\n[dependencies]\npyro-proto.workspace = true\n\
                        serde = \"1\"\npyro.workspace = true\n[dev-dependencies]\npyro-cli = \"1\"\n";
        assert_eq!(problems(manifest), ["6 `pyro-agent` depends on `pyro`"]);
    }

    #[test]
    fn a_new_crate_needs_an_entry() {
        assert_eq!(problems("[package]\nname = \"pyro-attic\"\n").len(), 1);
    }
}
