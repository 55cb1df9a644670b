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
document can carry a script). It has a network only where the human allows one \
and the call asks for it.

The first call for an environment may answer `state: preparing`: call again with the same \
arguments to continue.";

const WORKSPACE_CORE: &str = "\
Work on code in a disposable Linux virtual machine (a workspace), isolated from the user's computer: \
use workspace_create to get a copy of the user's project to edit, build, run and test safely, \
workspace_exec to run shell commands in it, and vm_run for a single command on a clean Debian 12.

A workspace keeps its files in /workspace from call to call, and outlives this session; workspace_list \
finds it again. The usual way: workspace_create (it begins with a copy of the project, where this \
server has one; workspace_status says what it began with); workspace_exec, workspace_file_read, \
workspace_file_edit, workspace_file_write and workspace_patch_apply until the work is done; workspace_diff \
for a patch that git apply accepts on the user's computer; workspace_delete. Nothing in a workspace reaches \
the user's own files: only what you do with the patch does. workspace_export copies results to a directory \
for them. workspace_reset starts over, workspace_sync_push \
brings more files of the user's computer, where the human has opened the directory.

Commands run as root with /bin/sh -lc in /workspace. A network is there where workspace_create says so; what is refused, the answer \
names. One that takes longer than \
wait_seconds goes on and has an exec_id: workspace_exec_read follows it, workspace_exec_stop ends it. \
Wherever an answer is cut, it names the call that returns the rest; wherever something failed, the next \
step.

The first call for an environment may answer `state: preparing`, and a large project `state: creating`: \
call again with the same arguments to continue. Unused for its ttl_seconds a workspace is stopped and \
keeps its files for a day; the next call that works in it starts it again.";

const STEPS: &str = "

Where booting and running must be apart, without files that stay: vm_create makes a machine, vm_start \
boots it, vm_exec runs its one command and deletes it; it outlives this session until its ttl_seconds, \
counted from vm_create, are over. vm_status, vm_stop and vm_delete look at it, stop it and remove it, \
vm_reap_expired removes all that are over. At most four are started at a time. vm_list_environments \
says what can be booted. workspace_stop frees a workspace's memory and keeps its files; workspace_start \
resumes it; workspace_disk_list and workspace_disk_read look into one that is stopped. snapshot_create \
keeps a workspace as it is now, and workspace_reset goes back to that. service_start runs a server or \
another long command and waits until it is ready; service_logs and service_stop look after it.";

/// The text for a profile.
pub(crate) fn instructions(profile: Profile) -> String {
    match profile {
        Profile::VmRun => VM_RUN.to_owned(),
        Profile::WorkspaceCore => WORKSPACE_CORE.to_owned(),
        Profile::WorkspaceFull => [WORKSPACE_CORE, STEPS].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools;

    #[test]
    fn no_host_cuts_them_and_they_promise_only_tools_that_are_there() {
        for name in Profile::NAMES {
            let profile: Profile = name.parse().unwrap();
            let text = instructions(profile);
            assert!(text.chars().count() < 4_096, "{name}");
            let tools: Vec<&str> = tools::of(profile).map(|tool| tool.name).collect();
            let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let named = words.filter(|w| w.starts_with("vm_") || w.starts_with("workspace_"));
            for tool in named {
                assert!(tools.contains(&tool), "{name} has no {tool}");
            }
            assert!(text.split('.').next().unwrap().contains("isolated from the user's computer"));
        }
    }
}
