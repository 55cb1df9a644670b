//! Codex. Its own command would replace the whole entry, what the user has added to it included, so pyro
//! changes the file.

use super::{Format, Host, Way};

pub(super) const HOST: Host = Host {
    name: "codex",
    title: "Codex",
    program: Some("codex"),
    way: Way::File,
    format: Format::Toml,
    settings: |around| Some(around.directory("CODEX_HOME", ".codex")?.join("config.toml")),
    log: None,
    advice: "Codex gives servers hardly any variables; env_vars names those that pyro looks at",
};
