//! What a shim does with the secrets of its workspace: whatever commands print, in whatever pieces, no value
//! is passed on or written down.

use super::{Workspace, command, exited};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pyro::guest::Execution;
use pyro::journal;
use pyro::secret::SecretEnv;
use pyro::vm::Output;
use pyro_proto::request::Exec;
use serde_json::json;
use std::path::Path;
use std::time::Duration;

const VALUE: &str = "hunter2-hunter2";

/// Its store as it lies beside a record.
fn keep_secret(directory: &Path) {
    let secret =
        json!({"name": "TOKEN", "source_kind": "literal", "value": STANDARD.encode(VALUE)});
    let store = json!({"version": 1, "secrets": [secret]}).to_string();
    std::fs::write(directory.join("secrets.json"), store).unwrap();
}

fn token() -> Vec<SecretEnv> {
    vec![SecretEnv::new("TOKEN", "TOKEN").unwrap()]
}

/// Fails if a file of the workspace but its store holds the value.
fn assert_unwritten(directory: &Path) {
    for entry in std::fs::read_dir(directory).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            assert_unwritten(&path);
        } else if !path.ends_with("secrets.json") {
            let content = std::fs::read(&path).unwrap();
            let shown = content.escape_ascii().to_string();
            assert!(!shown.contains(VALUE), "{}: {shown}", path.display());
        }
    }
}

async fn all(execution: &mut Execution) -> (String, String) {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    loop {
        match execution.next().await.unwrap() {
            Output::Stdout(bytes) => stdout.extend_from_slice(&bytes),
            Output::Stderr(bytes) => stderr.extend_from_slice(&bytes),
            Output::Exited(_) => break,
        }
    }
    (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

pub(super) async fn redacted() {
    let workspace = Workspace::new();
    keep_secret(&workspace.directory);
    let shim = workspace.boot(60).await;
    // in two pieces, which come apart; as Base64 within something else; and cut off by the end
    let script = format!(
        "printf 'a {}'; sleep 0.2; echo '{} b'; printf 'x%s' {VALUE} | base64; echo {VALUE} >&2; \
         printf 'hunter2-hunt'",
        &VALUE[..5],
        &VALUE[5..]
    );
    let (begun, stream) = shim.exec(command(&script), Vec::new(), true).await.unwrap();
    let mut execution = Execution::new(stream, false, None).await.unwrap();
    let (stdout, stderr) = all(&mut execution).await;
    let lines: Vec<&str> = stdout.lines().collect();
    assert_eq!((lines[0], lines[2]), ("a [REDACTED:TOKEN] b", "hunter2-hunt"));
    assert!(lines[1].contains("[REDACTED:TOKEN]"), "{}", lines[1]);
    assert_eq!(stderr, "[REDACTED:TOKEN]\n");
    assert_eq!(workspace.stdout(&begun.exec_id), stdout.as_bytes());
    assert!(begun.command.contains("[REDACTED:TOKEN]"), "{}", begun.command);

    // what could not be done, and what was killed in the middle
    let nowhere = Exec { cwd: Some(format!("/{VALUE}").as_str().into()), ..command("true") };
    let (_, stream) = shim.exec(nowhere, Vec::new(), true).await.unwrap();
    let error = match Execution::new(stream, false, None).await {
        Ok(mut execution) => execution.next().await.unwrap_err(),
        Err(error) => error,
    };
    assert!(error.to_string().contains("[REDACTED:TOKEN]"), "{error}");
    let half = format!("printf '%s' '{}'; exec sleep 60", &VALUE[..9]);
    let (killed, _stream) = shim.exec(command(&half), Vec::new(), false).await.unwrap();
    // what is held back is not told yet
    let progress = shim.progress(&killed.exec_id, 0, Duration::from_millis(300)).await.unwrap();
    assert_eq!((progress.running, progress.stdout_bytes), (true, 0));
    let progress = shim.stop_exec(&killed.exec_id).await.unwrap();
    assert_eq!((progress.running, progress.stdout_bytes), (false, 9));
    assert_eq!(workspace.stdout(&killed.exec_id), &VALUE.as_bytes()[..9]);
    assert_unwritten(&workspace.directory);
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}

pub(super) async fn prompt() {
    let workspace = Workspace::new();
    keep_secret(&workspace.directory);
    let shim = workspace.boot(60).await;
    let ask = "printf 'Password: '; read answer; printf '<%s>' \"$answer\"";
    let asking = Exec { stdin: true, ..command(ask) };
    let (_, stream) = shim.exec(asking, Vec::new(), true).await.unwrap();
    let mut execution = Execution::new(stream, true, None).await.unwrap();
    assert_eq!(execution.next().await.unwrap(), Output::Stdout("Password: ".into()));
    let mut stdin = execution.take_stdin().unwrap();
    stdin.send(format!("{VALUE}\n").as_bytes()).await.unwrap();
    assert_eq!(all(&mut execution).await.0, "<[REDACTED:TOKEN]>");
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}

pub(super) async fn given() {
    let workspace = Workspace::new();
    keep_secret(&workspace.directory);
    let shim = workspace.boot(60).await;
    let look = "echo \"${#TOKEN} ${OTHER-unset}\"";
    let (begun, mut stream) = shim.exec(command(look), token(), false).await.unwrap();
    assert_eq!(super::end_of(&mut stream).await.fate, exited(0));
    assert_eq!(workspace.stdout(&begun.exec_id), b"15 unset\n");
    let unknown = vec![SecretEnv::new("OTHER", "OTHER").unwrap()];
    let refused = shim.exec(command("true"), unknown, false).await.unwrap_err();
    assert!(refused.to_string().contains("no secret \"OTHER\""), "{refused}");
    assert_eq!(journal::read(&workspace.directory).unwrap().commands.len(), 1);
    assert_unwritten(&workspace.directory);
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}
