//! Artifacts that lie. Each is refused with one error, and nothing of it is left behind: no image, no kernel.

use crate::host::Host;
use crate::registry::artifact::{Artifact, MODULE, VMLINUX, archive};
use crate::registry::image::{Image, digest};
use crate::registry::server::{Fault, Server};
use serde_json::{Value, json};

fn honest() -> Artifact {
    Artifact::new("tool", "1", &[7; 8192])
}

fn refused(image: &Image) -> (String, String) {
    let server = Server::start();
    let error = Host::empty().refused(&server.put(image, "a", "1"));
    (error.code().to_owned(), error.to_string())
}

#[test]
fn the_honest_one_is_taken() {
    let server = Server::start();
    Host::empty().pull(&server.put(&honest().image(), "a", "1")).unwrap();
}

#[test]
fn a_wrong_byte_in_any_part_is_an_error() {
    let image = honest().image();
    for (part, _) in &image.blobs {
        let server = Server::start();
        let reference = server.put(&image, "a", "1");
        server.breaks(part, Fault::Corrupt, usize::MAX);
        assert_eq!(Host::empty().refused(&reference).code(), "digest_mismatch", "{part}");
    }
}

#[test]
fn parts_that_are_cut_off_or_not_packed_are_refused() {
    let image = honest().image();
    let [_, (_, root), (_, kernel)] = &image.blobs[..] else { panic!() };
    for image in [
        honest().packed(&root[..root.len() - 4], kernel),
        honest().packed(root, &kernel[..kernel.len() - 4]),
        honest().packed(b"\x28\xb5\x2f\xfdnonsense", kernel),
        honest().packed(root, b"\x28\xb5\x2f\xfdnonsense"),
    ] {
        let (code, text) = refused(&image);
        assert!(["bad_archive", "bad_image"].contains(&&*code), "{code}: {text}");
    }
}

#[test]
fn what_unpacks_to_something_else_than_the_configuration_says_is_refused() {
    let code = |path: &str, value: Value| {
        let mut artifact = honest();
        *artifact.config.pointer_mut(path).unwrap() = value;
        refused(&artifact.image())
    };
    let other = || json!(digest(b"other")["sha256:".len()..]);
    for path in ["/root/digest", "/kernel/archive_digest", "/kernel/vmlinux_digest"] {
        let (code, text) = code(path, other());
        assert_eq!(code, "digest_mismatch", "{path}: {text}");
    }
    for size in [8191, 8193, 0] {
        let (code, text) = code("/root/size_bytes", json!(size));
        assert!(code == "bad_image" && text.contains("bytes it is to have"), "{text}");
    }
    let (code, text) = code("/kernel/archive_bytes", json!(1024));
    assert_eq!(code, "bad_archive", "{text}");
}

#[test]
fn a_few_bytes_that_become_a_disk_full_are_stopped() {
    let length = 400 << 20;
    let zeros = zstd::encode_all(std::io::Read::take(std::io::repeat(0), length), 1).unwrap();
    let kernel = honest().image().blobs[2].1.clone();
    let mut artifact = honest();
    // as soon as there is more than it says
    assert_eq!(refused(&artifact.packed(&zeros, &kernel)).0, "bad_image");
    // and where it says the truth, because nothing real is so dense
    artifact.config["root"]["size_bytes"] = length.into();
    let (code, text) = refused(&artifact.packed(&zeros, &kernel));
    assert_eq!(code, "decompression_bomb", "{text}");
}

