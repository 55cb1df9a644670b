//! A model runs a server in a workspace, and the user looks at it in their browser.

use scenarios::{Era, Server, WEB_SERVER, World};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;

#[test]
fn a_model_serves_a_page_to_the_users_browser() {
    let world = World::new();
    let mut server = Server::start(&world);
    let made = server.call(
        "workspace_create",
        &json!({"name": "w", "seed_path": "", "network_policy": "egress+published-ports"}),
    );
    assert_eq!(made["network_policy"], "egress+published-ports");
    let of = |more: Value| {
        let mut arguments = json!({"workspace_id": "w", "service_name": "web"});
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        arguments
    };
    let path = json!({"workspace_id": "w", "path": "web.pl", "text": WEB_SERVER});
    let _ = server.text("workspace_file_write", &path);
    let early = of(json!({
        "command": "echo no such page >&2; exit 2", "ready_http": "http://localhost:8000/",
    }));
    let refused = server.refused("service_start", &early);
    assert!(
        refused.contains("code: service_ended") && refused.contains("no such page"),
        "{refused}"
    );

    let started = server.call(
        "service_start",
        &of(json!({
            "command": "exec perl web.pl 127.0.0.1 8000 200", "ready_http": "http://localhost:8000/",
            "ready_interval_ms": 100, "published_ports": [{"guest_port": 8000}],
        })),
    );
    assert_eq!((&started["state"], &started["cwd"]), (&json!("running"), &json!("/workspace")));
    let port = started["published_ports"][0]["host_port"].as_u64().unwrap();
    let mut page = String::new();
    let mut browser = TcpStream::connect(("127.0.0.1", u16::try_from(port).unwrap())).unwrap();
    browser.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    let _ = browser.read_to_string(&mut page).unwrap();
    assert!(page.ends_with("hello\n"), "{page}");

    let status = server.text("service_status", &of(json!({})));
    assert!(status.contains(&format!("127.0.0.1:{port} on the user's computer")), "{status}");
    let logs = server.text("service_logs", &of(json!({"tail_lines": 1})));
    assert!(
        logs.ends_with("output:\nanswered 200\n") && logs.contains("truncated: true"),
        "{logs}"
    );
    let logs = server.text("service_logs", &of(json!({"all": true})));
    assert!(logs.contains("output:\nlistening\nanswered 200\n"), "{logs}");
    let listed = server.call("service_list", &json!({"workspace_id": "w"}));
    assert_eq!((&listed["count"], &listed["services"][0]["state"]), (&json!(1), &json!("running")));
    let stopped = server.call("service_stop", &of(json!({})));
    assert_eq!((&stopped["state"], &stopped["published_ports"]), (&json!("stopped"), &json!([])));
    assert!(
        server.refused("service_status", &of(json!({"service_name": "db"}))).contains("no_service")
    );
    let _ = server.call("workspace_delete", &json!({"workspace_id": "w"}));
    let _ = server.end();

    // a human who gives less than that is who decides
    let words = ["mcp", "serve", "--profile", "workspace-full", "--network-policy", "egress"];
    let mut server = Server::of(world.pyro(&words), Era::Initialize);
    let wish = json!({"seed_path": "", "network_policy": "egress+published-ports"});
    assert!(server.refused("workspace_create", &wish).contains("network_denied"));
    let _ = server.end();
    world.assert_clean();
}
