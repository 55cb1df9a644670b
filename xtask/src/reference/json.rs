//! The page of what `--json` prints.

use super::types::{Shape, Type, Types, all};
use crate::repository::Repository;
use std::fmt::Write;

const HEAD: &str = "\
<!-- Written by `cargo run -p xtask -- docs` from the sources. Do not edit. -->

# JSON documents

What each command prints with `--json`, on stdout and alone there; a failure is one document too:
[errors](errors.md). Times are Unix seconds. New fields may be added within a major version; none is taken away, renamed
or given another type.

";

/// Commands, the type that they print, and the file that has it.
const DOCUMENTS: [(&str, &str, &str); 41] = [
    ("run", "RunResult", "crates/pyro/src/vm/run.rs"),
    ("doctor", "Diagnosis", "crates/pyro/src/doctor/mod.rs"),
    ("demo ollama", "Report", "crates/pyro-cli/src/commands/demo/ollama/mod.rs"),
    ("env list", "Listing", "crates/pyro/src/environment/list.rs"),
    ("env inspect, env pull, env import", "Inspection", "crates/pyro/src/environment/inspect.rs"),
    ("env build", "Report", "crates/pyro-cli/src/commands/env/build.rs"),
    ("env export", "Exported", "crates/pyro/src/environment/export.rs"),
    ("env push", "Pushed", "crates/pyro/src/environment/push.rs"),
    ("env remove, env prune", "Pruned", "crates/pyro/src/environment/prune.rs"),
    (
        "workspace create, workspace status, workspace update, workspace start, workspace stop",
        "WorkspaceStatus",
        "crates/pyro/src/workspace/status.rs",
    ),
    ("workspace list", "Listing", "crates/pyro/src/workspace/list.rs"),
    ("workspace delete", "Deleted", "crates/pyro/src/workspace/delete.rs"),
    ("workspace reset", "WorkspaceReset", "crates/pyro/src/workspace/reset.rs"),
    ("workspace exec", "ExecReport", "crates/pyro/src/workspace/exec.rs"),
    (
        "workspace exec-read, workspace exec-stop",
        "OutputObject",
        "crates/pyro/src/workspace/exec_read.rs",
    ),
    ("workspace logs", "Logs", "crates/pyro/src/workspace/logs.rs"),
    ("workspace network log", "NetworkLog", "crates/pyro/src/workspace/network_log.rs"),
    ("workspace sync push", "SyncPushed", "crates/pyro/src/workspace/sync_push.rs"),
    (
        "workspace file list, workspace disk list",
        "FileList",
        "crates/pyro/src/workspace/file_list.rs",
    ),
    (
        "workspace file read, workspace disk read",
        "FileContent",
        "crates/pyro/src/workspace/file_read.rs",
    ),
    ("workspace file write", "FileWritten", "crates/pyro/src/workspace/file_write.rs"),
    ("workspace file edit", "FileEdited", "crates/pyro/src/workspace/file_edit.rs"),
    ("workspace patch apply", "PatchApplied", "crates/pyro/src/workspace/patch_apply.rs"),
    ("workspace diff", "WorkspaceDiff", "crates/pyro/src/workspace/diff.rs"),
    ("workspace export", "WorkspaceExport", "crates/pyro/src/workspace/export/mod.rs"),
    ("workspace disk export", "DiskExport", "crates/pyro/src/workspace/disk_export.rs"),
    ("workspace snapshot create", "Snapshot", "crates/pyro/src/workspace/snapshot.rs"),
    ("workspace snapshot list", "Snapshots", "crates/pyro/src/workspace/snapshot_list.rs"),
    (
        "workspace snapshot delete",
        "SnapshotDeleted",
        "crates/pyro/src/workspace/snapshot_delete.rs",
    ),
    (
        "workspace shell open, workspace shell signal, workspace shell close",
        "ShellStatus",
        "crates/pyro/src/workspace/shell.rs",
    ),
    ("workspace shell list", "Shells", "crates/pyro/src/workspace/shell_list.rs"),
    ("workspace shell read", "ShellOutput", "crates/pyro/src/workspace/shell_read.rs"),
    ("workspace shell write", "ShellWritten", "crates/pyro/src/workspace/shell_write.rs"),
    (
        "workspace service start, workspace service status, workspace service stop",
        "ServiceStatus",
        "crates/pyro/src/workspace/service.rs",
    ),
    ("workspace service list", "Services", "crates/pyro/src/workspace/service_list.rs"),
    ("workspace service logs", "LogsObject", "crates/pyro/src/workspace/service_logs.rs"),
    ("runtime list", "Listing", "crates/pyro/src/runtime/list.rs"),
    ("runtime install", "Installation", "crates/pyro/src/runtime/install.rs"),
    ("runtime remove", "Removal", "crates/pyro-cli/src/commands/runtime/remove.rs"),
    ("host doctor", "Report", "crates/pyro-cli/src/commands/host/doctor.rs"),
    (
        "host connect, host repair, host disconnect",
        "Done",
        "crates/pyro-cli/src/commands/host/edit.rs",
    ),
];

