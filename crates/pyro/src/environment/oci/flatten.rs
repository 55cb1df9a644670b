//! Many layers into one image, in one pass over each: the top layer first, because what is on top stays.
//! Only hard links can make a second pass over a layer necessary: where a name shows that shares its
//! file with a name that is hidden.
//!
//! In memory are names and metadata, never contents.

use super::OciError;
use super::layer::Layer;
use super::overlay::{Depth, Overlay};
use crate::archive::{ArchiveError, Member, Members};
use crate::environment::erofs::{ErofsError, Limits, Metadata, Summary, Writer, add_member};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use tar::EntryType;

const BUFFER: usize = 256 << 10;
/// Rough cost of a link in two maps, on top of its names.
const LINK_OVERHEAD: u64 = 160;
/// Begins the name of a whiteout (image-spec 1.1, `layer.md`).
const WHITEOUT: &[u8] = b".wh.";
/// Follows it where a directory is opaque, and where AUFS kept things of its own.
const OPAQUE: &[u8] = b".wh..opq";
const AUFS: &[u8] = b".wh.";

/// Writes the tree that `layers`, bottom first, stand for into `image`. The directory that commands are to
/// start in is made where no layer has it, as container engines do. `progress` hears how many layers are
/// done.
///
/// # Errors
/// [`OciError`]; the image is then unusable.
pub fn flatten(
    layers: &[Layer],
    working_directory: Option<&Path>,
    image: &File,
    limits: &Limits,
    progress: &mut dyn FnMut(u64),
) -> Result<Summary, OciError> {
    let mut flattening = Flattening {
        writer: Writer::new(image, limits.clone())?,
        overlay: Overlay::new(),
        limits,
        members: 0,
        links_held: 0,
    };
    for (depth, layer) in layers.iter().enumerate().rev() {
        let links = flattening.add(layer, depth)?;
        if !links.is_empty() {
            flattening.add_hidden(layer, links)?;
        }
        progress((layers.len() - depth) as u64);
    }
    if let Some(directory) = working_directory {
        use std::os::unix::ffi::OsStrExt;
        let metadata = Metadata { permissions: 0o755, ..Metadata::default() };
        flattening.writer.directory_if_free(directory.as_os_str().as_bytes(), metadata)?;
    }
    Ok(flattening.writer.finish()?)
}

/// Names to give to files that are hidden under their own: by the hidden path, relative to the root.
type HiddenLinks = BTreeMap<Vec<u8>, Vec<Vec<u8>>>;

struct Flattening<'f> {
    writer: Writer<'f>,
    overlay: Overlay,
    limits: &'f Limits,
    members: u64,
    /// Bytes of the names of links that are remembered.
    links_held: u64,
}

impl Flattening<'_> {
    /// Adds what shows of a layer. Returns the names whose files are hidden.
    fn add(&mut self, layer: &Layer, depth: Depth) -> Result<HiddenLinks, OciError> {
        let mut hidden_links = HiddenLinks::new();
        // links that are not made, or not yet, and to what
        let mut aliases = BTreeMap::new();
        each_member(layer, self.limits, |member, contents| {
            self.count()?;
            let names = self.writer.names(&member.path)?;
            if self.mark(&names, depth)? {
                return Ok(());
            }
            let shows = self.overlay.take(&names, depth, member.kind == EntryType::Directory);
            if member.kind != EntryType::Link {
                return if shows { add_member(&mut self.writer, member, contents) } else { Ok(()) };
            }
            let mut target = self.writer.names(&member.link)?.join(&b'/');
            if let Some(further) = aliases.get(&target) {
                target = Vec::clone(further);
            }
            let path = names.join(&b'/');
            if shows && self.overlay.is_of(&self.writer.names(&target)?, depth) {
                return self.writer.hard_link(&path, &target);
            }
            self.links_held += 2 * (path.len() + target.len()) as u64 + LINK_OVERHEAD;
            if shows {
                hidden_links.entry(target.clone()).or_default().push(path.clone());
            }
            aliases.insert(path, target);
            Ok(())
        })?;
        Ok(hidden_links)
    }

    /// Adds the hidden files of a layer under the names that show.
    fn add_hidden(&mut self, layer: &Layer, mut links: HiddenLinks) -> Result<(), OciError> {
        each_member(layer, self.limits, |mut member, contents| {
            let target = self.writer.names(&member.path)?.join(&b'/');
            if matches!(member.kind, EntryType::Link | EntryType::Directory) {
                return Ok(());
            }
            let Some(names) = links.remove(&target) else { return Ok(()) };
            let mut names = names.into_iter();
            let Some(first) = names.next() else { return Ok(()) };
            member.path.clone_from(&first);
            add_member(&mut self.writer, member, contents)?;
            names.try_for_each(|name| self.writer.hard_link(&name, &first))
        })?;
        match links.into_iter().next() {
            Some((target, names)) => Err(layer.failed(ErofsError::MissingLinkTarget {
                path: names.first().map(|name| name.escape_ascii().to_string()).unwrap_or_default(),
                target: target.escape_ascii().to_string(),
            })),
            None => Ok(()),
        }
    }

    /// Takes in a whiteout; false where the entry is none.
    fn mark(&mut self, names: &[&[u8]], depth: Depth) -> Result<bool, ErofsError> {
        let Some((last, parents)) = names.split_last() else { return Ok(false) };
        let Some(hidden) = last.strip_prefix(WHITEOUT) else { return Ok(false) };
        if hidden == OPAQUE {
            self.overlay.hide_inside(parents, depth);
        } else if matches!(hidden, b"" | b"." | b"..") {
            let (path, what) = (last.escape_ascii().to_string(), "a whiteout of no name");
            return Err(ErofsError::BadPath { path, what });
        } else if !hidden.starts_with(AUFS) {
            self.overlay.hide(&[parents, &[hidden]].concat(), depth);
        }
        Ok(true)
    }

    /// Counts what passes by, hidden or not: all of it costs time, and names cost memory.
    fn count(&mut self) -> Result<(), ErofsError> {
        self.members += 1;
        let Limits { max_entries, max_metadata, .. } = *self.limits;
        if self.members > max_entries {
            return Err(ErofsError::TooMuch { what: "entries in all layers", limit: max_entries });
        }
        if self.overlay.held() + self.links_held > max_metadata {
            return Err(ErofsError::TooMuch { what: "bytes of names", limit: max_metadata });
        }
        Ok(())
    }
}

/// Shows every member of a layer to `take`, then makes sure that it was the layer which was ordered.
fn each_member(
    layer: &Layer,
    limits: &Limits,
    mut take: impl FnMut(Member, &mut dyn Read) -> Result<(), ErofsError>,
) -> Result<(), OciError> {
    let mut unpacked = layer.open()?;
    let reader = BufReader::with_capacity(BUFFER, (&mut unpacked).take(limits.max_bytes));
    let mut members = Members::new(reader, limits.max_extension);
    let failed = |error| layer.failed(error);
    let archive = |error: ArchiveError| failed(ErofsError::from(error));
    while let Some(member) = members.next_member().map_err(archive)? {
        take(member, &mut members.contents()).map_err(failed)?;
    }
    drop(members);
    unpacked.finish()
}
