//! `service_logs`: what a service of a workspace wrote.

use crate::Profile;
use crate::arguments;
use crate::exec_report::OUTPUT;
use crate::progress::Phrase;
use crate::result::{excerpt, text};
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, looks};
use crate::transcript::transcript;
use pyro::Error;
use pyro::workspace::{Beginning, LogsRead, ServiceLogs, service_logs};
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;

pub(crate) const ENTRY: Entry = Entry {
    name: "service_logs",
    profiles: &[Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Read what a service wrote since it was started, in its order, at most 24,000 characters, both ends. Lines \
[stderr] and [stdout] say that the stream changes.";

/// So much of a whole log is looked at, in bytes.
const WHOLE: usize = 1 << 20;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// The workspace's id or name.
    workspace_id: String,
    service_name: String,
    /// Its last lines. Default 200.
    #[serde(default = "tail_lines")]
    tail_lines: usize,
    /// From its beginning instead.
    #[serde(default)]
    all: bool,
}

fn tail_lines() -> usize {
    200
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<Input>())
        .with_title("Read a service's output")
        .with_annotations(looks())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let observer = |event| phrase.follow(&event);
    let Input { workspace_id, service_name, tail_lines, all } = arguments::read(arguments)?;
    let from = if all { Beginning::Cursor(0) } else { Beginning::LastLines(tail_lines) };
    let read = LogsRead { from, max_bytes: WHOLE, wait: Duration::ZERO };
    let logs =
        service_logs(server.config(), &workspace_id, &service_name, &read, &observer).await?;
    Ok(text(page(&logs)))
}

fn page(logs: &ServiceLogs) -> String {
    let service = &logs.status.service;
    let shown = transcript(&logs.parts, WHOLE, false);
    let advice = "redirect its output to files and read those";
    let output = excerpt(&shown.text, OUTPUT, advice);
    let mut page = format!(
        "workspace_id: {}\nservice {}: {}\ntruncated: {} (of {} bytes so far)\n",
        logs.status.workspace_id,
        service.service_name,
        service.state,
        logs.truncated || output.len() < shown.text.len(),
        logs.total_bytes,
    );
    if shown.lossy {
        page.push_str("note: bytes that are not UTF-8 are shown as U+FFFD\n");
    }
    if output.is_empty() {
        page.push_str("output: (none)\n");
    } else {
        page.push_str("output:\n");
        page.push_str(&output);
    }
    if !page.ends_with('\n') {
        page.push('\n');
    }
    page
}
