//! What a server costs that nobody asks for anything: its host, and the model that reads its list of tools.

use scenarios::{Era, Server, World, tokens};
use serde_json::json;

/// The most memory of an idle server, in KiB.
const MAX_KIB: u64 = 15 << 10;
/// The most tokens of the list of tools, in each profile.
const MAX_TOKENS: [(&str, usize); 3] =
    [("vm-run", 1_000), ("workspace-core", 6_000), ("workspace-full", 14_000)];

#[test]
fn an_idle_server_costs_its_host_and_its_model_little() {
    let world = World::unprepared();
    for (profile, most) in MAX_TOKENS {
        let serve = world.pyro(&["mcp", "serve", "--profile", profile]);
        let mut server = Server::of(serve, Era::Initialize);
        let listed = json!(server.tools()).to_string();
        let count = tokens(&listed);
        assert!(count <= most, "{profile}: {count} tokens");
        let kib = server.peak_kib();
        assert!(kib <= MAX_KIB, "{profile}: {kib} KiB");
        let _ = server.end();
    }
}
