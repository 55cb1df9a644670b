//! `fill`: what it writes into a new disk is a sound file system with what the archive has. Whether that is
//! what the agent would have made of it, the test `two_unpackers` tells.

#![expect(clippy::unwrap_used, reason = "a failed step of a test fails the test")]

mod archives;
mod disk;

use archives::Archive;
use disk::Disk;
use pyro::disk::{Depth, Filled, NodeKind};
use pyro::error::Diagnose;
use std::io::{Cursor, Read, repeat};
use tar::EntryType;

const TIME: u64 = 1_600_000_000;

#[test]
fn an_empty_archive_makes_an_empty_workspace() {
    let disk = Disk::of(&Archive::new().finish()[..]).unwrap();
    disk.assert_sound();
    assert_eq!(disk.filled, Filled { entries: 0, bytes: 0 });
    assert_eq!(disk.view().list(b"", 9).unwrap(), []);
    assert_eq!(disk.view().metadata(b"").unwrap().mode, 0o755);
}

#[test]
fn files_of_all_lengths_hold_what_they_shall() {
    let mut archive = Archive::new();
    let content: Vec<u8> = (1..=251).cycle().take(3_000_001).collect();
    let lengths = [0, 1, 4095, 4096, 4097, 65_536, 1 << 20, (1 << 20) + 1, content.len()];
    for length in lengths {
        archive.file(&format!("{length}"), &content[..length], 0o640, TIME);
    }
    let disk = Disk::of(&archive.finish()[..]).unwrap();
    disk.assert_sound();
    for length in lengths {
        let path = length.to_string();
        assert!(disk.view().read(path.as_bytes(), u64::MAX).unwrap().bytes == content[..length]);
        assert_eq!(disk.view().metadata(path.as_bytes()).unwrap().mode, 0o640);
    }
    assert_eq!(disk.filled.bytes, lengths.iter().sum::<usize>() as u64);
}

#[test]
fn a_file_of_many_pieces_has_a_tree_and_takes_no_more_than_its_pieces() {
    const PIECES: usize = 700;
    const APART: usize = 256 << 10;
    let mut content = vec![0; PIECES * APART];
    for piece in 0..PIECES {
        content[piece * APART + 5] = 1;
    }
    let mut archive = Archive::new();
    archive.file("sparse", &content, 0o644, TIME);
    let disk = Disk::of(&archive.finish()[..]).unwrap();
    disk.assert_sound();
    assert!(disk.view().read(b"sparse", u64::MAX).unwrap().bytes == content);
    let stat = disk.debugfs("stat /workspace/sparse");
    let leaves = PIECES.div_ceil(340);
    let sectors = (PIECES * 16 + leaves) * 8;
    assert!(stat.contains(&format!("Blockcount: {sectors}\n")), "{stat}");
}

#[test]
fn links_lead_where_they_shall() {
    let mut archive = Archive::new();
    archive.file("file", b"content", 0o644, TIME);
    archive.link(EntryType::Link, "d/second", "file", TIME);
    let lengths = [1, 59, 60, 61, 4000, 4095];
    for length in lengths {
        archive.link(EntryType::Symlink, &format!("{length}"), &"t".repeat(length), TIME);
    }
    let disk = Disk::of(&archive.finish()[..]).unwrap();
    disk.assert_sound();
    for length in lengths {
        let target = disk.view().link_target(length.to_string().as_bytes()).unwrap();
        assert_eq!(target, "t".repeat(length).into_bytes());
    }
    assert_eq!(disk.view().read(b"d/second", 99).unwrap().bytes, b"content");
    assert!(disk.debugfs("stat /workspace/file").contains("Links: 2 "));
}

#[test]
fn a_directory_has_an_index_as_soon_as_it_has_several_blocks() {
    for (count, indexed) in [(120, false), (400, true), (100_000, true)] {
        let mut archive = Archive::new();
        for number in 0..count {
            archive.file(&format!("many/{number:020}"), b"", 0o644, TIME);
        }
        let disk = Disk::of(&archive.finish()[..]).unwrap();
        disk.assert_sound();
        assert_eq!(disk.view().list(b"many", usize::MAX).unwrap().len(), count);
        let flags = if indexed { "Flags: 0x81000\n" } else { "Flags: 0x80000\n" };
        let stat = disk.debugfs("stat /workspace/many");
        assert!(stat.contains(flags), "{count}: {stat}");
    }
}

#[test]
fn an_index_has_two_levels_where_one_is_not_enough() {
    let mut archive = Archive::new();
    for number in 0..12_000 {
        archive.link(EntryType::Symlink, &format!("many/{number:0255}"), "x", TIME);
    }
    let disk = Disk::of(&archive.finish()[..]).unwrap();
    disk.assert_sound();
    assert!(disk.debugfs("htree_dump /workspace/many").contains("Indirect levels: 1"));
}

#[test]
fn trees_are_as_deep_as_a_path_can_name() {
    let mut archive = Archive::new();
    archive.directory(&["d"; 1900].join("/"), 0o700, TIME);
    let disk = Disk::of(&archive.finish()[..]).unwrap();
    disk.assert_sound();
    assert_eq!(disk.view().walk(b"", Depth::Deep, u64::MAX, |_| Ok(())).unwrap().entries, 1900);
}

