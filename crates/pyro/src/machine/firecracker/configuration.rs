//! What Firecracker is told about a machine, request by request. Pure: it computes bodies, after the
//! project's API specification (`firecracker.yaml`), and sends nothing.

use super::run_directory::VSOCK;
use crate::machine::MachineSpec;
use crate::machine::files::Files;
use crate::machine::jail::{Bind, Tier};
use crate::machine::kernel_line::{self, ChannelDevice};
use crate::machine::spec::BootFiles;
use serde_json::{Value, json};

/// The guest's address on the virtio socket; the host is 2, below are reserved ones (vsock(7)).
const GUEST_CID: u32 = 3;
/// The most that a guest may read and write on its disk per second, in bytes: a bound for a guest
/// that does nothing else, far above what builds need.
const DISK_BYTES_PER_SECOND: u64 = 1 << 30;

/// One request of the configuration.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Setting {
    /// A word for errors.
    pub(super) stage: &'static str,
    /// The resource.
    pub(super) path: &'static str,
    /// Its body.
    pub(super) body: Value,
}

/// All requests, in the order in which they are sent; the last one starts the guest.
#[derive(Debug)]
pub(super) struct Configuration(pub(super) Vec<Setting>);

impl Configuration {
    pub(super) fn new(spec: &MachineSpec, boot: &BootFiles, files: &Files, tier: Tier) -> Self {
        let seen = |bind: &Bind| bind.seen_at(tier).display().to_string();
        let setting = |stage, path, body| Setting { stage, path, body };
        Self(vec![
            setting(
                "machine_config",
                "/machine-config",
                json!({ "vcpu_count": spec.vcpu_count, "mem_size_mib": spec.mem_mib }),
            ),
            setting(
                "boot_source",
                "/boot-source",
                json!({
                    "kernel_image_path": seen(&files.kernel),
                    "initrd_path": seen(&files.initramfs),
                    "boot_args": kernel_line(spec.vcpu_count),
                }),
            ),
            // the guest names its disks in the order in which they are told
            setting(
                "drive_image",
                "/drives/image",
                json!({
                    "drive_id": "image",
                    "path_on_host": seen(&files.image),
                    "is_root_device": false,
                    "is_read_only": true,
                }),
            ),
            setting(
                "drive_disk",
                "/drives/disk",
                json!({
                    "drive_id": "disk",
                    "path_on_host": seen(&files.disk),
                    "is_root_device": false,
                    "is_read_only": false,
                    // whether the guest's flushes reach the host's disk
                    "cache_type": if boot.disposable { "Unsafe" } else { "Writeback" },
                    "rate_limiter": {
                        "bandwidth": { "size": DISK_BYTES_PER_SECOND, "refill_time": 1000 },
                    },
                }),
            ),
            setting("vsock", "/vsock", json!({ "guest_cid": GUEST_CID, "uds_path": VSOCK })),
            setting("instance_start", "/actions", json!({ "action_type": "InstanceStart" })),
        ])
    }
}

/// Not Firecracker's default line, whose `nomodule` keeps a modular kernel from loading anything.
fn kernel_line(vcpu_count: u32) -> String {
    let mut words = kernel_line::words(ChannelDevice::Vsock, vcpu_count);
    words.extend(
        [
            // the keyboard controller's reset is how a guest ends Firecracker
            "reboot=k",
            // nothing else of that controller is there to be looked for
            "i8042.noaux",
            "i8042.nomux",
            "i8042.nopnp",
            "i8042.dumbkbd",
            "pci=off",
            // there is no CMOS clock: what answers is chance, and can cost the tenth of a second that
            // the kernel waits for an update to end (`mc146818_avoid_UIP`)
            "initcall_blacklist=cmos_init",
        ]
        .map(str::to_owned),
    );
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::BackendSpec;

    fn bodies(disposable: bool, tier: Tier) -> String {
        let boot = BootFiles {
            kernel: "/c/vmlinux".into(),
            initramfs: "/c/initramfs".into(),
            image: "/c/a.erofs".into(),
            disk: "/s/disk".into(),
            disposable,
        };
        let spec = MachineSpec {
            id: "m1".into(),
            vcpu_count: 2,
            mem_mib: 512,
            backend: BackendSpec::Process,
        };
        let configuration = Configuration::new(&spec, &boot, &Files::of(&boot), tier);
        let line = |s: &Setting| format!("{} {}\n", s.path, s.body);
        configuration.0.iter().map(line).collect()
    }

    #[test]
    fn the_guest_starts_last_and_the_image_is_its_first_disk() {
        let bodies = bodies(true, Tier::Full);
        let order = ["/boot-source", "/drives/image", "/drives/disk", "/vsock", "InstanceStart"];
        let places: Vec<_> = order.iter().map(|word| bodies.find(word).unwrap()).collect();
        assert!(places.is_sorted(), "{bodies}");
        assert!(bodies.contains("/vm/kernel") && !bodies.contains("/c/"), "{bodies}");
        assert!(!bodies.contains("nomodule"));
    }

    #[test]
    fn only_a_disposable_disk_loses_what_the_guest_flushed() {
        assert!(bodies(true, Tier::Landlock).contains("\"cache_type\":\"Unsafe\""));
        let kept = bodies(false, Tier::Landlock);
        assert!(kept.contains("\"cache_type\":\"Writeback\"") && kept.contains("/s/disk"));
    }
}
