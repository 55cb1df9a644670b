//! Vms that outlive their process, on the `process` backend with the real agent: every verb, verbs
//! that meet, and SIGKILL at every step of each. This program is also the front end, the shim and the
//! agent: hidden first arguments say which.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "all of it is test code, which clippy cannot see without #[test] functions"
)]

mod ceiling;
mod death;
mod front_end;
#[path = "../host/mod.rs"]
mod host;
mod interruption;
mod life;
mod meeting;
mod records;
mod time;

use pyro::event;
use pyro::vm::kept::{ExecRequest, VmStatus, create, exec, list, start, status};
use pyro::vm::run::{OutputLimits, RunResult};
use pyro::vm::{VmSpec, kept};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = host::roles::play(agent).or_else(front_end::play) {
        return code;
    }
    let rooms = [
        life::trials(),
        time::trials(),
        ceiling::trials(),
        records::trials(),
        meeting::trials(),
        death::trials(),
        interruption::trials(),
    ];
    host::conduct(rooms.into_iter().flatten().collect()).exit_code()
}

/// The file in a home whose agents get stuck in their boot.
const STUCK: &str = "stuck";

fn agent(channel: OwnedFd, directory: &Path) -> ExitCode {
    if host::roles::home_of(directory).join(STUCK).exists() {
        loop {
            std::thread::park();
        }
    }
    pyro_agent::run_as_process(channel, directory)
}

/// The verbs, as the tests use them.
impl host::Host {
    async fn create(&self, spec: &VmSpec) -> VmStatus {
        create(&self.config, spec, &event::ignore).await.unwrap()
    }

    async fn start_vm(&self, id: &str) -> pyro::Result<VmStatus> {
        start(&self.config, id, &event::ignore).await
    }

    async fn exec(&self, id: &str, command: &str) -> pyro::Result<RunResult> {
        let request = ExecRequest { command: command.into(), timeout_seconds: 60 };
        exec(&self.config, id, &request, OutputLimits::default(), &event::ignore).await
    }

    async fn stop(&self, id: &str) -> pyro::Result<VmStatus> {
        kept::stop(&self.config, id, &event::ignore).await
    }

    async fn delete(&self, id: &str) -> pyro::Result<kept::Deleted> {
        kept::delete(&self.config, id, &event::ignore).await
    }

    async fn status(&self, id: &str) -> pyro::Result<VmStatus> {
        status(&self.config, id, &event::ignore).await
    }

    async fn reap(&self) -> Vec<String> {
        kept::reap(&self.config, &event::ignore).await.unwrap().deleted_vm_ids
    }

    async fn list(&self) -> Vec<VmStatus> {
        list(&self.config, &event::ignore).await.unwrap().vms
    }

    /// A vm that runs.
    async fn started(&self, spec: &VmSpec) -> String {
        let id = self.create(spec).await.vm_id;
        self.start_vm(&id).await.unwrap();
        id
    }

    async fn delete_all(&self) {
        for vm in self.list().await {
            self.delete(&vm.vm_id).await.unwrap();
        }
    }
}

/// The code of an error that must be one.
fn code<T: std::fmt::Debug>(outcome: pyro::Result<T>) -> String {
    outcome.unwrap_err().code().to_owned()
}
