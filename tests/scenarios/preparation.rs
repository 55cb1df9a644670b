//! An environment is prepared once. The lab of ring 4, which has no network, relies on this test
//! having run outside it.

use scenarios::{ENVIRONMENT, World};

#[test]
fn every_user_has_the_environment_and_it_is_not_prepared_again() {
    for world in [World::new(), World::of_an_ordinary_user()] {
        let listing = world.pyro(&["env", "list", "--json"]).succeeds().json();
        let entries = listing["environments"].as_array().unwrap();
        let entry = entries.iter().find(|entry| entry["name"] == ENVIRONMENT).unwrap();
        assert_eq!(entry["installed"], true, "{entry}");
        let before = world.pyro(&["env", "inspect", ENVIRONMENT, "--json"]).succeeds().json();
        let _ = world.pyro(&["env", "pull", ENVIRONMENT]).succeeds();
        let after = world.pyro(&["env", "inspect", ENVIRONMENT, "--json"]).succeeds().json();
        assert_eq!(before, after);
    }
}
