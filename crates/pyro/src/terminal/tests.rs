//! What a person reads, sequence by sequence, from recordings, and of hostile output.

use super::{Terminal, plain_page};
use proptest::prelude::*;

const SIZE: (u16, u16) = (20, 5);

/// What a reader of everything reads.
fn plain(bytes: impl AsRef<[u8]>) -> String {
    plain_page(SIZE, b"", bytes.as_ref(), 1 << 20).text
}

/// As `plain`, after something else was written.
fn after(before: &str, bytes: &str) -> String {
    plain_page(SIZE, before.as_bytes(), bytes.as_bytes(), 1 << 20).text
}

#[test]
fn lines_stay_lines_however_long_they_are_and_many() {
    assert_eq!(plain("one\r\ntwo\r\n\r\nfour"), "one\ntwo\n\nfour\n");
    let long = "0123456789".repeat(7);
    assert_eq!(plain(format!("{long}\r\nnext\r\n")), format!("{long}\nnext\n"));
    // a line that fills the screen exactly is not followed by an empty one
    assert_eq!(plain(format!("{}\r\nnext", &long[..20])), format!("{}\nnext\n", &long[..20]));
    let many: String = (0..100).map(|n| format!("line {n}\r\n")).collect();
    assert_eq!(plain(&many), many.replace('\r', ""));
}

#[test]
fn a_progress_bar_is_its_last_state() {
    let bar: String = (0..=100).map(|n| format!("\r{n:3} % {}", "#".repeat(n / 10))).collect();
    assert_eq!(plain(format!("{bar}\r\ndone\r\n")), "100 % ##########\ndone\n");
    assert_eq!(plain("abc\x08\x08X\x1b[K"), "aX\n");
    assert_eq!(plain("long text\r\x1b[2Kshort"), "short\n");
    // several bars, drawn by moving up
    assert_eq!(plain("a 0\r\nb 0\r\n\x1b[2A\ra 1\n\rb 1\n"), "a 1\nb 1\n");
}

#[test]
fn colours_titles_and_questions_leave_no_trace() {
    assert_eq!(plain("\x1b[1;31mred\x1b[0m \x1b]0;title\x07\x1b[?2004h$ \x1b[6n\x1b[c"), "red $\n");
    assert_eq!(plain("a\x1bP1$r0m\x1b\\b\x1b_hidden\x1b\\c"), "abc\n");
}

#[test]
fn what_was_there_before_is_shown_only_where_it_was_written_to() {
    assert_eq!(after("old\r\n$ ", "ls\r\nfile\r\n$ "), "$ ls\nfile\n$\n");
    assert_eq!(after("$ ls\r\n", ""), "");
    // a sequence and a character that the border cuts
    assert_eq!(after("\x1b[3", "1mred"), "red\n");
    let (before, rest) = "ü".as_bytes().split_at(1);
    assert_eq!(plain_page(SIZE, before, rest, 100).text, "ü\n");
}

#[test]
fn a_program_that_draws_on_the_whole_screen_is_shown_as_it_is_now() {
    let draws =
        "$ edit\r\n\x1b[?1049h\x1b[2J\x1b[1;1Htitle\x1b[5;3Hstatus\x1b[2;1H\x1b(0lqk\x1b(B text";
    assert_eq!(plain(draws), "$ edit\ntitle\n┌─┐ text\n\n\n  status\n");
    // also for whoever has read it before, and nothing of it once it is gone
    assert_eq!(after(draws, ""), "title\n┌─┐ text\n\n\n  status\n");
    assert_eq!(after(draws, "\x1b[2;1Hnew"), "title\nnew text\n\n\n  status\n");
    assert_eq!(after(draws, "\x1b[?1049l$ "), "$\n");
    assert!(plain_page(SIZE, b"", draws.as_bytes(), 1000).is_alternate);
}

