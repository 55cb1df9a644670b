//! The command line that installs a recipe's packages and prints the tree as a tar stream.

use super::super::catalog::Recipe;
use super::SUITE;
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
    mmdebstrap: &Path,
    recipe: &Recipe,
    sources: &[String],
    settings: &Path,
    scratch: &Path,
) -> Command {
    let mut command = Command::new(mmdebstrap);
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
