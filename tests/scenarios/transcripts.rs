//! The transcripts of the documentation, typed again: every `$ command` of a block marked `console` is run, in the
//! order of its page and in one directory, and prints on stdout what the page shows. There `…` stands for
//! anything within a line, and alone for any number of lines.

use scenarios::World;
use std::fs;
use std::path::{Path, PathBuf};

/// A command of a page, and what it prints there.
struct Step {
    command: String,
    shown: Vec<String>,
}

#[test]
fn the_first_run_is_as_its_page_tells_it() {
    replay("docs/first-run.md", 9);
}

#[test]
fn the_first_screen_is_as_the_readme_shows_it() {
    replay("README.md", 1);
}

/// Types the steps of a page, which are at least so many: a page that is read wrongly has none.
fn replay(page: &str, at_least: usize) {
    let world = World::new();
    let text = fs::read_to_string(repository().join(page)).unwrap();
    let steps = steps(&text);
    assert!(steps.len() >= at_least, "{page} has {} steps", steps.len());
    let person = Person::at(&world);
    for step in &steps {
        let printed = person.types(&step.command);
        let lines: Vec<&str> = printed.lines().collect();
        let shown: Vec<&str> = step.shown.iter().map(String::as_str).collect();
        assert!(
            agree(&shown, &lines),
            "{page}\n$ {}\nshown:\n{}\nprinted:\n{printed}",
            step.command,
            shown.join("\n")
        );
    }
    world.assert_clean();
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut in_transcript = false;
    for line in page.lines() {
        match line.strip_prefix("```") {
            Some(kind) => in_transcript = kind == "console",
            None if !in_transcript => {}
            None => match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => {
                    steps.push(Step { command: command.to_owned(), shown: Vec::new() });
                }
                (None, Some(step)) => step.shown.push(line.to_owned()),
                (None, None) => panic!("output before a command: {line}"),
            },
        }
    }
    steps
}

/// Somebody with `pyro` on their `PATH` and a name in Git, who goes on where the last command ended.
struct Person<'w> {
    world: &'w World,
    path: String,
}

impl<'w> Person<'w> {
    fn at(world: &'w World) -> Self {
        let bin = world.home().join("bin");
        fs::create_dir(&bin).unwrap();
        let link = bin.join("pyro");
        let _ = world.program(&["ln", "-s", "{pyro}", link.to_str().unwrap()]).succeeds();
        Self { world, path: format!("{}:/usr/local/bin:/usr/bin:/bin", bin.display()) }
    }

    fn types(&self, command: &str) -> String {
        let place = self.world.home().join("place");
        let here = fs::read_to_string(&place).unwrap_or_default();
        let here = if here.is_empty() { self.world.home() } else { Path::new(here.trim_end()) };
        let script = format!("{command}\nended=$?\npwd > '{}'\nexit $ended", place.display());
        let call = self.world.program(&["/bin/sh", "-c", &script]).within_directory(here);
        let named = ["AUTHOR", "COMMITTER"].iter().fold(call, |call, role| {
            call.env(&format!("GIT_{role}_NAME"), "A")
                .env(&format!("GIT_{role}_EMAIL"), "a@b.example")
        });
        named.env("PATH", &self.path).succeeds().text().to_owned()
    }
}

fn agree(shown: &[&str], printed: &[&str]) -> bool {
    match (shown, printed) {
        ([], []) => true,
        ([line, rest @ ..], _) if line.trim() == "…" => {
            (0..=printed.len()).any(|skipped| agree(rest, &printed[skipped..]))
        }
        ([line, rest @ ..], [other, others @ ..]) => is_like(line, other) && agree(rest, others),
        _ => false,
    }
}

fn is_like(shown: &str, printed: &str) -> bool {
    let Some((first, rest)) = shown.split_once('…') else { return shown == printed };
    let Some(left) = printed.strip_prefix(first) else { return false };
    let starts = left.char_indices().map(|(at, _)| at).chain([left.len()]);
    starts.into_iter().any(|at| is_like(rest, &left[at..]))
}

#[test]
fn a_page_and_a_printout_are_compared_line_by_line() {
    let page = "text\n```\n$ not this\n```\n```console\n$ one\na…c\n…\n$ two\n```\n";
    let steps = steps(page);
    let commands: Vec<&str> = steps.iter().map(|step| step.command.as_str()).collect();
    assert_eq!(commands, ["one", "two"]);
    let shown: Vec<&str> = steps[0].shown.iter().map(String::as_str).collect();
    assert!(agree(&shown, &["abbc"]) && agree(&shown, &["ac", "x", "y"]));
    assert!(!agree(&shown, &["ab"]) && !agree(&shown, &["x", "abc"]));
    assert!(agree(&[], &[]) && !agree(&[], &["more"]));
}
