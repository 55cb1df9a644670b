//! Disposable Linux microVM workspaces for coding agents.
//!
//! The library is silent: it prints nothing, reads no environment variable by itself, and reports
//! progress through [`event::Observer`]. Front ends (`pyro-cli`, `pyro-mcp`, the Python module)
//! hold no logic that a program using this crate would miss. See `ARCHITECTURE.md` for the rooms
//! and which may use which.

pub mod config;
pub mod error;
pub mod event;
pub mod paths;

mod archive;
pub mod certificates;
mod clock;
pub mod confined;
mod digest;
pub mod disk;
pub mod doctor;
mod durable;
pub mod environment;
pub mod export;
pub mod fetch;
pub mod guest;
pub mod hostfs;
pub mod journal;
pub mod lock;
pub mod machine;
pub mod network;
pub mod patch;
pub mod runtime;
pub mod secret;
pub mod seed;
pub mod shim;
pub mod store;
pub mod vm;
pub mod workspace;

pub use config::Config;
pub use error::{Error, Kind, Report, Result};
