//! A disk read in a process of its own, in the jail. Its file system is the work of a guest, which may
//! have written anything; whoever has found a mistake in the reading of that finds a process that may open
//! nothing, reach nothing, and only answer questions. What it answers is looked at like what a
//! guest says.
//!
//! The process is the `pyro` executable in a hidden role: the disk is its standard input, open for reading,
//! and a socket its standard output.

mod answer;
mod ask;
mod error;
mod plan;
mod words;

pub use answer::main;
pub use ask::{Confined, Confinement, Listing};
pub use error::ConfinedError;
pub use plan::Planned;
pub use words::Survey;

/// The hidden first argument of the executable's role.
pub const ROLE: &str = "__disk";
