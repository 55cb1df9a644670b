//! A tree written as an EROFS image, beside the same tree unpacked by GNU tar.

use crate::table::{Bound, Table, median, seconds};
use crate::user::User;
use pyro::environment::erofs::{Limits, write_from_tar};
use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

const DIRECTORIES: usize = 100;
const FILES_IN_EACH: usize = 50;
const FILE_BYTES: usize = 40_000;
const PAIRS: usize = 5;

pub(crate) fn measure(_: &User, table: &mut Table) {
    let scratch = tempfile::tempdir().unwrap();
    let place = |name: &str| scratch.path().join(name);
    make_tree(&place("tree"));
    tar(&["-cf"], &place("tar"), &["-C", &place("tree").display().to_string(), "."]);
    let mib = fs::metadata(place("tar")).unwrap().len() as f64 / f64::from(1 << 20);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        let started = Instant::now();
        let archive = BufReader::new(File::open(place("tar")).unwrap());
        let image = File::create(place("image")).unwrap();
        write_from_tar(archive, &image, &Limits::default(), &mut |_| {}).unwrap();
        ours.push(mib / seconds(started.elapsed()));
        fs::create_dir(place("unpacked")).unwrap();
        let started = Instant::now();
        tar(&["-xf"], &place("tar"), &["-C", &place("unpacked").display().to_string()]);
        theirs.push(mib / seconds(started.elapsed()));
        fs::remove_dir_all(place("unpacked")).unwrap();
    }
    let (ours, theirs) = (median(ours), median(theirs));
    let show = |rate: f64| format!("{rate:.0} MiB/s");
    table.ratio(
        &format!("image of {} files / tar x", DIRECTORIES * FILES_IN_EACH),
        show(ours),
        show(theirs),
        ours / theirs,
        Bound::AtLeast(0.7),
    );
}

fn make_tree(root: &Path) {
    for directory in 0..DIRECTORIES {
        let directory = root.join(directory.to_string());
        fs::create_dir_all(&directory).unwrap();
        for file in 0..FILES_IN_EACH {
            let byte = u8::try_from(file).unwrap();
            fs::write(directory.join(file.to_string()), vec![byte; FILE_BYTES]).unwrap();
        }
    }
}

fn tar(verb: &[&str], archive: &Path, rest: &[&str]) {
    let status = Command::new("tar").args(verb).arg(archive).args(rest).status().unwrap();
    assert!(status.success(), "tar: {status}");
}
