//! What a server of MCP costs while nobody asks for anything: its host, and the model that reads its tools. That
//! both keep their bounds, a scenario asserts.

use crate::table::{Bound, Table};
use crate::user::User;
use scenarios::{Era, Server, tokens};
use serde_json::json;

const MAX_MIB: f64 = 15.0;
/// The most tokens of `tools/list`, for the profiles that have a bound.
const PROFILES: [(&str, Option<f64>); 3] =
    [("vm-run", None), ("workspace-core", Some(6_000.0)), ("workspace-full", Some(14_000.0))];

pub(crate) fn measure(user: &User, table: &mut Table) {
    for (profile, most) in PROFILES {
        let serve = user.world.pyro(&["mcp", "serve", "--profile", profile]);
        let mut server = Server::of(serve, Era::Initialize);
        let tools = server.tools();
        let cost = f64::from(u32::try_from(tokens(&json!(tools).to_string())).unwrap());
        let what = format!("tools/list of {profile}, tokens (o200k)");
        let shown = format!("{} tools", tools.len());
        match most {
            Some(most) => table.ratio(&what, shown, "", cost, Bound::AtMost(most)),
            None => table.comparison(&what, shown, "", cost),
        }
        if profile == "workspace-full" {
            let kib = f64::from(u32::try_from(server.peak_kib()).unwrap());
            let bound = Bound::AtMost(MAX_MIB);
            table.ratio("idle mcp serve, MiB", format!("{kib} KiB"), "", kib / 1024.0, bound);
        }
        let _ = server.end();
    }
}
