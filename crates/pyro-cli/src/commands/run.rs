//! `pyro run`: a command in a machine of its own, its streams joined to ours.

use crate::block_on;
use crate::ca_bundle::CaBundle;
use crate::commands::network::{Allowed, tell_of_refusals};
use crate::failure::{BROKEN_PIPE, Interrupted, Outcome};
use crate::interrupt::Interrupts;
use crate::relay::{End, relay};
use crate::ui::{Ui, seconds};
use crate::{settings, words};
use pyro::Config;
use pyro::vm::run::{OutputLimits, RunRequest};
use pyro::vm::{Exec, ExecExit};
use pyro::vm::{Vm, VmFacts, VmSpec};
use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Run a command in a machine of its own, which is deleted afterwards
///
/// The command's output is passed on as it comes, byte for byte. Where standard input is a pipe or
/// a file, the command reads it. Ctrl-C interrupts the command; a second one within 5 seconds ends
/// the machine. The exit code is the command's own; pyro's failures exit with 125.
///
/// In a container image the command has its variables, its directory and its user; it is run by the
/// image's /bin/sh.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro run debian:12 -- uname -a
  pyro run python:3.12-slim -- python3 -c 'print(6 * 7)'
  pyro run debian:12 --timeout-seconds 300 -- sh -c 'git --version && id'
  tar c . | pyro run debian:12 -- sh -c 'mkdir /w && tar x -C /w && ls /w'
  pyro run debian:12 --network -- git clone https://git.example/tool.git
  pyro run debian:12 --allow-host '*.example.org' -- curl https://api.example.org/
  pyro run debian:12 --network --ca-bundle host -- git ls-remote https://git.example/tool.git
  pyro run debian:12 --json -- false")]
pub(crate) struct Arguments {
    /// What to boot: a name of `pyro env list`, or any container image
    #[arg(value_name = "ENV")]
    environment: String,
    /// Virtual CPUs
    #[arg(long, default_value_t = 1, value_name = "N")]
    vcpu_count: u32,
    /// Memory in MiB
    #[arg(long, default_value_t = 1024, value_name = "N")]
    mem_mib: u32,
    /// Kill the command after so many seconds; it then exits with 124
    #[arg(long, default_value_t = 30, value_name = "N")]
    timeout_seconds: u64,
    /// End the machine after so many seconds, whatever it does
    #[arg(long, default_value_t = 600, value_name = "N")]
    ttl_seconds: u64,
    /// Let the machine reach public addresses: TCP, by name or address
    #[arg(long)]
    network: bool,
    #[command(flatten)]
    allowed: Allowed,
    #[command(flatten)]
    ca_bundle: CaBundle,
    /// Run on the host, without isolation, where no machine can boot
    #[arg(long)]
    allow_host_compat: bool,
    /// Run an emulated machine even where nothing jails the emulator
    #[arg(long)]
    allow_weak_isolation: bool,
    /// Print one JSON document instead of passing the streams on; standard input is not read
    #[arg(long)]
    pub(super) json: bool,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<String>,
}

impl Arguments {
    fn request(&self) -> Result<RunRequest, pyro::Error> {
        let allow = self.allowed.list()?;
        Ok(RunRequest {
            vm: VmSpec {
                environment: self.environment.clone(),
                vcpu_count: self.vcpu_count,
                mem_mib: self.mem_mib,
                ttl_seconds: self.ttl_seconds,
                // whoever allows something wants it to be reached
                network: self.network || !allow.is_empty(),
                allow,
                allow_host_compat: self.allow_host_compat,
                allow_weak_isolation: self.allow_weak_isolation,
            },
            command: words::quoted(&self.command),
            timeout_seconds: self.timeout_seconds,
        })
    }

    /// The command as it is started where its streams are joined to ours.
    fn exec(&self) -> Exec {
        Exec {
            command: words::in_place_of_the_shell(&self.command),
            cwd: None,
            env: Vec::new(),
            user: None,
            stdin: !std::io::stdin().is_terminal(),
            timeout_ms: Some(self.timeout_seconds.saturating_mul(1000)),
            sync: false,
            service: false,
        }
    }
}

pub(crate) fn run(ui: &Ui, arguments: &Arguments) -> Outcome {
    let config = arguments.ca_bundle.in_place_of_the_default(settings::config()?)?;
    let request = arguments.request()?;
    request.vm.check().map_err(pyro::Error::from)?;
    block_on(async {
        let interrupts = Interrupts::listen()?;
        if arguments.json {
            collect(ui, &config, &request, interrupts).await
        } else {
            stream(ui, &config, &request.vm, arguments, interrupts).await
        }
    })
}

/// One JSON document at the end.
async fn collect(
    ui: &Ui,
    config: &Config,
    request: &RunRequest,
    mut interrupts: Interrupts,
) -> Outcome {
    let progress = ui.progress();
    let observer = |event| progress.observe(&event);
    let run = pyro::vm::run::run(config, request, OutputLimits::default(), &observer);
    let result = interrupts.or(run).await??;
    ui.json(&result)?;
    Ok(exit_code(result.exit_code))
}

/// Bytes as they come.
async fn stream(
    ui: &Ui,
    config: &Config,
    vm: &VmSpec,
    arguments: &Arguments,
    mut interrupts: Interrupts,
) -> Outcome {
    let started = Instant::now();
    let progress = ui.progress();
    let observer = |event| progress.observe(&event);
    let vm = interrupts.or(Vm::start(config, vm, &observer)).await??;
    drop(progress);
    let facts = vm.facts().clone();
    let ready = started.elapsed();
    let end = match vm.exec(arguments.exec()).await {
        Ok(execution) => relay(execution, &mut interrupts).await,
        Err(error) => Err(error.into()),
    };
    let refused = vm.refused_connections();
    if let Err(error) = vm.delete().await {
        ui.warning(&format!("the machine {} could not be deleted: {error}", facts.vm_id));
    }
    tell_of_refusals(ui, &refused);
    match end? {
        End::Exited(exit) => Ok(conclude(ui, arguments, &facts, exit, ready)),
        End::Killed(Interrupted { number, .. }) => Ok(ExitCode::from(128 + number)),
        End::OutputClosed => Ok(ExitCode::from(BROKEN_PIPE)),
    }
}

/// What is left to say once the command has ended by itself.
fn conclude(
    ui: &Ui,
    arguments: &Arguments,
    facts: &VmFacts,
    exit: ExecExit,
    ready: Duration,
) -> ExitCode {
    if exit.timed_out {
        let limit = arguments.timeout_seconds;
        ui.warning(&format!(
            "the command was killed after {limit} s; --timeout-seconds sets another limit"
        ));
    }
    ui.summary(&format!(
        "{}: exit code {} after {}; {}, jail {}, started in {}",
        facts.environment,
        exit.code,
        seconds(Duration::from_micros(exit.duration_us)),
        facts.isolation,
        facts.jail,
        seconds(ready),
    ));
    exit_code(exit.code)
}

/// As a shell sees it: the low eight bits.
pub(super) fn exit_code(code: i32) -> ExitCode {
    ExitCode::from(u8::try_from(code & 0xff).unwrap_or(u8::MAX))
}
