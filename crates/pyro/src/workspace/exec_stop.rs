//! Ends a command of a workspace.

use super::exec_read::{ExecOutput, ExecRead, exec_read, find_command};
use super::machine_of;
use super::sweep::sweep;
use crate::config::Config;
use crate::error::Result;
use crate::event::Observer;
use crate::shim::attach;
use std::time::Duration;

/// Ends a command and all it started: with SIGTERM, and by force two seconds later. One that has ended
/// is left as it is. Answers with its end, and with no output.
///
/// # Errors
/// If there is no such command.
pub async fn exec_stop(
    config: &Config,
    exec_id: &str,
    observer: Observer<'_>,
) -> Result<ExecOutput> {
    sweep(config, observer);
    let (item, command) = find_command(config, exec_id)?;
    if command.ended.is_none()
        && let Some(shim) = attach(&machine_of(config, &item)).await?
    {
        // that it does not run any more is what was wanted
        let _ = shim.stop_exec(exec_id).await;
    }
    let nothing = ExecRead {
        exec_id: exec_id.to_owned(),
        cursor: u64::MAX,
        max_bytes: 0,
        wait: Duration::ZERO,
    };
    exec_read(config, &nothing, observer).await
}
