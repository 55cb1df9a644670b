//! The words in which the scenarios are told: a [`World`] with a home of its own, the command line
//! called as a user calls it, and an oracle for what must not be left behind. Nothing here knows
//! pyro from the inside: it drives the built executable and looks at the host.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a failed step fails the test")]

mod call;
mod canary;
mod executable;
mod lab;
mod memory;
mod outcome;
mod peer;
mod process;
mod remains;
mod running;
mod server;
mod service;
mod short_writes;
mod tokens;
mod tracer;
mod workspace;
mod world;

pub use call::Call;
pub use canary::Canary;
pub use executable::{executable, target_directory};
pub use lab::{expected_backend, expected_isolation, much, often, silence};
pub use memory::peak_kib;
pub use outcome::Outcome;
pub use peer::Peer;
pub use process::{Process, descendants};
pub use running::Running;
pub use rustix::process::Signal;
pub use server::{Era, Server};
pub use service::WEB_SERVER;
pub use short_writes::ShortWrites;
pub use tokens::tokens;
pub use tracer::{Moment, Write};
pub use workspace::Workspace;
pub use world::{ENVIRONMENT, World};
