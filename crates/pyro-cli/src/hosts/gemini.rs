//! Gemini CLI, the user's settings. Servers start only in directories that the user trusts.

use super::json::Shape;
use super::{Format, Host, Way};

pub(super) const HOST: Host = Host {
    name: "gemini",
    title: "Gemini CLI",
    program: Some("gemini"),
    way: Way::File,
    format: Format::Json("mcpServers", Shape::Plain),
    settings: |around| around.home(".gemini/settings.json"),
    log: None,
    advice: "Gemini starts servers only in folders that you trust; for one project only: .gemini/settings.json",
};
