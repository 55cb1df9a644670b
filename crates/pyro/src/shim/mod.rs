//! The process that keeps one machine. It is the `pyro` executable in a hidden role: it owns the
//! VMM, the agent's session and the time to live, and it outlives the front end that started it
//! exactly as long as the machine is to be kept. It takes a fully resolved machine: it never
//! pulls, builds or reads settings.
//!
//! A machine's life on the host, and who cleans up after whom:
//!
//! - the front end makes the [`directory`], locked, and hands the lock to the shim;
//! - the lock is held exactly as long as the shim lives, whatever kills it;
//! - the VMM dies with the shim (`PR_SET_PDEATHSIG`); the shim ends with its time, and a leased one
//!   with its owner;
//! - [`sweep()`] takes the lock of a machine whose shim is dead, and removes what the `ledger.rs` names.

mod activity;
pub mod attach;
mod boot;
mod certificates;
pub mod client;
mod commands;
mod desk;
pub mod directory;
mod end;
pub mod error;
mod exec;
mod keep;
pub mod launch;
mod ledger;
mod network;
pub mod note;
mod orphans;
mod process;
pub mod protocol;
mod relay;
mod secrets;
mod serve;
mod still;
pub mod sweep;

pub use attach::{Manner, attach, end};
pub use client::{Client, Standing};
pub use directory::MachineDirectory;
pub use error::ShimError;
pub use launch::launch;
pub use process::main;
pub use sweep::{end_by_force, sweep};

/// The hidden first argument of the executable's shim role.
pub const ROLE: &str = "__shim";
