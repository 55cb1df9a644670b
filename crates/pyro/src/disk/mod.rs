//! Disks of workspaces as files on the host: an ext4 file system each, made and filled here, copied here, and
//! read here while no machine uses them. This room mounts nothing, runs no program on a disk, and knows
//! neither machines nor workspaces.

mod copy;
mod create;
mod error;
mod ext4;
mod fill;
mod run;
mod view;

pub use copy::{Copied, clone_aside, copy, copy_and_tell, export};
pub use create::{DEFAULT_BYTES, create};
pub use error::DiskError;
pub use fill::{FillError, Filled, fill};
pub use run::Run;
pub use view::{
    Beginning, Depth, DiskView, Found, Listed, Metadata, NodeKind, Reader, ViewError, Walked,
};
