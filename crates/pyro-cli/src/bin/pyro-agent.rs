//! The agent alone: what a guest boots with where this small program lies beside `pyro`. Nothing but
//! the agent may be linked here, because every megabyte more costs an emulated boot some 60 ms.
//! Started in any other way it only says its version, which `pyro` asks for before it relies on it.

use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    if pyro_agent::is_init() {
        pyro_agent::run_as_init();
    }
    let said = writeln!(std::io::stdout(), "pyro-agent {}", env!("CARGO_PKG_VERSION"));
    if said.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
