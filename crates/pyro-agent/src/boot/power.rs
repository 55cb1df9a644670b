//! The end of the machine: what is written reaches the disk, then the machine resets, which every
//! VMM that pyro uses takes as its end.

use crate::console;
use rustix::mount::MountFlags;
use rustix::system::RebootCommand;
use std::time::Duration;

/// So often the disk is asked to become read-only, while killed processes let go of it.
const TRIES: usize = 50;
const PAUSE: Duration = Duration::from_millis(2);

/// Ends the machine.
pub(crate) fn power_off() -> ! {
    rustix::fs::sync();
    close_disk();
    loop {
        if let Err(error) = rustix::system::reboot(RebootCommand::Restart) {
            console::say(format_args!("cannot reset: {error}"));
        }
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// Leaves the workspace's disk clean; one that stays busy is repaired from its journal.
fn close_disk() {
    for _ in 0..TRIES {
        let closed = rustix::mount::mount_remount("/workspace", MountFlags::RDONLY, "");
        if closed != Err(rustix::io::Errno::BUSY) {
            return;
        }
        std::thread::sleep(PAUSE);
    }
}
