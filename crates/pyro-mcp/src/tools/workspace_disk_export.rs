//! `workspace_disk_export`: the whole disk of a stopped workspace as a file of the host.

use crate::Profile;
use crate::arguments;
use crate::progress::Phrase;
use crate::result::both;
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, changes};
use crate::work::tell;
use pyro::Error;
use pyro::workspace::disk_export;
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) const ENTRY: Entry = Entry {
    name: "workspace_disk_export",
    profiles: &[Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Copy the whole disk of a stopped workspace to a new file on the user's computer, as a raw ext4 image, below a \
directory that the human has opened (default: .pyro/out in the project).";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Its id or name.
    workspace_id: String,
    /// Relative to the opened directory.
    output_path: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Output {
    workspace_id: String,
    output_path: String,
    disk_format: String,
    bytes_written: u64,
    size_bytes: u64,
    is_clean: bool,
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<Input>())
        .with_title("Copy a stopped workspace's disk")
        .with_raw_output_schema(schema::output::<Output>())
        .with_annotations(changes())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let observer = |event| phrase.follow(&event);
    let Input { workspace_id, output_path } = arguments::read(arguments)?;
    let target = server.destinations().named(&output_path).await?;
    phrase.set("copying the workspace's disk");
    let exported =
        disk_export(server.config(), &workspace_id, target, server.disclosure(), &observer).await?;
    let output = Output {
        workspace_id: exported.workspace_id,
        output_path: exported.output_path.display().to_string(),
        disk_format: exported.disk_format,
        bytes_written: exported.bytes_written,
        size_bytes: exported.size_bytes,
        is_clean: exported.is_clean,
    };
    Ok(both(text(&output), &output))
}

fn text(output: &Output) -> String {
    let mut text = format!(
        "workspace_id: {}\noutput_path: {}\ndisk_format: {}\nbytes_written: {}\nsize_bytes: {}\n\
         is_clean: {}\n",
        output.workspace_id,
        output.output_path,
        output.disk_format,
        output.bytes_written,
        output.size_bytes,
        output.is_clean
    );
    if !output.is_clean {
        let dirty = "the workspace was not stopped cleanly: whoever mounts the image completes it from \
                     its journal";
        tell(&mut text, &[dirty.to_owned()]);
    }
    text
}
