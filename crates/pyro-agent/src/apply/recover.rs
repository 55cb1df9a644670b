//! What becomes of a patch whose end nobody saw: it is taken back.

use super::action::undo;
use super::stage::Stage;
use crate::disk::Disk;
use std::io;

/// Takes back what an unfinished patch has done; nothing happens where there is none.
///
/// # Errors
/// The list of its steps cannot be read, or the disk fails: then everything stays as it is.
pub(crate) fn recover(disk: &Disk) -> io::Result<()> {
    let Some(stage) = Stage::find(disk)? else { return Ok(()) };
    match stage.journal() {
        Ok(actions) => {
            undo(&stage, &actions);
            disk.sync()
        }
        Err(error) => {
            // what was taken out of the workspace may be here alone
            stage.keep();
            Err(error)
        }
    }
}
