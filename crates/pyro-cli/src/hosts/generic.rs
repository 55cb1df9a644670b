//! Any client that reads the form that most of them share.

use super::json::Shape;
use super::{Format, Host, Way};

pub(super) const HOST: Host = Host {
    name: "generic",
    title: "an MCP client",
    program: None,
    way: Way::Hand,
    format: Format::Json("mcpServers", Shape::Plain),
    settings: |_| None,
    log: None,
    advice: "a client that starts servers outside of the project needs --project-path",
};
