//! One virtual machine: the backends, and the jail around them.

pub mod jail;
pub mod kvm;
