//! What goes into a workspace: a directory, an archive or a project becomes one tar stream, in constant
//! memory, checked on the way. This room reads host files and writes none, runs no program but `git`,
//! and knows nothing of guests: where the stream goes is somebody else's business.
//!
//! Symbolic links go along as they are, wherever they point: on the host none is ever followed here,
//! and in the guest they lead no further than the guest.

mod archive;
mod directory;
mod entry;
mod error;
mod limits;
mod outlet;
mod packer;
pub mod project;
mod seeded;
mod source;
mod stream;
mod trail;

pub use error::SeedError;
pub use limits::SeedLimits;
pub use project::Project;
pub use seeded::{Named, Seeded};
pub use source::Source;
pub use stream::{Seeding, stream};
