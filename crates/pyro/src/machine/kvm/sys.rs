//! Memory shared with a guest, and the exit record that the kernel shares with us.
#![expect(unsafe_code, reason = "both are written by somebody else while they are mapped")]

use super::outcome::KvmOutcome;
use kvm_bindings::{KVM_EXIT_INTERNAL_ERROR, kvm_userspace_memory_region};
use kvm_ioctls::{VcpuFd, VmFd};

const PAGE: usize = 4096;
const PAGES: usize = 8;

#[derive(Clone, Copy)]
#[repr(C, align(4096))]
struct Page([u8; PAGE]);

/// The first 32 KiB of a guest's physical memory. To be dropped after the machine that maps it.
pub(super) struct GuestMemory(Box<[Page; PAGES]>);

impl GuestMemory {
    pub(super) fn new() -> Self {
        Self(Box::new([Page([0; PAGE]); PAGES]))
    }

    /// Writes bytes that lie within one page. Only before [`Self::map_into`].
    pub(super) fn write(&mut self, address: u64, bytes: &[u8]) {
        let address = usize::try_from(address).unwrap_or(usize::MAX);
        let (page, offset) = (address / PAGE, address % PAGE);
        self.0[page].0[offset..offset + bytes.len()].copy_from_slice(bytes);
    }

    /// Gives the memory to a machine, from physical address 0 on.
    pub(super) fn map_into(&mut self, vm: &VmFd) -> Result<(), kvm_ioctls::Error> {
        let region = kvm_userspace_memory_region {
            slot: 0,
            flags: 0,
            guest_phys_addr: 0,
            memory_size: (PAGE * PAGES) as u64,
            userspace_addr: self.0.as_mut_ptr() as u64,
        };
        // SAFETY: the region is page-aligned, owned by `self`, and outlives the machine (the only
        // caller drops the machine first); nothing here reads or writes it while the guest runs.
        unsafe { vm.set_user_memory_region(region) }
    }
}

/// Why the guest stopped.
pub(super) fn exit(cpu: &mut VcpuFd) -> KvmOutcome {
    let run = cpu.get_kvm_run();
    let exit_reason = run.exit_reason;
    // SAFETY: the union holds plain integers, valid whatever the kernel wrote; the value is used
    // only for the exit reason that fills this member (Documentation/virt/kvm/api.rst, section 5).
    let suberror = unsafe { run.__bindgen_anon_1.internal.suberror };
    let suberror = (exit_reason == KVM_EXIT_INTERNAL_ERROR).then_some(suberror);
    KvmOutcome::GuestFailed { exit_reason, suberror }
}
