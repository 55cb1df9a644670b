//! The smallest guest that tells a real KVM from a pretended one: long mode on one identity-mapped
//! 2 MiB page, SSE2 and POPCNT (which a KVM that emulates cannot do), one OUT, one HLT.

use super::outcome::KvmOutcome;
use super::sys;
use kvm_bindings::{KVM_MAX_CPUID_ENTRIES, kvm_regs, kvm_segment};
use kvm_ioctls::{Kvm, VcpuExit, VcpuFd, VmFd};

/// Guest-physical addresses of what [`memory`] lays out; the stack grows down from the end.
const CODE: u64 = 0x1000;
const LEVEL_4: u64 = 0x2000;
const LEVEL_3: u64 = 0x3000;
const LEVEL_2: u64 = 0x4000;
const STACK: u64 = 0x8000;

/// What the guest writes, and where to: the port of a PC's first serial line.
const PORT: u16 = 0x3f8;
const MARK: u8 = b'K';

/// The program, as assembled for 64-bit mode.
const PROGRAM: [u8; 22] = [
    0x66, 0x0f, 0xef, 0xc0, // pxor   xmm0, xmm0
    0xf2, 0x0f, 0x58, 0xc0, // addsd  xmm0, xmm0
    0xf3, 0x48, 0x0f, 0xb8, 0xc0, // popcnt rax, rax
    0x66, 0xba, 0xf8, 0x03, // mov    dx, PORT
    0xb0, MARK, // mov    al, MARK
    0xee, // out    dx, al
    0xf4, // hlt
    0x90, // nop
];

/// Page table bits (Intel SDM volume 3, 4.5; AMD APM volume 2, 5.3).
const PRESENT_WRITABLE: u64 = 0x3;
const LARGE_PAGE: u64 = 0x80;

/// Runs the guest once, in this process, for as long as it takes.
pub(super) fn run(kvm: &Kvm) -> KvmOutcome {
    let mut memory = memory();
    match boot(kvm, &mut memory) {
        Ok((_vm, mut cpu)) => until_halt(&mut cpu),
        Err(error) => KvmOutcome::CannotCreateVm { errno: error.errno() },
    }
}

/// Page tables and program.
fn memory() -> sys::GuestMemory {
    let mut memory = sys::GuestMemory::new();
    memory.write(LEVEL_4, &(LEVEL_3 | PRESENT_WRITABLE).to_le_bytes());
    memory.write(LEVEL_3, &(LEVEL_2 | PRESENT_WRITABLE).to_le_bytes());
    memory.write(LEVEL_2, &(LARGE_PAGE | PRESENT_WRITABLE).to_le_bytes());
    memory.write(CODE, &PROGRAM);
    memory
}

fn boot(kvm: &Kvm, memory: &mut sys::GuestMemory) -> Result<(VmFd, VcpuFd), kvm_ioctls::Error> {
    let vm = kvm.create_vm()?;
    memory.map_into(&vm)?;
    let cpu = vm.create_vcpu(0)?;
    cpu.set_cpuid2(&kvm.get_supported_cpuid(KVM_MAX_CPUID_ENTRIES)?)?;
    enter_long_mode(&cpu)?;
    cpu.set_regs(&kvm_regs { rip: CODE, rsp: STACK, rflags: 0x2, ..kvm_regs::default() })?;
    Ok((vm, cpu))
}

/// Control registers and flat segments of a 64-bit kernel with SSE switched on.
fn enter_long_mode(cpu: &VcpuFd) -> Result<(), kvm_ioctls::Error> {
    let mut special = cpu.get_sregs()?;
    special.cr0 = 0x8005_0033; // PG AM WP NE ET MP PE
    special.cr3 = LEVEL_4;
    special.cr4 = 0x620; // OSXMMEXCPT OSFXSR PAE
    special.efer = 0x500; // LMA LME
    let flat = kvm_segment { limit: u32::MAX, present: 1, s: 1, g: 1, ..kvm_segment::default() };
    special.cs = kvm_segment { selector: 8, type_: 11, l: 1, ..flat };
    let data = kvm_segment { selector: 16, type_: 3, db: 1, ..flat };
    (special.ds, special.es, special.fs) = (data, data, data);
    (special.gs, special.ss) = (data, data);
    cpu.set_sregs(&special)
}

/// The guest must say its mark and halt, and nothing else.
fn until_halt(cpu: &mut VcpuFd) -> KvmOutcome {
    let mut spoke = false;
    loop {
        match cpu.run() {
            Ok(VcpuExit::IoOut(PORT, [MARK])) if !spoke => spoke = true,
            Ok(VcpuExit::Hlt) if spoke => return KvmOutcome::Works,
            Ok(_) => break,
            Err(error) => {
                return KvmOutcome::ProbeFailed { message: format!("KVM_RUN: {error}") };
            }
        }
    }
    sys::exit(cpu)
}
