//! A Debian kernel package as a stream of files (`deb(5)`: an `ar` archive whose `data.tar.*`
//! holds the files). The package has been verified by apt; sizes are bounded all the same.

use super::KernelError;
use super::compression::decompressed;
use crate::error::AtPath;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

const BUFFER: usize = 256 << 10;

/// Calls `visit` with the path (without leading `./`) and the content of every regular file.
pub(super) fn for_each_file(
    deb: &Path,
    mut visit: impl FnMut(&Path, &mut dyn Read) -> Result<(), KernelError>,
) -> Result<(), KernelError> {
    let bad = |source: io::Error| KernelError::BadPackage { path: deb.to_owned(), source };
    let file = BufReader::new(File::open(deb).at("open", deb)?);
    let mut package = ar::Archive::new(file);
    while let Some(member) = package.next_entry() {
        let member = member.map_err(bad)?;
        if !member.header().identifier().starts_with(b"data.tar") {
            continue;
        }
        let data = decompressed(BufReader::with_capacity(BUFFER, member)).map_err(bad)?;
        let mut files = tar::Archive::new(data);
        for file in files.entries().map_err(bad)? {
            let mut file = file.map_err(bad)?;
            if file.header().entry_type().is_file() {
                let path = file.path().map_err(bad)?.into_owned();
                visit(path.strip_prefix("./").unwrap_or(&path), &mut file)?;
            }
        }
        return Ok(());
    }
    Err(KernelError::Incomplete { path: deb.to_owned(), what: "data archive" })
}
