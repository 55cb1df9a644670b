//! Checks and chores of this repository: `cargo run -p xtask -- check | sizes | docs`. Nothing here ships.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for developers, which says its findings on the terminal"
)]

mod finding;
mod manifest;
mod reference;
mod repository;
mod rules;
mod syntax;

use repository::Repository;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str =
    "usage: cargo run -p xtask -- check    every rule of the house, all findings at once
       cargo run -p xtask -- sizes    how long the source files are
       cargo run -p xtask -- docs     write the pages of docs/reference that are made from the code";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let command = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["check"] => check,
        ["sizes"] => sizes,
        ["docs"] => docs,
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match Repository::open(&root()) {
        Ok(repository) => command(&repository),
        Err(error) => {
            eprintln!("xtask: cannot read the repository: {error}");
            ExitCode::from(2)
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn check(repository: &Repository) -> ExitCode {
    let findings = rules::check(repository);
    for finding in &findings {
        eprintln!("{finding}");
    }
    println!("{}", rules::size::summary(repository));
    if findings.is_empty() {
        println!("xtask check: {} files, nothing found", repository.files().len());
        ExitCode::SUCCESS
    } else {
        eprintln!("xtask check: {} found", findings.len());
        ExitCode::FAILURE
    }
}

fn sizes(repository: &Repository) -> ExitCode {
    print!("{}", rules::size::table(repository));
    println!("{}", rules::size::summary(repository));
    ExitCode::SUCCESS
}

fn docs(repository: &Repository) -> ExitCode {
    reference::write(&root(), repository)
}
