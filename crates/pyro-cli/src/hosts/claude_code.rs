//! Claude Code. It rewrites its settings all the time it runs, so its own command changes them; pyro only
//! reads them. The user's scope: in every project the server starts in the project's directory.

use super::json::Shape;
use super::{Format, Host, Way};

pub(super) const HOST: Host = Host {
    name: "claude-code",
    title: "Claude Code",
    program: Some("claude"),
    way: Way::Command,
    format: Format::Json("mcpServers", Shape::Stdio),
    // `CLAUDE_CONFIG_DIR` moves the file into that directory
    settings: |around| Some(around.directory("CLAUDE_CONFIG_DIR", "")?.join(".claude.json")),
    // one file per session, in a directory named after the project's
    log: Some(|around| {
        let project = around.here().to_str()?.replace('/', "-");
        around.home(&format!(".cache/claude-cli-nodejs/{project}/mcp-logs-pyro"))
    }),
    advice: "for one project only: the same in .mcp.json in the project, which Claude Code asks about first",
};
