//! A real environment from the Debian archive, prepared by whoever runs this test. Takes about
//! half a minute and needs a host that reaches its mirror and has mmdebstrap.
#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use pyro::config::Config;
use pyro::environment::record::Origin;
use pyro::environment::{Environments, Installed};
use pyro::event::{Event, ignore};
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

const NAME: &str = "debian:12-base";

fn environments(home: &Path) -> Environments {
    let config = Config::from_lookup(std::env::current_exe().unwrap(), |name| match name {
        "PYRO_HOME" => Some(OsString::from(home)),
        "HOME" => None,
        other => std::env::var_os(other),
    });
    Environments::new(config.unwrap())
}

#[test]
fn the_base_environment_is_built_once_checked_and_pruned() {
    let home = tempfile::tempdir().unwrap();
    let environments = environments(home.path());
    assert!(environments.installed(NAME).unwrap().is_none());

    let heard = Mutex::new(Vec::new());
    let installed = environments.pull(NAME, &|event| heard.lock().unwrap().push(event)).unwrap();

    tells_its_progress(&heard.into_inner().unwrap());
    has_a_sound_image(&installed);
    is_recorded(&environments, &installed);
    is_found_again_at_once(&environments, &installed);
    survives_prune_while_it_is_recorded(&environments, &installed);
    goes_when_its_record_goes(home.path(), &environments, &installed);
}

fn tells_its_progress(heard: &[Event]) {
    let mut installing = heard.iter().filter_map(|event| match event {
        Event::Advanced { what, done, total: Some(total), .. }
            if what.starts_with("installing") =>
        {
            Some((*done, *total))
        }
        _ => None,
    });
    let (done, total) = installing.next_back().unwrap();
    assert!(done == total && total > 50, "{done} of {total} packages");
}

fn has_a_sound_image(installed: &Installed) {
    let fsck = Command::new("fsck.erofs").arg(&installed.image).output().unwrap();
    assert!(fsck.status.success(), "{}", String::from_utf8_lossy(&fsck.stderr));
    let sum = Command::new("sha256sum").arg(&installed.image).output().unwrap();
    assert!(String::from_utf8_lossy(&sum.stdout).starts_with(&installed.image_digest));
    assert_eq!(installed.image.metadata().unwrap().len(), installed.size_bytes);
    for absent in ["/etc/resolv.conf", "/etc/hostname", "/etc/apt/apt.conf.d/99mmdebstrap"] {
        assert!(!has_entry(&installed.image, absent), "{absent} of the host is in the image");
    }
    assert!(has_entry(&installed.image, "/etc/debian_version"));
}

fn has_entry(image: &Path, path: &str) -> bool {
    let dump = Command::new("dump.erofs").arg("--path").arg(path).arg(image).output().unwrap();
    dump.status.success() && String::from_utf8_lossy(&dump.stdout).contains("Size")
}

fn is_recorded(environments: &Environments, installed: &Installed) {
    let inspection = environments.inspect(NAME).unwrap();
    assert!(inspection.entry.installed);
    assert_eq!(inspection.entry.digest.as_ref(), Some(&installed.image_digest));
    let Some(Origin::DebianArchive { packages, sources, tool, mode, .. }) = inspection.origin
    else {
        panic!("no origin of the right kind")
    };
    assert!(packages.iter().any(|package| package.name == "ca-certificates"));
    assert!(!packages.iter().any(|package| package.name == "git"));
    assert!(sources.iter().any(|source| source.contains(" bookworm main")), "{sources:?}");
    assert!(tool.starts_with("mmdebstrap "), "{tool}");
    assert!(["root", "unshare", "fakechroot"].contains(&mode.as_str()), "{mode}");
    let kernel = inspection.kernel.unwrap();
    assert!(kernel.package.starts_with("linux-image-6.1.0-"), "{}", kernel.package);
    assert_eq!(Some(&kernel.digest), installed.kernel_digest.as_ref());
    assert!(!kernel.package_version.contains("bpo"), "{}", kernel.package_version);
}

fn is_found_again_at_once(environments: &Environments, installed: &Installed) {
    let began = Instant::now();
    let again = environments.pull(NAME, &ignore).unwrap();
    let took = began.elapsed();
    assert_eq!(again.image, installed.image);
    assert_eq!(again.initramfs, installed.initramfs);
    assert!(took < Duration::from_millis(50), "the second pull took {took:?}");
}

fn survives_prune_while_it_is_recorded(environments: &Environments, installed: &Installed) {
    assert!(environments.prune().unwrap().removed.is_empty());
    let kept = environments.installed(NAME).unwrap().unwrap();
    assert_eq!(kept.initramfs, installed.initramfs);
}

fn goes_when_its_record_goes(home: &Path, environments: &Environments, installed: &Installed) {
    std::fs::remove_file(home.join(format!("cache/environments/{NAME}.json"))).unwrap();
    let pruned = environments.prune().unwrap();
    assert!(!installed.image.exists() && !installed.initramfs.exists());
    assert!(!installed.kernel.vmlinux.exists());
    assert!(pruned.freed_bytes > installed.size_bytes);
}
