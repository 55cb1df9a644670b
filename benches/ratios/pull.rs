//! An image pulled from a registry on this host, beside skopeo, which copies it, and GNU tar, which unpacks
//! its layers.

#[path = "../../crates/pyro/tests/registry/mod.rs"]
mod registry;

use crate::table::{Bound, Table, median, seconds};
use crate::user::User;
use registry::debian::Registry;
use registry::image::{Image, Layer, Packing};
use scenarios::World;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

const LAYERS: usize = 2;
const FILES_IN_EACH: usize = 2000;
/// Words in a file, of 11 bytes on average.
const WORDS: usize = 2000;
const PAIRS: usize = 5;

pub(crate) fn measure(_: &User, table: &mut Table) {
    let store = tempfile::tempdir().unwrap();
    let registry = Registry::start(store.path());
    let image = registry.push(&image(), "bench", "1");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        let world = World::new().with_private_cache();
        let started = Instant::now();
        let _ = world.pyro(&["env", "pull", &image]).succeeds();
        ours.push(seconds(started.elapsed()));
        let place = tempfile::tempdir().unwrap();
        let started = Instant::now();
        copy_and_unpack(&image, place.path());
        theirs.push(seconds(started.elapsed()));
    }
    let (ours, theirs) = (median(ours), median(theirs));
    let show = |seconds: f64| format!("{seconds:.2} s");
    table.ratio(
        &format!("pull of {LAYERS} layers / skopeo copy, tar x"),
        show(ours),
        show(theirs),
        ours / theirs,
        Bound::AtMost(1.0),
    );
}

/// Files of text that compresses as text does.
fn image() -> Image {
    let mut state = 88_172_645_463_325_252_u64;
    let mut text = || {
        let mut text = String::new();
        for _ in 0..WORDS {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            text += &format!("{:x} word ", state >> 40);
        }
        text
    };
    let layers: Vec<_> = (0..LAYERS)
        .map(|layer| {
            Layer::new(Packing::Gzip, |entries| {
                for file in 0..FILES_IN_EACH {
                    entries.file(&format!("layer-{layer}/{file}"), &text());
                }
            })
        })
        .collect();
    Image::new(&layers)
}

fn copy_and_unpack(image: &str, place: &Path) {
    let copy = place.join("copy");
    run(Command::new("skopeo")
        .args(["copy", "--quiet", "--src-tls-verify=false"])
        .arg(format!("docker://{image}"))
        .arg(format!("dir:{}", copy.display())));
    let root = place.join("root");
    fs::create_dir(&root).unwrap();
    // the layers are the large ones of its files, named by digest
    for file in fs::read_dir(&copy).unwrap().map(|file| file.unwrap()) {
        if file.metadata().unwrap().len() > 1 << 20 {
            run(Command::new("tar").arg("-xzf").arg(file.path()).arg("-C").arg(&root));
        }
    }
}

fn run(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}
