//! What a machine boots from: an immutable root image and a kernel.

pub mod disk;
pub mod erofs;
pub mod initramfs;
pub mod kernel;
