//! As much of Rust's grammar as the rules need: tokens, `mod` declarations, paths that start at the
//! crate, and which items are tests. Not a parser: it accepts anything and never fails.

mod lexer;
mod matches;
mod members;
mod modules;
mod paths;
mod test_items;

pub(crate) use lexer::Token;
pub(crate) use matches::{Arm, closing, innermost_arms, outer_variants};
pub(crate) use members::{Member, members};
pub(crate) use modules::{Declaration, test_module_files};
pub(crate) use paths::{CratePath, module_of, paths_in_crate, use_trees};

use std::ops::Range;

/// One Rust file, read.
#[derive(Debug)]
pub(crate) struct RustFile {
    /// Path from the root of the repository.
    pub(crate) path: String,
    /// How many lines the file has.
    pub(crate) lines: usize,
    /// The lines of its `#[cfg(test)]` items, both ends included.
    pub(crate) test_lines: Vec<(usize, usize)>,
    /// Whether all of it is a test: by its folder, or because its module is behind `cfg(test)`.
    pub(crate) is_test: bool,
    /// The file's first line.
    pub(crate) first_line: String,
    /// Everything but comments.
    pub(crate) tokens: Vec<Token>,
    test_items: Vec<Range<usize>>,
}

impl RustFile {
    /// Reads `text`, the content of the file at `path`.
    pub(crate) fn read(path: &str, text: &str, is_test: bool) -> Self {
        let tokens = lexer::tokens(text);
        let test_items = test_items::find(&tokens);
        let lines_of = |item: &Range<usize>| {
            (tokens[item.start].line, tokens[item.end.saturating_sub(1)].line)
        };
        Self {
            path: path.to_owned(),
            lines: text.lines().count(),
            test_lines: test_items.iter().map(lines_of).collect(),
            is_test: is_test || test_items::is_whole_file(&tokens),
            first_line: text.lines().next().unwrap_or_default().to_owned(),
            test_items,
            tokens,
        }
    }

    /// Lines of the product: without the `#[cfg(test)]` items.
    pub(crate) fn shipped_lines(&self) -> usize {
        let tests: usize = self.test_lines.iter().map(|(first, last)| last - first + 1).sum();
        self.lines.saturating_sub(tests)
    }

    /// Whether the token at `index` belongs to a test.
    pub(crate) fn in_test(&self, index: usize) -> bool {
        self.is_test || self.test_items.iter().any(|item| item.contains(&index))
    }

    /// The `mod name;` declarations, which pull in other files.
    pub(crate) fn declarations(&self) -> Vec<Declaration> {
        modules::declarations(&self.tokens)
    }
}
