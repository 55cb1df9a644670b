//! Cursor, the user's settings.

use super::json::Shape;
use super::{Format, Host, Way};

pub(super) const HOST: Host = Host {
    name: "cursor",
    title: "Cursor",
    program: None,
    way: Way::Hand,
    format: Format::Json("mcpServers", Shape::Plain),
    settings: |around| around.home(".cursor/mcp.json"),
    log: None,
    advice: "for one project only: the same in .cursor/mcp.json in the project",
};
