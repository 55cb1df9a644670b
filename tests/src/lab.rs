//! What a scenario must know about the lab of ring 4, in which it may run: everything that is
//! different there is decided here. Outside the lab nothing is. Deadlines are the same, though its
//! processor is some ten times slower.

/// The backend that pyro must choose by itself, as `pyro doctor --json` names it: set in the lab.
const BACKEND: &str = "PYRO_SCENARIO_BACKEND";

/// The backend that machines must run on; none where the host decides.
#[must_use]
pub fn expected_backend() -> Option<String> {
    std::env::var_os(BACKEND).map(|name| name.into_string().unwrap())
}

/// How strongly guests must be kept apart where no scenario takes something away from the host.
#[must_use]
pub fn expected_isolation() -> Option<&'static str> {
    let backend = expected_backend()?;
    Some(if backend == "qemu-tcg" { "emulated-vm" } else { "hardware-vm" })
}

/// A number of bytes that stands for "much", a sixteenth of it in the lab: of a gibibyte 64 MiB.
#[must_use]
pub fn much(amount: u64) -> u64 {
    if expected_backend().is_some() { amount / 16 } else { amount }
}

/// A number of repetitions that makes growth visible, half of it in the lab.
#[must_use]
pub fn often(count: u32) -> u32 {
    if expected_backend().is_some() { count / 2 } else { count }
}

/// Seconds in which nothing happens, a tenth of them in the lab: what is tried there is another VMM,
/// not the patience of whatever lies between.
#[must_use]
pub fn silence(seconds: u32) -> u32 {
    if expected_backend().is_some() { seconds / 10 } else { seconds }
}
