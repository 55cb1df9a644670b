//! `vm_list_environments`: what can be booted.

use crate::Profile;
use crate::arguments::{self, Nothing};
use crate::progress::Phrase;
use crate::result::both;
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, looks};
use pyro::Error;
use pyro::environment::{self, Environments, Listing};
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::Write;

pub(crate) const ENTRY: Entry = Entry {
    name: "vm_list_environments",
    profiles: &[Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
List the environments that vm_run and vm_create can boot, with what is in them and whether they are \
installed. One that is not installed is prepared at its first use, which takes some minutes.";

/// Every environment of the catalog.
#[derive(Debug, Serialize, JsonSchema)]
struct Output {
    catalog_version: String,
    /// Where installed ones are kept on the user's computer.
    cache_dir: String,
    environments: Vec<Environment>,
}

/// One environment.
#[derive(Debug, Serialize, JsonSchema)]
struct Environment {
    /// What to pass as environment.
    name: String,
    version: String,
    description: String,
    installed: bool,
    source: String,
    digest: Option<String>,
    size_bytes: Option<u64>,
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<Nothing>())
        .with_title("List what virtual machines can boot")
        .with_raw_output_schema(schema::output::<Output>())
        .with_annotations(looks())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    _phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let Nothing {} = arguments::read(arguments)?;
    let output = output(Environments::new(server.config().clone()).list()?);
    Ok(both(text(&output), &output))
}

fn output(listing: Listing) -> Output {
    Output {
        catalog_version: listing.catalog_version,
        cache_dir: listing.cache_dir.display().to_string(),
        environments: listing.environments.into_iter().map(of).collect(),
    }
}

fn of(entry: environment::Entry) -> Environment {
    Environment {
        name: entry.name,
        version: entry.version,
        description: entry.description,
        installed: entry.installed,
        source: entry.source,
        digest: entry.digest,
        size_bytes: entry.size_bytes,
    }
}

fn text(output: &Output) -> String {
    let mut text = String::new();
    for environment in &output.environments {
        let Environment { name, version, description, installed, .. } = environment;
        let installed = if *installed { "installed" } else { "not installed" };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name} {version} ({installed}): {description}");
    }
    let _ = writeln!(text, "catalog_version: {}", output.catalog_version);
    let _ = writeln!(text, "cache_dir: {}", output.cache_dir);
    text
}
