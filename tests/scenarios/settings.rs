//! What a user may insist on, and how pyro refuses what it cannot give.

use scenarios::World;

#[test]
fn an_isolation_that_the_host_cannot_give_is_refused_by_name() {
    let world = World::new().on_a_host(&["--without-kvm"]);
    let required = |isolation| {
        world.run_with(&["--json"], &["true"]).env("PYRO_REQUIRE_ISOLATION", isolation).outcome()
    };
    let error = required("hardware-vm").exits(125).json();
    assert_eq!((&error["code"], &error["kind"]), (&"isolation_too_weak".into(), &"denied".into()));
    assert!(error["message"].as_str().unwrap().contains("hardware-vm"), "{error}");
    let error = required("perfect").exits(125).json();
    assert_eq!((&error["code"], &error["kind"]), (&"bad_setting".into(), &"usage".into()));
    world.assert_clean();
}

#[test]
fn a_backend_that_the_host_does_not_have_is_refused_and_never_replaced() {
    let world = World::new().on_a_host(&["--without-kvm", "--without-firecracker"]);
    let with =
        |backend| world.run_with(&["--json"], &["true"]).env("PYRO_BACKEND", backend).outcome();
    for (backend, code) in [
        ("qemu-kvm", "no_kvm"),
        ("firecracker", "no_kvm"),
        ("process", "host_compat_denied"),
        ("xen", "bad_setting"),
    ] {
        let error = with(backend).exits(125).json();
        assert_eq!(error["code"], code, "{error}");
        assert!(!error["hints"].as_array().unwrap().is_empty(), "{error}");
    }
    world.assert_clean();
}

#[test]
fn without_qemu_nothing_runs_unless_the_human_allows_the_host() {
    let world = World::new().on_a_host(&["--without-qemu", "--without-firecracker"]);
    let run = world.run(&["true"]).outcome().exits(125);
    let _ = run
        .complains("qemu-system-x86_64 is not installed")
        .complains("apt-get install qemu-system-x86");
    let result =
        world.run_with(&["--json", "--allow-host-compat"], &["echo", "host"]).succeeds().json();
    assert_eq!(
        (&result["isolation"], &result["execution_mode"]),
        (&"none".into(), &"host_compat".into())
    );
    assert_eq!(result["stdout"], "host\n");
    world.assert_clean();
}
