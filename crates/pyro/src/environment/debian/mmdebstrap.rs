//! The command line that installs a recipe's packages and prints the tree as a tar stream.

use super::super::catalog::Recipe;
use super::{SUITE, tool};
use crate::config::Config;
use std::path::Path;
use std::process::Command;

/// Time stamps newer than this are set to it, so the same packages give the same image:
/// 2023-06-10, the day of the suite's release, in Unix seconds.
const SOURCE_DATE_EPOCH: &str = "1686355200";

/// What must not be in an image: the host's name and resolver, which mmdebstrap copies in, and the
/// host's apt settings (possibly a proxy with a password). `$1` is the unpacked tree.
const FORGET_THE_HOST: &str = "rm -f \"$1/etc/resolv.conf\" \"$1/etc/hostname\" \
                               \"$1/etc/apt/apt.conf.d/99mmdebstrap\"";
/// Traces of the build itself.
const FORGET_THE_BUILD: &str = "rm -rf \"$1/var/log/apt\" \"$1/var/log/dpkg.log\" \
    \"$1/var/log/alternatives.log\" \"$1/var/log/bootstrap.log\" \"$1/var/cache/apt/archives/lock\" \
    \"$1/var/lib/apt/lists/lock\" \"$1\"/var/cache/debconf/*-old \"$1\"/var/lib/dpkg/*-old";

/// The command for `recipe`. `settings` is a file of apt settings for the build.
pub(super) fn command(
    config: &Config,
    mmdebstrap: &Path,
    recipe: &Recipe,
    sources: &[String],
    settings: &Path,
    scratch: &Path,
) -> Command {
    let mut command = with_own_mounts(config, mmdebstrap);
    command
        .args(["--verbose", "--mode=auto", "--variant=apt", "--architectures=amd64"])
        .args(["--format=tar", "--components=main"])
        .arg(format!("--include={}", recipe.packages.join(",")))
        .arg(format!("--aptopt={}", settings.display()))
        .arg(format!("--customize-hook={FORGET_THE_HOST}"))
        .arg(format!("--customize-hook={FORGET_THE_BUILD}"))
        .args([SUITE, "-"])
        .args(sources)
        .env("TMPDIR", scratch)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .env("SOURCE_DATE_EPOCH", SOURCE_DATE_EPOCH)
        .current_dir("/");
    command
}

/// As root, mmdebstrap mounts the host's `/proc`, `/sys` and devices below the tree, and leaves
/// them mounted when it is killed. In a mount namespace of its own they go with its last process.
/// Where root may not make one (in a container), it may not mount either.
fn with_own_mounts(config: &Config, mmdebstrap: &Path) -> Command {
    if rustix::process::geteuid().is_root()
        && let Some(unshare) = config.find_program("unshare")
    {
        let wrapped = |program: &Path| {
            let mut command = Command::new(&unshare);
            command.args(["--mount", "--propagation=private", "--"]).arg(program);
            command
        };
        if tool::output(config, &wrapped(Path::new("true"))).is_ok() {
            return wrapped(mmdebstrap);
        }
    }
    Command::new(mmdebstrap)
}
