//! Sources that change while they are read. Nothing outside is ever read, and what changed is named.

use crate::arrival::receive;
use pyro::seed::{SeedLimits, Source};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::fs;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const SECRET: &[u8] = b"outside, must not be read";

/// A directory, and a file, are exchanged with links to the outside as fast as possible.
#[test]
fn a_renamer_never_leads_the_walk_outside() {
    let outside = tempfile::tempdir().unwrap();
    for name in ["a", "b", "c"] {
        fs::write(outside.path().join(name), SECRET).unwrap();
    }
    let place = tempfile::tempdir().unwrap();
    let top = place.path().join("top");
    // deep enough that directories above are closed and found again
    let deep: std::path::PathBuf = std::iter::repeat_n("d", 40).collect();
    fs::create_dir_all(top.join("swapped").join(&deep)).unwrap();
    for name in ["a", "b", "c"] {
        fs::write(top.join("swapped").join(name), "inside").unwrap();
        fs::write(top.join("swapped").join(&deep).join(name), "inside").unwrap();
    }
    fs::write(top.join("file"), "inside").unwrap();
    symlink(outside.path(), place.path().join("directory-link")).unwrap();
    symlink(outside.path().join("a"), place.path().join("file-link")).unwrap();

    let (done, swaps) = (AtomicBool::new(false), AtomicU64::new(0));
    let (mut walks, mut noticed) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                for (inside, link) in [("top/swapped", "directory-link"), ("top/file", "file-link")]
                {
                    let (inside, link) = (place.path().join(inside), place.path().join(link));
                    renameat_with(CWD, &inside, CWD, &link, RenameFlags::EXCHANGE).unwrap();
                }
                swaps.fetch_add(1, Ordering::Relaxed);
            }
        });
        let until = Instant::now() + Duration::from_secs(3);
        while Instant::now() < until {
            let arrived = receive(Source::of(&top).unwrap(), &SeedLimits::default()).unwrap();
            let leaked = arrived.archive.windows(SECRET.len()).any(|window| window == SECRET);
            if leaked {
                done.store(true, Ordering::Relaxed);
            }
            assert!(!leaked, "the walk was led outside");
            walks += 1;
            noticed += arrived.seeded.changed_during_read.count;
        }
        done.store(true, Ordering::Relaxed);
    });
    assert!(walks > 20 && noticed > 0, "{walks} walks, {noticed} changes noticed");
    assert!(swaps.load(Ordering::Relaxed) > 100);
}

#[test]
fn a_file_that_is_written_to_is_named_and_keeps_the_length_it_had() {
    let source = tempfile::tempdir().unwrap();
    let path = source.path().join("log");
    fs::write(&path, vec![b'x'; 64 << 20]).unwrap();
    let done = AtomicBool::new(false);
    let arrived = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut log = fs::OpenOptions::new().append(true).open(&path).unwrap();
            while !done.load(Ordering::Relaxed) {
                std::io::Write::write_all(&mut log, b"more").unwrap();
                std::thread::yield_now();
            }
        });
        let arrived = receive(Source::of(source.path()).unwrap(), &SeedLimits::default());
        done.store(true, Ordering::Relaxed);
        arrived.unwrap()
    });
    assert_eq!(arrived.seeded.changed_during_read.paths, [std::path::Path::new("log")]);
    let unpacked = arrived.unpack();
    let length = unpacked.path().join("tree/log").metadata().unwrap().len();
    assert_eq!(length, arrived.seeded.bytes);
}
