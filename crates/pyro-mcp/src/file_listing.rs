//! What is in a directory, as a model sees it, in both forms: of a workspace that runs and of one that does
//! not.

use crate::result::fitting;
use crate::work::tell;
use pyro::workspace::file_list::{FileEntry, FileList};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::fmt::Write;

/// So many characters of JSON the entries may have.
const BUDGET: usize = 22_000;

/// The structured form.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct FileListing {
    workspace_id: String,
    path: String,
    recursive: bool,
    entries: Vec<Listed>,
    /// Whether there are more.
    truncated: bool,
    /// How to see the rest.
    next: Option<String>,
    notices: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Listed {
    path: String,
    /// file, directory, symlink or other.
    artifact_type: String,
    size_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    link_target: Option<String>,
}

impl FileListing {
    /// As much of a list as fits; `rest` are the calls that return what is left out.
    pub(crate) fn of(list: FileList, notices: Vec<String>, rest: &str) -> Self {
        let all = list.entries.into_iter().map(Listed::of).collect();
        let (entries, left_out) = fitting(all, BUDGET);
        let truncated = list.truncated || left_out > 0;
        let last = entries.last().map_or("", |entry| entry.path.as_str());
        let next = truncated.then(|| format!("cut after {last}; {rest}"));
        Self {
            workspace_id: list.workspace_id,
            path: list.path,
            recursive: list.recursive,
            entries,
            truncated,
            next,
            notices,
        }
    }

    /// The text.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("path: {}\n", self.path);
        tell(&mut text, &self.notices);
        // Writing to a string cannot fail.
        for Listed { path, artifact_type, size_bytes, link_target } in &self.entries {
            let _ = match (artifact_type.as_str(), link_target) {
                ("directory", _) => writeln!(text, "{path}/"),
                (_, Some(target)) => writeln!(text, "{path} -> {target}"),
                ("file", None) => writeln!(text, "{path} {size_bytes}"),
                (other, None) => writeln!(text, "{path} ({other})"),
            };
        }
        if self.entries.is_empty() {
            text.push_str("(empty)\n");
        }
        if let Some(next) = &self.next {
            let _ = writeln!(text, "next: {next}");
        }
        text
    }
}

impl Listed {
    fn of(entry: FileEntry) -> Self {
        // the contract's word for it is the serialized one
        let artifact_type = match serde_json::to_value(entry.artifact_type) {
            Ok(Value::String(word)) => word,
            _ => "other".to_owned(),
        };
        Self {
            path: entry.path,
            artifact_type,
            size_bytes: entry.size_bytes,
            link_target: entry.link_target,
        }
    }
}
