//! Machines for one command.

use crate::call::{Call, begin, verb};
use crate::line::Line;
use crate::machine::MachineWish;
use crate::settings::Settings;
use pyo3::prelude::*;
use pyro::vm::Output;
use pyro::vm::kept;
use pyro::vm::run::{OutputLimits, RunRequest, run_watched};

/// Runs a command in a machine of its own, which is gone when the call ends, however it ends.
#[pyfunction]
pub(crate) fn run_in_vm(
    settings: &Settings,
    machine: MachineWish,
    command: String,
    timeout_seconds: u64,
    streamed: bool,
) -> PyResult<Call> {
    begin(settings.config(), async move |config, line| {
        let config = machine.config(config);
        let request = RunRequest { vm: machine.spec()?, command, timeout_seconds };
        request.vm.check()?;
        let observer = |event| line.observe(event);
        let watch = async |output| {
            if streamed {
                pass_on(line, output).await;
            }
        };
        let limits = OutputLimits::default();
        Ok(line
            .unless_cancelled(run_watched(&config, &request, limits, &observer, watch))
            .await??)
    })
}

/// Passes on what a command wrote.
pub(crate) async fn pass_on(line: &Line, output: Output) {
    match output {
        Output::Stdout(bytes) => line.output("stdout", &bytes).await,
        Output::Stderr(bytes) => line.output("stderr", &bytes).await,
        Output::Exited(_) => {}
    }
}

/// Makes one that is started later.
#[pyfunction]
pub(crate) fn create_vm(settings: &Settings, machine: MachineWish) -> PyResult<Call> {
    verb(settings.config(), async move |config, observer| {
        let config = machine.config(config);
        let spec = machine.spec()?;
        spec.check()?;
        kept::create(&config, &spec, observer).await
    })
}

/// Boots it.
#[pyfunction]
pub(crate) fn start_vm(settings: &Settings, vm_id: String) -> PyResult<Call> {
    verb(settings.config(), async move |config, observer| {
        kept::start(config, &vm_id, observer).await
    })
}

/// Gives it its one command, and deletes it.
#[pyfunction]
pub(crate) fn exec_vm(
    settings: &Settings,
    vm_id: String,
    command: String,
    timeout_seconds: u64,
) -> PyResult<Call> {
    verb(settings.config(), async move |config, observer| {
        let request = kept::ExecRequest { command, timeout_seconds };
        kept::exec(config, &vm_id, &request, OutputLimits::default(), observer).await
    })
}

/// Ends its machine.
#[pyfunction]
pub(crate) fn stop_vm(settings: &Settings, vm_id: String) -> PyResult<Call> {
    verb(settings.config(), async move |config, observer| {
        kept::stop(config, &vm_id, observer).await
    })
}

/// Deletes it.
#[pyfunction]
pub(crate) fn delete_vm(settings: &Settings, vm_id: String) -> PyResult<Call> {
    verb(settings.config(), async move |config, observer| {
        kept::delete(config, &vm_id, observer).await
    })
}

/// Says how it stands.
#[pyfunction]
pub(crate) fn status_vm(settings: &Settings, vm_id: String) -> PyResult<Call> {
    verb(settings.config(), async move |config, observer| {
        kept::status(config, &vm_id, observer).await
    })
}

/// Says what it may reach.
#[pyfunction]
pub(crate) fn network_info_vm(settings: &Settings, vm_id: String) -> PyResult<Call> {
    verb(settings.config(), async move |config, observer| {
        kept::network_info(config, &vm_id, observer).await
    })
}

/// Deletes those whose time is over.
#[pyfunction]
pub(crate) fn reap_expired(settings: &Settings) -> PyResult<Call> {
    verb(settings.config(), async move |config, observer| kept::reap(config, observer).await)
}
