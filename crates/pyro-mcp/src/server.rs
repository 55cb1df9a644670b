//! The server: what all its calls share, and its life from the first line of stdin to the last.

use crate::attend::attend;
use crate::creation::{self, Creation, Creations, Wish};
use crate::destinations::Destinations;
use crate::error::{CallError, ServeError};
use crate::instructions::instructions;
use crate::lines::Lines;
use crate::preparation::{Preparation, Readiness};
use crate::profile::Profile;
use crate::progress::Phrase;
use crate::prompts::{self, Recipe};
use crate::settings::{NetworkRule, Settings};
use crate::sources::Sources;
use crate::tools;
use pyro::network::NetworkPolicy;
use pyro::secret::Disclosure;
use pyro::vm::VmSpec;
use pyro::{Config, Error};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, GetPromptRequestParams, GetPromptResponse,
    GetPromptResult, Implementation, ListPromptsResult, ListToolsResult, PaginatedRequestParams,
    ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::{RequestContext, ServerInitializeError, ServiceExt};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;

/// How many machines run a command of `vm_run` at the same time; further calls wait their turn.
const MAX_MACHINES: usize = 4;
/// How long a client may go by a list of tools or prompts, in milliseconds: a server's never change.
const TOOLS_HOLD_MS: u64 = 3_600_000;
/// How long answers may still be on their way out after the end has come. Hosts kill within 0.5 s.
const FAREWELL: Duration = Duration::from_millis(250);

/// What all calls share.
#[derive(Debug)]
pub(crate) struct Server {
    config: Config,
    settings: Settings,
    sources: Arc<Sources>,
    destinations: Destinations,
    preparation: Preparation,
    creations: Creations,
    machines: Semaphore,
    ending: CancellationToken,
}

/// Serves on stdin and stdout until stdin ends or `interrupted` is done. What its calls were running
/// is gone then; vms that were created and have not had their command stay, and so do workspaces, with
/// the commands that run in them.
///
/// # Errors
/// [`ServeError`], or a directory of the settings that cannot be used. A client that leaves, at whatever
/// moment, is no error.
pub async fn serve(
    config: Config,
    settings: Settings,
    interrupted: impl Future<Output = ()>,
) -> Result<(), Error> {
    let ending = CancellationToken::new();
    let server = Server::new(config, settings, ending.clone())?;
    let (stdin, stdout) = rmcp::transport::io::stdio_pipes();
    let transport = Lines::new(stdin, stdout, ending.clone());
    let session = async {
        match server.serve(transport).await {
            Ok(running) => {
                // How a session ends makes no difference to what is done then.
                let _ = running.waiting().await;
                Ok(())
            }
            Err(ServerInitializeError::ConnectionClosed(_)) => Ok(()),
            Err(error) => Err(ServeError::Session(Box::new(error)).into()),
        }
    };
    let mut session = std::pin::pin!(session);
    tokio::select! {
        ended = &mut session => return ended,
        () = interrupted => ending.cancel(),
        () = ending.cancelled() => {}
    }
    tokio::time::timeout(FAREWELL, session).await.unwrap_or(Ok(()))
}

