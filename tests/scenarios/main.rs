//! What the scenarios show, by theme. Each test is one promise, told as a user would try it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failed step fails the test")]

#[path = "../../crates/pyro/tests/file_tree/mod.rs"]
mod file_tree;
#[path = "../../crates/pyro-cli/tests/model/mod.rs"]
mod model;
#[path = "../../crates/pyro/tests/registry/mod.rs"]
mod registry;

mod artifacts;
mod boot_failures;
mod certificates;
mod commands;
mod doctor;
mod emulation;
mod endings;
mod guest;
mod image;
mod images;
mod interruption;
mod json;
mod mcp_host_paths;
mod mcp_server;
mod mcp_services;
mod mcp_snapshots;
mod mcp_workspaces;
mod network;
mod ollama;
mod ordinary_user;
mod preparation;
mod prune;
mod recipes;
mod repetition;
mod secrets;
mod settings;
mod streams;
mod transcripts;
mod vm_verbs;
mod workspaces;
