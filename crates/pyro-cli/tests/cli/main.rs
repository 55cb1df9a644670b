//! The command line and the MCP server as their users meet them: as a child process, in a world of
//! its own. Commands run on the `process` backend; what needs a real machine is tested elsewhere.
#![expect(clippy::unwrap_used, reason = "a failed step of a test fails the test")]

mod artifacts;
mod ca_bundle;
mod doctor;
mod env;
mod errors;
mod examples;
mod help;
mod host;
mod images;
mod mcp;
#[path = "../model/mod.rs"]
mod model;
mod ollama;
#[path = "../../../pyro/tests/registry/mod.rs"]
mod registry;
mod run;
mod runtime;
mod signals;
mod workspace;
mod world;
