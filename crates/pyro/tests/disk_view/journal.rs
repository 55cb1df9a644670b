//! Journals with transactions that nobody has written to their places yet.

use crate::image::Image;
use pyro::disk::DiskView;
use std::os::unix::fs::FileExt;

/// The magic number of the journal, which a block in it must not begin with.
const MAGIC: [u8; 4] = [0xc0, 0x3b, 0x39, 0x98];

#[test]
fn what_was_committed_is_shown() {
    let disk = Disk::new();
    let escaped = [&MAGIC[..], &[b'e'; 4092]].concat();
    disk.commit("new", &[b'n'; 4096], 1);
    disk.commit("escaped", &escaped, 2);
    assert_eq!(
        disk.content(),
        [&[b'0'; 4096][..], &[b'n'; 4096], &escaped, &[b'3'; 4096]].concat()
    );
}

#[test]
fn the_last_of_several_counts() {
    let disk = Disk::new();
    disk.commit("first", &[b'f'; 4096], 0);
    disk.commit("second", &[b's'; 4096], 0);
    assert_eq!(disk.content()[..4096], [b's'; 4096]);
}

#[test]
fn what_was_revoked_later_is_not_shown() {
    let disk = Disk::new();
    disk.commit("first", &[b'f'; 4096], 0);
    disk.commit("second", &[b's'; 4096], 1);
    disk.image.debugfs(&format!("jo -c\njw -r {}\njc\n", disk.first));
    assert_eq!(disk.content()[..8192], [[b'0'; 4096], [b's'; 4096]].concat());
    disk.commit("third", &[b't'; 4096], 0);
    assert_eq!(disk.content()[..8192], [[b't'; 4096], [b's'; 4096]].concat());
}

#[test]
fn what_was_not_written_whole_is_not_shown() {
    let disk = Disk::new();
    disk.commit("first", &[b'f'; 4096], 0);
    disk.commit("second", &[b's'; 4096], 1);
    // the journal: its superblock, then descriptor, block and commit of each transaction
    let journal = disk.image.debugfs("bmap <8> 0\n");
    let journal: u64 = journal.lines().last().unwrap().trim().parse().unwrap();
    let file = std::fs::File::options().read(true).write(true).open(disk.image.path()).unwrap();
    let mut block = [0; 4096];
    file.read_exact_at(&mut block, (journal + 5) * 4096).unwrap();
    assert_eq!(block[1..], [b's'; 4095]);
    file.write_all_at(b"torn", (journal + 5) * 4096 + 100).unwrap();
    assert_eq!(disk.content()[..8192], [[b'f'; 4096], [b'1'; 4096]].concat());
}

/// A disk with one file of four blocks.
struct Disk {
    image: Image,
    /// Its first block's number; the others follow.
    first: u64,
}

impl Disk {
    fn new() -> Self {
        let content = [[b'0'; 4096], [b'1'; 4096], [b'2'; 4096], [b'3'; 4096]].concat();
        let image = Image::of(|workspace| {
            std::fs::write(workspace.join("file"), content).unwrap();
        });
        let said = image.debugfs("bmap /workspace/file 0\n");
        let first = said.lines().last().unwrap().trim().parse().unwrap();
        Self { image, first }
    }

    /// Commits a transaction that writes a block of the file.
    fn commit(&self, name: &str, content: &[u8], block: u64) {
        let content = self.image.beside(name, content);
        let block = self.first + block;
        self.image.debugfs(&format!("jo -c\njw -b {block} {}\njc\n", content.display()));
    }

    fn content(&self) -> Vec<u8> {
        let view = DiskView::open(&self.image.path()).unwrap();
        view.read(b"file", 1 << 20).unwrap().bytes
    }
}
