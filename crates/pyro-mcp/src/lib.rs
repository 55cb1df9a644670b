//! The MCP server of pyro: a thin front end over the library, one file per tool in `tools/`.
//!
//! It speaks both protocol eras (`initialize`, and the stateless 2026-07-28) on stdin and stdout.
//! Nothing here prints: stdout carries the protocol alone. A machine that runs a command for a call ends
//! with the call, or with the server; a vm that was created and a workspace survive both.

mod arguments;
mod attend;
mod background;
mod command_report;
mod creation;
mod destinations;
mod error;
mod exec_report;
mod file_listing;
mod file_page;
mod instructions;
mod lines;
mod preparation;
mod profile;
mod progress;
mod prompts;
#[cfg(test)]
mod reference;
mod result;
mod schema;
mod secrets;
mod server;
mod service_object;
mod settings;
mod shell_object;
mod snapshot_object;
mod sources;
mod tools;
mod transcript;
mod vm_object;
mod work;
mod workspace_object;

pub use error::ServeError;
pub use profile::{Profile, UnknownProfile};
pub use server::serve;
pub use settings::{Ceilings, NetworkRule, ProjectSource, Settings};
