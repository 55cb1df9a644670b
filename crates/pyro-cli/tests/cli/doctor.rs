//! `pyro doctor`: the shape of its answers. What it concludes from which host is tested in the library.

use crate::world::World;

#[test]
fn the_last_lines_say_what_machines_run_on_and_the_code_agrees() {
    let world = World::new();
    let child = world.command(&["doctor"]).env_remove("PYRO_BACKEND").spawn().unwrap();
    let ran = world.finish(child);
    let text = ran.stdout();
    let ready = text.contains("\nmachines will run on ");
    assert!(ready || text.contains("\nmachines cannot run here: "), "{ran}");
    assert_eq!(ran.code(), i32::from(!ready), "{ran}");
    for topic in [
        "platform",
        "kvm",
        "firecracker",
        "qemu",
        "jail",
        "environments",
        "tools",
        "cache",
        "memory",
    ] {
        assert!(text.contains(&format!("  {topic} ")), "{topic}: {ran}");
    }
}

#[test]
fn json_says_the_same() {
    let world = World::new();
    let child = world.command(&["doctor", "--json"]).env_remove("PYRO_BACKEND").spawn().unwrap();
    let ran = world.finish(child);
    let diagnosis = ran.json();
    assert_eq!(ran.code(), i32::from(diagnosis["ready"] != true), "{ran}");
    for field in [
        "verdict",
        "advice",
        "machines",
        "findings",
        "platform",
        "kvm",
        "firecracker",
        "qemu",
        "jail",
    ] {
        assert!(diagnosis.get(field).is_some(), "{field}: {ran}");
    }
    for finding in diagnosis["findings"].as_array().unwrap() {
        let level = finding["level"].as_str().unwrap();
        assert!(["ok", "warning", "problem"].contains(&level), "{finding}");
        assert!(level != "problem" || finding["hint"].is_string(), "{finding}");
    }
}

#[test]
fn what_the_user_insists_on_and_cannot_have_is_a_problem() {
    let world = World::new();
    let child = world.command(&["doctor"]).env("PYRO_BACKEND", "firecracker").spawn().unwrap();
    let ran = world.finish(child);
    assert_eq!(ran.code(), 1, "{ran}");
    assert!(ran.stdout().contains("\nmachines cannot run here: PYRO_BACKEND=firecracker"), "{ran}");
}
