//! Loads kernel modules from the initramfs: `/modules/LIST` names their files in the order they
//! need, one per line; each lies beside it, ready to load.

use super::{Failure, Stage};
use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::path::Path;

const DIRECTORY: &str = "/modules";

/// Loads every module of `list`; one that is loaded already is fine.
pub(super) fn load(list: &str) -> Result<(), Failure> {
    let path = Path::new(DIRECTORY).join(list);
    let names = std::fs::read_to_string(&path)
        .map_err(|e| Failure::new(Stage::Modules, format!("read {}", path.display()), e))?;
    for name in names.lines() {
        load_one(name)
            .map_err(|e| Failure::new(Stage::Modules, format!("load the module {name}"), e))?;
    }
    Ok(())
}

fn load_one(name: &str) -> io::Result<()> {
    let file = File::open(Path::new(DIRECTORY).join(name))?;
    match rustix::system::finit_module(&file, c"", 0) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