#[test]
fn regions_scroll_and_lines_and_characters_move() {
    assert_eq!(plain("a\r\nb\r\nc\x1b[1;2r\x1b[2;1H\nd\x1b[r"), "a\nb\nd\nc\n");
    assert_eq!(plain("a\r\nb\r\nc\x1b[2;1H\x1b[Lnew"), "a\nnew\nb\nc\n");
    assert_eq!(plain("a\r\nb\r\nc\x1b[2;1H\x1b[M"), "a\nc\n");
    assert_eq!(plain("abcdef\r\x1b[2Cxy\x1b[P\x1b[2@z\x1b[4h!\x1b[4l"), "abxyz! f\n");
    assert_eq!(plain("abcdef\r\x1b[3X\x1b[4Ge\x1b[3b"), "   eeee\n");
    assert_eq!(
        plain("a\tb\x1b[2Zc\x1b7\x1b[3;3Hd\x1b8e"),
        "ce      b\n\n  d\n".replacen("\n\n", "\n", 1)
    );
}

#[test]
fn wide_characters_take_two_places_and_accents_none() {
    assert_eq!(plain("日本\x08X"), "日 X\n");
    assert_eq!(plain("日本\r X"), " X本\n");
    assert_eq!(plain(format!("{}日", "x".repeat(19))), format!("{} 日\n", "x".repeat(19)));
    assert_eq!(plain("e\u{301}te\u{301}"), "e\u{301}te\u{301}\n");
}

#[test]
fn what_nobody_sees_is_shown() {
    assert_eq!(plain("user\u{202e}gnp.exe"), "user\\u{202e}gnp.exe\n");
    assert_eq!(plain("pay\u{200b}pal \u{e0041}"), "pay\\u{200b}pal \\u{e0041}\n");
    // more marks than any script needs are dropped
    assert!(plain("a".to_owned() + &"\u{301}".repeat(1000)).chars().count() < 12);
}

#[test]
fn an_unfinished_text_hides_nothing_behind_its_line() {
    for begin in ["\x1b]0;title", "\x1bPq#0", "\x1b^private", "\x1b_program", "\x1bX"] {
        assert_eq!(plain(format!("a{begin} swallowed\r\nshown\r\n")), "a\nshown\n");
    }
    // a sequence goes on behind a line feed, as on any terminal
    assert_eq!(plain("a\x1b[999999999999;\r\n1mb\r\n"), "a\nb\n");
}

#[test]
fn bytes_that_are_no_text_are_shown_as_such() {
    assert_eq!(plain(b"a\xff\xfeb\xc3"), "a\u{fffd}\u{fffd}b\n");
}

#[test]
fn pages_go_on_where_the_last_one_ended_and_stay_short() {
    let lines: String = (0..400).map(|n| format!("line number {n}\r\n")).collect();
    let bytes = lines.as_bytes();
    let (mut at, mut whole) = (0, String::new());
    while at < bytes.len() {
        let page = plain_page(SIZE, &bytes[..at], &bytes[at..], 500);
        assert!(page.text.chars().count() <= 500 && page.bytes > 0 && !page.is_cut, "{page:?}");
        at += page.bytes;
        whole += &page.text;
    }
    // steps end where lines do, so no line is shown twice
    assert_eq!(whole, lines.replace('\r', ""));
}

#[test]
fn a_screen_that_is_larger_than_a_page_is_cut_and_says_so() {
    let page = plain_page(SIZE, b"", "\x1b[?47h\x1b[99999b0123456789".repeat(9).as_bytes(), 30);
    assert!(page.is_cut && page.bytes > 0, "{page:?}");
    assert_eq!(page.text.chars().count(), 30);
}

#[test]
fn what_is_seen_is_the_screen() {
    let mut terminal = Terminal::new(20, 3);
    terminal.write(b"one\r\ntwo\r\nthree\r\nfour\r\n$ ");
    assert_eq!(terminal.seen(), "three\nfour\n$");
    terminal.write(b"\x1b[?1049h\x1b[Hfull");
    assert_eq!((terminal.seen().as_str(), terminal.is_alternate()), ("full", true));
}

