//! QEMU's command line. Pure: it computes arguments, and starts nothing.

use crate::machine::files::Files;
use crate::machine::jail::{Bind, Tier};
use crate::machine::kernel_line::{self, ChannelDevice};
use crate::machine::{Accelerator, MachineSpec};
use std::path::PathBuf;

/// The facts a command line is made from.
pub(super) struct Line<'a> {
    pub(super) spec: &'a MachineSpec,
    pub(super) accelerator: Accelerator,
    pub(super) files: &'a Files,
    pub(super) tier: Tier,
    pub(super) disposable: bool,
    pub(super) channel_fd: i32,
    pub(super) console_fd: i32,
    pub(super) tsc_khz: u64,
}

impl Line<'_> {
    pub(super) fn arguments(&self) -> Vec<String> {
        let mut args = Vec::new();
        self.machine(&mut args);
        self.kernel(&mut args);
        self.devices(&mut args);
        args
    }

    fn machine(&self, args: &mut Vec<String>) {
        // Debian's kernels find virtio-mmio devices only through ACPI; the PIT and PIC have no use
        // then. Never `rtc=off`: the kernel waits two seconds for a missing CMOS.
        // An emulated CPU moves bytes one by one where the kernel believes in fast string moves (`erms`,
        // `fsrm`), and eight at a time where it does not: 0.4 against 3.2 GB/s.
        let (accel, cpu) = match self.accelerator {
            Accelerator::Kvm => ("kvm", "host"),
            Accelerator::Tcg => ("tcg", "max,-erms,-fsrm"),
        };
        push(args, &["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]);
        push(args, &["-name", &format!("pyro-{}", self.spec.id)]);
        push(args, &["-M", "microvm,acpi=on,pit=off,pic=off,isa-serial=on"]);
        push(args, &["-accel", accel, "-cpu", cpu]);
        push(args, &["-smp", &self.spec.vcpu_count.to_string()]);
        push(args, &["-m", &self.spec.mem_mib.to_string()]);
        push(
            args,
            &[
                "-sandbox",
                "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
            ],
        );
    }

    fn kernel(&self, args: &mut Vec<String>) {
        push(args, &["-kernel", &self.seen(&self.files.kernel)]);
        push(args, &["-initrd", &self.seen(&self.files.initramfs)]);
        push(args, &["-append", &self.kernel_line()]);
    }

    fn kernel_line(&self) -> String {
        let mut words = kernel_line::words(ChannelDevice::Serial, self.spec.vcpu_count);
        words.push("reboot=t".into());
        if self.accelerator == Accelerator::Tcg {
            words.push(format!("tsc_early_khz={} tsc=reliable", self.tsc_khz));
        }
        words.join(" ")
    }

    fn devices(&self, args: &mut Vec<String>) {
        let cache = if self.disposable { "unsafe" } else { "writeback" };
        push(args, &["-chardev", &format!("socket,id=console,fd={}", self.console_fd)]);
        push(args, &["-serial", "chardev:console"]);
        push(args, &["-device", "virtio-serial-device,max_ports=2"]);
        push(args, &["-chardev", &format!("socket,id=agent,fd={}", self.channel_fd)]);
        push(args, &["-device", "virtserialport,chardev=agent,name=pyro.agent"]);
        // always raw: a guest could write the header of another format into its disk
        let image = format!(
            "if=none,id=image,file={},format=raw,readonly=on,cache=writeback,file.locking=off",
            self.option(&self.files.image)
        );
        let disk = format!(
            "if=none,id=disk,file={},format=raw,cache={cache},discard=unmap,werror=report,rerror=report",
            self.option(&self.files.disk)
        );
        push(args, &["-drive", &image, "-device", "virtio-blk-device,drive=image,serial=image"]);
        push(args, &["-drive", &disk, "-device", "virtio-blk-device,drive=disk,serial=disk"]);
    }

    fn seen(&self, bind: &Bind) -> String {
        bind.seen_at(self.tier).display().to_string()
    }

    /// Within a list of options QEMU takes a doubled comma for one.
    fn option(&self, bind: &Bind) -> String {
        self.seen(bind).replace(',', ",,")
    }
}

fn push(args: &mut Vec<String>, words: &[&str]) {
    args.extend(words.iter().map(|w| (*w).to_owned()));
}

/// Device nodes that QEMU opens; `/dev/null` to find out how files can be locked.
pub(super) fn devices(accelerator: Accelerator) -> Vec<PathBuf> {
    match accelerator {
        Accelerator::Kvm => vec!["/dev/null".into(), "/dev/kvm".into()],
        Accelerator::Tcg => vec!["/dev/null".into()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::{BackendSpec, BootFiles};

    fn line(vcpu_count: u32, accelerator: Accelerator, disposable: bool) -> String {
        let boot = BootFiles {
            kernel: "/c/vmlinux".into(),
            initramfs: "/c/initramfs".into(),
            image: "/c/a,b.erofs".into(),
            disk: "/s/disk".into(),
            disposable,
        };
        let spec = MachineSpec {
            id: "m1".into(),
            vcpu_count,
            mem_mib: 512,
            backend: BackendSpec::Process,
        };
        let files = Files::of(&boot);
        let line = Line {
            spec: &spec,
            accelerator,
            files: &files,
            tier: Tier::Landlock,
            disposable,
            channel_fd: 7,
            console_fd: 8,
            tsc_khz: 2_596_100,
        };
        line.arguments().join(" ")
    }

    #[test]
    fn emulation_gets_its_clock_and_hardware_does_not() {
        let tcg = line(1, Accelerator::Tcg, true);
        assert!(
            tcg.contains("tsc_early_khz=2596100 tsc=reliable") && tcg.contains("noreplace-smp")
        );
        let kvm = line(2, Accelerator::Kvm, true);
        assert!(!kvm.contains("tsc") && !kvm.contains("noreplace-smp"));
        assert!(kvm.contains("-accel kvm -cpu host -smp 2 -m 512"));
    }

    #[test]
    fn a_comma_in_a_path_adds_no_option_and_formats_are_never_probed() {
        let line = line(1, Accelerator::Tcg, false);
        assert!(line.contains("file=/c/a,,b.erofs,format=raw,readonly=on"));
        assert!(line.contains("file=/s/disk,format=raw,cache=writeback"));
    }
}
