//! Claude Desktop. It has no working directory that would mean anything, so the project must be named.

use super::json::Shape;
use super::{Format, Host, Way};

pub(super) const HOST: Host = Host {
    name: "claude-desktop",
    title: "Claude Desktop",
    program: None,
    way: Way::Hand,
    format: Format::Json("mcpServers", Shape::Plain),
    settings: |around| {
        let directory = around.directory("XDG_CONFIG_HOME", ".config")?;
        Some(directory.join("Claude/claude_desktop_config.json"))
    },
    log: None,
    advice: "it starts servers in no project: name one with --project-path",
};
