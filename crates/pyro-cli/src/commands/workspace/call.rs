//! A call of the library: progress and warnings go to stderr, and a signal ends it.

use crate::block_on;
use crate::failure::Outcome;
use crate::interrupt::Interrupts;
use crate::settings;
use crate::ui::Ui;
use pyro::Config;
use pyro::event::Observer;
use pyro::secret::Disclosure;
use pyro::workspace::Workspace;

/// Makes a call that needs no machine, or ends with it.
pub(super) fn call<T>(
    ui: &Ui,
    verb: impl AsyncFnOnce(&Config, Observer<'_>) -> Outcome<T>,
) -> Outcome<T> {
    let config = settings::config()?;
    block_on(async {
        let mut interrupts = Interrupts::listen()?;
        let progress = ui.progress();
        let observer = |event| progress.observe(&event);
        interrupts.or(verb(&config, &observer)).await?
    })
}

/// Makes a call in a workspace, which is started again for it where it expired.
pub(super) fn work<T>(
    ui: &Ui,
    wanted: &str,
    verb: impl AsyncFnOnce(&Workspace, Observer<'_>) -> Outcome<T>,
) -> Outcome<T> {
    take_out(ui, wanted, false, verb)
}

/// As [`work`], and gives out content although it holds secrets, if that is allowed.
pub(super) fn take_out<T>(
    ui: &Ui,
    wanted: &str,
    allow_secrets: bool,
    verb: impl AsyncFnOnce(&Workspace, Observer<'_>) -> Outcome<T>,
) -> Outcome<T> {
    call(ui, async |config, observer| {
        let workspace = Workspace::open(config, wanted, observer).await?;
        let workspace = workspace.disclosing(Disclosure::allowed_if(allow_secrets));
        let done = verb(&workspace, observer).await?;
        tell_of_expiry(ui, &workspace).await;
        Ok(done)
    })
}

/// Warns whoever works in a workspace that is about to expire. One whose machine is gone by now is
/// somebody else's to tell.
pub(super) async fn tell_of_expiry(ui: &Ui, workspace: &Workspace) {
    if let Some(seconds) = workspace.expires_in_seconds().await {
        let id = workspace.id();
        ui.warning(&format!(
            "{id} expires in {seconds} s if nobody works in it; `pyro workspace update {id} --ttl-seconds N` \
             gives it more time"
        ));
    }
}
