//! What `pyro env prune` leaves.

use scenarios::World;
use std::fs;

#[test]
fn after_a_prune_the_next_machine_starts_without_any_preparation() {
    let world = World::new().with_private_cache();
    let _ = world.run(&["true"]).succeeds();
    let _ = world.pyro(&["env", "prune"]).succeeds();
    let notes = || fs::read_dir(world.cache().join("initramfs/made-from")).unwrap().count();
    assert_eq!(notes(), 1, "the note that leads to the initramfs");
    let run = world.run(&["true"]).succeeds();
    assert!(!run.stderr.contains("preparing"), "{}", run.stderr);
    assert_eq!(notes(), 1);
}
