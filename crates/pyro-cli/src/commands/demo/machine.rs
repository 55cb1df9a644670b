//! One machine from nothing to nothing, told step by step to a first-time reader.

use crate::block_on;
use crate::commands::env::prepare;
use crate::failure::{FAILED, Outcome};
use crate::interrupt::Interrupts;
use crate::settings;
use crate::ui::{Ui, seconds};
use pyro::Config;
use pyro::environment::Environments;
use pyro::vm::{DEFAULT_ENVIRONMENT, Exec, Output, Vm, VmSpec};
use std::process::ExitCode;
use std::time::Instant;

const ENVIRONMENT: &str = DEFAULT_ENVIRONMENT;
const COMMAND: &str = "git --version";

const OPENING: &str = "\
pyro runs commands in virtual machines of their own: started for a command, deleted after it.
Here is one, from beginning to end.

";

const NEXT: &str = "
Next:
  pyro run debian:12 -- uname -a
      any command, in a machine of its own
  pyro workspace create --project --name try
      a machine that stays, with a copy of the Git project you stand in: pyro workspace --help
  pyro doctor
      what machines run on here, and how to make them faster
  pyro host connect claude-code
  pyro host connect codex
      give it to Claude Code, or to Codex
";

pub(super) fn demonstrate(ui: &Ui, network: bool) -> Outcome {
    let config = settings::config()?;
    let vm = VmSpec { environment: ENVIRONMENT.into(), network, ..VmSpec::default() };
    Vm::boots(&config, &vm)?;
    block_on(async {
        let mut interrupts = Interrupts::listen()?;
        interrupts.or(tell(ui, &config, &vm)).await?
    })
}

async fn tell(ui: &Ui, config: &Config, vm: &VmSpec) -> Outcome {
    ui.data(OPENING)?;
    prepare_environment(ui, config).await?;
    let vm = boot(ui, config, vm).await?;
    let code = run(ui, &vm).await?;
    delete(ui, vm).await?;
    if code != 0 {
        ui.warning(&format!("the command exited with {code}"));
        return Ok(ExitCode::from(FAILED));
    }
    ui.data(NEXT)?;
    Ok(ExitCode::SUCCESS)
}

async fn prepare_environment(ui: &Ui, config: &Config) -> Outcome<()> {
    let started = Instant::now();
    let ready = Environments::new(config.clone()).installed(ENVIRONMENT)?.is_some();
    if ready {
        return Ok(ui.data(&format!("1. {ENVIRONMENT} is ready: it was prepared earlier\n"))?);
    }
    ui.data(&format!("1. Prepare {ENVIRONMENT}: once, then it stays in the cache\n"))?;
    prepare(ui, config.clone(), ENVIRONMENT).await?;
    took(ui, started)
}

async fn boot(ui: &Ui, config: &Config, vm: &VmSpec) -> Outcome<Vm> {
    ui.data("2. Boot a machine from it\n")?;
    let started = Instant::now();
    let progress = ui.progress();
    let vm = Vm::start(config, vm, &|event| progress.observe(&event)).await?;
    let facts = vm.facts();
    ui.data(&format!(
        "   {} on {}   isolation: {}   jail: {}\n",
        facts.vm_id, facts.backend, facts.isolation, facts.jail
    ))?;
    took(ui, started)?;
    Ok(vm)
}

/// The command's output, indented, as it comes; its exit code.
async fn run(ui: &Ui, vm: &Vm) -> Outcome<i32> {
    ui.data(&format!("3. Run `{COMMAND}` inside\n"))?;
    let started = Instant::now();
    let mut execution = vm.exec(exec()).await?;
    let code = loop {
        match execution.next().await? {
            Output::Stdout(bytes) | Output::Stderr(bytes) => {
                for line in String::from_utf8_lossy(&bytes).lines() {
                    ui.data(&format!("     {line}\n"))?;
                }
            }
            Output::Exited(exit) => break exit.code,
        }
    };
    took(ui, started)?;
    Ok(code)
}

fn exec() -> Exec {
    Exec {
        command: COMMAND.into(),
        cwd: None,
        env: Vec::new(),
        user: None,
        stdin: false,
        timeout_ms: Some(30_000),
        sync: false,
        service: false,
    }
}

async fn delete(ui: &Ui, vm: Vm) -> Outcome<()> {
    ui.data("4. Delete the machine: nothing of it is left\n")?;
    let started = Instant::now();
    vm.delete().await?;
    took(ui, started)
}

fn took(ui: &Ui, started: Instant) -> Outcome<()> {
    Ok(ui.data(&format!("   done in {}\n", seconds(started.elapsed())))?)
}
