//! How fast the executable answers when there is nothing to do.

use crate::table::{Bound, Table, median, milliseconds, seconds};
use crate::user::User;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Instant;

const TIMES: usize = 40;
const VERSION_MS: f64 = 5.0;
const INITIALIZE_MS: f64 = 15.0;
const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}}"#;

pub(crate) fn measure(user: &User, table: &mut Table) {
    let (mut version, mut nothing, mut initialize) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TIMES {
        version.push(run(Command::new(&user.config.executable).arg("--version")));
        nothing.push(run(&mut Command::new("true")));
        initialize.push(until_initialized(user));
    }
    let (version, nothing, initialize) = (median(version), median(nothing), median(initialize));
    let beside = format!("/bin/true {}", milliseconds(nothing));
    let bound = Bound::AtMost(VERSION_MS);
    table.ratio("--version, ms", milliseconds(version), beside, version * 1000.0, bound);
    let bound = Bound::AtMost(INITIALIZE_MS);
    let shown = milliseconds(initialize);
    table.ratio("mcp serve to initialize reply, ms", shown, "", initialize * 1000.0, bound);
}

fn run(command: &mut Command) -> f64 {
    let started = Instant::now();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status().unwrap();
    assert!(status.success());
    seconds(started.elapsed())
}

/// From the start of the server to its first line.
fn until_initialized(user: &User) -> f64 {
    let started = Instant::now();
    let mut server = Command::new(&user.config.executable)
        .args(["mcp", "serve", "--profile", "vm-run"])
        .env("PYRO_HOME", user.world.home())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = server.stdin.take().unwrap();
    writeln!(stdin, "{INITIALIZE}").unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let took = seconds(started.elapsed());
    assert!(line.contains("serverInfo"), "{line}");
    drop(stdin);
    server.wait().unwrap();
    took
}
