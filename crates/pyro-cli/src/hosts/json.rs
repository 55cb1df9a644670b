//! Settings in JSON, with or without comments: the text around the entry stays as its author wrote it.

use super::{Entry, NAME};
use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstInputValue, CstObject, CstRootNode};
use serde_json::Value;
use std::collections::BTreeMap;

/// How an entry is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// `command`, `args`, `env`.
    Plain,
    /// The same with `"type": "stdio"`.
    Stdio,
    /// OpenCode's: `"type": "local"`, program and words in one list, `environment`.
    Local,
}

type Read<T> = Result<T, String>;

/// The entry among those of `key`.
pub(super) fn entry(text: &str, key: &str, shape: Shape) -> Read<Option<Entry>> {
    Ok(value(text, key)?.map(|value| shape.read(&value)))
}

/// The same as it is written, with what only the host understands.
pub(super) fn value(text: &str, key: &str) -> Read<Option<Value>> {
    let root = parse(text)?;
    object_of(&root)?;
    let all = root.to_serde_value().unwrap_or_default();
    Ok(all.get(key).and_then(|servers| servers.get(NAME)).cloned())
}

/// The text with the entry. Of an entry that is there only what pyro knows of is set.
pub(super) fn with(text: Option<&str>, key: &str, shape: Shape, entry: &Entry) -> Read<String> {
    let root = parse(text.unwrap_or("{}\n"))?;
    let servers = object_of(&root)?.object_value_or_create(key);
    let servers = servers.ok_or_else(|| format!("\"{key}\" is no object"))?;
    if let Some(there) = servers.object_value(NAME) {
        for (name, value) in shape.write(entry, false) {
            set(&there, name, value);
        }
    } else {
        let fields = shape.write(entry, true);
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value));
        set(&servers, NAME, CstInputValue::Object(fields.collect()));
    }
    Ok(root.to_string())
}

/// The text without the entry.
pub(super) fn without(text: &str, key: &str) -> Read<String> {
    let root = parse(text)?;
    if let Some(servers) = object_of(&root)?.object_value(key)
        && let Some(entry) = servers.get(NAME)
    {
        entry.remove();
    }
    Ok(root.to_string())
}

fn parse(text: &str) -> Read<CstRootNode> {
    CstRootNode::parse(text, &ParseOptions::default()).map_err(|error| error.to_string())
}

fn object_of(root: &CstRootNode) -> Read<CstObject> {
    root.object_value_or_create().ok_or_else(|| "it is no JSON object".to_owned())
}

fn set(object: &CstObject, name: &str, value: CstInputValue) {
    match object.get(name) {
        Some(there) => there.set_value(value),
        None => drop(object.append(name, value)),
    }
}

impl Shape {
    fn write(self, entry: &Entry, is_new: bool) -> Vec<(&'static str, CstInputValue)> {
        let text = |text: &str| CstInputValue::String(text.to_owned());
        let list = |words: &mut dyn Iterator<Item = &String>| {
            CstInputValue::Array(words.map(|w| text(w)).collect())
        };
        let mut fields = match self {
            Self::Plain => Vec::new(),
            Self::Stdio => vec![("type", text("stdio"))],
            Self::Local => vec![("type", text("local"))],
        };
        match self {
            Self::Plain | Self::Stdio => {
                fields.push(("command", text(&entry.command)));
                fields.push(("args", list(&mut entry.args.iter())));
            }
            Self::Local => {
                let all = &mut std::iter::once(&entry.command).chain(&entry.args);
                fields.push(("command", list(all)));
                if is_new {
                    fields.push(("enabled", CstInputValue::Bool(true)));
                }
            }
        }
        fields
    }

    /// An entry that starts no program, but names a server elsewhere, has its address for a program.
    fn read(self, value: &Value) -> Entry {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = |name: &str| -> Vec<String> {
            value[name].as_array().map(|all| all.iter().map(text).collect()).unwrap_or_default()
        };
        let (mut words, env) = match self {
            Self::Local => (list("command"), "environment"),
            Self::Plain | Self::Stdio => {
                let command = value["command"].as_str().or(value["url"].as_str());
                let command = command.unwrap_or_default().to_owned();
                (std::iter::once(command).chain(list("args")).collect(), "env")
            }
        };
        if words.is_empty() {
            words.push(text(&value["url"]));
        }
        let command = words.remove(0);
        let env: BTreeMap<String, String> = value[env]
            .as_object()
            .map(|all| all.iter().map(|(name, value)| (name.clone(), text(value))).collect())
            .unwrap_or_default();
        Entry { command, args: words, env }
    }
}