#[test]
fn a_kernel_is_its_files_in_their_order_and_nothing_else() {
    let vmlinux = ("vmlinux", VMLINUX);
    let module = ("modules/virtio.ko", MODULE);
    let cases = [
        archive(&[vmlinux]),
        archive(&[module, vmlinux]),
        archive(&[vmlinux, module, ("../../environments/x.json", b"{}")]),
        archive(&[vmlinux, ("modules/../../../virtio.ko", MODULE)]),
        archive(&[vmlinux, ("/modules/virtio.ko", MODULE)]),
        archive(&[("vmlinux", b""), module]),
        archive(&[vmlinux, ("modules/virtio.ko", b"\xfd7zXZ packed once more")]),
        {
            let mut link = archive(&[vmlinux, ("modules/virtio.ko", b"")]);
            let at = link.len() - 3 * 512;
            let mut header = tar::Header::from_byte_slice(&link[at..at + 512]).clone();
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_link_name("/etc/passwd").unwrap();
            header.set_cksum();
            link[at..at + 512].copy_from_slice(header.as_bytes());
            link
        },
    ];
    for (number, kernel) in cases.into_iter().enumerate() {
        let (code, text) = refused(&honest().with_kernel(kernel).image());
        assert!(["bad_image", "bad_archive"].contains(&&*code), "{number}: {code}: {text}");
    }
}

#[test]
fn a_configuration_that_cannot_be_true_is_refused_before_anything_is_fetched() {
    let deep = json!({ "kind": "artifact", "from": "", "manifest_digest": "", "config_digest": "",
        "layers": [], "name": "", "version": "", "origin": honest().config["origin"] });
    let cases = [
        ("/format", json!(2)),
        ("/architecture", json!("arm64")),
        ("/root/digest", json!("../../../etc/passwd")),
        ("/root/size_bytes", json!(u64::MAX)),
        ("/kernel/archive_bytes", json!(1_u64 << 40)),
        ("/kernel/archive_digest", json!("..")),
        ("/kernel/modules", json!(["../virtio.ko"])),
        ("/kernel/modules", json!(["virtio.ko", "virtio.ko"])),
        ("/kernel/modules", json!(["virtio.sh"])),
        ("/kernel/modules", json!([])),
        ("/kernel/sets/serial", json!(["other.ko"])),
        ("/name", json!("\u{1b}]0;owned\u{7}")),
        ("/kernel/release", json!("x".repeat(5000))),
        ("/origin", deep),
        ("/origin/kind", json!("nothing known")),
        ("/settings", json!({ "env": [["A=B", "c"]] })),
        ("/settings", json!({ "env": [["A", "c".repeat(100_000)]] })),
        ("/settings", json!({ "working_directory": "relative" })),
        ("", json!("<html>")),
    ];
    for (path, value) in cases {
        let mut artifact = honest();
        *artifact.config.pointer_mut(path).unwrap() = value;
        let (server, image) = (Server::start(), artifact.image());
        let error = Host::empty().refused(&server.put(&image, "a", "1"));
        assert_eq!(error.code(), "bad_image", "{path}: {error}");
        assert_eq!(server.times_asked(&image.blobs[1].0), 0, "{path}");
    }
}

#[test]
fn a_manifest_with_other_parts_is_of_no_version_that_is_known() {
    let image = honest().image();
    let text = String::from_utf8(image.manifest.clone()).unwrap();
    for (from, to) in [
        ("environment.root.v1", "environment.root.v9"),
        ("environment.config.v1", "environment.config.v9"),
        ("environment.kernel.v1.tar+zstd", "environment.root.v1.erofs+zstd"),
    ] {
        let manifest = text.replace(from, to).into_bytes();
        let (code, text) = refused(&Image { manifest, ..image.clone() });
        assert!(code == "bad_image" && text.contains("that this version of pyro knows"), "{text}");
    }
    // another artifact's type makes it something else altogether
    let manifest = text.replace("vnd.pyro.environment.v1\"", "vnd.example.thing\"").into_bytes();
    assert_eq!(refused(&Image { manifest, ..image }).0, "not_an_image");
}

#[test]
fn more_than_the_disk_holds_is_refused_before_it_is_fetched() {
    let mut artifact = honest();
    artifact.config["root"]["size_bytes"] = json!(60_u64 << 30);
    let (server, image) = (Server::start(), artifact.image());
    // a cache in memory, of which there is less than disks have
    let (host, memory) = (Host::empty(), tempfile::tempdir_in("/dev/shm").unwrap());
    std::os::unix::fs::symlink(memory.path(), host.path("cache")).unwrap();
    let error = host.refused(&server.put(&image, "a", "1"));
    assert_eq!(error.code(), "no_space", "{error}");
    assert_eq!(server.times_asked(&image.blobs[1].0), 0);
}
