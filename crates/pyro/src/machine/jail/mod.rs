//! The jail: everything that stands between a virtual machine monitor (VMM) whose guest has broken
//! out of it and the user's account.
//!
//! The shim calls [`spawn`], which runs the `pyro` executable again as the *launcher*
//! ([`launcher_main`]). The launcher is a single-threaded process that builds the jail, starts the
//! VMM in it as PID 1 of a new PID namespace, and stays as its parent. The chain of parent-death
//! signals shim → launcher → VMM means that no VMM outlives the process that answers for it.
//!
//! This room knows nothing of QEMU's or Firecracker's arguments (only where QEMU keeps its data,
//! in [`readable_for`]), never decides by itself to use a weaker [`Tier`] than it was told, and
//! never parses what the jailed program prints.

mod error;
mod identity;
mod landlock;
mod launcher;
mod lifeline;
mod limits;
mod namespaces;
mod note;
mod privileges;
mod readable;
mod root;
mod seccomp;
mod spawn;
mod spec;
mod sys;
mod tier;

pub use error::JailError;
pub use identity::{ProcessIdentity, machine_uid};
pub use launcher::{ROLE, launcher_main};
pub use note::Stage;
pub(super) use readable::interpreter;
pub use readable::readable_for;
pub use seccomp::seccomp_filters;
pub use spawn::{JailedChild, Streams, spawn};
pub use spec::{Bind, JailSpec, Limits, Tier};
pub use tier::{TierReport, probe};
