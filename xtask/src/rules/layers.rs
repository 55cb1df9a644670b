//! Which room of the library may use which. The tables here are the law; `ARCHITECTURE.md` explains
//! them. Tests inside a room are free: what they use does not ship.

use crate::finding::Finding;
use crate::repository::Repository;
use crate::syntax::{CratePath, RustFile, module_of, paths_in_crate, use_trees};
use std::collections::{BTreeMap, BTreeSet};

/// The rooms of the library, low to high. A file uses its own room and lower layers; `lib.rs`
/// stands above all.
const LAYERS: [&[&str]; 10] = [
    &["error", "config", "paths", "event"],
    &["archive", "clock", "digest", "durable", "lock"],
    &[
        "hostfs", "secret", "fetch", "store", "disk", "patch", "journal", "machine", "guest",
        "terminal",
    ],
    &["network", "certificates", "service"],
    &["environment", "runtime", "seed", "export", "confined"],
    &["shim"],
    &["vm"],
    &["workspace"],
    &["doctor"],
    &[ROOT],
];

/// Neighbours in one layer that may use each other all the same: who, whom, why.
const NEIGHBOURS: [(&str, &str, &str); 2] = [
    ("config", "error", "a setting that cannot be understood is an error like any other"),
    ("config", "paths", "the settings say where things are kept"),
];

/// Where the rooms are.
const SOURCE: &str = "crates/pyro/src";
/// How the crate root is called in the tables.
const ROOT: &str = "lib";
const RULE: &str = "layers";

/// Arrows that point the wrong way, rooms without a layer, and exceptions nobody needs any more.
pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let names = root_names(repository);
    let mut findings = Vec::new();
    let mut exceptions_used = BTreeSet::new();
    for file in rooms_of(repository) {
        let module = module_of(&file.path, SOURCE);
        let room = module.first().map_or(ROOT, String::as_str);
        if layer(room).is_none() {
            findings.push(unknown_room(file, room));
            continue;
        }
        for path in paths_in_crate(&file.tokens, &module) {
            if file.in_test(path.index) {
                continue;
            }
            let used = names.room_of(&path);
            match verdict(room, used) {
                Verdict::Allowed => {}
                Verdict::Exception(pair) => drop(exceptions_used.insert(pair)),
                Verdict::WrongWay => findings.push(wrong_way(file, &path, room, used)),
            }
        }
    }
    findings.extend(unused_exceptions(repository, &exceptions_used));
    findings
}

enum Verdict {
    Allowed,
    /// Allowed by this entry of [`NEIGHBOURS`].
    Exception(usize),
    WrongWay,
}

fn verdict(room: &str, used: &str) -> Verdict {
    if room == used || layer(used) < layer(room) {
        return Verdict::Allowed;
    }
    let pair = NEIGHBOURS.iter().position(|(who, whom, _)| *who == room && *whom == used);
    pair.map_or(Verdict::WrongWay, Verdict::Exception)
}

fn layer(room: &str) -> Option<usize> {
    LAYERS.iter().position(|rooms| rooms.contains(&room))
}

fn rooms_of(repository: &Repository) -> impl Iterator<Item = &RustFile> {
    let in_a_room = |file: &&RustFile| {
        file.path.strip_prefix(SOURCE).is_some_and(|rest| rest.starts_with('/')) && !file.is_test
    };
    repository.rust().iter().filter(in_a_room)
}

/// What the names at the root of the crate stand for.
struct RootNames(BTreeMap<String, String>);

/// `pub use config::Config;` in `lib.rs` makes `crate::Config` a use of `config`.
fn root_names(repository: &Repository) -> RootNames {
    let root = format!("{SOURCE}/lib.rs");
    let root = repository.rust().iter().find(|file| file.path == root);
    let exported = root.map(|file| use_trees(&file.tokens)).unwrap_or_default();
    let names = exported.into_iter().filter_map(|path| {
        let room = path.segments.into_iter().next()?;
        Some((path.name, room))
    });
    RootNames(names.collect())
}

impl RootNames {
    /// The room that `path` leads into; the root where it leads into none.
    fn room_of<'a>(&'a self, path: &'a CratePath) -> &'a str {
        let Some(first) = path.segments.first() else { return ROOT };
        let target = self.0.get(first).unwrap_or(first);
        let is_room = |name: &str| name.starts_with(|c: char| c.is_lowercase());
        if is_room(target) { target } else { ROOT }
    }
}

