//! A property of every tool: whatever the arguments are, the answer is a result or a failure that a model can
//! read, and the server lives on.

use super::{Entry, TOOLS};
use crate::Profile;
use crate::progress::Phrase;
use crate::result::{MAX_CHARACTERS, failure};
use crate::server::Server;
use crate::settings::{Ceilings, NetworkRule, ProjectSource, Settings};
use proptest::collection::{hash_map, vec};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use pyro::Config;
use pyro::secret::Disclosure;
use rmcp::model::{CallToolResult, JsonObject};
use serde_json::{Value, json};
use std::cell::Cell;
use std::ffi::OsString;
use tokio_util::sync::CancellationToken;

/// Calls of each tool.
const CASES: u32 = 60;
/// Characters of a text that is larger than any model's.
const HUGE: usize = 200_000;

/// A server with every tool, in a home where nothing is and no machine can boot.
fn server(home: &tempfile::TempDir) -> Server {
    let config = Config::from_lookup("/proc/self/exe".into(), |name| match name {
        "PYRO_HOME" => Some(home.path().into()),
        "PATH" => Some(OsString::from("/usr/bin:/bin")),
        "PYRO_BACKEND" => Some("process".into()),
        _ => None,
    });
    let settings = Settings {
        profile: Profile::WorkspaceFull,
        allow_host_compat: false,
        project: ProjectSource::Around(home.path().into()),
        seed_roots: vec![home.path().into()],
        export_roots: vec![home.path().into()],
        home: None,
        ceilings: Ceilings::default(),
        network: NetworkRule::default(),
        images: Vec::new(),
        disclosure: Disclosure::Refused,
    };
    Server::new(config.unwrap(), settings, CancellationToken::new()).unwrap()
}

/// Any JSON, huge texts and deep nests among it.
fn json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        8 => ".{0,40}".prop_map(Value::from),
        4 => prop::sample::select(&WORDS[..]).prop_map(Value::from),
        1 => "[a-z\u{e4}\u{1f600}]".prop_map(|c| Value::from(c.repeat(HUGE / c.len()))),
    ];
    let leaf = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        2 => any::<i64>().prop_map(Value::from),
        2 => (-2i64..100).prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        6 => text,
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            hash_map("[a-z_]{0,8}", inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Texts that mean something somewhere.
const WORDS: [&str; 14] = [
    "debian:12",
    "127.0.0.1:1/a:1",
    "off",
    "egress",
    "baseline",
    "w",
    "w.1",
    "..",
    "/",
    "/etc/passwd",
    "\0",
    "HUP",
    "*** Begin Patch\n*** End Patch\n",
    "true",
];

/// Arguments for a tool: some of those that it knows, of a kind that fits or of any, and some that it does not.
fn arguments(tool: &Entry) -> impl Strategy<Value = JsonObject> + use<> {
    let schema = Value::Object((*(tool.describe)().input_schema).clone());
    let known: Vec<(String, Value)> = schema["properties"]
        .as_object()
        .map(|properties| properties.iter().map(|(k, v)| (k.clone(), v.clone())).collect())
        .unwrap_or_default();
    let known: Vec<_> = known
        .into_iter()
        .map(|(name, schema)| prop::option::weighted(0.8, (Just(name), fitting(&schema))))
        .collect();
    let unknown = prop::option::weighted(0.1, (".{0,20}", json()));
    (known, unknown)
        .prop_map(|(known, unknown)| known.into_iter().chain([unknown]).flatten().collect())
}

/// Mostly what the schema asks for.
fn fitting(schema: &Value) -> BoxedStrategy<Value> {
    let kind = schema["type"].as_str().or(schema["type"][0].as_str()).unwrap_or_default();
    let fits = match kind {
        "string" => prop_oneof![
            prop::sample::select(&WORDS[..]).prop_map(Value::from),
            ".{0,60}".prop_map(Value::from)
        ]
        .boxed(),
        "integer" => {
            prop_oneof![(0i64..200_000).prop_map(Value::from), any::<i64>().prop_map(Value::from)]
                .boxed()
        }
        "boolean" => any::<bool>().prop_map(Value::from).boxed(),
        _ => json().boxed(),
    };
    prop_oneof![4 => fits, 1 => json()].boxed()
}

fn assert_readable(result: &CallToolResult, what: &str) {
    let value = serde_json::to_value(result).unwrap();
    let text = value["content"][0]["text"].as_str().unwrap_or_default();
    assert!(!text.is_empty() && text.chars().count() <= MAX_CHARACTERS, "{what}: {text}");
    assert!(value["isError"] != true || text.contains("\ncode: "), "{what}: {text}");
}

#[test]
fn no_arguments_are_too_strange_for_any_tool() {
    let home = tempfile::tempdir().unwrap();
    let server = server(&home);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let understood = Cell::new(0);
    for tool in &TOOLS {
        let mut runner =
            TestRunner::new(ProptestConfig { cases: CASES, ..ProptestConfig::default() });
        let called = runner.run(&arguments(tool), |arguments| {
            let what = format!("{} {:.300}", tool.name, json!(arguments).to_string());
            let phrase = Phrase::default();
            let result = match runtime.block_on((tool.call)(&server, arguments, &phrase)) {
                Ok(result) => result,
                Err(error) => failure(&error, Profile::WorkspaceFull),
            };
            assert_readable(&result, &what);
            let said = serde_json::to_string(&result.content).unwrap();
            if !said.contains("code: bad_arguments") {
                understood.set(understood.get() + 1);
            }
            Ok(())
        });
        called.unwrap_or_else(|error| panic!("{}: {error}", tool.name));
    }
    // that the arguments fit was the point of many of them
    assert!(understood.get() > CASES * 5, "{understood:?}");
}
