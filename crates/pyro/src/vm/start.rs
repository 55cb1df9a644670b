//! From a wish to a booted machine.

use super::sweep::sweep;
use super::{ImageDefaults, Vm, VmFacts, VmSpec, prepare::prepare};
use crate::certificates::{self, Bundle};
use crate::config::{BackendChoice, Config, Isolation};
use crate::disk;
use crate::environment::pins::Pins;
use crate::environment::{Environments, Installed};
use crate::error::Result;
use crate::event::{Event, Observer};
use crate::machine::choose::{Choice, HostFacts, NoBackend, choose};
use crate::machine::{BackendSpec, BootFiles, MachineSpec};
use crate::network::NetworkSpec;
use crate::shim::protocol::{Assignment, Tenure};
use crate::shim::{self, Client, MachineDirectory};
use pyro_proto::GuestPath;
use std::ffi::OsString;

/// The size of a machine's disk as its guest sees it, in bytes; what is not written takes no space.
pub(crate) const DISK_BYTES: u64 = 8 << 30;

impl Vm {
    /// Whether [`Vm::start`] would boot a machine, for which the environment must be prepared first,
    /// and not run on the host. A front end that prepares by itself asks this before.
    ///
    /// # Errors
    /// If the wish is impossible on this host.
    pub fn boots(config: &Config, spec: &VmSpec) -> Result<bool> {
        spec.check()?;
        Ok(matches!(backend(config, spec)?, Plan::Machine(_)))
    }

    /// Starts a machine and waits until commands can run in it. An environment that is not there yet
    /// is prepared first, which takes a while and tells the observer.
    ///
    /// # Errors
    /// If the wish is impossible, the environment cannot be prepared, or the machine does not boot.
    pub async fn start(config: &Config, spec: &VmSpec, observer: Observer<'_>) -> Result<Self> {
        spec.check()?;
        let certificates = Bundle::wanted(config)?;
        sweep(config, observer);
        match backend(config, spec)? {
            Plan::Machine(choice) => {
                start_machine(config, spec, &choice, certificates, observer).await
            }
            Plan::Host(why) => start_on_host(config, spec, &why, observer).await,
        }
    }
}

/// How commands will run.
pub(crate) enum Plan {
    Machine(Choice),
    /// Without isolation, and why.
    Host(String),
}

