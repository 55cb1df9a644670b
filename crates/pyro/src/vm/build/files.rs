//! The files that a recipe names, each as an archive that waits beside the image in the making: what is
//! digested is what the machine gets, whatever becomes of the files meanwhile. They are reached from the
//! recipe's directory, through no link.

use super::BuildError;
use super::recipe::Put;
use crate::archive::Members;
use crate::environment::Site;
use crate::error::{AtPath, PathError, Result};
use crate::event::ignore;
use crate::hostfs::{Directory, Regular};
use crate::seed::{self, SeedLimits, Source};
use pyro_proto::GuestPath;
use rustix::fs::Stat;
use rustix::io::Errno;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};
use tar::{Builder, EntryType, Header};
use tokio::runtime::Runtime;

/// Permission bits of a file without a wish, which its owner may run or not.
const MODES: (u32, u32) = (0o755, 0o644);
/// The permission that decides which.
const OWNER_MAY_RUN: u32 = 0o100;

/// One of the files, or a directory, ready to be sent.
#[derive(Debug)]
pub(super) struct Packed {
    /// The directory of the guest that it goes into.
    pub(super) directory: GuestPath,
    /// The archive, at its beginning.
    pub(super) archive: File,
    /// SHA-256 of what it says: names, permissions and contents, but no times.
    pub(super) digest: String,
}

/// Packs what `recipe` names.
///
/// # Errors
/// [`BuildError::File`], or where the host's disk fails.
pub(super) fn pack(
    runtime: &Runtime,
    recipe: &Path,
    files: &[Put],
    site: &Site,
) -> Result<Vec<Packed>> {
    let top = match recipe.parent() {
        Some(top) if !top.as_os_str().is_empty() => top,
        _ => Path::new("."),
    };
    let directory = Directory::open(top).at("open", top)?;
    let numbered = files.iter().enumerate();
    let packed = numbered.map(|(number, put)| {
        let (aside, file) = aside(site, number)?;
        let into = match find(&directory, put)? {
            Found::File(content, stat) => {
                pack_file(put, content, &stat, &file).at("write", &aside)?
            }
            Found::Directory(found) => {
                runtime.block_on(pack_directory(put, found, &file, &aside))?;
                put.path.as_str()
            }
        };
        let (archive, digest) = reread(file).at("read", &aside)?;
        Ok(Packed { directory: into.into(), archive, digest })
    });
    packed.collect()
}

fn aside(site: &Site, number: usize) -> Result<(PathBuf, File), PathError> {
    let path = site.file(&format!("files-{number}.tar"));
    let file = File::options().read(true).write(true).create_new(true).open(&path);
    Ok((path.clone(), file.at("create", &path)?))
}

enum Found {
    File(File, Box<Stat>),
    Directory(Directory),
}

fn find(top: &Directory, put: &Put) -> Result<Found, BuildError> {
    let refused = |why: &str| BuildError::File { source_path: put.source.clone(), why: why.into() };
    match top.descend(&put.source) {
        Ok(_) if put.mode.is_some() => Err(refused("it is a directory, and `mode` is for files")),
        Ok(directory) => Ok(Found::Directory(directory)),
        Err(Errno::NOTDIR) => match top.regular_file_beneath(&put.source) {
            Ok(Regular::File(file, stat)) => Ok(Found::File(file, stat)),
            Ok(Regular::Other | Regular::Gone) => Err(refused("it is neither file nor directory")),
            Err(error) => Err(refused(&error.to_string())),
        },
        Err(Errno::LOOP) => Err(refused("a symbolic link leads there")),
        Err(Errno::XDEV) => Err(refused("it lies outside of the recipe's directory")),
        Err(error) => Err(refused(&io::Error::from(error).to_string())),
    }
}

/// Packs one file under the last name of its path; the rest of that is what is returned.
fn pack_file<'p>(put: &'p Put, content: File, stat: &Stat, into: &File) -> io::Result<&'p str> {
    let (directory, name) = put.path.trim_end_matches('/').rsplit_once('/').unwrap_or_default();
    let usual = if stat.st_mode & OWNER_MAY_RUN != 0 { MODES.0 } else { MODES.1 };
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(put.mode.unwrap_or(usual));
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(u64::try_from(stat.st_mtime).unwrap_or(0));
    let size = u64::try_from(stat.st_size).unwrap_or(0);
    header.set_size(size);
    let mut archive = Builder::new(BufWriter::new(into));
    archive.append_data(&mut header, name, content.take(size))?;
    archive.into_inner()?.flush()?;
    Ok(if directory.is_empty() { "/" } else { directory })
}

async fn pack_directory(put: &Put, found: Directory, into: &File, aside: &Path) -> Result<()> {
    let source = Source::whole(put.source.clone(), found);
    let mut seeding = seed::stream(source, &SeedLimits::default(), &ignore)?;
    let mut into = BufWriter::new(into);
    while let Some(chunk) = seeding.next_chunk().await {
        into.write_all(&chunk).at("write", aside)?;
    }
    into.flush().at("write", aside)?;
    seeding.finish().await?;
    Ok(())
}

/// The archive at its beginning again, and the digest of what it says.
fn reread(mut archive: File) -> io::Result<(File, String)> {
    archive.rewind()?;
    let limit = SeedLimits::default().max_extension;
    let mut members = Members::new(BufReader::new(&archive), limit);
    let mut hash = Sha256::new();
    while let Some(member) = members.next_member().map_err(io::Error::other)? {
        let mode = member.header.mode()?;
        hash.update([member.kind.as_byte()]);
        hash.update(mode.to_le_bytes());
        for text in [&member.path, &member.link] {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
        hash.update(member.size.to_le_bytes());
        io::copy(&mut members.contents(), &mut hash_of(&mut hash))?;
    }
    drop(members);
    archive.rewind()?;
    Ok((archive, hex::encode(hash.finalize())))
}

/// What is written to it goes into the hash.
fn hash_of(hash: &mut Sha256) -> impl Write + '_ {
    struct Hashing<'h>(&'h mut Sha256);
    impl Write for Hashing<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    Hashing(hash)
}
