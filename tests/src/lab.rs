//! What a scenario must know about the lab of ring 4, in which it may run: everything that is
//! different there is decided here. Outside the lab nothing is.

use std::time::Duration;

/// The backend that pyro must choose by itself, as `pyro doctor --json` names it.
const BACKEND: &str = "PYRO_SCENARIO_BACKEND";
/// How many times slower than a host of its own the lab is, a whole number.
const SLOWNESS: &str = "PYRO_SCENARIO_SLOWNESS";

/// The backend that machines must run on; none where the host decides.
#[must_use]
pub fn expected_backend() -> Option<String> {
    Some(variable(BACKEND)?).filter(|name| !name.is_empty())
}

/// How strongly guests must be kept apart where no scenario takes something away from the host.
#[must_use]
pub fn expected_isolation() -> Option<&'static str> {
    expected_backend()
        .map(|backend| if backend == "qemu-tcg" { "emulated-vm" } else { "hardware-vm" })
}

/// A bound that only says when something hangs. Promises are not stretched.
#[must_use]
pub fn patiently(limit: Duration) -> Duration {
    limit * slowness()
}

/// A number of bytes or of lines that stands for "much": a slow host has less patience and a small
/// memory, so both shorten it.
#[must_use]
pub fn much(amount: u64) -> u64 {
    amount / u64::from(slowness()).pow(2)
}

/// A number of repetitions that makes growth visible.
#[must_use]
pub fn often(count: u32) -> u32 {
    if slowness() > 1 { count / 2 } else { count }
}

fn slowness() -> u32 {
    variable(SLOWNESS)
        .map_or(1, |value| value.parse().unwrap_or_else(|e| panic!("{SLOWNESS}: {e}")))
}

fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.into_string().unwrap())
}
