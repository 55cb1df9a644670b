//! What a workspace costs the host.

use scenarios::{Process, World, descendants, peak_kib};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Of its record, its disk, its baseline and its machine's directory.
const EMPTY_BYTES: u64 = 1 << 20;
/// The most that the keeper of an idle workspace may ever have resident, in KiB, the executable's pages among it.
const SHIM_KIB: u64 = 12 << 10;
/// Root images are larger, everything else that a VMM opens, a kernel too, is smaller.
const LARGE: u64 = 150 << 20;
/// `O_ACCMODE` of `fcntl.h`.
const ACCESS: u32 = 0o3;

#[test]
fn an_empty_workspace_takes_less_than_a_mebibyte_and_a_small_process() {
    let world = World::new();
    // locks and facts about the host stay, once
    world.workspace(&[]).delete();
    let before = allocated(&world.state());
    let workspace = world.workspace(&[]);
    let shim = descendants().into_iter().find(Process::is_shim).unwrap();
    let resident = peak_kib(shim.pid).unwrap();
    assert!(resident <= SHIM_KIB, "{resident} KiB resident");
    let started = allocated(&world.state()) - before;
    assert!(started < EMPTY_BYTES, "{started} bytes while it runs");
    let _ = workspace.call(&["stop"], &[]).succeeds();
    let stopped = allocated(&world.state()) - before;
    assert!(stopped < EMPTY_BYTES, "{stopped} bytes on the disk");
    println!("an empty workspace: {started} bytes while it runs, {stopped} stopped");
    workspace.delete();
    assert_eq!(allocated(&world.state()), before);
}

#[test]
fn two_workspaces_share_the_pages_of_their_image() {
    let world = World::new();
    let (one, two) = (world.workspace(&[]), world.workspace(&[]));
    let images: Vec<BTreeSet<(u64, u64)>> =
        descendants().iter().filter(|process| process.is_vmm()).map(images).collect();
    let [first, second] = &images[..] else { panic!("{images:?}") };
    assert_eq!((first.len(), first), (1, second), "one file, open for reading alone");
    one.delete();
    two.delete();
    world.assert_clean();
}

/// Large files that a VMM has open for reading alone, by device and inode. The kernel keeps the pages of
/// one file once.
fn images(vmm: &Process) -> BTreeSet<(u64, u64)> {
    let proc = format!("/proc/{}", vmm.pid);
    let descriptors = fs::read_dir(format!("{proc}/fd")).unwrap();
    let names = descriptors.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .filter_map(|name| {
            let file = fs::metadata(format!("{proc}/fd/{name}")).ok()?;
            let info = fs::read_to_string(format!("{proc}/fdinfo/{name}")).ok()?;
            let flags = info.lines().find_map(|line| line.strip_prefix("flags:"))?;
            let flags = u32::from_str_radix(flags.trim(), 8).ok()?;
            let is_image = file.is_file() && file.len() > LARGE && flags & ACCESS == 0;
            is_image.then(|| (file.dev(), file.ino()))
        })
        .collect()
}

/// The bytes that everything below a directory takes on the host's disk.
fn allocated(directory: &Path) -> u64 {
    let mut bytes = 0;
    for entry in fs::read_dir(directory).unwrap().flatten() {
        let status = entry.metadata().unwrap();
        bytes += if status.is_dir() { allocated(&entry.path()) } else { status.blocks() * 512 };
    }
    bytes
}
