//! Whether what a guest shows in `/workspace` is what its disk holds there.

use super::Workspace;
use crate::guest::transfer;
use crate::workspace::WORKSPACE_PATH;
use pyro_proto::GuestPath;
use pyro_proto::request::Request;
use std::ops::ControlFlow;

/// The mounts that the agent, which is PID 1, sees: proc_pid_mountinfo(5).
const MOUNTS: &str = "/proc/1/mountinfo";
/// More than so many bytes of them are not looked through.
const MAX_BYTES: usize = 1 << 20;

/// Whether nothing is mounted within `/workspace` but that itself. The guest's word: one that lies exports what
/// its disk holds.
pub(super) async fn are_none_in(workspace: &Workspace) -> bool {
    let (path, length) = (GuestPath::from(MOUNTS), Some(MAX_BYTES as u64 + 1));
    let request = Request::ReadFile { path, offset: 0, length };
    let Ok(stream) = workspace.shim.guest(request).await else { return false };
    let mut mounts = Vec::new();
    let read = transfer::read(stream, |piece| {
        mounts.extend_from_slice(piece);
        if mounts.len() > MAX_BYTES { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    read.await.is_ok() && mounts.len() <= MAX_BYTES && only_workspace(&mounts)
}

/// Whether the fifth field of one line alone begins with the workspace's path, and is no longer.
fn only_workspace(mounts: &[u8]) -> bool {
    let points = mounts.split(|byte| *byte == b'\n').filter_map(|line| {
        let point = line.split(|byte| *byte == b' ').nth(4)?;
        let rest = point.strip_prefix(WORKSPACE_PATH.as_bytes())?;
        (rest.is_empty() || rest.starts_with(b"/")).then_some(rest)
    });
    let points: Vec<&[u8]> = points.take(2).collect();
    matches!(points[..], [b""])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_alone_is_looked_for() {
        let root = "21 1 0:20 / / rw,relatime - overlay overlay rw\n";
        let own = "30 21 254:16 /workspace /workspace rw,relatime - ext4 /dev/vdb rw\n";
        let other = |point: &str| format!("40 30 0:40 / {point} rw - tmpfs tmpfs rw\n");
        assert!(only_workspace(format!("{root}{own}").as_bytes()));
        assert!(only_workspace(format!("{own}{}", other("/workspaces")).as_bytes()));
        for mounts in [
            String::new(),
            root.to_owned(),
            format!("{own}{}", other("/workspace")),
            format!("{own}{}", other("/workspace/build")),
            other("/workspace/a\\040b"),
        ] {
            assert!(!only_workspace(mounts.as_bytes()), "{mounts}");
        }
    }
}
