//! Codex's settings: the text around the entry, and what the user has added to it, stay as they are.

use super::{Entry, NAME};
use pyro::config::env_var;
use std::collections::BTreeMap;
use toml_edit::{Array, DocumentMut, Item, Table, TableLike, value};

const SERVERS: &str = "mcp_servers";
/// Codex passes servers only HOME, PATH and the like; these decide where pyro keeps its things, what machines run
/// on, and how the network is reached.
const PASSED_ON: [&str; 19] = [
    env_var::PYRO_HOME,
    env_var::PYRO_KEEP_EXPIRED_SECONDS,
    env_var::PYRO_BACKEND,
    env_var::PYRO_REQUIRE_ISOLATION,
    env_var::PYRO_KERNEL,
    env_var::PYRO_QEMU,
    env_var::PYRO_FIRECRACKER,
    env_var::PYRO_DEBIAN_MIRROR,
    env_var::PYRO_REGISTRY,
    env_var::PYRO_PLAIN_HTTP,
    env_var::PYRO_CA_BUNDLE,
    env_var::SSL_CERT_FILE,
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "http_proxy",
    "https_proxy",
    "HTTPS_PROXY",
    "no_proxy",
];

type Read<T> = Result<T, String>;

/// The entry.
pub(super) fn entry(text: &str) -> Read<Option<Entry>> {
    let document = parse(text)?;
    let Some(entry) = document.get(SERVERS).and_then(|servers| servers.get(NAME)) else {
        return Ok(None);
    };
    let text = |item: &Item| item.as_str().unwrap_or_default().to_owned();
    let command = entry.get("command").or_else(|| entry.get("url")).map(text).unwrap_or_default();
    let args = entry.get("args").and_then(Item::as_array);
    let args =
        args.map(|all| all.iter().filter_map(|word| Some(word.as_str()?.to_owned())).collect());
    let env = entry.get("env").and_then(Item::as_table_like);
    let env: BTreeMap<String, String> = env
        .map(|all| all.iter().map(|(name, value)| (name.to_owned(), text(value))).collect())
        .unwrap_or_default();
    Ok(Some(Entry { command, args: args.unwrap_or_default(), env }))
}

/// The text with the entry. Of an entry that is there only what pyro knows of is set.
pub(super) fn with(text: Option<&str>, entry: &Entry) -> Read<String> {
    let mut document = parse(text.unwrap_or_default())?;
    let servers = table(document.as_table_mut(), SERVERS, true)?;
    let is_new = !servers.contains_key(NAME);
    let there = table(servers, NAME, false)?;
    there.insert("command", value(&entry.command));
    there.insert("args", value(entry.args.iter().collect::<Array>()));
    if is_new {
        there.insert("env_vars", value(PASSED_ON.iter().copied().collect::<Array>()));
    }
    Ok(document.to_string())
}

/// The text without the entry.
pub(super) fn without(text: &str) -> Read<String> {
    let mut document = parse(text)?;
    if let Some(servers) = document.get_mut(SERVERS).and_then(Item::as_table_like_mut) {
        servers.remove(NAME);
    }
    Ok(document.to_string())
}

fn parse(text: &str) -> Read<DocumentMut> {
    text.parse::<DocumentMut>().map_err(|error| error.to_string().trim_end().replace('\n', " "))
}

/// The table of this name, made where it is missing; `implicit` without a heading of its own.
fn table<'t>(
    parent: &'t mut dyn TableLike,
    name: &str,
    implicit: bool,
) -> Read<&'t mut dyn TableLike> {
    if !parent.contains_key(name) {
        let mut new = Table::new();
        new.set_implicit(implicit);
        parent.insert(name, Item::Table(new));
    }
    let item = parent.get_mut(name).and_then(Item::as_table_like_mut);
    item.ok_or_else(|| format!("`{name}` is no table"))
}