/// What vim 9 wrote to a terminal of 80 by 24, with the defaults of xterm-256color: it opens a file of three
/// lines, a line is inserted, lines are numbered, and it ends without saving. Three keys, four pictures.
const VIM: &[u8] = include_bytes!("recordings/vim.bytes");
/// What top 4 wrote: three refreshes and its end.
const TOP: &[u8] = include_bytes!("recordings/top.bytes");

fn page_of(before: &[u8], bytes: &[u8]) -> super::Page {
    plain_page((80, 24), before, bytes, 10_000)
}

#[test]
fn vim_is_shown_as_the_screen_it_is() {
    let opened = page_of(b"", &VIM[..2041]);
    assert!(opened.is_alternate);
    let lines: Vec<&str> = opened.text.lines().collect();
    assert_eq!(lines[..4], ["first line", "second line", "third line", "~"]);
    assert!(lines.len() == 24 && lines[23].starts_with("\"notes.txt\" 3L, 34B"), "{lines:?}");
    // whoever reads on sees the whole screen, not only what has changed
    let numbered = page_of(&VIM[..2041], &VIM[2041..2386]);
    let lines: Vec<&str> = numbered.text.lines().collect();
    assert_eq!(lines[..3], ["  1 first line", "  2 inserted by hand", "  3 second line"]);
    assert!(lines[23].contains(":set number"), "{lines:?}");
    // and nothing of it once it is over
    let over = page_of(&VIM[..2386], &VIM[2386..]);
    assert!(!over.is_alternate && !over.text.contains("line"), "{over:?}");
}

#[test]
fn top_is_shown_as_it_is_after_its_last_refresh() {
    let shown = page_of(b"", &TOP[..TOP.len() - 31]);
    assert_eq!(shown.text.matches("load average").count(), 1, "{}", shown.text);
    assert_eq!(shown.text.matches("PID USER").count(), 1, "{}", shown.text);
    assert!(shown.text.starts_with("top - ") && shown.text.lines().count() <= 24);
    // a refresh shows what it has drawn, however much came before
    let again = page_of(&TOP[..2331], &TOP[2331..]);
    assert!(again.text.starts_with("top - ") && again.text.contains("MiB Mem"), "{}", again.text);
}

/// Pieces of which hostile output is made.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "[ -~]{0,30}".prop_map(String::into_bytes),
        "\u{1b}\\[[?]?[0-9;]{0,9}[@A-Za-z`]".prop_map(String::into_bytes),
        "\u{1b}[()]?[0-9A-Zc\\]P^_]".prop_map(String::into_bytes),
        "[日ü\u{301}\u{202e}\r\n\t\u{8}]{1,9}".prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 0..20),
    ]
}

fn hostile() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(piece(), 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn whatever_is_written_the_text_is_bounded_and_commands_no_terminal(
        bytes in hostile(), cols in 1u16..40, rows in 1u16..12, max in 1usize..400,
    ) {
        let page = plain_page((cols, rows), b"", &bytes, max);
        prop_assert!(page.text.chars().count() <= max);
        prop_assert!(page.bytes <= bytes.len() && (page.bytes > 0 || bytes.is_empty()));
        let is_command = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        prop_assert!(!page.text.contains(is_command), "{:?}", page.text);
    }

    #[test]
    fn it_makes_no_difference_how_the_bytes_are_cut(bytes in hostile(), at in any::<prop::sample::Index>()) {
        let at = at.index(bytes.len() + 1);
        let mut whole = Terminal::new(20, 5);
        whole.write(&bytes);
        let mut cut = Terminal::new(20, 5);
        cut.write(&bytes[..at]);
        cut.write(&bytes[at..]);
        prop_assert_eq!(whole.seen(), cut.seen());
    }
}
