//! The agent as a machine's `/init` and nothing else: for booting it by hand.

use std::process::ExitCode;

fn main() -> ExitCode {
    if pyro_agent::is_init() {
        pyro_agent::run_as_init();
    }
    ExitCode::from(2)
}
