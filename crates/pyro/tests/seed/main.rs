//! Seeds: directories, archives and projects become streams, which GNU tar unpacks and real git reads.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod archive;
mod arrival;
mod directory;
#[path = "../file_tree/mod.rs"]
mod file_tree;
mod project;
mod races;
mod stream;
