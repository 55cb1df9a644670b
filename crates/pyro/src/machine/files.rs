//! The files of one machine: where they lie on the host, where its VMM sees them, whom they belong
//! to. Opens nothing.

use crate::error::{AtPath, PathError};
use crate::machine::jail::Bind;
use crate::machine::spec::BootFiles;
use std::path::Path;

/// Where the guest's files come from and where the VMM sees them.
pub(super) struct Files {
    pub(super) kernel: Bind,
    pub(super) initramfs: Bind,
    pub(super) image: Bind,
    pub(super) disk: Bind,
}

impl Files {
    pub(super) fn of(boot: &BootFiles) -> Self {
        let bind = |host: &Path, inside: &str, writable| Bind {
            host: host.to_owned(),
            inside: inside.into(),
            writable,
        };
        Self {
            kernel: bind(&boot.kernel, "/vm/kernel", false),
            initramfs: bind(&boot.initramfs, "/vm/initramfs", false),
            image: bind(&boot.image, "/vm/image", false),
            disk: bind(&boot.disk, "/vm/disk", true),
        }
    }

    pub(super) fn binds(&self) -> Vec<Bind> {
        [&self.kernel, &self.initramfs, &self.image, &self.disk].map(Bind::clone).to_vec()
    }
}

/// The size of the disk, in bytes: the VMM may write no larger file.
pub(super) fn disk_size(disk: &Path) -> Result<u64, PathError> {
    Ok(disk.metadata().at("look at", disk)?.len())
}

/// Gives a file to the user that the VMM will run as, where that is another one.
pub(super) fn hand_over(file: &Path, uid: Option<u32>) -> Result<(), PathError> {
    let Some(uid) = uid else { return Ok(()) };
    std::os::unix::fs::chown(file, Some(uid), Some(uid)).at("change the owner of", file)
}

/// Machines share the host's users for machines by chance only: the same id, the same user.
pub(crate) fn user_slot(id: &str) -> u16 {
    // Fowler–Noll–Vo 1a, folded to 16 bits
    let hash =
        id.bytes().fold(0x811c_9dc5_u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193));
    let [a, b, c, d] = hash.to_le_bytes();
    u16::from_le_bytes([a ^ c, b ^ d])
}
