//! Giving up what a process may do: capabilities, groups, user. The order is dictated by
//! capabilities(7): the bounding set needs `CAP_SETPCAP`, and the change of user clears the rest.

use super::note::{Failure, Stage, Staged};
use rustix::fs::{Gid, Uid};
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use rustix::thread::{self, CapabilitySet, CapabilitySets};

/// Leaves the calling process with no capability, no way to gain one, and, where pyro is root,
/// with a user and a group of its own. The death signal must be set again afterwards.
pub(super) fn give_up(unprivileged_uid: Option<u32>) -> Result<(), Failure> {
    empty_bounding_set()?;
    thread::clear_ambient_capability_set().during(Stage::Privileges, "clear ambient set")?;
    if let Some(uid) = unprivileged_uid {
        become_user(uid)?;
    }
    let none = CapabilitySet::empty();
    let sets = CapabilitySets { effective: none, permitted: none, inheritable: none };
    thread::set_capabilities(None, sets).during(Stage::Privileges, "capset")?;
    thread::set_no_new_privs(true).during(Stage::Privileges, "no_new_privs")?;
    // Holds until execve; afterwards RLIMIT_CORE is what forbids dumps.
    set_dumpable_behavior(DumpableBehavior::NotDumpable).during(Stage::Privileges, "dumpable")
}

/// Without `CAP_SETPCAP` the set stays: an ordinary user outside a user namespace, whom
/// `no_new_privs` keeps from ever gaining what is in it.
fn empty_bounding_set() -> Result<(), Failure> {
    let own = thread::capabilities(None).during(Stage::Privileges, "capget")?;
    if !own.effective.contains(CapabilitySet::SETPCAP) {
        return Ok(());
    }
    for bit in 0..u64::BITS {
        match thread::remove_capability_from_bounding_set(CapabilitySet::from_bits_retain(1 << bit))
        {
            Ok(()) => {}
            Err(rustix::io::Errno::INVAL) => break, // past the kernel's last capability
            Err(error) => return Err(error).during(Stage::Privileges, "drop bounding set"),
        }
    }
    Ok(())
}

fn become_user(id: u32) -> Result<(), Failure> {
    let (uid, gid) = (Uid::from_raw(id), Gid::from_raw(id));
    thread::set_thread_groups(&[]).during(Stage::Privileges, "setgroups")?;
    thread::set_thread_res_gid(gid, gid, gid)
        .during(Stage::Privileges, format_args!("setresgid {id}"))?;
    thread::set_thread_res_uid(uid, uid, uid)
        .during(Stage::Privileges, format_args!("setresuid {id}"))
}
