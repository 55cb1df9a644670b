//! OpenCode. Its own command would drop what the user has added to the entry, so pyro changes the file.

use super::json::Shape;
use super::{Format, Host, Way};

pub(super) const HOST: Host = Host {
    name: "opencode",
    title: "OpenCode",
    program: Some("opencode"),
    way: Way::File,
    format: Format::Json("mcp", Shape::Local),
    // it reads both, and makes the first
    settings: |around| {
        let directory = around.directory("XDG_CONFIG_HOME", ".config")?.join("opencode");
        let [with_comments, without] =
            ["opencode.jsonc", "opencode.json"].map(|name| directory.join(name));
        Some(if !with_comments.exists() && without.exists() { without } else { with_comments })
    },
    log: None,
    advice: "for one project only: the same in opencode.json in the project",
};
