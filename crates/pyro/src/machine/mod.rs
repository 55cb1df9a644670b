//! One machine: a spec goes in, a running VMM with a byte channel to its guest comes out. This room
//! takes paths and plain values; it has never heard of environments or workspaces, and it says
//! nothing to the guest.

pub mod backend;
pub mod brake;
pub mod channel;
pub mod choose;
pub mod console;
pub mod error;
mod files;
pub mod firecracker;
pub mod jail;
mod kernel_line;
pub mod kvm;
pub(crate) mod needs;
pub mod process;
pub mod qemu;
pub mod remembered;
pub mod spec;
mod sys;
pub mod vmm;

pub use backend::{Backend, Launched};
pub use brake::Brake;
pub use channel::Channel;
pub use error::MachineError;
pub(crate) use files::user_slot;
pub use spec::{Accelerator, BackendSpec, BootFiles, MachineSpec};
pub use vmm::Vmm;