fn wrong_way(file: &RustFile, path: &CratePath, room: &str, used: &str) -> Finding {
    let problem = match (layer(room), layer(used)) {
        (_, None) => format!("`{used}` has no layer, `{room}` cannot use it"),
        (own, other) if own == other => format!("`{room}` uses its neighbour `{used}`"),
        _ => format!("`{room}` uses `{used}`, which is above it"),
    };
    Finding {
        path: file.path.clone(),
        line: file.tokens[path.index].line,
        rule: RULE,
        problem,
        remedy: "move what both need into a lower room, or be handed it as a value".into(),
    }
}

fn unknown_room(file: &RustFile, room: &str) -> Finding {
    Finding {
        path: file.path.clone(),
        line: 1,
        rule: RULE,
        problem: format!("the room `{room}` has no layer"),
        remedy: format!("enter it in LAYERS of {}", file!()),
    }
}

/// Exceptions between rooms that both exist, which no file needs.
fn unused_exceptions(repository: &Repository, used: &BTreeSet<usize>) -> Vec<Finding> {
    let existing: BTreeSet<String> = rooms_of(repository)
        .filter_map(|file| module_of(&file.path, SOURCE).into_iter().next())
        .collect();
    let is_stale = |(index, (who, whom, _)): &(usize, &(&str, &str, &str))| {
        !used.contains(index) && existing.contains(*who) && existing.contains(*whom)
    };
    NEIGHBOURS
        .iter()
        .enumerate()
        .filter(is_stale)
        .map(|(_, (who, whom, _))| Finding {
            path: file!().into(),
            line: 1,
            rule: RULE,
            problem: format!("`{who}` no longer uses its neighbour `{whom}`"),
            remedy: "take the pair out of NEIGHBOURS".into(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(files: &[(&str, &str)]) -> Vec<String> {
        let found = check(&Repository::sample(files));
        found.iter().map(|f| format!("{}:{} {}", f.path, f.line, f.problem)).collect()
    }

    #[test]
    fn a_room_may_use_itself_and_lower_layers() {
        let files = [
            ("crates/pyro/src/shim/run.rs", "use crate::{error::Error, machine::Machine};"),
            ("crates/pyro/src/machine/mod.rs", "use self::qemu::Q; use super::paths;"),
            ("crates/pyro/src/lib.rs", "pub mod workspace; fn f() { crate::workspace::g() }"),
        ];
        assert_eq!(problems(&files), Vec::<String>::new());
    }

    #[test]
    fn upward_and_sideways_arrows_are_found_through_crate_and_super() {
        let files = [
            (
                "crates/pyro/src/machine/qemu/args.rs",
                "\nuse crate::{\n  error::Error,\n  shim::{a, b},\n};",
            ),
            ("crates/pyro/src/guest/exec.rs", "fn f() { super::super::machine::g() }"),
            ("crates/pyro/src/error.rs", "use super::event::Event;"),
        ];
        assert_eq!(
            problems(&files),
            [
                "crates/pyro/src/machine/qemu/args.rs:4 `machine` uses `shim`, which is above it",
                "crates/pyro/src/machine/qemu/args.rs:4 `machine` uses `shim`, which is above it",
                "crates/pyro/src/guest/exec.rs:1 `guest` uses its neighbour `machine`",
                "crates/pyro/src/error.rs:1 `error` uses its neighbour `event`",
            ]
        );
    }

    #[test]
    fn names_at_the_root_lead_to_their_room() {
        let root =
            ("crates/pyro/src/lib.rs", "pub use error::{Error, Kind as K}; pub use vm::run;");
        let machine = "use crate::{Error, K}; fn f() { crate::run() }";
        assert_eq!(
            problems(&[root, ("crates/pyro/src/machine/mod.rs", machine)]),
            ["crates/pyro/src/machine/mod.rs:1 `machine` uses `vm`, which is above it"]
        );
        assert_eq!(
            problems(&[("crates/pyro/src/machine/mod.rs", "use crate::Unknown;")]),
            ["crates/pyro/src/machine/mod.rs:1 `machine` uses `lib`, which is above it"]
        );
    }

    #[test]
    fn tests_comments_and_strings_are_free() {
        let source = "// crate::shim\nconst S: &str = \"crate::shim\";\n\
                      #[cfg(test)]\nmod tests { use crate::shim::Shim; }";
        assert_eq!(problems(&[("crates/pyro/src/machine/mod.rs", source)]), Vec::<String>::new());
    }

    #[test]
    fn a_new_room_needs_a_layer() {
        assert_eq!(
            problems(&[("crates/pyro/src/attic/mod.rs", "")]),
            ["crates/pyro/src/attic/mod.rs:1 the room `attic` has no layer"]
        );
    }

    #[test]
    fn an_exception_that_nobody_needs_is_stale() {
        let files = [("crates/pyro/src/config.rs", ""), ("crates/pyro/src/error.rs", "")];
        assert_eq!(problems(&files).len(), 1);
    }
}
