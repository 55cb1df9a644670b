//! Package managers with the registries that they know by themselves. Needs the internet, so these are for
//! ring 3 only.

use scenarios::World;
use std::time::Duration;

/// A registry may be slow, and on an emulated CPU a package manager is.
const PATIENCE: Duration = Duration::from_secs(240);

#[test]
fn apt_updates_and_installs_a_package_over_http() {
    let world = World::new();
    let script = "apt-get -qq update && apt-get -qq install -y --no-install-recommends hello >/dev/null && hello";
    let options = ["--network", "--timeout-seconds", "220"];
    let run = world.run_with(&options, &["sh", "-c", script]).within(PATIENCE).succeeds();
    assert!(run.text().contains("Hello, world!"), "{}", run.text());
    world.assert_clean();
}
