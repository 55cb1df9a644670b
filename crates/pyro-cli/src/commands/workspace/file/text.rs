//! Text that goes into a workspace, from the command line, a file or standard input.

use pyro::error::{AtPath, PathError};
use std::io::Read;
use std::path::Path;

/// `text`, or what the file holds; `-` is standard input.
pub(in super::super) fn given(
    text: Option<&str>,
    file: Option<&Path>,
) -> Result<Vec<u8>, PathError> {
    match (text, file) {
        (Some(text), _) => Ok(text.as_bytes().to_vec()),
        (None, Some(path)) if path == Path::new("-") => {
            let mut bytes = Vec::new();
            std::io::stdin().lock().read_to_end(&mut bytes).at("read", path)?;
            Ok(bytes)
        }
        (None, Some(path)) => std::fs::read(path).at("read", path),
        // the command line asks for one of them
        (None, None) => Ok(Vec::new()),
    }
}
