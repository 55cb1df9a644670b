//! Disks whose guest means harm: whatever is on them, looking at everything comes to an end.

use crate::image::Image;
use pyro::disk::{DiskView, NodeKind, ViewError};
use std::os::unix::fs::{FileExt, symlink};
use std::time::{Duration, Instant};

/// More than any of these disks has, unless it is tied in knots.
const ENTRIES: usize = 5000;

#[test]
fn damage_anywhere_is_an_error_at_most() {
    let image = Image::of(|workspace| {
        for number in 0..60 {
            std::fs::write(workspace.join(format!("file {number}")), [1; 5000]).unwrap();
        }
        std::fs::create_dir_all(workspace.join("a/b/c")).unwrap();
        symlink("x".repeat(100), workspace.join("link")).unwrap();
    });
    let file = std::fs::File::options().read(true).write(true).open(image.path()).unwrap();
    let blocks = interesting_blocks(&image);
    let (mut shown, mut refused) = (0, 0);
    let mut random = Random(1);
    for _ in 0..800 {
        let place = blocks[random.below(blocks.len())] * 4096 + random.below(4096) as u64;
        let mut original = [0; 64];
        let length = 1 + random.below(64);
        file.read_exact_at(&mut original[..length], place).unwrap();
        let value = [0x00, 0xff, 0x7f, 0x80, 0x01][random.below(5)];
        file.write_all_at(&[value; 64][..length], place).unwrap();
        match look_at_everything(&image) {
            Ok(()) => shown += 1,
            Err(_) => refused += 1,
        }
        file.write_all_at(&original[..length], place).unwrap();
    }
    look_at_everything(&image).unwrap();
    assert!(shown > 50 && refused > 50, "{shown} shown, {refused} refused");
}

#[test]
fn a_directory_may_contain_itself_and_a_file_claim_any_size() {
    let image = Image::of(|workspace| {
        std::fs::create_dir(workspace.join("loop")).unwrap();
        std::fs::write(workspace.join("huge"), "x").unwrap();
        symlink("x".repeat(100), workspace.join("link")).unwrap();
    });
    image.debugfs(
        "link /workspace/loop /workspace/loop/again\n\
         set_inode_field /workspace/huge size 4611686018427387904\n\
         set_inode_field /workspace/link size 4611686018427387904\n",
    );
    let view = DiskView::open(&image.path()).unwrap();
    assert_eq!(view.metadata(b"loop/again/again/again").unwrap().kind, NodeKind::Directory);
    assert!(view.metadata(b"huge").unwrap().size > 1 << 60);
    assert_eq!(view.read(b"huge", 3).unwrap().bytes, b"x\0\0");
    view.link_target(b"link").unwrap_err();
}

/// Every level of the tree points to the next a few hundred times.
#[test]
fn a_tree_of_extents_that_is_tied_in_knots_is_refused_at_once() {
    let image = Image::of(|workspace| {
        std::fs::write(workspace.join("file"), [1; 5 * 4096]).unwrap();
    });
    let first = image.debugfs("bmap /workspace/file 0\n");
    let first: u32 = first.lines().last().unwrap().trim().parse().unwrap();
    let file = std::fs::File::options().write(true).open(image.path()).unwrap();
    for depth in 0..5u16 {
        let mut node = header(if depth == 0 { 0 } else { 340 }, 340, depth);
        for entry in 0..340u32 {
            node.extend(index(entry, first + u32::from(depth) - u32::from(depth > 0)));
        }
        file.write_all_at(&node, u64::from(first + u32::from(depth)) * 4096).unwrap();
    }
    let root = [header(1, 4, 5), index(0, first + 4)].concat();
    let requests = root.chunks(4).enumerate().map(|(at, word)| {
        let word = u32::from_le_bytes(word.try_into().unwrap());
        format!("set_inode_field /workspace/file block[{at}] {word}\n")
    });
    image.debugfs(&requests.collect::<String>());
    let start = Instant::now();
    let view = DiskView::open(&image.path()).unwrap();
    assert!(matches!(view.read(b"file", 1), Err(ViewError::Corrupt("an extent tree"))));
    assert!(start.elapsed() < Duration::from_secs(5));
}

fn header(entries: u16, max: u16, depth: u16) -> Vec<u8> {
    let fields = [0xf30a, entries, max, depth, 0, 0];
    fields.into_iter().flat_map(u16::to_le_bytes).collect()
}

fn index(from: u32, block: u32) -> Vec<u8> {
    [from, block, 0].into_iter().flat_map(u32::to_le_bytes).collect()
}

fn look_at_everything(image: &Image) -> Result<(), ViewError> {
    let view = DiskView::open(&image.path())?;
    let mut open = vec![Vec::new()];
    let mut seen = 0;
    while let Some(directory) = open.pop() {
        for entry in view.list(&directory, ENTRIES)? {
            seen += 1;
            if seen > ENTRIES {
                return Ok(());
            }
            let path = [&directory[..], b"/", &entry.name].concat();
            let path = path.strip_prefix(b"/").unwrap_or(&path).to_vec();
            match entry.metadata.kind {
                NodeKind::File => drop(view.read(&path, 1 << 16)?),
                NodeKind::Symlink => drop(view.link_target(&path)?),
                NodeKind::Directory => open.push(path),
                NodeKind::Other => {}
            }
        }
    }
    Ok(())
}

/// Superblock, descriptors, the inodes in use, the directories.
fn interesting_blocks(image: &Image) -> Vec<u64> {
    let said = image.debugfs("imap <2>\nbmap /workspace 0\nbmap / 0\nbmap /workspace/a 0\n");
    let word_after = |line: &str| line.split("block ").nth(1)?.split(',').next()?.parse().ok();
    let table: u64 = said.lines().find_map(word_after).unwrap();
    let directories = said.lines().filter_map(|line| line.trim().parse::<u64>().ok());
    [0, 1].into_iter().chain(table..table + 5).chain(directories).collect()
}

/// xorshift: the same every time.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}