impl Server {
    pub(crate) fn new(
        mut config: Config,
        settings: Settings,
        ending: CancellationToken,
    ) -> Result<Self, Error> {
        // whoever names images from here on is a model
        config.registries.allowed_images = Some(settings.images.clone());
        let sources = Sources::open(&config, &settings)?;
        Ok(Self {
            destinations: Destinations::open(&settings, sources.clone())?,
            sources,
            preparation: Preparation::default(),
            creations: Creations::default(),
            machines: Semaphore::new(MAX_MACHINES),
            config,
            settings,
            ending,
        })
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn destinations(&self) -> &Destinations {
        &self.destinations
    }

    /// Whether content that holds a secret is given out.
    pub(crate) fn disclosure(&self) -> Disclosure {
        self.settings.disclosure
    }

    pub(crate) fn profile(&self) -> Profile {
        self.settings.profile
    }

    /// What a model may name of the host.
    pub(crate) fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Refuses what the human has not allowed, and what no host can give.
    pub(crate) fn check(&self, vm: &VmSpec) -> Result<(), Error> {
        self.permit(vm.allow_host_compat)?;
        self.settings.ceilings.check(vm)?;
        Ok(vm.check()?)
    }

    /// What the machines of this server may reach, and which profile asks.
    pub(crate) fn network(&self) -> (&NetworkRule, Profile) {
        (&self.settings.network, self.settings.profile)
    }

    /// Refuses commands on the host where the human has not allowed them, whoever made the vm.
    pub(crate) fn permit(&self, host_compat: bool) -> Result<(), Error> {
        if host_compat && !self.settings.allow_host_compat {
            return Err(CallError::HostCompatDenied.into());
        }
        Ok(())
    }

    /// Done when the server must end.
    pub(crate) fn ending(&self) -> &CancellationToken {
        &self.ending
    }

    /// The right to run one machine. The semaphore is never closed.
    pub(crate) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.machines.acquire().await.ok()
    }

    /// See [`Preparation::wait`].
    pub(crate) async fn prepare(
        &self,
        environment: &str,
        patience: Duration,
        phrase: &Phrase,
    ) -> Result<Readiness, Error> {
        self.preparation.wait(&self.config, environment, patience, phrase).await
    }

    /// See [`Creations::wait`].
    pub(crate) async fn create(&self, wish: Wish, phrase: &Phrase) -> Result<Creation, Error> {
        let Self { config, sources, creations, settings, .. } = self;
        let patience = creation::PATIENCE;
        creations.wait(config, sources, &settings.ceilings, wish, patience, phrase).await
    }

    fn described(&self, tool: &tools::Entry) -> Tool {
        tools::described(
            tool,
            self.settings.network.most(self.settings.profile) != NetworkPolicy::Off,
        )
    }

    fn tool(&self, name: &str) -> Option<&'static tools::Entry> {
        tools::of(self.settings.profile).find(|tool| tool.name == name)
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let offers = ServerCapabilities::builder().enable_tools();
        let has_prompts = prompts::of(self.settings.profile).next().is_some();
        let capabilities =
            if has_prompts { offers.enable_prompts().build() } else { offers.build() };
        ServerConfig::new(capabilities)
            .with_server_info(
                Implementation::new("pyro", env!("CARGO_PKG_VERSION"))
                    .with_title("pyro: disposable Linux workspaces"),
            )
            .with_instructions(instructions(self.settings.profile))
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let tools = tools::of(self.settings.profile).map(|tool| self.described(tool)).collect();
        Ok(ListToolsResult::with_all_items(tools).with_ttl_ms(TOOLS_HOLD_MS))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(tool) = self.tool(&request.name) else {
            return Err(ErrorData::invalid_params(
                format!("there is no tool called {:?}", request.name),
                None,
            ));
        };
        let arguments = request.arguments.unwrap_or_default();
        let phrase = Phrase::default();
        let work = (tool.call)(self, arguments, &phrase);
        Ok(attend(self, &context, &phrase, work).await.into())
    }

    async fn list_prompts(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let prompts = prompts::of(self.settings.profile).map(Recipe::describe).collect();
        Ok(ListPromptsResult::with_all_items(prompts).with_ttl_ms(TOOLS_HOLD_MS))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let Some(recipe) = prompts::named(self.settings.profile, &request.name) else {
            let message = format!("there is no prompt called {:?}", request.name);
            return Err(ErrorData::invalid_params(message, None));
        };
        let message = recipe.message(&request.arguments.unwrap_or_default());
        Ok(GetPromptResult::new(vec![message]).with_description(recipe.description()).into())
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.tool(name).map(|tool| self.described(tool))
    }
}
