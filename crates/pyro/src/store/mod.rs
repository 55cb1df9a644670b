//! Things that outlive the process that made them: one directory each, named by the thing's id, with
//! a record (`vm.json`) that is the truth about it. The record is written in one step, the directory
//! has a lock of its own, and whatever a kill leaves half made is recognised by its missing record.
//! This room knows nothing about what the things are.

mod collection;
pub mod directory;
mod error;
mod item;
pub mod record;

pub use collection::Collection;
pub use error::StoreError;
pub use item::{Item, Turn};