#[test]
fn what_was_replaced_leaves_its_room_to_others() {
    let mut archive = Archive::new();
    let large = vec![7; 40 << 20];
    for _ in 0..3 {
        archive.file("again", &large, 0o644, TIME);
    }
    archive.file("again", b"small", 0o600, TIME);
    archive.directory("again.d", 0o755, TIME);
    let disk = Disk::of(&archive.finish()[..]).unwrap();
    disk.assert_sound();
    assert_eq!(disk.view().read(b"again", 99).unwrap().bytes, b"small");
    assert_eq!(disk.filled.entries, 5);
    assert!(disk.debugfs("stat /workspace/again").contains("Blockcount: 8\n"));
}

#[test]
fn content_passes_through_a_few_mebibytes() {
    let before = peak_kib();
    let archive = header_of("hole", 2 << 30).chain(repeat(0).take((2 << 30) + 1024));
    let disk = Disk::of(archive).unwrap();
    let grown = peak_kib() - before;
    assert_eq!(disk.filled, Filled { entries: 1, bytes: 2 << 30 });
    assert!(grown < 12 << 10, "{grown} KiB more");
}

#[test]
fn memory_is_that_of_the_names() {
    const FILES: u64 = 100_000;
    let before = peak_kib();
    let disk = Disk::of(Small { next: 0, end: FILES, rest: Cursor::default() }).unwrap();
    let bytes = (peak_kib() - before) * 1024;
    assert_eq!(disk.filled, Filled { entries: FILES, bytes: FILES * 512 });
    assert!(bytes < FILES * 200 + (8 << 20), "{bytes} bytes more");
}

/// An archive of so many files of 512 bytes, made as it is read.
struct Small {
    next: u64,
    end: u64,
    rest: Cursor<Vec<u8>>,
}

impl Read for Small {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.rest.read(buffer)?;
        if read > 0 || buffer.is_empty() {
            return Ok(read);
        }
        if self.next > self.end {
            return Ok(0);
        }
        let mut next = vec![0; 1024]; // the end of the archive
        if self.next < self.end {
            next = header_of(&format!("many/{:07}", self.next), 512).into_inner();
            next.resize(1024, 1);
        }
        self.next += 1;
        self.rest = Cursor::new(next);
        self.rest.read(buffer)
    }
}

fn header_of(path: &str, size: u64) -> Cursor<Vec<u8>> {
    let mut header = archives::header(EntryType::Regular, size, 0o644, TIME);
    header.set_path(path).unwrap();
    header.set_cksum();
    Cursor::new(header.as_bytes().to_vec())
}

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn an_archive_that_ends_too_early_is_refused() {
    let mut archive = Archive::new();
    archive.file("a", &[1; 5000], 0o644, TIME);
    archive.file("b", &[1; 5000], 0o644, TIME);
    let archive = archive.finish();
    for length in [0, 100, 512, 3000, 5632, archive.len() - 1024] {
        let error = Disk::of(&archive[..length]).map(drop).unwrap_err();
        assert_eq!(error.code(), "seed_stream", "{length}: {error}");
    }
}

#[test]
fn entries_that_lead_elsewhere_are_refused_by_name() {
    let refused = |make: fn(&mut Archive)| {
        let mut archive = Archive::new();
        archive.link(EntryType::Symlink, "link", "/etc", TIME);
        archive.file("file", b"", 0o644, TIME);
        archive.directory("directory", 0o755, TIME);
        make(&mut archive);
        Disk::of(&archive.finish()[..]).map(drop).unwrap_err().to_string()
    };
    let through = refused(|archive| archive.file("link/passwd", b"", 0o644, TIME));
    assert_eq!(through, "the entry link/passwd cannot be seeded: it leads through a symbolic link");
    let below = refused(|archive| archive.file("file/x", b"", 0o644, TIME));
    assert!(below.contains("below a file"), "{below}");
    let over = refused(|archive| archive.file("directory", b"", 0o644, TIME));
    assert!(over.contains("takes the place of a directory"), "{over}");
    let nothing = refused(|archive| archive.link(EntryType::Link, "x", "y", TIME));
    assert!(nothing.contains("hard link to nothing"), "{nothing}");
    let fifo = refused(|archive| archive.link(EntryType::Fifo, "fifo", "x", TIME));
    assert!(fifo.contains("fifo"), "{fifo}");
}

#[test]
fn a_disk_that_is_not_new_is_refused() {
    let disk = Disk::of(&Archive::new().finish()[..]).unwrap();
    assert_eq!(disk.view().metadata(b"").unwrap().kind, NodeKind::Directory);
    let path = disk.path();
    let file = std::fs::File::options().read(true).write(true).open(&path).unwrap();
    let archive = Archive::new().finish();
    let error = pyro::disk::fill(&file, &path, &archive[..]).unwrap_err();
    assert_eq!(error.code(), "bad_disk_template");
}
