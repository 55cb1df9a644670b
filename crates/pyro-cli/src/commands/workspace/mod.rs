//! `pyro workspace`: machines with a life of their own, one file per verb. A verb makes one call of the
//! library and says what came of it.

mod call;
mod create;
mod delete;
mod diff;
mod disk;
mod exec;
mod exec_read;
mod exec_stop;
mod export;
mod file;
mod list;
mod logs;
mod network;
mod patch;
mod reset;
mod service;
mod shell;
mod snapshot;
mod start;
mod status;
mod stop;
mod sync;
mod update;

use crate::failure::Outcome;
use crate::ui::Ui;
use pyro::secret::SecretEnv;

/// Make workspaces and work in them: machines that stay until they are deleted
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
ID is a workspace's id, its name, or the beginning of either that no other workspace has.

Examples:
  pyro workspace create --project --name fix-42
  pyro workspace exec fix-42 -- make test
  pyro workspace diff fix-42 | git apply
  pyro workspace delete fix-42")]
pub(crate) enum Command {
    Create(Box<create::Arguments>),
    List(list::Arguments),
    Update(update::Arguments),
    Status(status::Arguments),
    Exec(exec::Arguments),
    ExecRead(exec_read::Arguments),
    ExecStop(exec_stop::Arguments),
    Logs(logs::Arguments),
    #[command(subcommand)]
    Network(network::Command),
    #[command(subcommand)]
    Shell(shell::Command),
    #[command(subcommand)]
    Sync(sync::Command),
    #[command(subcommand)]
    File(file::Command),
    #[command(subcommand)]
    Patch(patch::Command),
    Diff(diff::Arguments),
    Export(export::Arguments),
    #[command(subcommand)]
    Service(service::Command),
    #[command(subcommand)]
    Snapshot(snapshot::Command),
    Reset(reset::Arguments),
    Stop(stop::Arguments),
    Start(start::Arguments),
    #[command(subcommand)]
    Disk(disk::Command),
    Delete(delete::Arguments),
}

impl Command {
    pub(crate) fn run(&self, ui: &Ui) -> Outcome {
        match self {
            Self::Create(arguments) => create::create(ui, arguments),
            Self::List(arguments) => list::list(ui, arguments),
            Self::Update(arguments) => update::update(ui, arguments),
            Self::Status(arguments) => status::status(ui, arguments),
            Self::Exec(arguments) => exec::exec(ui, arguments),
            Self::ExecRead(arguments) => exec_read::exec_read(ui, arguments),
            Self::ExecStop(arguments) => exec_stop::exec_stop(ui, arguments),
            Self::Logs(arguments) => logs::logs(ui, arguments),
            Self::Network(command) => command.run(ui),
            Self::Shell(command) => command.run(ui),
            Self::Sync(command) => command.run(ui),
            Self::File(command) => command.run(ui),
            Self::Patch(command) => command.run(ui),
            Self::Diff(arguments) => diff::diff(ui, arguments),
            Self::Export(arguments) => export::export(ui, arguments),
            Self::Service(command) => command.run(ui),
            Self::Snapshot(command) => command.run(ui),
            Self::Reset(arguments) => reset::reset(ui, arguments),
            Self::Stop(arguments) => stop::stop(ui, arguments),
            Self::Start(arguments) => start::start(ui, arguments),
            Self::Disk(command) => command.run(ui),
            Self::Delete(arguments) => delete::delete(ui, arguments),
        }
    }

    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Self::Create(arguments) => arguments.json,
            Self::List(arguments) => arguments.json,
            Self::Update(arguments) => arguments.json,
            Self::Status(arguments) => arguments.json,
            Self::Exec(arguments) => arguments.json,
            Self::ExecRead(arguments) => arguments.json,
            Self::ExecStop(arguments) => arguments.json,
            Self::Logs(arguments) => arguments.json,
            Self::Network(command) => command.wants_json(),
            Self::Shell(command) => command.wants_json(),
            Self::Sync(command) => command.wants_json(),
            Self::File(command) => command.wants_json(),
            Self::Patch(command) => command.wants_json(),
            Self::Diff(arguments) => arguments.json,
            Self::Export(arguments) => arguments.json,
            Self::Service(command) => command.wants_json(),
            Self::Snapshot(command) => command.wants_json(),
            Self::Reset(arguments) => arguments.json,
            Self::Stop(arguments) => arguments.json,
            Self::Start(arguments) => arguments.json,
            Self::Disk(command) => command.wants_json(),
            Self::Delete(arguments) => arguments.json,
        }
    }

    /// Whether the exit code is that of a command in the guest.
    pub(crate) fn exits_like_its_command(&self) -> bool {
        match self {
            Self::Exec(_) => true,
            Self::Shell(command) => command.exits_like_its_command(),
            _ => false,
        }
    }
}

/// What `--secret-env SECRET[=ENV_VAR]` says, once or more.
fn secret_env(texts: &[String]) -> Result<Vec<SecretEnv>, pyro::Error> {
    Ok(texts.iter().map(|text| SecretEnv::parse(text)).collect::<Result<_, _>>()?)
}
