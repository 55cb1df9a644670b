//! The settings that `examples/` shows are what `pyro host print-config` prints, but for the place of pyro. Pages say
//! behind the opening of a block which words print it.

use crate::world::World;
use std::fs;
use std::path::{Path, PathBuf};

/// Files that are settings, and the words that print them.
const FILES: [(&str, &[&str]); 3] = [
    ("claude_desktop_mcp_config.json", &["claude-desktop", "--project-path", "/path/to/project"]),
    ("cursor_mcp_config.json", &["cursor"]),
    ("opencode_mcp_config.json", &["opencode"]),
];
const PAGES: [&str; 2] = ["claude_code_mcp.md", "mcp_client_config.md"];
const BLOCK: &str = "```json ";

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

fn printed(words: &[&str]) -> String {
    let words = [&["host", "print-config"], words].concat();
    World::new().pyro(&words).stdout().replace(env!("CARGO_BIN_EXE_pyro"), "/path/to/pyro")
}

#[test]
fn the_files_are_what_print_config_prints() {
    for (name, words) in FILES {
        assert_eq!(fs::read_to_string(examples().join(name)).unwrap(), printed(words), "{name}");
    }
}

#[test]
fn the_blocks_of_the_pages_are_what_print_config_prints() {
    for name in PAGES {
        let page = fs::read_to_string(examples().join(name)).unwrap();
        assert!(page.contains(BLOCK), "{name} shows none");
        for block in page.split(BLOCK).skip(1) {
            let (words, rest) = block.split_once('\n').unwrap();
            let (shown, _) = rest.split_once("```").unwrap();
            let words: Vec<&str> = words.split(' ').collect();
            assert_eq!(shown, printed(&words), "{name}: {words:?}");
        }
    }
}
