//! Machines on software emulation, where the host has nothing better. They do not run in the lab,
//! which is emulated itself: a boot would take minutes.

use scenarios::World;

#[test]
fn an_isolation_that_emulation_gives_is_enough_where_no_more_is_required() {
    let world = World::new().on_a_host(&["--without-kvm"]);
    let run = world.run_with(&["--json"], &["true"]).env("PYRO_REQUIRE_ISOLATION", "emulated-vm");
    assert_eq!(run.succeeds().json()["isolation"], "emulated-vm");
    world.assert_clean();
}

#[test]
fn every_name_that_means_emulation_here_gives_it() {
    let world = World::new().on_a_host(&["--without-kvm"]);
    for backend in ["auto", "qemu", "qemu-tcg"] {
        let run = world.run_with(&["--json"], &["true"]).env("PYRO_BACKEND", backend);
        assert_eq!(run.succeeds().json()["isolation"], "emulated-vm", "{backend}");
    }
    world.assert_clean();
}

#[test]
fn an_ordinary_user_without_kvm_gets_emulation_in_a_jail() {
    let world = World::of_an_ordinary_user().on_a_host(&["--without-kvm"]);
    let result = world.run_with(&["--json"], &["id", "-u"]).succeeds().json();
    assert_eq!((&result["isolation"], &result["stdout"]), (&"emulated-vm".into(), &"0\n".into()));
    assert_ne!(result["jail"], "none");
    world.assert_clean();
}
