//! Speaking to the agent: what a request looks like from the host's side, over a stream that somebody
//! else opened. It does not know whether the stream goes straight to the agent or through a shim,
//! and it trusts nothing that arrives: sizes are bounded by the frames, deadlines are the caller's.

pub mod error;
pub mod exec;
pub mod greet;
pub mod transfer;

pub use error::GuestError;
pub use exec::{ExecStdin, Execution, Output};
