//! Host files that a user or a model has named, and trees of them that nobody vouches for. Everything
//! is reached from an open directory, one name at a time or beneath it (`openat2`), and no symbolic
//! link is followed on the way, so that whoever renames things meanwhile leads nobody outside. Nothing
//! is written here but the directories on the way to something new.

mod beneath;
pub mod credentials;
mod directory;
mod error;
mod names;
mod roots;

pub use directory::{Directory, FileId, Regular};
pub use error::HostPathError;
pub use names::{Name, Names};
pub use roots::{HostRoots, Opened, Target};
