//! `mod` declarations, and the files they stand for.

use super::RustFile;
use super::lexer::{Kind, Token};
use std::collections::BTreeSet;
use std::ops::Range;

/// `mod name;`
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Declaration {
    /// The inline modules around it and its own name.
    pub(crate) names: Vec<String>,
    /// What `#[path = "…"]` says.
    pub(crate) path: Option<String>,
    /// Which token of the file is its `mod`.
    pub(crate) index: usize,
}

impl Declaration {
    /// Where the module's file may be, seen from the file at `parent`.
    pub(crate) fn candidates(&self, parent: &str) -> Vec<String> {
        let (folder, file) = parent.rsplit_once('/').unwrap_or(("", parent));
        if let Some(path) = &self.path {
            return vec![join(folder, path)];
        }
        let stem = file.strip_suffix(".rs").unwrap_or(file);
        let below =
            if is_root_of_its_folder(folder, stem) { folder.into() } else { join(folder, stem) };
        let module = join(&below, &self.names.join("/"));
        vec![format!("{module}.rs"), format!("{module}/mod.rs")]
    }
}

/// Whether the modules that a file declares lie beside it rather than in a folder of its name.
fn is_root_of_its_folder(folder: &str, stem: &str) -> bool {
    let is_target_folder = matches!(
        folder.rsplit('/').next().unwrap_or_default(),
        "tests" | "benches" | "examples" | "bin" | "fuzz_targets"
    );
    matches!(stem, "mod" | "lib" | "main" | "build") || is_target_folder
}

/// `name` seen from `folder`; a leading `../` climbs.
fn join(folder: &str, name: &str) -> String {
    match name.strip_prefix("../") {
        Some(rest) => join(folder.rsplit_once('/').map_or("", |(above, _)| above), rest),
        None if folder.is_empty() => name.into(),
        None => format!("{folder}/{name}"),
    }
}

/// Every `mod name;` in `tokens`.
pub(super) fn declarations(tokens: &[Token]) -> Vec<Declaration> {
    let scopes = inline_modules(tokens);
    let mut declarations = Vec::new();
    for (index, window) in tokens.windows(3).enumerate() {
        let [keyword, name, end] = window else { continue };
        let Some(name) = name.word() else { continue };
        if keyword.is_word("mod") && end.is_mark(';') {
            let mut names = names_around(&scopes, index);
            names.push(name.to_owned());
            declarations.push(Declaration { names, path: path_attribute(&tokens[..index]), index });
        }
    }
    declarations
}

/// The bodies of `mod name { … }`, outermost first.
pub(super) fn inline_modules(tokens: &[Token]) -> Vec<(Range<usize>, String)> {
    let mut open: Vec<Option<(usize, String)>> = Vec::new();
    let mut modules = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if token.is_mark('{') {
            let is_module = at >= 2 && tokens[at - 2].is_word("mod");
            let name = is_module.then(|| tokens[at - 1].word()).flatten();
            open.push(name.map(|name| (at, name.to_owned())));
        } else if token.is_mark('}')
            && let Some(Some((start, name))) = open.pop()
        {
            modules.push((start..at, name));
        }
    }
    modules.sort_by_key(|(body, _)| body.start);
    modules
}

/// The names of the inline modules that hold the token at `index`.
pub(super) fn names_around(scopes: &[(Range<usize>, String)], index: usize) -> Vec<String> {
    let around = scopes.iter().filter(|(body, _)| body.contains(&index));
    around.map(|(_, name)| name.clone()).collect()
}

/// The value of a `path` attribute among the attributes that end where `before` ends.
fn path_attribute(before: &[Token]) -> Option<String> {
    let ends_item = |token: &Token| [';', '{', '}'].iter().any(|mark| token.is_mark(*mark));
    let start = before.iter().rposition(ends_item).map_or(0, |at| at + 1);
    before[start..].windows(4).find_map(|window| match window {
        [open, name, equals, Token { kind: Kind::Text(path), .. }]
            if open.is_mark('[') && name.is_word("path") && equals.is_mark('=') =>
        {
            Some(path.clone())
        }
        _ => None,
    })
}

/// The files that belong to modules declared in tests, and the files which those declare.
pub(crate) fn test_module_files(files: &[RustFile]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    loop {
        let known = found.len();
        for file in files {
            let is_test = |index| file.in_test(index) || found.contains(&file.path);
            let declared = file.declarations().into_iter().filter(|mod_| is_test(mod_.index));
            let paths: Vec<String> =
                declared.flat_map(|mod_| mod_.candidates(&file.path)).collect();
            found.extend(paths);
        }
        if found.len() == known {
            return found;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::lexer::tokens;
    use super::*;

    #[test]
    fn a_declaration_finds_its_file_from_roots_modules_and_inline_modules() {
        let found =
            declarations(&tokens("mod a; mod b { pub(crate) mod c; } #[path = \"x.rs\"] mod d;"));
        let candidates =
            |parent| found.iter().map(|mod_| mod_.candidates(parent)).collect::<Vec<_>>();
        assert_eq!(
            candidates("s/lib.rs"),
            [vec!["s/a.rs", "s/a/mod.rs"], vec!["s/b/c.rs", "s/b/c/mod.rs"], vec!["s/x.rs"],]
        );
        let above = declarations(&tokens("#[path = \"../y/mod.rs\"] mod y;"));
        assert_eq!(above[0].candidates("k/tests/t.rs"), ["k/y/mod.rs"]);
        assert_eq!(candidates("s/m.rs")[0], ["s/m/a.rs", "s/m/a/mod.rs"]);
        assert_eq!(candidates("k/tests/t.rs")[0], ["k/tests/a.rs", "k/tests/a/mod.rs"]);
    }

    #[test]
    fn modules_below_a_test_module_are_tests_too() {
        let files = [
            RustFile::read("s/lib.rs", "#[cfg(test)] mod t;", false),
            RustFile::read("s/t/mod.rs", "mod deep;", false),
        ];
        assert!(test_module_files(&files).contains("s/t/deep.rs"));
    }
}
