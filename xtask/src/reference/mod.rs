//! The pages below `docs/reference` that are made from the code. What the commands and tools say is known to
//! their own crates, whose tests hold those pages to it; error codes and JSON documents are read from the sources
//! here.

mod codes;
mod documents;
mod errors;
mod json;
mod types;

use crate::repository::Repository;
use std::path::Path;
use std::process::{Command, ExitCode};

pub(crate) use codes::unexplained;

/// A page by its path, and how it is made.
type Page = (&'static str, fn(&Repository) -> String);

/// The pages that are read from the sources.
pub(crate) const PAGES: [Page; 2] =
    [("docs/reference/errors.md", errors::page), ("docs/reference/json.md", json::page)];
/// What the crates' own tests look for.
const WRITE: &str = "PYRO_WRITE_REFERENCE";
/// The crates that have pages, all by a test of this name.
const CRATES: [&str; 2] = ["pyro-cli", "pyro-mcp"];
const TEST: &str = "reference::";

/// Writes all of them.
pub(crate) fn write(root: &Path, repository: &Repository) -> ExitCode {
    for (path, page) in PAGES {
        if let Err(error) = std::fs::write(root.join(path), page(repository)) {
            eprintln!("xtask: cannot write {path}: {error}");
            return ExitCode::FAILURE;
        }
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let packages = CRATES.iter().flat_map(|name| ["--package", name]);
    let tests = Command::new(cargo)
        .current_dir(root)
        .env(WRITE, "1")
        .args(["test", "--locked", "--quiet", "--lib", "--bins"])
        .args(packages)
        .arg(TEST)
        .status();
    match tests {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: cannot start cargo: {error}");
            ExitCode::FAILURE
        }
    }
}
