//! A text file, or a part of it, as a model sees it: of a workspace that runs and of one that does not.

use crate::result::MAX_CHARACTERS;
use crate::work::tell;
use pyro::workspace::file_read::FileContent;

/// What everything but the content may need: paths have up to 4,095 bytes.
const FACTS: usize = 1_500;

/// The facts, then the content, cut where it is too long for one answer; `tool` reads on.
pub(crate) fn page(read: &FileContent, notices: &[String], tool: &str) -> String {
    let FileContent { path, size_bytes, offset, content, .. } = read;
    let mut page = format!("path: {path}\nsize_bytes: {size_bytes}\noffset: {offset}\n");
    tell(&mut page, notices);
    let room = MAX_CHARACTERS.saturating_sub(FACTS + page.chars().count());
    let shown = match content.char_indices().nth(room) {
        Some((end, _)) => content.get(..end).unwrap_or(content),
        None => content,
    };
    let next = offset + shown.len() as u64;
    let left = size_bytes.saturating_sub(next);
    if left > 0 {
        page += &format!("next_offset: {next}\n");
    }
    page += "content:\n";
    page += shown;
    if left > 0 {
        let line_end = if shown.ends_with('\n') { "" } else { "\n" };
        page += &format!(
            "{line_end}[... {left} bytes follow; {tool} with offset {next} reads on ...]\n"
        );
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(content: &str, size_bytes: u64) -> FileContent {
        FileContent {
            workspace_id: "ws-1".into(),
            path: "/workspace/a".into(),
            size_bytes,
            max_bytes: 65_536,
            offset: 4,
            content: content.into(),
            truncated: false,
            next_offset: None,
            notices: vec![],
        }
    }

    #[test]
    fn a_file_is_shown_as_it_is_and_a_long_one_says_how_to_read_on() {
        let whole = page(&content("a\nb", 7), &[], "read_it");
        assert!(whole.ends_with("offset: 4\ncontent:\na\nb"), "{whole}");
        let long = page(&content(&"ü".repeat(60_000), 200_000), &["n".into()], "read_it");
        assert!(long.chars().count() <= MAX_CHARACTERS, "{}", long.chars().count());
        let shown = long.matches('ü').count();
        let next = 4 + 2 * shown;
        assert!(long.contains(&format!("next_offset: {next}\n")), "{}", &long[..100]);
        assert!(long.contains(&format!("read_it with offset {next} reads on")));
    }
}
