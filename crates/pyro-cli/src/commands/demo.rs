//! `pyro demo`: one machine from nothing to nothing, told step by step to a first-time reader.

use super::env::prepare;
use crate::block_on;
use crate::failure::{FAILED, Outcome};
use crate::interrupt::Interrupts;
use crate::settings;
use crate::ui::{Ui, seconds};
use pyro::Config;
use pyro::environment::Environments;
use pyro::vm::run::{OutputLimits, RunRequest, RunResult, run};
use pyro::vm::{DEFAULT_ENVIRONMENT, Vm, VmSpec};
use std::process::ExitCode;
use std::time::Instant;

/// Run one command in a real machine, end to end, and explain what happens
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  pyro demo")]
pub(crate) struct Arguments {
    /// Give the machine a network
    #[arg(long)]
    network: bool,
}

const COMMAND: &str = "git --version";

const NEXT: &str = "\
Next:
  pyro run debian:12 -- uname -a          any command, in a machine of its own
  pyro doctor                             what machines run on here, and how to make them faster
  claude mcp add pyro -- pyro mcp serve --profile vm-run    give it to Claude Code
  codex mcp add pyro -- pyro mcp serve --profile vm-run     … or to Codex
";

pub(crate) fn demo(ui: &Ui, arguments: &Arguments) -> Outcome {
    let config = settings::config()?;
    let vm = VmSpec { network: arguments.network, ..VmSpec::default() };
    Vm::boots(&config, &vm)?;
    block_on(async {
        let mut interrupts = Interrupts::listen()?;
        interrupts.or(tell(ui, config, vm)).await?
    })
}

async fn tell(ui: &Ui, config: Config, vm: VmSpec) -> Outcome {
    prepare_environment(ui, &config).await?;
    ui.data(&format!("2. Boot a machine from it and run `{COMMAND}` inside\n"))?;
    let started = Instant::now();
    let request = RunRequest { vm, command: COMMAND.into(), timeout_seconds: 30 };
    let progress = ui.progress();
    let result =
        run(&config, &request, OutputLimits::default(), &|event| progress.observe(&event)).await?;
    ui.data(&story(&result, started))?;
    if result.exit_code != 0 {
        ui.warning(&format!("the command exited with {}", result.exit_code));
        return Ok(ExitCode::from(FAILED));
    }
    ui.data(NEXT)?;
    Ok(ExitCode::SUCCESS)
}

async fn prepare_environment(ui: &Ui, config: &Config) -> Outcome<()> {
    let started = Instant::now();
    let ready = Environments::new(config.clone()).installed(DEFAULT_ENVIRONMENT)?.is_some();
    if ready {
        return Ok(ui.data(&format!("1. {DEFAULT_ENVIRONMENT} is ready, prepared earlier\n"))?);
    }
    ui.data(&format!("1. Prepare {DEFAULT_ENVIRONMENT}: once, then it stays in the cache\n"))?;
    prepare(ui, config.clone(), DEFAULT_ENVIRONMENT).await?;
    Ok(ui.data(&format!("   done in {}\n", seconds(started.elapsed())))?)
}

fn story(result: &RunResult, started: Instant) -> String {
    let output: String = [&result.stdout, &result.stderr]
        .into_iter()
        .flat_map(|text| text.lines())
        .map(|line| format!("     {line}\n"))
        .collect();
    format!(
        "\n{output}\n   machine {}: started, used and deleted in {}; the command took {} ms\n   \
         isolation: {}   jail: {}\n\n",
        result.vm_id,
        seconds(started.elapsed()),
        result.duration_ms,
        result.isolation,
        result.jail,
    )
}
