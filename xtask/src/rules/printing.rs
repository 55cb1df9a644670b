//! Only the command line's `ui/` prints. The library is silent, and on an MCP server's stdout a
//! stray line breaks the protocol.

use crate::finding::Finding;
use crate::repository::Repository;
use crate::syntax::RustFile;

/// Folders that may print: the front end's, and this program.
const PRINTERS: [&str; 2] = ["crates/pyro-cli/src/ui/", "xtask/"];
const MACROS: [&str; 4] = ["print", "println", "eprint", "eprintln"];

/// Calls of the printing macros elsewhere, tests and build scripts apart.
pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    repository.rust().iter().filter(|file| !may_print(file)).flat_map(prints).collect()
}

fn may_print(file: &RustFile) -> bool {
    let is_build_script = file.path.ends_with("/build.rs");
    is_build_script || PRINTERS.iter().any(|folder| file.path.starts_with(folder))
}

fn prints(file: &RustFile) -> impl Iterator<Item = Finding> + '_ {
    let calls = file.tokens.windows(2).enumerate().filter_map(|(index, pair)| {
        let name = pair[0].word().filter(|word| MACROS.contains(word))?;
        (pair[1].is_mark('!') && !file.in_test(index)).then_some((name, pair[0].line))
    });
    calls.map(|(name, line)| Finding {
        path: file.path.clone(),
        line,
        rule: "printing",
        problem: format!("`{name}!` outside {}", PRINTERS[0]),
        remedy: "return the value or report an event, and let the front end say it".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_printer_the_tests_and_build_scripts_print() {
        let print = "fn f() { println!(\"a\") }";
        let repository = Repository::sample(&[
            ("crates/pyro-cli/src/ui/text.rs", print),
            ("crates/pyro-cli/src/commands/run.rs", "\nfn f() { std::eprintln!(\"a\") }"),
            ("crates/pyro-cli/build.rs", print),
            ("crates/pyro/tests/t.rs", print),
            ("crates/pyro/src/lib.rs", "// print!\n#[cfg(test)] mod tests { fn f() { print!() } }"),
        ]);
        let found = check(&repository);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].path.as_str(), found[0].line),
            ("crates/pyro-cli/src/commands/run.rs", 2)
        );
    }
}
