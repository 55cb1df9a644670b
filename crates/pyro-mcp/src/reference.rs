//! `docs/reference/tools.md` is what `tools/list` says. This test holds it to that, and writes it for
//! `cargo run -p xtask -- docs`.

use crate::Profile;
use crate::tools::TOOLS;
use rmcp::model::Tool;
use serde_json::{Map, Value, json};
use std::fmt::Write;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/tools.md");

const HEAD: &str = "\
<!-- Written by `cargo run -p xtask -- docs` from the tools. Do not edit. -->

# The tools of the MCP server

What `pyro mcp serve` lists to a client, by profile. Where a tool has an entry for one profile alone, its parameters differ
there. A tool without result fields answers as text; the others answer with the same in both forms. Errors are text: the
message, `code: …` ([errors.md](errors.md)), and `next: …` for each hint.

";

#[test]
fn the_page_is_what_the_tools_say() {
    let page = page();
    if std::env::var_os("PYRO_WRITE_REFERENCE").is_some() {
        std::fs::write(PAGE, &page).unwrap();
    }
    let written = std::fs::read_to_string(PAGE).unwrap();
    assert!(
        written == page,
        "docs/reference/tools.md is old: `cargo run -p xtask -- docs` writes it"
    );
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    page += "| tool | ";
    page += &Profile::NAMES.join(" | ");
    page += " |\n|---|---|---|---|\n";
    let mut names: Vec<&str> = TOOLS.iter().map(|tool| tool.name).collect();
    names.dedup();
    for name in names {
        let entries: Vec<_> = TOOLS.iter().filter(|tool| tool.name == name).collect();
        let cells = Profile::NAMES.map(|profile| {
            let profile = profile.parse::<Profile>().unwrap();
            let entry = entries.iter().position(|entry| entry.profiles.contains(&profile));
            entry.map_or(String::new(), |at| {
                format!("[yes](#{})", anchor(&heading(name, entries[at].profiles)))
            })
        });
        writeln!(page, "| `{name}` | {} |", cells.join(" | ")).unwrap();
    }
    for tool in &TOOLS {
        section(&mut page, &heading(tool.name, tool.profiles), &(tool.describe)());
    }
    page
}

/// A tool that differs between profiles is told apart by them.
fn heading(name: &str, profiles: &[Profile]) -> String {
    if TOOLS.iter().filter(|tool| tool.name == name).count() == 1 {
        return name.to_owned();
    }
    let profiles: Vec<String> = profiles.iter().map(ToString::to_string).collect();
    format!("{name} ({})", profiles.join(", "))
}

fn anchor(heading: &str) -> String {
    heading.replace(['(', ')', ','], "").replace(' ', "-")
}

fn section(page: &mut String, heading: &str, tool: &Tool) {
    let title = tool.title.as_deref().unwrap_or_default();
    let description = tool.description.as_deref().unwrap_or_default();
    write!(page, "\n## {heading}\n\n*{title}.* {}{description}\n", effect(tool)).unwrap();
    let schema = Value::Object(tool.input_schema.as_ref().clone());
    table(page, "parameter", &schema, &schema, true);
    let Some(output) = &tool.output_schema else { return };
    let output = Value::Object(output.as_ref().clone());
    table(page, "result", &output, &output, false);
}

/// What its annotations say.
fn effect(tool: &Tool) -> &'static str {
    let annotations = tool.annotations.clone().unwrap_or_default();
    if annotations.read_only_hint == Some(true) {
        "Reads only. "
    } else if annotations.destructive_hint == Some(true) {
        "May destroy. "
    } else {
        ""
    }
}

/// The fields of an object, and below it those of the objects in it.
fn table(page: &mut String, title: &str, schema: &Value, root: &Value, are_arguments: bool) {
    let none = Map::new();
    let fields = schema["properties"].as_object().unwrap_or(&none);
    if fields.is_empty() {
        return;
    }
    let default = if are_arguments { " default |" } else { "" };
    let rule = if are_arguments { "---|" } else { "" };
    write!(page, "\n| {title} | type |{default} |\n|---|---|{rule}---|\n").unwrap();
    rows(page, "", schema, root, are_arguments);
}

fn rows(page: &mut String, above: &str, schema: &Value, root: &Value, are_arguments: bool) {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let Some(fields) = schema["properties"].as_object() else { return };
    for (name, field) in fields {
        let told = field["description"]
            .as_str()
            .unwrap_or_default()
            .replace('\n', " ")
            .replace('|', "\\|");
        let default = match field.get("default") {
            _ if !are_arguments => String::new(),
            Some(default) => format!(" `{default}` |"),
            None if required.contains(&json!(name)) => " required |".to_owned(),
            None => " |".to_owned(),
        };
        writeln!(page, "| `{above}{name}` | {} |{default} {told} |", kind(field, root)).unwrap();
        if let Some((inner, marks)) = object_in(field, root) {
            rows(page, &format!("{above}{name}{marks}."), inner, root, are_arguments);
        }
    }
}

/// The schema that a `$ref` stands for; others stand for themselves.
fn resolved<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    let name = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/"));
    name.map_or(schema, |name| &root["$defs"][name])
}

/// The object in a field, and `[]` where the field is a list of them.
fn object_in<'a>(field: &'a Value, root: &'a Value) -> Option<(&'a Value, &'static str)> {
    let options = field["anyOf"].as_array().into_iter().flatten();
    let options = std::iter::once(field).chain(options).map(|one| resolved(one, root));
    options.into_iter().find_map(|one| {
        if one["properties"].is_object() {
            return Some((one, ""));
        }
        let items = resolved(&one["items"], root);
        items["properties"].is_object().then_some((items, "[]"))
    })
}

/// A type in words.
fn kind(field: &Value, root: &Value) -> String {
    let field = resolved(field, root);
    if let Some(options) = field["anyOf"].as_array().or(field["oneOf"].as_array()) {
        let mut kinds: Vec<String> = options.iter().map(|one| kind(one, root)).collect();
        kinds.dedup();
        return kinds.join(" or ");
    }
    if let Some(values) = field["enum"].as_array() {
        return values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(" or ");
    }
    if let Some(value) = field.get("const") {
        return format!("`{value}`");
    }
    let names: Vec<&str> = match &field["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => vec!["any"],
    };
    let named = names.iter().map(|name| match *name {
        "array" if field["items"].is_object() => format!("list of {}", kind(&field["items"], root)),
        "array" => "list".to_owned(),
        name => name.to_owned(),
    });
    named.collect::<Vec<_>>().join(" or ")
}
