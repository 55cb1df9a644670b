//! The one instruction this room needs that Rust calls unsafe.
#![expect(unsafe_code, reason = "reading the time stamp counter is an intrinsic")]

/// The CPU's time stamp counter, in ticks.
pub(super) fn time_stamp() -> u64 {
    // SAFETY: every x86-64 CPU has RDTSC, and Linux lets user space execute it unless a
    // process asked for the opposite with PR_SET_TSC, which nothing here does.
    unsafe { std::arch::x86_64::_rdtsc() }
}
