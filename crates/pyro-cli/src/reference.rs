//! `docs/reference/cli.md` is what the commands say of themselves. This test holds it to that, and writes it
//! for `cargo run -p xtask -- docs`.

use crate::commands::Cli;
use clap::{Arg, Command, CommandFactory};
use std::fmt::Write;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/cli.md");

const HEAD: &str = "\
<!-- Written by `cargo run -p xtask -- docs` from the commands. Do not edit. -->

# The command line

What `pyro COMMAND --help` says, on one page. `--json` prints one document on stdout, errors included
([errors.md](errors.md)). `ID` is a workspace's id, its name, or the beginning of either that no other workspace
has.

";

#[test]
fn the_page_is_what_the_commands_say() {
    let page = page();
    if std::env::var_os("PYRO_WRITE_REFERENCE").is_some() {
        std::fs::write(PAGE, &page).unwrap();
    }
    let written = std::fs::read_to_string(PAGE).unwrap();
    assert!(
        written == page,
        "docs/reference/cli.md is old: `cargo run -p xtask -- docs` writes it"
    );
}

#[test]
fn every_command_shows_examples_of_itself() {
    for command in commands() {
        let name = command.get_bin_name().unwrap();
        let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let is_alone = !command.has_subcommands();
        // what a chat host starts is not typed
        let is_shown = after.contains(name) || name == "pyro mcp serve";
        assert!(!is_alone || after.contains("Examples:\n") && is_shown, "{name}");
    }
}

#[test]
fn every_document_is_on_the_page_of_documents() {
    let page = std::fs::read_to_string(PAGE.replace("cli.md", "json.md")).unwrap();
    let headings = page.lines().filter_map(|line| line.strip_prefix("## "));
    let told: Vec<&str> = headings.flat_map(|heading| heading.split(", ")).collect();
    for command in commands().iter().filter(|one| one.get_arguments().any(|a| a.get_id() == "json"))
    {
        let name = command.get_bin_name().unwrap().trim_start_matches("pyro ");
        assert!(told.contains(&name), "xtask/src/reference/json.rs does not have: {name}");
    }
}

/// The executable's commands, each before those below it.
fn commands() -> Vec<Command> {
    let mut pyro = Cli::command().bin_name("pyro");
    pyro.build();
    let mut all = Vec::new();
    collect(&pyro, &mut all);
    all
}

fn collect(command: &Command, all: &mut Vec<Command>) {
    all.push(command.clone());
    let below = command
        .get_subcommands()
        .filter(|below| !below.is_hide_set() && below.get_name() != "help");
    below.for_each(|below| collect(below, all));
}

fn page() -> String {
    let commands = commands();
    let mut page = HEAD.to_owned();
    for command in &commands {
        let name = command.get_bin_name().unwrap();
        let depth = name.matches(' ').count();
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        let indent = "  ".repeat(depth);
        writeln!(page, "{indent}- [`{name}`](#{}): {about}", name.replace(' ', "-")).unwrap();
    }
    commands.iter().for_each(|command| section(&mut page, command));
    page
}

fn section(page: &mut String, command: &Command) {
    let name = command.get_bin_name().unwrap();
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string);
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").lines().map(str::trim).collect::<Vec<_>>();
    let about = sentences(&prose(&about.unwrap_or_default()));
    write!(page, "\n## {name}\n\n{about}\n\n```\n{}\n```\n", usage.join("\n")).unwrap();
    let arguments: Vec<&Arg> =
        command.get_arguments().filter(|argument| is_told(argument)).collect();
    if !arguments.is_empty() {
        page.push_str("\n| | default | |\n|---|---|---|\n");
    }
    for argument in arguments {
        let help = argument.get_long_help().or(argument.get_help()).map(ToString::to_string);
        let help = prose(&help.unwrap_or_default()).replace("\n\n", " ").replace('\n', " ");
        writeln!(
            page,
            "| `{}` | {} | {help}{} |",
            cell(&form(argument)),
            default(argument),
            choices(argument)
        )
        .unwrap();
    }
    if let Some(after) = command.get_after_long_help().or(command.get_after_help()) {
        after_help(page, &after.to_string());
    }
}

/// What clap adds to every command by itself is not told again and again.
fn is_told(argument: &Arg) -> bool {
    !argument.is_hide_set() && !["help", "version"].contains(&argument.get_id().as_str())
}

/// An argument as it is typed.
fn form(argument: &Arg) -> String {
    let names = argument.get_value_names().unwrap_or_default();
    let values: Vec<String> = names.iter().map(|name| format!("<{name}>")).collect();
    let takes = argument.get_action().takes_values();
    let value = if takes { values.join(" ") } else { String::new() };
    let long = argument.get_long().map(|long| format!("--{long}"));
    let short = argument.get_short().map(|short| format!("-{short}"));
    let flags = [short, long].into_iter().flatten().collect::<Vec<_>>().join(", ");
    format!("{flags} {value}").trim().to_owned()
}

fn default(argument: &Arg) -> String {
    if !argument.get_action().takes_values() {
        return String::new();
    }
    let values = argument.get_default_values().iter().map(|value| value.to_string_lossy());
    let values = values.map(|value| format!("`{}`", cell(&value))).collect::<Vec<_>>();
    values.join(", ")
}

fn choices(argument: &Arg) -> String {
    let choices = argument.get_possible_values();
    if choices.is_empty() || !argument.get_action().takes_values() {
        return String::new();
    }
    let choices: Vec<String> =
        choices.iter().map(|choice| format!("`{}`", choice.get_name())).collect();
    format!(": {}", choices.join(", "))
}

/// `Examples:` and `Exit codes:` become blocks; what stands outside of them stays prose.
fn after_help(page: &mut String, text: &str) {
    for part in text.split("\n\n") {
        match part.split_once(":\n") {
            Some((title, block)) if block.starts_with("  ") => {
                let lines: Vec<&str> =
                    block.lines().map(|line| line.strip_prefix("  ").unwrap_or(line)).collect();
                write!(page, "\n{title}:\n\n```\n{}\n```\n", lines.join("\n")).unwrap();
            }
            _ => write!(page, "\n{}\n", prose(part)).unwrap(),
        }
    }
}

/// Help as Markdown: what would be markup is escaped, outside of code.
fn prose(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(number, part)| {
        if number % 2 == 1 {
            part.replace('|', "\\|")
        } else {
            part.replace('*', "\\*").replace('<', "\\<").replace('|', "\\|")
        }
    });
    parts.collect::<Vec<_>>().join("`")
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// The first line of a help text has no full stop.
fn sentences(text: &str) -> String {
    let (first, rest) = text.split_once("\n\n").unwrap_or((text, ""));
    let rest = if rest.is_empty() { String::new() } else { format!("\n\n{rest}") };
    format!("{first}.{rest}")
}
