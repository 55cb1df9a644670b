//! `pyro workspace service start`.

use super::call::{call, tell_of_expiry};
use super::status::show;
use crate::failure::Outcome;
use crate::ui::Ui;
use crate::words;
use pyro::service::Publish;
use pyro::workspace::{ReadyWhen, ServiceRequest, Workspace};
use std::process::ExitCode;

/// Start a service, and wait until it is ready
///
/// It runs as root, like `exec`. Without a --ready option it is ready at once. One that ends before it is ready,
/// or that is not ready in time, is an error with the last lines of what it wrote; the latter is stopped.
/// Readiness is asked until it is there, and never afterwards. A service that has ended can be started anew
/// under its name; its log then begins anew too. Ctrl-C leaves it starting.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro workspace service start fix-42 cache --ready-tcp localhost:6379 -- redis-server
  pyro workspace service start fix-42 web --ready-http http://localhost:3000/ -- npm run dev
  pyro workspace service start fix-42 api --publish 18080:8080 -- ./api
  pyro workspace service start fix-42 worker --ready-file /tmp/ready -- ./worker --verbose
  pyro workspace service start fix-42 db --ready-command 'sqlite3 db .schema' -- ./fill-and-watch db")]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// What to call it: letters, digits, '.', '_' and '-'
    name: String,
    /// The directory it runs in, absolute or relative to /workspace
    #[arg(long, value_name = "DIR", default_value = pyro::workspace::WORKSPACE_PATH)]
    cwd: String,
    #[command(flatten)]
    ready: Ready,
    /// Let programs of this host reach a port of it on 127.0.0.1: under a number that is chosen, or as HOST; repeatable
    ///
    /// Needs a workspace with the network policy egress+published-ports.
    #[arg(long, value_name = "GUEST|HOST:GUEST", value_parser = publish)]
    publish: Vec<Publish>,
    /// Put a secret of the workspace into its environment, under its own name or another; may be given more than
    /// once
    #[arg(long, value_name = "SECRET[=ENV_VAR]")]
    secret_env: Vec<String>,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<String>,
}

/// When it is ready.
#[derive(Debug, clap::Args)]
struct Ready {
    /// Ready when there is something at this path of the guest
    #[arg(long, value_name = "PATH", group = "probe")]
    ready_file: Option<String>,
    /// Ready when a server in the guest takes connections; HOST is localhost (127.0.0.1, then ::1) or an address
    #[arg(long, value_name = "HOST:PORT", group = "probe")]
    ready_tcp: Option<String>,
    /// Ready when a server in the guest answers a GET with a status of 200 to 399; no redirection is followed
    #[arg(long, value_name = "URL", group = "probe")]
    ready_http: Option<String>,
    /// Ready when this command ends with exit code 0, in the same directory
    #[arg(long, value_name = "CMD", group = "probe")]
    ready_command: Option<String>,
    /// Stop it if it is not ready after so many seconds, at most 3600
    #[arg(long, default_value_t = ReadyWhen::default().timeout_seconds, value_name = "N")]
    ready_timeout_seconds: u64,
    /// Look again after so many milliseconds, 50 to 60000
    #[arg(long, default_value_t = ReadyWhen::default().interval_ms, value_name = "N")]
    ready_interval_ms: u64,
}

fn publish(text: &str) -> Result<Publish, String> {
    text.parse().map_err(|error: pyro::service::ServiceError| error.to_string())
}

impl Arguments {
    fn request(&self) -> Result<ServiceRequest, pyro::Error> {
        let Ready {
            ready_file,
            ready_tcp,
            ready_http,
            ready_command,
            ready_timeout_seconds,
            ready_interval_ms,
        } = &self.ready;
        Ok(ServiceRequest {
            name: self.name.clone(),
            // so that its signals reach the program itself
            command: words::in_place_of_the_shell(&self.command),
            cwd: self.cwd.clone(),
            ready: ReadyWhen {
                file: ready_file.clone(),
                tcp: ready_tcp.clone(),
                http: ready_http.clone(),
                command: ready_command.clone(),
                timeout_seconds: *ready_timeout_seconds,
                interval_ms: *ready_interval_ms,
            },
            publish: self.publish.clone(),
            secret_env: super::super::secret_env(&self.secret_env)?,
        })
    }
}

pub(super) fn start(ui: &Ui, arguments: &Arguments) -> Outcome {
    let request = arguments.request()?;
    let started = call(ui, async |config, observer| {
        let workspace = Workspace::open(config, &arguments.workspace, observer).await?;
        let started = workspace.service_start(config, &request).await?;
        tell_of_expiry(ui, &workspace).await;
        Ok(started)
    })?;
    show(ui, &started, arguments.json)?;
    Ok(ExitCode::SUCCESS)
}
