//! What a model reads. Bulk text is answered as text, never in the structured form as well; where
//! it is too long, its beginning and end are shown and the middle is counted.

use crate::Profile;
use pyro::Error;
use rmcp::model::{CallToolResult, ContentBlock};
use serde::Serialize;

/// The most characters of one result. Hosts cut what is longer in ways of their own: opencode at
/// 50 KB, Codex and Claude Code at some 50,000 characters.
pub(crate) const MAX_CHARACTERS: usize = 24_000;

/// So many characters of an error's message are shown.
const MESSAGE_CHARACTERS: usize = 4_000;

/// An answer that is text alone.
pub(crate) fn text(text: String) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(text)])
}

/// An answer in both forms, each of which must say everything: hosts show the model one or the other.
pub(crate) fn both(text: String, structured: &impl Serialize) -> CallToolResult {
    let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
    // Plain structs always become JSON.
    result.structured_content = serde_json::to_value(structured).ok();
    result
}

/// A failure with its next step. Text alone: some hosts would show the structured form instead.
pub(crate) fn failure(error: &Error, profile: Profile) -> CallToolResult {
    let report = error.report();
    let message = excerpt(&report.message, MESSAGE_CHARACTERS, "see the server's host");
    let mut text = format!("error: {message}\ncode: {}\n", report.code);
    // the library's words are those of the command line
    let own = (report.code == "workspace_not_started").then(|| match profile {
        Profile::WorkspaceFull => "call workspace_start".to_owned(),
        Profile::VmRun | Profile::WorkspaceCore => {
            "it was stopped by the human, who can start it with `pyro workspace start`; \
             workspace_create makes another one"
                .to_owned()
        }
    });
    for hint in own.as_slice().iter().chain(report.hints.iter().filter(|_| own.is_none())) {
        text += &format!("next: {}\n", excerpt(hint, MESSAGE_CHARACTERS, "see the server's host"));
    }
    CallToolResult::error(vec![ContentBlock::text(text)])
}

/// As many items from the beginning as make up at most `budget` characters of JSON, and how many are
/// left out.
pub(crate) fn fitting<T: Serialize>(mut items: Vec<T>, budget: usize) -> (Vec<T>, usize) {
    let length = |item: &T| serde_json::to_string(item).map_or(0, |json| json.chars().count() + 1);
    let lengths = items.iter().scan(0, |sum, item| {
        *sum += length(item);
        Some(*sum)
    });
    let fit = lengths.take_while(|sum| *sum <= budget).count();
    let left_out = items.len() - fit;
    items.truncate(fit);
    (items, left_out)
}

/// Shares `budget` characters between two texts: all of what fits, else at least half each.
pub(crate) fn share(budget: usize, first: usize, second: usize) -> (usize, usize) {
    let for_first = first.min(budget.saturating_sub(second).max(budget / 2));
    (for_first, second.min(budget - for_first))
}

/// At most `limit` characters of `text`, from both ends, with a note in the middle that says how
/// many are missing and `advice`. The note counts within the limit.
pub(crate) fn excerpt(text: &str, limit: usize, advice: &str) -> String {
    let total = text.chars().count();
    if total <= limit {
        return text.to_owned();
    }
    let note = |cut: usize| format!("\n[... {cut} of {total} characters left out; {advice} ...]\n");
    // The number that is cut has at most as many digits as the total.
    let room = limit.saturating_sub(note(total).chars().count());
    let head = room / 2;
    let tail = room - head;
    let head_end = text.char_indices().nth(head).map_or(text.len(), |(at, _)| at);
    let tail_start = text.char_indices().nth(total - tail).map_or(text.len(), |(at, _)| at);
    format!("{}{}{}", &text[..head_end], note(total - room), &text[tail_start..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_fits_is_not_touched_and_a_longer_one_keeps_both_ends() {
        assert_eq!(excerpt("abc", 3, "x"), "abc");
        let long = format!("begin{}end", "ä".repeat(10_000));
        let short = excerpt(&long, 200, "filter it");
        assert!(short.chars().count() <= 200, "{}", short.chars().count());
        assert!(short.starts_with("beginä") && short.ends_with("äend"), "{short}");
        let shown = short.matches('ä').count() + "beginend".len();
        let note = format!("[... {} of 10008 characters left out; filter it ...]", 10_008 - shown);
        assert!(short.contains(&note), "{short}");
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let items: Vec<String> = (0..10).map(|_| "x".repeat(7)).collect();
        let (fit, left_out) = fitting(items.clone(), 35);
        assert_eq!((fit.len(), left_out), (3, 7));
        assert_eq!(fitting(items, 1000).1, 0);
    }

    #[test]
    fn one_long_stream_takes_what_the_other_leaves_and_two_share() {
        assert_eq!(share(100, 30, 40), (30, 40));
        assert_eq!(share(100, 500, 10), (90, 10));
        assert_eq!(share(100, 10, 500), (10, 90));
        assert_eq!(share(100, 500, 500), (50, 50));
    }
}
