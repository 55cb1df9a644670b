//! Whether this host's KVM can run a guest. Opening `/dev/kvm` proves nothing, and neither does a
//! real-mode guest: there are hosts (nested, para-virtual) where both succeed and every Linux guest
//! fails. So [`probe`] runs a 64-bit guest with the instructions that such hosts cannot emulate, in
//! a child process with a deadline, and [`probe_cached`] remembers the answer until the next boot.
//!
//! This room chooses no backend and runs no workspace. x86-64 only.

mod cache;
mod guest;
mod outcome;
mod probe;
mod sys;

pub use cache::probe_cached;
pub use outcome::{KvmOutcome, KvmReport};
pub use probe::{DEVICE, ROLE, probe, probe_main};
