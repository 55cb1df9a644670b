//! The guest side of pyro: PID 1 of every machine, or, for the `process` backend, an ordinary process.
//!
//! It boots the guest ([`run_as_init`] only), then answers the host's requests over one channel. It
//! trusts the host and nothing else; it never panics on what it reads, opens no connection outward (it
//! asks the host for them) and none inward but where the host asks, and keeps nothing of its own on disk but the
//! manifest of `/workspace` and, while one is applied, a patch.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::expect_used, clippy::panic))]

mod agent;
mod apply;
mod boot;
mod channel;
mod console;
mod disk;
mod exec;
mod files;
mod handle;
mod init;
mod manifest;
mod network;
mod process;
mod reaper;
mod scope;
mod serve;
mod shell;
mod sys;

pub use init::{is_init, run_as_init};
pub use process::run_as_process;
