//! `docs/use-cases/cold-start-repo-validation.md`.

use crate::recipe::{MEDIAN, Recipe};
use serde_json::json;

/// A server that says it is well, and its configuration.
const SERVER: &str = "use strict; use warnings; use IO::Socket::INET;\n\
    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 8080, Listen => 5, ReuseAddr => 1) or die $!;\n\
    print \"listening\\n\"; $| = 1;\n\
    while (my $client = $listener->accept) {\n    my $line = <$client>;\n\
    print $client \"HTTP/1.0 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nwell\\n\"; close $client;\n}\n";

#[test]
fn cold_start_repo_validation() {
    let files = [
        MEDIAN[0],
        MEDIAN[1],
        ("server.pl", SERVER),
        ("README.md", "Run `prove -Ilib t` and `perl server.pl`.\n"),
    ];
    let mut model =
        Recipe::begin("cold-start-repo-validation", &files, &["--profile", "workspace-full"]);
    model.ask("workspace_create", &json!({"name": "cold"}));

    // does it do what its README says, in a machine that has never seen it?
    let readme =
        model.ask("workspace_file_read", &json!({"workspace_id": "cold", "path": "README.md"}));
    assert!(readme.contains("prove -Ilib t"), "{readme}");
    let (tests, said) = model.exec("cold", "prove -Ilib t");
    assert_ne!(tests, "0", "{said}");
    let started = model.ask(
        "service_start",
        &json!({"workspace_id": "cold", "service_name": "web", "command": "perl server.pl",
                "ready_http": "http://127.0.0.1:8080/"}),
    );
    assert!(started.contains("running"), "{started}");
    let ask = "exec 3<>/dev/tcp/127.0.0.1/8080; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3";
    let (code, said) = model.exec("cold", &format!("bash -c \"{ask}\""));
    assert!(code == "0" && said.contains("well"), "{said}");
    model.ask("service_logs", &json!({"workspace_id": "cold", "service_name": "web"}));
    model.ask("service_stop", &json!({"workspace_id": "cold", "service_name": "web"}));

    // the report comes out, the project was not touched
    let report = "tests: one fails\nserver: answers\n";
    model.ask(
        "workspace_file_write",
        &json!({"workspace_id": "cold", "path": "validation.md", "text": report}),
    );
    model.ask(
        "workspace_export",
        &json!({"workspace_id": "cold", "path": "validation.md", "output_path": "validation.md"}),
    );
    assert_eq!(
        std::fs::read_to_string(model.project().join(".pyro/out/validation.md")).unwrap(),
        report
    );
    model.delete("cold");
    model.end();
}