pub(crate) fn backend(config: &Config, spec: &VmSpec) -> Result<Plan> {
    if config.backend == BackendChoice::Process && spec.allow_host_compat {
        let why = "PYRO_BACKEND=process asks for it".to_owned();
        return match config.require_isolation {
            Some(required) => {
                let best = Isolation::None;
                Err(NoBackend::TooWeak { required, best, why }.into())
            }
            None => Ok(Plan::Host(why)),
        };
    }
    let facts = HostFacts::gather(config);
    match choose(&facts, config.backend, config.require_isolation, spec.allow_weak_isolation) {
        Ok(choice) => Ok(Plan::Machine(choice)),
        Err(error) if spec.allow_host_compat && config.require_isolation.is_none() => {
            Ok(Plan::Host(error.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}

async fn start_machine(
    config: &Config,
    spec: &VmSpec,
    choice: &Choice,
    certificates: Option<Bundle>,
    observer: Observer<'_>,
) -> Result<Vm> {
    let environments = Environments::new(config.clone());
    let hold = environments.hold()?;
    let installed = prepare(&environments, &spec.environment, observer).await?;
    let id = new_id("vm")?;
    let (directory, lock) = MachineDirectory::create(&config.paths.machines(), &id)?;
    Pins::of(&installed).write(directory.path())?;
    drop(hold);
    disk::create(&directory.disk(), DISK_BYTES)?;
    let backend = choice.backend(boot_files(&installed, &directory));
    let facts = facts(&id, &backend, &installed.name, &installed.version, Vec::new());
    let ca_bundle = certificates.map(|bundle| bundle.keep(directory.path())).transpose()?;
    let defaults = defaults(installed, ca_bundle.is_some());
    let assignment = Assignment { ca_bundle, ..assignment(config, spec, id, backend) };
    let shim = shim::launch(&config.executable, &directory, lock, &assignment)?;
    booted(shim, facts, defaults).await
}

pub(crate) fn boot_files(installed: &Installed, directory: &MachineDirectory) -> BootFiles {
    BootFiles {
        kernel: installed.kernel.vmlinux.clone(),
        initramfs: installed.initramfs.clone(),
        image: installed.image.clone(),
        disk: directory.disk(),
        disposable: true,
    }
}

async fn start_on_host(
    config: &Config,
    spec: &VmSpec,
    why: &str,
    observer: Observer<'_>,
) -> Result<Vm> {
    let warnings = on_host(config, why);
    for warning in &warnings {
        observer(Event::Warning(warning.clone()));
    }
    let id = new_id("vm")?;
    let (directory, lock) = MachineDirectory::create(&config.paths.machines(), &id)?;
    let facts = facts(&id, &BackendSpec::Process, "host", "", warnings);
    let assignment = assignment(config, spec, id, BackendSpec::Process);
    let shim = shim::launch(&config.executable, &directory, lock, &assignment)?;
    booted(shim, facts, ImageDefaults::default()).await
}

/// What the user should know about a command on the host.
pub(crate) fn on_host(config: &Config, why: &str) -> Vec<String> {
    let mut warnings = vec![format!("the command runs on this host, without isolation: {why}")];
    if config.ca_bundle.is_some() {
        warnings
            .push("it trusts this host's certificates, and no CA bundle beside them".to_owned());
    }
    warnings
}

pub(crate) fn assignment(
    config: &Config,
    spec: &VmSpec,
    id: String,
    backend: BackendSpec,
) -> Assignment {
    let network = network(config, spec, &backend);
    Assignment {
        pyro: env!("CARGO_PKG_VERSION").to_owned(),
        machine: MachineSpec { id, vcpu_count: spec.vcpu_count, mem_mib: spec.mem_mib, backend },
        network,
        tenure: Tenure::Leased,
        ttl_seconds: spec.ttl_seconds,
        boot_deadlines: config.boot_deadlines,
        cache: config.paths.cache().to_owned(),
        ca_bundle: None,
    }
}

/// What the guest may reach. A command on the host has the host's network, whatever is said here.
fn network(config: &Config, spec: &VmSpec, backend: &BackendSpec) -> Option<NetworkSpec> {
    if !spec.network || *backend == BackendSpec::Process {
        return None;
    }
    let text = |value: &OsString| value.to_string_lossy().into_owned();
    let proxies = config.proxies.iter().map(|(name, value)| (name.clone(), text(value))).collect();
    Some(NetworkSpec { allow: spec.allow.clone(), proxies })
}

async fn booted(shim: Client, facts: VmFacts, defaults: ImageDefaults) -> Result<Vm> {
    if let Err(error) = shim.ready().await {
        // the shim removes everything before it answers; without an answer the next sweep does
        let _ = shim.end().await;
        return Err(error);
    }
    Ok(Vm { facts, defaults, shim })
}

pub(crate) fn facts(
    id: &str,
    backend: &BackendSpec,
    environment: &str,
    version: &str,
    warnings: Vec<String>,
) -> VmFacts {
    VmFacts {
        vm_id: id.to_owned(),
        environment: environment.to_owned(),
        environment_version: version.to_owned(),
        isolation: backend.isolation(),
        jail: backend.jail().to_string(),
        execution_mode: backend.execution_mode().to_owned(),
        backend: backend.name().to_owned(),
        warnings,
    }
}

/// What the image says, and where commands find the certificates where the guest is given some.
pub(crate) fn defaults(installed: Installed, has_certificates: bool) -> ImageDefaults {
    let variables = has_certificates.then(certificates::variables).into_iter().flatten();
    ImageDefaults {
        env: installed.env.into_iter().chain(variables).collect(),
        working_directory: installed.working_directory.map(|directory| {
            use std::os::unix::ffi::OsStringExt;
            GuestPath::new(directory.into_os_string().into_vec())
        }),
        user: installed.user,
    }
}

/// The prefix, `-` and 48 random bits: unique without asking anybody.
pub(crate) fn new_id(prefix: &str) -> Result<String> {
    let mut bytes = [0; 6];
    getrandom::fill(&mut bytes)
        .map_err(|e| shim::ShimError::Spawn(std::io::Error::other(e.to_string())))?;
    Ok(format!("{prefix}-{}", hex::encode(bytes)))
}
