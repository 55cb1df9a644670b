//! What a model reads about the server before it sees a schema. Chat hosts that defer schemas show
//! only this and the tools' names, and search in it: the first sentence says when to come here.
//! Claude Code cuts instructions at 4,096 characters.

use crate::Profile;

const VM_RUN: &str = "\
Run shell commands in a disposable Linux virtual machine, isolated from the user's computer: use \
vm_run to execute untrusted or generated code, try a command safely, or see how something behaves \
on a clean Debian 12.

vm_run starts a fresh machine, runs one command as root with /bin/sh -lc, answers with stdout, \
stderr and the exit code, and deletes the machine. Nothing is kept between calls and no file of \
the user's computer is visible inside, so put everything the task needs into one command (a here \
document can carry a script). The machine has no network.

The first call for an environment may answer `state: preparing`: call again with the same \
arguments to continue.";

const WORKSPACE_FULL: &str = "\
Run shell commands in a disposable Linux virtual machine, isolated from the user's computer: use \
vm_run to execute untrusted or generated code, try a command safely, or see how something behaves \
on a clean Debian 12.

vm_run starts a fresh machine, runs one command as root with /bin/sh -lc, answers with stdout, \
stderr and the exit code, and deletes the machine. It is the right tool for almost everything. \
Where booting and running must be apart, for example to have a machine ready before its command is \
known: vm_create makes one, vm_start boots it, vm_exec runs its one command and deletes it. Such a \
machine outlives this session until its ttl_seconds, counted from vm_create, are over; vm_status, \
vm_stop and vm_delete look at it, stop it and remove it, and vm_reap_expired removes all that are \
over. At most four are started at a time.

Every machine gets one command: nothing is kept after it, and no file of the user's computer is \
visible inside, so put everything the task needs into that command (a here document can carry a \
script). Machines have no network. This release has no workspaces (machines that keep files between \
commands) yet.

The first vm_run or vm_create for an environment may answer `state: preparing`: call again with the \
same arguments to continue. vm_list_environments says what there is.";

/// The text for a profile.
pub(crate) fn instructions(profile: Profile) -> &'static str {
    match profile {
        Profile::VmRun | Profile::WorkspaceCore => VM_RUN,
        Profile::WorkspaceFull => WORKSPACE_FULL,
    }
}
