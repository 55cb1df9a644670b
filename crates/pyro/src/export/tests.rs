//! Archives as a guest could send them.

use super::*;
use crate::disk::Run;
use crate::error::Diagnose;
use bytes::Bytes;
use std::fs;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::sync::Arc;
use tar::{Builder, EntryType, Header};

/// One entry, whatever it says.
fn entry(archive: &mut Builder<Vec<u8>>, kind: EntryType, path: &[u8], link: &str, content: &[u8]) {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.as_old_mut().name[..path.len()].copy_from_slice(path);
    header.set_link_name_literal(link).unwrap();
    header.set_size(content.len() as u64);
    header.set_mode(0o6777);
    header.set_uid(7);
    header.set_gid(7);
    header.set_mtime(1);
    header.set_cksum();
    archive.append(&header, content).unwrap();
}

type Entries<'e> = &'e [(EntryType, &'e [u8], &'e str, &'e [u8])];

fn archive(entries: Entries<'_>) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    for (kind, path, link, content) in entries {
        entry(&mut archive, *kind, path, link, content);
    }
    archive.into_inner().unwrap()
}

async fn export(
    bytes: Vec<u8>,
    to: &Path,
    shape: Shape,
    overwrite: bool,
) -> Result<Exported, ExportError> {
    export_within(bytes, to, shape, overwrite, ExportLimits::default()).await
}

async fn export_within(
    bytes: Vec<u8>,
    to: &Path,
    shape: Shape,
    overwrite: bool,
    limits: ExportLimits,
) -> Result<Exported, ExportError> {
    let target = Arc::new(ExportTarget::of(to)?);
    let receiving = Receiving::begin(Plan { target, shape, overwrite, limits })?;
    for piece in bytes.chunks(1000) {
        if !receiving.take(Bytes::copy_from_slice(piece)).await {
            break;
        }
    }
    receiving.complete().await
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_tree_arrives_with_plain_modes_and_without_what_leads_out() {
    let place = tempfile::tempdir().unwrap();
    let to = place.path().join("out");
    let zeros = vec![0; 3 << 20];
    let archive = archive(&[
        (EntryType::Directory, b"d", "", b""),
        (EntryType::Regular, b"d/run", "", b"#!"),
        (EntryType::Regular, b"holes", "", &zeros),
        (EntryType::Symlink, b"d/good", "../holes", b""),
        (EntryType::Symlink, b"bad", "/etc/passwd", b""),
        (EntryType::Symlink, b"d/bad", "../../x", b""),
        (EntryType::Symlink, b"d/worse", "good/../..", b""),
        (EntryType::Directory, b".git", "", b""),
        (EntryType::Regular, b".git/config", "", b"[core]\nfsmonitor = true"),
        (EntryType::Regular, b"d/.GIT", "", b"gitdir: /"),
    ]);
    let exported = export(archive, &to, Shape::Directory, false).await.unwrap();
    assert_eq!((exported.entries, exported.bytes), (4, 2 + (3 << 20)));
    assert_eq!((exported.links_left_out_count, exported.git_left_out), (3, true));
    assert_eq!(exported.links_left_out[0], "bad -> /etc/passwd");
    assert_eq!(names(&to), ["d", "holes"]);
    assert_eq!(names(&to.join("d")), ["good", "run"]);
    let run = fs::metadata(to.join("d/run")).unwrap();
    assert_eq!(run.permissions().mode() & 0o7777 & !0o755, 0);
    assert_eq!((run.mode() & 0o100, run.uid()), (0o100, rustix::process::geteuid().as_raw()));
    let holes = fs::metadata(to.join("holes")).unwrap();
    assert!(holes.len() == 3 << 20 && holes.blocks() * 512 < 1 << 20);
    assert_eq!(names(place.path()), ["out"]);
}

#[tokio::test]
async fn hostile_archives_end_the_export_and_leave_nothing() {
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().to_str().unwrap().to_owned();
    let link = |to: &str| {
        vec![
            (EntryType::Symlink, &b"l"[..], to.to_owned()),
            (EntryType::Regular, b"l/x", String::new()),
        ]
    };
    let single = |kind, path: &'static [u8]| vec![(kind, path, String::new())];
    for (entries, said) in [
        (single(EntryType::Regular, b"../x"), "leads out"),
        (single(EntryType::Regular, b"/tmp/x"), "leads out"),
        (single(EntryType::Regular, b"a/../../x"), "leads out"),
        (single(EntryType::Regular, b"none/x"), "did not come before"),
        // left out, so that nothing can go through it
        (link(&target), "did not come before"),
        (link("."), "did not come before"),
        (single(EntryType::Char, b"null"), "neither file"),
        (single(EntryType::Block, b"sda"), "neither file"),
        (single(EntryType::Fifo, b"pipe"), "neither file"),
        (
            vec![(EntryType::Regular, b"a", String::new()), (EntryType::Link, b"b", "a".into())],
            "neither file",
        ),
        (vec![(EntryType::Link, b"b", "/etc/passwd".into())], "neither file"),
        (
            vec![
                (EntryType::Regular, b"a", String::new()),
                (EntryType::Regular, b"a", String::new()),
            ],
            "twice",
        ),
        (
            vec![
                (EntryType::Regular, b"a", String::new()),
                (EntryType::Regular, b"a/b", String::new()),
            ],
            "did not come before",
        ),
        (
            vec![
                (EntryType::Directory, b"a", String::new()),
                (EntryType::Symlink, b"a", "b".into()),
            ],
            "twice",
        ),
    ] {
        let place = tempfile::tempdir().unwrap();
        let entries: Vec<_> =
            entries.iter().map(|(kind, path, link)| (*kind, *path, &link[..], &b""[..])).collect();
        let to = place.path().join("out");
        let error = export(archive(&entries), &to, Shape::Directory, false).await.unwrap_err();
        assert!(error.to_string().contains(said), "{entries:?}: {error}");
        assert_eq!(names(place.path()), [""; 0], "{entries:?}");
    }
    assert_eq!(names(outside.path()), [""; 0]);
}

#[tokio::test]
async fn what_is_cut_off_or_no_archive_leaves_nothing() {
    let place = tempfile::tempdir().unwrap();
    let to = place.path().join("out");
    let whole = archive(&[(EntryType::Regular, b"a", "", &[7; 5000])]);
    for (bytes, code) in [
        (whole[..700].to_vec(), "export_stopped"),
        (whole[..100].to_vec(), "export_stopped"),
        (vec![b'x'; 2000], "export_archive"),
    ] {
        for shape in [Shape::Directory, Shape::File] {
            let error = export(bytes.clone(), &to, shape, false).await.unwrap_err();
            assert_eq!(error.code(), code, "{error}");
        }
    }
    // the guest is gone in the middle of it
    let (target, shape) = (Arc::new(ExportTarget::of(&to).unwrap()), Shape::Directory);
    let limits = ExportLimits::default();
    let receiving = Receiving::begin(Plan { target, shape, overwrite: false, limits }).unwrap();
    assert!(receiving.take(Bytes::from(whole[..3000].to_vec())).await);
    drop(receiving);
    assert_eq!(names(place.path()), [""; 0]);
}

#[tokio::test]
async fn limits_are_kept() {
    let place = tempfile::tempdir().unwrap();
    let to = place.path().join("out");
    let archive = archive(&[
        (EntryType::Directory, b"a", "", b""),
        (EntryType::Directory, b"a/b", "", b""),
        (EntryType::Regular, b"a/b/c", "", b"12345"),
    ]);
    let wide = ExportLimits { max_entries: 3, max_bytes: 5, max_depth: 3 };
    for limits in [
        ExportLimits { max_entries: 2, ..wide.clone() },
        ExportLimits { max_bytes: 4, ..wide.clone() },
        ExportLimits { max_depth: 2, ..wide.clone() },
    ] {
        let refused = export_within(archive.clone(), &to, Shape::Directory, false, limits).await;
        assert_eq!(refused.unwrap_err().code(), "export_too_large");
    }
    export_within(archive, &to, Shape::Directory, false, wide).await.unwrap();
}

#[tokio::test]
async fn what_is_there_stays_unless_it_is_to_be_replaced() {
    let place = tempfile::tempdir().unwrap();
    let elsewhere = place.path().join("elsewhere");
    fs::write(&elsewhere, "mine").unwrap();
    let to = place.path().join("out");
    let new = || archive(&[(EntryType::Regular, b"a", "", b"new")]);
    let old: [&dyn Fn(); 3] = [
        &|| fs::write(&to, "old").unwrap(),
        &|| fs::create_dir_all(to.join("deep/er")).unwrap(),
        &|| symlink(&elsewhere, &to).unwrap(),
    ];
    for make in old {
        make();
        let error = export(new(), &to, Shape::File, false).await.unwrap_err();
        assert_eq!(error.code(), "output_exists");
        export(new(), &to, Shape::File, true).await.unwrap();
        assert_eq!(fs::read(&to).unwrap(), b"new");
        assert!(!to.is_symlink());
        assert_eq!(names(place.path()), ["elsewhere", "out"]);
        fs::remove_file(&to).unwrap();
    }
    assert_eq!(fs::read(&elsewhere).unwrap(), b"mine");
    export(new(), &to, Shape::Directory, true).await.unwrap();
    assert_eq!(names(&to), ["a"]);
}

#[tokio::test]
async fn what_a_killed_export_has_left_is_swept_and_one_at_work_is_not() {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir_all(place.path().join(".pyro-export-0123/content/a")).unwrap();
    fs::write(place.path().join(".pyro-export-0123/content/a/b"), "half").unwrap();
    let at_work = ExportTarget::of(&place.path().join("first")).unwrap();
    let limits = ExportLimits::default();
    let (target, shape) = (Arc::new(at_work), Shape::Directory);
    let first = Receiving::begin(Plan { target, shape, overwrite: false, limits }).unwrap();
    let whole = archive(&[(EntryType::Regular, b"a", "", b"1")]);
    assert!(first.take(Bytes::from(whole[..600].to_vec())).await);
    export(whole.clone(), &place.path().join("second"), Shape::Directory, false).await.unwrap();
    assert!(!place.path().join(".pyro-export-0123").exists());
    assert!(first.take(Bytes::from(whole[600..].to_vec())).await);
    first.complete().await.unwrap();
    assert_eq!(names(place.path()), ["first", "second"]);
}

#[tokio::test]
async fn what_a_disk_holds_is_copied_from_it_and_the_rest_is_a_hole() {
    let place = tempfile::tempdir().unwrap();
    let to = place.path().join("out");
    let disk = tempfile::tempfile().unwrap();
    disk.write_all_at(&[7; 9000], 1 << 20).unwrap();
    let (target, shape) = (Arc::new(ExportTarget::of(&to).unwrap()), Shape::Directory);
    let plan = Plan { target, shape, overwrite: false, limits: ExportLimits::default() };
    // more than are brought to stable storage one by one
    let files: Vec<String> = (0..100).map(|number| format!("d/{number}")).collect();
    let making = Making::begin(plan, move |maker| {
        let what = What::Directory;
        assert!(maker.make(&Entry { path: b"d", what })?.is_none());
        for path in &files {
            let what = What::File { size: 20 << 20, executable: false };
            let mut file = maker.make(&Entry { path: path.as_bytes(), what })?.unwrap();
            file.copy(&disk, Run { at: 8192, from: 1 << 20, length: 9000 })?;
            file.finish()?;
        }
        Ok::<_, ExportError>(())
    });
    let exported = making.unwrap().complete().await.unwrap();
    assert_eq!((exported.entries, exported.bytes), (101, 100 * (20 << 20)));
    for number in [0, 99] {
        let file = fs::File::open(to.join(format!("d/{number}"))).unwrap();
        let mut content = vec![1; 20 << 20];
        file.read_exact_at(&mut content, 0).unwrap();
        assert!(content[..8192].iter().chain(&content[17_192..]).all(|byte| *byte == 0));
        assert_eq!(content[8192..17_192], [7; 9000]);
        assert!(file.metadata().unwrap().blocks() * 512 < 1 << 20);
    }
}

#[tokio::test]
async fn one_that_nobody_wants_any_more_ends_and_leaves_nothing() {
    let place = tempfile::tempdir().unwrap();
    let (target, shape) =
        (Arc::new(ExportTarget::of(&place.path().join("out")).unwrap()), Shape::Directory);
    let plan = Plan { target, shape, overwrite: false, limits: ExportLimits::default() };
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let making = Making::begin(plan, move |maker| {
        begun.send(()).unwrap();
        for number in 0.. {
            maker.make(&Entry { path: format!("{number}").as_bytes(), what: What::Directory })?;
        }
        Ok::<_, ExportError>(())
    });
    let making = making.unwrap();
    has_begun.await.unwrap();
    drop(making);
    assert_eq!(names(place.path()), [""; 0]);
}
