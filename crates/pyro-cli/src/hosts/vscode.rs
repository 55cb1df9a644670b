//! Visual Studio Code: a file in the project, so the project is where the server starts.

use super::json::Shape;
use super::{Format, Host, Way};

pub(super) const HOST: Host = Host {
    name: "vscode",
    title: "VS Code",
    program: None,
    way: Way::Hand,
    format: Format::Json("servers", Shape::Stdio),
    settings: |around| Some(around.here().join(".vscode/mcp.json")),
    log: None,
    advice: "for all projects: the command \"MCP: Open User Configuration\" opens the file",
};
