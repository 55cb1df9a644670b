//! `pyro env` in an empty home.

use crate::world::World;
use insta::assert_snapshot;

#[test]
fn list_for_people() {
    assert_snapshot!(World::new().pyro(&["env", "list"]), @r"
exit status: 0
--- stdout
NAME             VERSION  READY  SIZE  DESCRIPTION
debian:12        1.0.0    no     -     Debian 12 (bookworm) with git and CA certificates
debian:12-base   1.0.0    no     -     Debian 12 (bookworm), minimal: apt and CA certificates
debian:12-build  1.0.0    no     -     Debian 12 (bookworm) with git and the C and C++ build tools
");
}

#[test]
fn list_as_json_has_the_names_of_the_contract() {
    let listing = World::new().pyro(&["env", "list", "--json"]).json();
    assert!(listing["catalog_version"].is_string() && listing["cache_dir"].is_string());
    let environments = listing["environments"].as_array().unwrap();
    let names: Vec<_> = environments.iter().filter_map(|e| e["name"].as_str()).collect();
    assert_eq!(names, ["debian:12", "debian:12-base", "debian:12-build"]);
    for field in ["version", "description", "installed", "source", "digest", "size_bytes"] {
        assert!(environments[0].get(field).is_some(), "{field}");
    }
}

#[test]
fn inspect_for_people() {
    assert_snapshot!(World::new().pyro(&["env", "inspect", "debian:12-base"]), @r"
exit status: 0
--- stdout
description: Debian 12 (bookworm), minimal: apt and CA certificates
installed: false
name: debian:12-base
packages:
  - ca-certificates
source: debian-archive
version: 1.0.0
");
}

#[test]
fn prune_of_nothing() {
    assert_snapshot!(World::new().pyro(&["env", "prune"]), @r"
exit status: 0
--- stdout
0 B freed
");
    assert_eq!(World::new().pyro(&["env", "prune", "--json"]).json()["freed_bytes"], 0);
}

#[test]
fn prune_removes_a_record_that_it_cannot_read_and_says_why() {
    let world = World::new();
    let records = world.path(".cache/pyro/environments");
    std::fs::create_dir_all(&records).unwrap();
    std::fs::write(records.join("debian:12.json"), "{").unwrap();
    let pruned = world.pyro(&["env", "prune", "--json"]).json();
    assert_eq!(pruned["corrupt_records"][0]["path"], pruned["removed"][0]);
    assert!(pruned["corrupt_records"][0]["reason"].as_str().unwrap().contains("EOF"), "{pruned}");
    assert!(std::fs::read_dir(&records).unwrap().next().is_none());
    std::fs::write(records.join("debian:12.json"), "{").unwrap();
    let ran = world.pyro(&["env", "prune"]);
    assert!(ran.stderr().contains("debian:12.json could not be used: EOF"), "{ran}");
    assert!(
        ran.stdout().contains("removed $HOME/.cache/pyro/environments/debian:12.json"),
        "{ran}"
    );
}
