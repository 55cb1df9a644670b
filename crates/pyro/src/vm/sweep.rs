//! What every verb does first: clears away what killed ones have left.

use super::kept;
use crate::config::Config;
use crate::event::{Event, Observer};
use crate::shim;

/// What killed machines left behind is no reason to refuse a new one.
pub(crate) fn sweep(config: &Config, observer: Observer<'_>) {
    let machines = shim::sweep(&config.paths.machines()).map(drop).map_err(crate::Error::from);
    for outcome in [machines, kept::sweep(config)] {
        if let Err(error) = outcome {
            observer(Event::Warning(format!("a dead machine could not be removed: {error}")));
        }
    }
}
