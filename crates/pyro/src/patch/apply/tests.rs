//! What patches make of files, and what is said where they do not fit.

use super::*;
use crate::error::Diagnose;

fn file(content: &str) -> Found {
    let mode = Mode::Regular { executable: false };
    Found::Leaf(Leaf { mode, content: content.as_bytes().to_vec() })
}

fn tree(patch: &PatchPlan<'_>, there: &[(&str, Found)]) -> BTreeMap<Vec<u8>, Found> {
    let found = |path: &[u8]| {
        let known = there.iter().find(|(known, _)| known.as_bytes() == path);
        known.map_or(Found::Nothing, |(_, found)| found.clone())
    };
    patch.paths().into_iter().map(|path| (path.to_vec(), found(path))).collect()
}

fn outcome(patch: &str, there: &[(&str, Found)]) -> Result<Applied, Rejected> {
    let plan = PatchPlan::parse(patch.as_bytes()).unwrap_or_else(|e| panic!("{e}\n{patch}"));
    let tree = tree(&plan, there);
    plan.apply(tree)
}

/// The texts that the paths have then.
fn applied(patch: &str, there: &[(&str, Found)]) -> Vec<(String, Option<String>)> {
    let applied = outcome(patch, there).unwrap_or_else(|rejected| panic!("{rejected}\n{patch}"));
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let files = applied.files.into_iter();
    files.map(|file| (text(&file.path), file.after.map(|leaf| text(&leaf.content)))).collect()
}

fn edited(patch: &str, content: &str) -> String {
    applied(patch, &[("x", file(content))]).remove(0).1.unwrap()
}

fn rejected(patch: &str, there: &[(&str, Found)]) -> Rejected {
    outcome(patch, there).unwrap_err()
}

fn numbered(lines: std::ops::RangeInclusive<u32>) -> String {
    lines.map(|line| format!("line {line}\n")).collect()
}

const EDIT_TEN: &str =
    "--- a/x\n+++ b/x\n@@ -9,3 +9,3 @@\n line 9\n-line 10\n+line ten\n line 11\n";

#[test]
fn a_hunk_is_found_where_its_lines_have_moved_to() {
    let expected = |before: &str| before.replace("line 10\n", "line ten\n");
    let plain = numbered(1..=20);
    assert_eq!(edited(EDIT_TEN, &plain), expected(&plain));
    assert!(outcome(EDIT_TEN, &[("x", file(&plain))]).unwrap().offsets.is_empty());
    let moved = format!("one more\nand another\n{plain}");
    assert_eq!(edited(EDIT_TEN, &moved), expected(&moved));
    let offsets = outcome(EDIT_TEN, &[("x", file(&moved))]).unwrap().offsets;
    assert_eq!(offsets, ["x: hunk 1 was found at line 11, 2 lines further down than it says"]);
    // the nearest of several
    let twice = format!("{}{}{plain}", numbered(9..=11), numbered(30..=40));
    let result = edited(EDIT_TEN, &twice);
    assert_eq!(result.find("line ten"), Some(7));
}

#[test]
fn a_hunk_without_lines_on_a_side_must_be_the_only_one_it_could_be() {
    let bare = "--- a/x\n+++ b/x\n@@ -9,2 +9,1 @@\n-b\n c\n";
    assert_eq!(edited(bare, "1\n2\nb\nc\n3\n"), "1\n2\nc\n3\n");
    let twice = rejected(bare, &[("x", file("1\nb\nc\n2\nb\nc\n3\n"))]);
    assert!(twice.to_string().contains("more than once"), "{twice}");
    // at the beginning, where such hunks mostly are
    assert_eq!(edited(bare, "b\nc\nb\nc\n3\n"), "c\nb\nc\n3\n");
    let only_adds = "--- a/x\n+++ b/x\n@@ -3,0 +4 @@\n+new\n";
    let nowhere = rejected(only_adds, &[("x", file("1\n2\n3\n"))]);
    assert!(nowhere.to_string().contains("say where"), "{nowhere}");
}

#[test]
fn ends_of_lines_and_of_files_are_exact() {
    let crlf = "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-a\r\n+b\r\n c\r\n";
    assert_eq!(edited(crlf, "a\r\nc\r\n"), "b\r\nc\r\n");
    let said = rejected(crlf, &[("x", file("a\nc\n"))]).to_string();
    assert!(said.contains("LF and CR LF"), "{said}");
    let no_newline =
        "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n";
    assert_eq!(edited(no_newline, "a\nb"), "a\nb\n");
    let said = rejected(no_newline, &[("x", file("a\nb\nc\n"))]).to_string();
    assert!(said.contains("No newline at end"), "{said}");
    let loses = "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n\\ No newline at end of file\n";
    assert_eq!(edited(loses, "a\nb\n"), "a\nc");
    let said = rejected(loses, &[("x", file("a\nb\nc\n"))]).to_string();
    assert!(said.contains("goes on behind"), "{said}");
}

#[test]
fn a_mismatch_shows_what_is_expected_and_what_is_there() {
    let content = numbered(1..=20).replace("line 10\n", "line 10 is another\n");
    let rejected = rejected(EDIT_TEN, &[("x", file(&format!("first\n{content}")))]);
    assert_eq!(
        rejected.to_string(),
        "the patch does not fit, and nothing was changed\n\
         x: hunk 1 (line 3 of the patch): the lines are not in the file\n  \
         expected, from line 9:\n       | line 9\n       | line 10\n       | line 11\n  \
         found (> differs):\n     10| line 9\n>    11| line 10 is another\n     12| line 11"
    );
    assert_eq!(rejected.code(), "patch_mismatch");
}

