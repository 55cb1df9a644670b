//! A seccomp filter under the VMM's own: it takes away what no VMM needs and what has opened
//! kernels before: namespaces, mounts, tracing, loading code into the kernel, and every kind of
//! socket but local ones: a machine's network is a stream to the shim. It is a deny list, a
//! second line behind the jail; the VMM's own filter (`-sandbox`, Firecracker's) is the strict one.

use super::note::{Failure, Stage};
use super::spec::Tier;
use SeccompCmpArgLen::Dword;
use SeccompCmpOp::{MaskedEq, Ne};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};
use std::collections::BTreeMap;

/// Refused whatever the arguments.
const DENIED: [libc::c_long; 30] = [
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_mount_setattr,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_io_uring_setup,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_swapon,
    libc::SYS_reboot,
    libc::SYS_open_by_handle_at,
];

/// The flags with which clone(2) makes namespaces (`include/uapi/linux/sched.h`).
const NAMESPACE_FLAGS: [libc::c_int; 7] = [
    libc::CLONE_NEWNS,
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
];

/// See [`programs`].
const PROGRAMS: usize = 2;

/// Installs the filter in the calling process, which has `no_new_privs`.
pub(super) fn install() -> Result<(), Failure> {
    let failed = |error: seccompiler::Error| Failure::new(Stage::Seccomp, error.to_string());
    for program in programs().map_err(|error| failed(error.into()))? {
        apply_filter(&program).map_err(failed)?;
    }
    Ok(())
}

/// How many filters the jail puts over its process in this tier.
#[must_use]
pub fn seccomp_filters(tier: Tier) -> usize {
    if tier >= Tier::Landlock { PROGRAMS } else { 0 }
}

/// Two programs, because each has one answer: "not permitted" for what is denied, and "no such
/// call" for clone3, whose flags a filter cannot see: C libraries then use clone.
fn programs() -> Result<[BpfProgram; PROGRAMS], seccompiler::BackendError> {
    let mut denied: BTreeMap<i64, Vec<SeccompRule>> =
        DENIED.iter().map(|call| (*call, Vec::new())).collect();
    denied.insert(libc::SYS_clone, namespace_rules()?);
    denied.insert(libc::SYS_socket, vec![socket_rule()?]);
    let no_clone3 = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    Ok([answer(denied, libc::EPERM)?, answer(no_clone3, libc::ENOSYS)?])
}

fn namespace_rules() -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    let rule = |flag: &libc::c_int| {
        let flag = u64::from(flag.unsigned_abs());
        SeccompRule::new(vec![SeccompCondition::new(0, Dword, MaskedEq(flag), flag)?])
    };
    NAMESPACE_FLAGS.iter().map(rule).collect()
}

/// Any address family but `AF_UNIX`.
fn socket_rule() -> Result<SeccompRule, seccompiler::BackendError> {
    let local = u64::from(libc::AF_UNIX.unsigned_abs());
    SeccompRule::new(vec![SeccompCondition::new(0, Dword, Ne, local)?])
}

fn answer(
    calls: BTreeMap<i64, Vec<SeccompRule>>,
    errno: libc::c_int,
) -> Result<BpfProgram, seccompiler::BackendError> {
    let refuse = SeccompAction::Errno(errno.unsigned_abs());
    let here = TargetArch::try_from(std::env::consts::ARCH)?;
    SeccompFilter::new(calls, SeccompAction::Allow, refuse, here)?.try_into()
}