/// The page.
pub(crate) fn page(repository: &Repository) -> String {
    let types = all(repository);
    let mut page = HEAD.to_owned();
    for (commands, name, path) in DOCUMENTS {
        let found = types.meant(&[name.to_owned()], path);
        let Some(found) = found.filter(|found| found.path == path) else {
            continue;
        };
        // writing to a string cannot fail
        let _ = write!(page, "## {commands}\n\n| field | type | |\n|---|---|---|\n");
        rows(&mut page, &types, found, "", 0);
        page.push('\n');
    }
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

/// Deeper than this nothing is told: such objects are read, not matched on.
const DEPTH: usize = 3;

fn rows(page: &mut String, types: &Types, of: &Type, above: &str, depth: usize) {
    let Shape::Fields(fields) = &of.shape else { return };
    for field in fields {
        let inner = types.meant(&path_of(&field.kind), &of.path);
        let inner = inner.filter(|inner| matches!(inner.shape, Shape::Fields(_)));
        if let Some(inner) = inner.filter(|_| field.is_flat) {
            rows(page, types, inner, above, depth);
            continue;
        }
        let name = format!("{above}{}", field.name);
        let optional = if field.is_optional { " Left out where there is none." } else { "" };
        let meaning = field.meaning.replace("[`", "`").replace("`]", "`").replace('|', "\\|");
        let kind = kind(types, &field.kind, &of.path);
        let _ = writeln!(page, "| `{name}` | {kind} | {meaning}{optional} |");
        if let Some(inner) = inner.filter(|_| depth < DEPTH) {
            let is_list = field.kind.iter().any(|word| word == "Vec");
            rows(
                page,
                types,
                inner,
                &format!("{name}{}.", if is_list { "[]" } else { "" }),
                depth + 1,
            );
        }
    }
}

/// A type in words.
fn kind(types: &Types, words: &[String], from: &str) -> String {
    let Some((first, rest)) = words.split_first() else { return String::new() };
    match first.as_str() {
        "Option" => format!("{} or null", kind(types, rest, from)),
        "Vec" => format!("list of {}", kind(types, rest, from)),
        "BTreeMap" => "object".to_owned(),
        "Value" => "any".to_owned(),
        "bool" => "boolean".to_owned(),
        "u8" | "u16" | "u32" | "u64" | "usize" | "i32" | "i64" => "integer".to_owned(),
        "f32" | "f64" => "number".to_owned(),
        _ => match types.meant(words, from).map(|found| &found.shape) {
            Some(Shape::Fields(_) | Shape::Cases) => "object".to_owned(),
            Some(Shape::Words(words)) => {
                words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or ")
            }
            Some(Shape::Text) | None => "string".to_owned(),
        },
    }
}

/// What is held, without what holds it.
fn path_of(words: &[String]) -> Vec<String> {
    let holds = |word: &&String| ["Option", "Vec", "BTreeMap", "Box"].contains(&word.as_str());
    words.iter().skip_while(holds).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_told_with_those_of_what_they_hold() {
        let run = "//! R.\n/// It.\n#[derive(Debug, Serialize)]\npub struct RunResult {\n    /// Its id.\n    pub vm_id: String,\n\
                   \x20   #[serde(flatten)]\n    pub facts: Facts,\n    /// All.\n    pub parts: Vec<Part>,\n}\n\
                   #[derive(Serialize)]\nstruct Facts {\n    /// How much.\n    #[serde(skip_serializing_if = \"Option::is_none\")]\n    bytes: Option<u64>,\n}\n\
                   #[derive(Serialize)]\nstruct Part {\n    /// Where.\n    state: crate::State,\n}\n\
                   #[derive(Serialize)]\n#[serde(rename_all = \"snake_case\")]\npub enum State {\n    AtHome,\n    Away,\n}\n";
        let repository = Repository::sample(&[("crates/pyro/src/vm/run.rs", run)]);
        let page = page(&repository);
        let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
        assert_eq!(
            rows,
            [
                "| `vm_id` | string | Its id. |",
                "| `bytes` | integer or null | How much. Left out where there is none. |",
                "| `parts` | list of object | All. |",
                "| `parts[].state` | `at_home` or `away` | Where. |",
            ]
        );
    }

    #[test]
    fn of_two_types_of_one_name_the_one_that_is_used_is_told() {
        let run = "//! R.\nuse crate::place::Kind;\n#[derive(Serialize)]\nstruct RunResult {\n    /// A.\n    a: Kind,\n    /// B.\n    b: error::Kind,\n}\n";
        let of = |word| {
            format!(
                "//! K.\n#[derive(Serialize)]\n#[serde(rename_all = \"snake_case\")]\nenum Kind {{\n    {word},\n}}\n"
            )
        };
        let (place, error) = (of("There"), of("Wrong"));
        let repository = Repository::sample(&[
            ("crates/pyro/src/error.rs", &error),
            ("crates/pyro/src/place.rs", &place),
            ("crates/pyro/src/vm/run.rs", run),
        ]);
        let page = page(&repository);
        assert!(page.contains("| `a` | `there` | A. |\n| `b` | `wrong` | B. |"), "{page}");
    }
}
