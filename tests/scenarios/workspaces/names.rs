//! Which workspace is meant: an id, a name, or the beginning of either.

use scenarios::World;
use serde_json::{Value, json};

#[test]
fn an_id_a_name_and_the_beginning_of_either_mean_the_same_workspace() {
    let world = World::new();
    let first = world.workspace(&["--name", "alpha/one", "--label", "owner=grace"]);
    let second = world.workspace(&["--name", "alphabet"]);
    let id_of = |wanted: &str| {
        let said = world.pyro(&["workspace", "status", wanted, "--json"]).outcome();
        (said.code(), said.json()["workspace_id"].clone())
    };
    for wanted in [first.id.as_str(), "alpha/one", "alpha/", &first.id[..first.id.len() - 1]] {
        assert_eq!(id_of(wanted), (0, json!(first.id)), "{wanted}");
    }
    assert_eq!(id_of("alphabet"), (0, json!(second.id)));
    for (wanted, code) in
        [("alpha", "ambiguous_id"), ("ws-", "ambiguous_id"), ("nonesuch", "not_found")]
    {
        let error = world.pyro(&["workspace", "status", wanted, "--json"]).outcome().json();
        assert_eq!(error["code"], code, "{error}");
    }

    let taken = world.pyro(&["workspace", "create", "--name", "alphabet", "--json"]).outcome();
    assert_eq!(taken.exits(2).json()["code"], "name_taken");
    let taken = second.call(&["update"], &["--name", "alpha/one", "--json"]).outcome().exits(2);
    assert_eq!(taken.json()["code"], "name_taken");
    let changed =
        second.json(&["update"], &["--clear-name", "--label", "a=b=c", "--ttl-seconds", "900"]);
    assert_eq!(
        (&changed["name"], &changed["labels"], &changed["ttl_seconds"]),
        (&Value::Null, &json!({"a": "b=c"}), &json!(900))
    );
    let changed = first.json(&["update"], &["--clear-label", "owner", "--name", "beta"]);
    assert_eq!((&changed["name"], &changed["labels"]), (&json!("beta"), &json!({})));

    let listing = world.pyro(&["workspace", "list"]).succeeds();
    let [heading, rows @ ..] = &listing.lines()[..] else { panic!("an empty list") };
    assert!(heading.starts_with("ID ") && rows.len() == 2, "{}", listing.text());
    assert!(rows.iter().any(|row| row.contains(&first.id) && row.contains(" beta ")));
    first.delete();
    second.delete();
    let listing = world.pyro(&["workspace", "list", "--json"]).succeeds().json();
    assert_eq!(listing, json!({"count": 0, "workspaces": []}));
    world.assert_clean();
}
