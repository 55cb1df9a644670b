//! What an agent on the host leaves when it is killed: the shim, which has no other children than the
//! machine's, adopts it and ends it. A virtual machine leaves nothing.

use super::ledger::kill;
use crate::machine::jail::ProcessIdentity;
use rustix::process::{getpid, set_child_subreaper};

/// So many looks, then something forks faster than it can be killed.
const LOOKS: usize = 1000;

/// From now on, orphans below this process become its children.
pub(super) fn adopt() {
    // without it, orphans go to init as ever
    let _ = set_child_subreaper(Some(getpid()));
}

/// Kills every child, and every child that comes to this process by that.
pub(super) fn end_all() {
    for _ in 0..LOOKS {
        let children = ProcessIdentity::children_of(getpid());
        if children.is_empty() {
            return;
        }
        children.into_iter().for_each(kill);
    }
}
