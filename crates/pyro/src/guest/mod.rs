//! Speaking to the agent: what a request looks like from the host's side, over a stream that somebody
//! else opened. It does not know whether the stream goes straight to the agent or through a shim,
//! and it trusts nothing that arrives: sizes are bounded by the frames, deadlines are the caller's.

mod answer;
pub(crate) mod check;
pub mod error;
pub mod exec;
pub mod files;
pub mod freeze;
pub mod greet;
#[cfg(test)]
mod rehearsal;
pub mod transfer;
pub mod tree;

pub use answer::Bounds;
pub use error::GuestError;
pub use exec::{ExecStdin, Execution, Output};
