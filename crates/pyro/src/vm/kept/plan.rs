//! How a vm would run if it were started now. Decided when it is created, so that what cannot be is
//! refused then, and again when it is started: the host may have changed.

use super::image::Image;
use crate::config::Config;
use crate::error::Result;
use crate::event::Observer;
use crate::machine::BackendSpec;
use crate::store::Item;
use crate::vm::start::{Plan, backend, facts, on_host};
use crate::vm::{VmFacts, VmSpec};

/// A decision.
pub(super) struct Planned {
    pub(super) backend: BackendSpec,
    pub(super) facts: VmFacts,
    pub(super) image: Option<Image>,
}

/// Decides. `image` is what the vm has from an earlier decision.
pub(super) async fn plan(
    config: &Config,
    spec: &VmSpec,
    vm: &Item,
    image: Option<Image>,
    has_certificates: bool,
    observer: Observer<'_>,
) -> Result<Planned> {
    match backend(config, spec)? {
        Plan::Machine(choice) => {
            let image = match image {
                Some(image) => image,
                None => Image::pin(config, spec, vm, has_certificates, observer).await?,
            };
            image.check(vm.id())?;
            let backend = choice.backend(image.boot.clone());
            let (name, version) = (&image.environment, &image.environment_version);
            let facts = facts(vm.id(), &backend, name, version, Vec::new());
            Ok(Planned { backend, facts, image: Some(image) })
        }
        Plan::Host(why) => {
            let backend = BackendSpec::Process;
            let facts = facts(vm.id(), &backend, "host", "", on_host(config, &why));
            Ok(Planned { backend, facts, image })
        }
    }
}
