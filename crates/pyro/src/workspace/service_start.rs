//! Starts a service: a command that the workspace keeps running.

use super::file_path::file_path;
use super::service::{ServiceStatus, seen};
use super::{NetworkPolicy, WORKSPACE_PATH, Workspace, workspaces};
use crate::config::Config;
use crate::error::Result;
use crate::secret::SecretEnv;
use crate::service::{self, Order, Probe, Publish, Readiness, Service, ServiceError};
use pyro_proto::request::Exec;

/// A service to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceRequest {
    /// How it is called: 1 to 64 letters, digits, '.', '_' and '-'.
    pub name: String,
    /// One string for `/bin/sh -lc`.
    pub command: String,
    /// Where it runs: absolute, or relative to `/workspace`.
    pub cwd: String,
    /// When it is ready.
    pub ready: ReadyWhen,
    /// Ports of it that are to be reached on this host's loopback.
    pub publish: Vec<Publish>,
    /// Secrets of the workspace that it is given, as variables of its environment.
    pub secret_env: Vec<SecretEnv>,
}

/// When a service is ready: one of the four at most, at once where nothing is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadyWhen {
    /// There is something at this path: absolute, or relative to `/workspace`.
    pub file: Option<String>,
    /// A server takes connections at `HOST:PORT`.
    pub tcp: Option<String>,
    /// A server answers a GET of this URL with a status of 200 to 399.
    pub http: Option<String>,
    /// This command ends with exit code 0.
    pub command: Option<String>,
    /// How long it may take, in seconds.
    pub timeout_seconds: u64,
    /// Between two looks, in milliseconds.
    pub interval_ms: u64,
}

impl Default for ReadyWhen {
    /// At once; and where something is looked at, every 500 ms for 30 s.
    fn default() -> Self {
        let (file, tcp, http, command) = (None, None, None, None);
        Self { file, tcp, http, command, timeout_seconds: 30, interval_ms: 500 }
    }
}

impl ReadyWhen {
    fn readiness(&self) -> Result<Option<Readiness>> {
        let Self { file, tcp, http, command, timeout_seconds, interval_ms } = self.clone();
        let file = file.map(|path| file_path(&path)).transpose()?;
        let wishes = [
            file.map(|path| Probe::File { path }),
            tcp.map(|address| Probe::Tcp { address }),
            http.map(|url| Probe::Http { url }),
            command.map(|command| Probe::Command { command }),
        ];
        let mut probes = wishes.into_iter().flatten();
        let readiness =
            probes.next().map(|probe| Readiness { probe, timeout_seconds, interval_ms });
        if probes.next().is_some() {
            let (text, why) = ("more than one thing".to_owned(), "one is looked at");
            return Err(ServiceError::BadReadiness { text, why }.into());
        }
        if let Some(readiness) = &readiness {
            readiness.check()?;
        }
        Ok(readiness)
    }
}

impl Workspace {
    /// Starts a service and waits until it is ready. It belongs to the workspace: it goes on, and gets ready,
    /// where this is dropped.
    ///
    /// # Errors
    /// If a wish is impossible, a service of that name runs, a port is taken, or it is not ready in time: then
    /// it is stopped. One that ends before it is ready is an error too; both say what it wrote last.
    /// # Example
    /// ```no_run
    /// use pyro::workspace::{ReadyWhen, ServiceRequest, Workspace};
    ///
    /// # async fn example(config: &pyro::Config, workspace: &Workspace) -> pyro::Result<()> {
    /// let request = ServiceRequest {
    ///     name: "web".into(),
    ///     command: "python3 -m http.server 8000".into(),
    ///     cwd: "/workspace".into(),
    ///     ready: ReadyWhen { tcp: Some("localhost:8000".into()), ..ReadyWhen::default() },
    ///     publish: Vec::new(),
    ///     secret_env: Vec::new(),
    /// };
    /// let web = workspace.service_start(config, &request).await?;
    /// println!("{} is {:?}", web.service.service_name, web.service.state);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn service_start(
        &self,
        config: &Config,
        request: &ServiceRequest,
    ) -> Result<ServiceStatus> {
        let order = self.order(request)?;
        match self.redacted(self.shim.start_service(order).await) {
            Ok(service) => seen(config, &self.item, service),
            Err(error) if error.code() == "port_taken" => Err(self.who_has(config, request, error)),
            Err(error) => Err(error),
        }
    }

    fn order(&self, request: &ServiceRequest) -> Result<Order> {
        service::check_name(&request.name)?;
        Publish::check(&request.publish)?;
        self.vault.check(&request.secret_env)?;
        let policy = self.record.network_policy;
        if !request.publish.is_empty() && policy != NetworkPolicy::EgressAndPublishedPorts {
            return Err(ServiceError::PublishesNothing(policy.to_string()).into());
        }
        let cwd = if request.cwd.is_empty() { WORKSPACE_PATH } else { &request.cwd };
        let exec = Exec {
            command: request.command.clone(),
            cwd: Some(file_path(cwd)?),
            env: self.record.image.defaults.env.clone(),
            user: None,
            stdin: false,
            timeout_ms: None,
            sync: false,
            service: true,
        };
        let (name, publish) = (request.name.clone(), request.publish.clone());
        let secret_env = request.secret_env.clone();
        Ok(Order { name, exec, readiness: request.ready.readiness()?, publish, secret_env })
    }

    /// The same error with the service of this user that has the port, if it is one.
    fn who_has(
        &self,
        config: &Config,
        request: &ServiceRequest,
        error: crate::Error,
    ) -> crate::Error {
        let wished: Vec<u16> = request.publish.iter().filter_map(|wish| wish.host_port).collect();
        for item in workspaces(config).all().unwrap_or_default() {
            let services = service::read_all(item.path()).unwrap_or_default();
            let alive =
                services.into_iter().filter_map(|service| seen(config, &item, service).ok());
            for ServiceStatus { workspace_id, service, .. } in alive {
                let Service { service_name, published_ports, .. } = &service;
                let port = published_ports.iter().find(|port| wished.contains(&port.host_port));
                if let Some(port) = port.filter(|_| service.state.is_alive()) {
                    let by = Some(format!("the service {service_name:?} of {workspace_id}"));
                    return ServiceError::PortTaken { port: port.host_port, by }.into();
                }
            }
        }
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_at_most_says_when_a_service_is_ready() {
        let tcp = ReadyWhen { tcp: Some("localhost:80".into()), ..ReadyWhen::default() };
        assert_eq!(ReadyWhen::default().readiness().unwrap(), None);
        let probe = Probe::Tcp { address: "localhost:80".into() };
        assert_eq!(tcp.readiness().unwrap().unwrap().probe, probe);
        let file = ReadyWhen { file: Some("ready".into()), ..ReadyWhen::default() };
        let probe = Probe::File { path: "/workspace/ready".into() };
        assert_eq!(file.readiness().unwrap().unwrap().probe, probe);
        let both = ReadyWhen { command: Some("true".into()), ..tcp };
        assert_eq!(both.readiness().unwrap_err().code(), "bad_readiness");
        let never = ReadyWhen { timeout_seconds: 0, ..file };
        assert_eq!(never.readiness().unwrap_err().code(), "bad_readiness");
    }
}