#[test]
fn what_is_there_already_is_told_from_what_does_not_fit() {
    let done = numbered(1..=20).replace("line 10\n", "line ten\n");
    let all = rejected(EDIT_TEN, &[("x", file(&done))]);
    assert_eq!(all.code(), "patch_already_applied", "{all}");
    let more = format!("{EDIT_TEN}--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+1\n");
    let part = rejected(&more, &[("x", file(&done))]);
    assert_eq!(part.code(), "patch_mismatch");
    assert!(part.to_string().contains("(this change is already there)"), "{part}");
    let both = rejected(&more, &[("x", file(&done)), ("new", file("1\n"))]);
    assert_eq!(both.code(), "patch_already_applied", "{both}");
    let other = rejected(&more, &[("x", file(&done)), ("new", file("2\n"))]);
    assert_eq!(other.code(), "patch_mismatch", "{other}");
    let gone =
        "diff --git a/x b/x\ndeleted file mode 100644\n--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n";
    assert_eq!(rejected(gone, &[]).code(), "patch_already_applied");
    let moved = "diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n";
    assert_eq!(rejected(moved, &[("y", file("a"))]).code(), "patch_already_applied");
}

#[test]
fn files_may_take_each_others_places() {
    let swap = "diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n\
                diff --git a/y b/x\nsimilarity index 100%\nrename from y\nrename to x\n";
    let there = [("x", file("1")), ("y", file("2"))];
    let expected = [("x".to_owned(), Some("2".to_owned())), ("y".to_owned(), Some("1".to_owned()))];
    assert_eq!(applied(swap, &there), expected);
    let into = "diff --git a/a b/a\ndeleted file mode 100644\nindex e69de29..0000000\n\
                diff --git a/a/b b/a/b\nnew file mode 100644\nindex 0000000..e69de29\n";
    let behind = Found::Behind { obstacle: b"a".to_vec(), is_link: false };
    let there = [("a", file("")), ("a/b", behind)];
    let expected = [("a".to_owned(), None), ("a/b".to_owned(), Some(String::new()))];
    assert_eq!(applied(into, &there), expected);
}

#[test]
fn what_a_patch_may_not_touch_is_named_with_the_reason() {
    let new = "--- /dev/null\n+++ b/d/x\n@@ -0,0 +1 @@\n+1\n";
    let behind = |is_link| Found::Behind { obstacle: b"d".to_vec(), is_link };
    for (found, said) in [
        (file("other"), "exists already"),
        (Found::Directory, "is a directory"),
        (Found::Other, "exists already"),
        (behind(true), "d is a symbolic link"),
        (behind(false), "d is not a directory"),
    ] {
        let text = rejected(new, &[("d/x", found)]).to_string();
        assert!(text.contains(said), "{text}");
    }
    for (found, said) in [
        (Found::Nothing, "no such file"),
        (Found::TooLarge, "16 MiB"),
        (Found::Other, "neither a file nor a link"),
        (Found::Directory, "is a directory"),
    ] {
        let text = rejected(EDIT_TEN, &[("x", found)]).to_string();
        assert!(text.contains(said), "{text}");
    }
    // a link, and a file through it
    let through = "diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc\n\
                   \\ No newline at end of file\n--- /dev/null\n+++ b/l/passwd\n@@ -0,0 +1 @@\n+x\n";
    let text = rejected(through, &[]).to_string();
    assert!(text.contains("l is not a directory"), "{text}");
}

#[test]
fn the_form_without_numbers_finds_its_place_by_lines_and_names() {
    let patch = |body: &str| format!("*** Begin Patch\n*** Update File: x\n{body}*** End Patch\n");
    let content = "def f():\n    a = 1\n    return a\n\ndef g():\n    a = 1\n    return a\n";
    let first = edited(&patch("@@\n-    a = 1\n+    a = 2\n     return a\n"), content);
    assert_eq!(first, content.replacen("a = 1", "a = 2", 1));
    let second = edited(&patch("@@ def g():\n-    a = 1\n+    a = 2\n"), content);
    assert!(second.starts_with("def f():\n    a = 1") && second.contains("g():\n    a = 2"));
    let end = edited(&patch("@@\n-    return a\n+    return 0\n*** End of File\n"), content);
    assert!(end.ends_with("    return 0\n") && end.contains("    return a\n\n"), "{end}");
    let behind = edited(&patch("@@ def f():\n+    \"\"\"Docs.\"\"\"\n"), content);
    assert!(behind.starts_with("def f():\n    \"\"\"Docs.\"\"\"\n    a = 1"), "{behind}");
    let added = edited(&patch("@@\n+# the end\n"), content);
    assert!(added.ends_with("return a\n# the end\n"));
    // how lines end is the file's affair
    let crlf = edited(&patch("@@\n one\n-two\n+2\n"), "one\r\ntwo\r\nthree");
    assert_eq!(crlf, "one\r\n2\r\nthree");
    let open = edited(&patch("@@\n-three\n+3\n+4\n"), "one\nthree");
    assert_eq!(open, "one\n3\n4\n");
    let missing =
        rejected(&patch("@@ def h():\n-    a = 1\n+    a = 2\n"), &[("x", file(content))]);
    assert!(missing.to_string().contains("the one after @@"), "{missing}");
}

#[test]
fn looking_for_lines_ends_whatever_they_are() {
    let lines = 200_000;
    let content = format!("b\n{}", "a\n".repeat(lines));
    let half = lines / 2;
    let mut patch = format!("--- a/x\n+++ b/x\n@@ -9,{} +9,{} @@\n", half + 2, half + 2);
    patch += &" a\n".repeat(half);
    patch += "-b\n+c\n a\n";
    let said = rejected(&patch, &[("x", file(&content))]).to_string();
    assert!(said.contains("too long"), "{said}");
}
