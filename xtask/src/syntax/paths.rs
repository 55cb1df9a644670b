//! Paths that start at the own crate: `crate::…`, `super::…`, `self::…`, in `use` groups of any
//! depth and in expressions.

use super::lexer::Token;
use super::modules::{inline_modules, names_around};

/// A path inside the own crate, resolved to the crate's root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CratePath {
    /// From the root of the crate; empty is the root itself. A glob adds nothing.
    pub(crate) segments: Vec<String>,
    /// What the path is called where it stands: its alias, or its last segment.
    pub(crate) name: String,
    /// Which token it ends with.
    pub(crate) index: usize,
}

/// The module that the file at `path` holds, given the crate's source folder: `a/b.rs` is `[a, b]`.
pub(crate) fn module_of(path: &str, source_folder: &str) -> Vec<String> {
    let inside = path.strip_prefix(source_folder).unwrap_or(path).trim_start_matches('/');
    let stem = inside.strip_suffix(".rs").unwrap_or(inside);
    let mut names: Vec<String> = stem.split('/').map(str::to_owned).collect();
    if matches!(names.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        names.pop();
    }
    names
}

/// Every path in `tokens`, the content of `module`, that starts with `crate`, `super` or `self`.
pub(crate) fn paths_in_crate(tokens: &[Token], module: &[String]) -> Vec<CratePath> {
    let scopes = inline_modules(tokens);
    let mut walk = Walk { tokens, found: Vec::new() };
    let mut at = 0;
    while at < tokens.len() {
        let here = || [module, &names_around(&scopes, at)].concat();
        let base = match tokens[at].word() {
            _ if !is_path_separator(tokens, at + 1) => None,
            Some("crate") => Some(Vec::new()),
            Some("self") => Some(here()),
            Some("super") => Some(parent(here())),
            _ => None,
        };
        at = base.map_or(at + 1, |base| walk.after_segment(at, base));
    }
    walk.found
}

/// Every path that a `use` names, as written from the module it stands in.
pub(crate) fn use_trees(tokens: &[Token]) -> Vec<CratePath> {
    let mut walk = Walk { tokens, found: Vec::new() };
    for (at, token) in tokens.iter().enumerate() {
        if token.is_word("use") {
            walk.tree(at + 1, Vec::new());
        }
    }
    walk.found
}

fn is_path_separator(tokens: &[Token], at: usize) -> bool {
    let is_colon = |at: usize| tokens.get(at).is_some_and(|token| token.is_mark(':'));
    is_colon(at) && is_colon(at + 1)
}

fn parent(mut module: Vec<String>) -> Vec<String> {
    module.pop();
    module
}

struct Walk<'a> {
    tokens: &'a [Token],
    found: Vec<CratePath>,
}

impl Walk<'_> {
    /// One tree of a `use`: a path, a group or a glob. Answers with the index behind it.
    fn tree(&mut self, at: usize, prefix: Vec<String>) -> usize {
        let Some(token) = self.tokens.get(at) else { return at };
        if token.is_mark('{') {
            return self.group(at, &prefix);
        }
        if token.is_mark('*') {
            return self.leaf(at, prefix);
        }
        match token.word() {
            Some("self") => self.after_segment(at, prefix),
            Some("super") => self.after_segment(at, parent(prefix)),
            Some("crate") => self.after_segment(at, Vec::new()),
            Some(word) => {
                let longer = [prefix, vec![word.to_owned()]].concat();
                self.after_segment(at, longer)
            }
            // The `::` of a path that starts at a crate's name.
            None if is_path_separator(self.tokens, at) => self.tree(at + 2, prefix),
            None => at + 1,
        }
    }

    /// What follows a segment: another one, or the path's end.
    fn after_segment(&mut self, at: usize, path: Vec<String>) -> usize {
        let next = at + 3;
        let goes_on = is_path_separator(self.tokens, at + 1)
            && self.tokens.get(next).is_some_and(|token| {
                token.word().is_some() || token.is_mark('{') || token.is_mark('*')
            });
        if goes_on { self.tree(next, path) } else { self.leaf(at, path) }
    }

    /// `{ tree, tree, … }`
    fn group(&mut self, open: usize, prefix: &[String]) -> usize {
        let mut at = open + 1;
        while let Some(token) = self.tokens.get(at) {
            if token.is_mark('}') {
                return at + 1;
            }
            at = if token.is_mark(',') { at + 1 } else { self.tree(at, prefix.to_vec()) };
        }
        at
    }

    fn leaf(&mut self, at: usize, segments: Vec<String>) -> usize {
        let alias = match self.tokens.get(at + 1) {
            Some(token) if token.is_word("as") => self.tokens.get(at + 2).and_then(Token::word),
            _ => None,
        };
        let name = alias.or(segments.last().map(String::as_str)).unwrap_or_default().to_owned();
        let end = at + if alias.is_some() { 3 } else { 1 };
        self.found.push(CratePath { segments, name, index: at });
        end
    }
}

#[cfg(test)]
mod tests {
    use super::super::lexer::tokens;
    use super::*;

    fn paths(source: &str, module: &[&str]) -> Vec<String> {
        let module: Vec<String> = module.iter().map(|name| (*name).to_owned()).collect();
        let found = paths_in_crate(&tokens(source), &module);
        found.iter().map(|path| path.segments.join("::")).collect()
    }

    #[test]
    fn nested_groups_over_several_lines_are_taken_apart() {
        let source = "use crate::{\n  error::{self, AtPath as At, Kind},\n  machine::{qemu::{args, *}},\n  \
                      paths::Paths,\n};";
        assert_eq!(
            paths(source, &[]),
            [
                "error",
                "error::AtPath",
                "error::Kind",
                "machine::qemu::args",
                "machine::qemu",
                "paths::Paths"
            ]
        );
    }

    #[test]
    fn expressions_types_and_macros_count() {
        let source = "fn f(x: crate::a::B<crate::c::D>) { crate::e::g::<u8>(); $crate::h::i!() }";
        assert_eq!(paths(source, &[]), ["a::B", "c::D", "e::g", "h::i"]);
    }

    #[test]
    fn super_climbs_from_the_file_and_from_inline_modules() {
        assert_eq!(
            paths("use super::{super::guest, x};", &["machine", "qemu", "args"]),
            ["machine::guest", "machine::qemu::x"]
        );
        assert_eq!(paths("super::super::guest::f()", &["machine", "qemu"]), ["guest::f"]);
        assert_eq!(paths("mod inner { use super::super::y; }", &["machine"]), ["y"]);
        assert_eq!(paths("self::z::w()", &["machine"]), ["machine::z::w"]);
    }

    #[test]
    fn comments_strings_visibilities_and_methods_do_not_count() {
        let source = "// crate::a\n/* crate::b */ \"crate::c\"; pub(crate) fn f(self) { self.d() }";
        assert_eq!(paths(source, &[]), Vec::<String>::new());
    }

    #[test]
    fn a_use_tree_keeps_its_alias() {
        let found =
            use_trees(&tokens("pub use config::Config; pub use error::{Error, Kind as K};"));
        let names: Vec<&str> = found.iter().map(|path| path.name.as_str()).collect();
        assert_eq!(names, ["Config", "Error", "K"]);
        assert_eq!(found[2].segments, ["error", "Kind"]);
    }

    #[test]
    fn a_file_is_the_module_it_holds() {
        assert_eq!(module_of("s/a/b.rs", "s"), ["a", "b"]);
        assert_eq!(module_of("s/a/mod.rs", "s"), ["a"]);
        assert_eq!(module_of("s/lib.rs", "s"), Vec::<String>::new());
    }
}
