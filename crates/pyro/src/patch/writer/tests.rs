//! What each kind of change becomes. That git takes the patches is proven in `tests/patch`.

use super::*;
use crate::patch::{Content, Side};

fn file(content: &str) -> Option<Side<'_>> {
    Some(Side::file(0o644, Content::Bytes(content.as_bytes())))
}

fn diff(changes: &[(&str, Option<Side<'_>>, Option<Side<'_>>)]) -> Diff {
    diff_within(Limits::default(), changes)
}

fn diff_within(limits: Limits, changes: &[(&str, Option<Side<'_>>, Option<Side<'_>>)]) -> Diff {
    let mut writer = PatchWriter::new(limits);
    for (path, before, after) in changes {
        writer.add(path.as_bytes(), *before, *after);
    }
    writer.finish()
}

#[test]
fn each_kind_of_change_has_its_status_and_its_headers() {
    let link = Some(Side::symlink(b"to"));
    let executable = Some(Side::file(0o755, Content::Bytes(b"run\n")));
    let diff = diff(&[
        ("added", None, file("new\n")),
        ("deleted", file("old\n"), None),
        ("kind", file("a\n"), link),
        ("mode", file("run\n"), executable),
        ("modified", file("a\n"), file("b\n")),
        ("same", file("a\n"), file("a\n")),
    ]);
    let expected = "\
diff --git a/added b/added
new file mode 100644
index 0000000000000000000000000000000000000000..3e757656cf36eca53338e520d134963a44f793f8
--- /dev/null
+++ b/added
@@ -0,0 +1 @@
+new
diff --git a/deleted b/deleted
deleted file mode 100644
index 3367afdbbf91e638efe983616377c60477cc6612..0000000000000000000000000000000000000000
--- a/deleted
+++ /dev/null
@@ -1 +0,0 @@
-old
diff --git a/kind b/kind
deleted file mode 100644
index 78981922613b2afb6025042ff6bd878ac1994e85..0000000000000000000000000000000000000000
--- a/kind
+++ /dev/null
@@ -1 +0,0 @@
-a
diff --git a/kind b/kind
new file mode 120000
index 0000000000000000000000000000000000000000..788636ffba34694361f7d7ee1970d96fb92c3168
--- /dev/null
+++ b/kind
@@ -0,0 +1 @@
+to
\\ No newline at end of file
diff --git a/mode b/mode
old mode 100644
new mode 100755
diff --git a/modified b/modified
index 78981922613b2afb6025042ff6bd878ac1994e85..61780798228d17af2d34fce4cfbdf35556832472 100644
--- a/modified
+++ b/modified
@@ -1 +1 @@
-a
+b
";
    assert_eq!(diff.patch.text, expected);
    assert_eq!(diff.patch.included, 5);
    let statuses: Vec<Status> = diff.entries.iter().map(|entry| entry.status).collect();
    use Status::{Added, Deleted, Modified, TypeChanged};
    assert_eq!(statuses, [Added, Deleted, TypeChanged, Modified, Modified]);
    assert!(diff.entries.iter().all(|entry| entry.text_patch));
    assert_eq!(diff.entries[2].artifact_type, ArtifactType::Symlink);
}

#[test]
fn directories_are_listed_and_have_no_place_in_the_patch() {
    let directory = Some(Side::directory());
    let diff = diff(&[
        ("became", file("a\n"), directory),
        ("new", None, directory),
        ("same", directory, directory),
    ]);
    assert!(
        diff.patch.text.starts_with("diff --git a/became b/became\ndeleted file mode 100644\n")
    );
    assert!(!diff.patch.text.contains("new"));
    assert_eq!(diff.entries[0].status, Status::TypeChanged);
    assert_eq!(diff.entries[0].artifact_type, ArtifactType::Directory);
    assert_eq!((diff.summary.total, diff.summary.text_patched, diff.summary.non_text), (2, 1, 1));
    assert!(diff.patch.left_out.is_empty());
}

#[test]
fn binary_contents_are_patched_and_not_called_text() {
    let diff = diff(&[("image", file("a\0b"), file("a\0c"))]);
    assert!(diff.patch.text.contains("\nGIT binary patch\nliteral 3\n"));
    assert!(!diff.entries[0].text_patch);
    assert_eq!(diff.patch.included, 1);
}

#[test]
fn what_does_not_fit_is_left_out_whole_and_named() {
    let large = "line\n".repeat(1000);
    let changes = [
        ("a", file(""), file("small\n")),
        ("b", file(""), file(&large)),
        ("c", file(""), file("small\n")),
        (".git/config", file(""), file("small\n")),
        ("unread", None, Some(Side::file(0o644, Content::TooLarge))),
    ];
    let cut = diff_within(Limits { max_bytes: 1000, ..Limits::default() }, &changes);
    assert!(cut.patch.truncated);
    assert_eq!(cut.patch.left_out, ["b", ".git/config", "unread"]);
    assert_eq!(cut.patch.included, 2);
    assert_eq!(cut.patch.text.matches("diff --git").count(), 2);
    assert!(cut.patch.text.len() <= 1000);
    assert_eq!((cut.summary.total, cut.summary.text_patched), (5, 2));

    let small_sides = diff_within(Limits { max_side_bytes: 100, ..Limits::default() }, &changes);
    assert!(!small_sides.patch.truncated);
    assert_eq!(small_sides.patch.left_out, ["b", ".git/config", "unread"]);
}

#[test]
fn what_cannot_be_compared_in_time_is_patched_as_if_it_were_binary() {
    let limits = Limits { time: Duration::ZERO, ..Limits::default() };
    let diff = diff_within(limits, &[("a", file("a\n"), file("b\n"))]);
    assert!(diff.patch.text.contains("\nGIT binary patch\nliteral 2\n"));
    assert!(!diff.entries[0].text_patch);
}

#[test]
fn nothing_changed_is_an_empty_patch() {
    let diff = diff(&[("a", None, None), ("b", file("x"), file("x"))]);
    assert!(!diff.changed);
    assert_eq!(diff.patch, Patch::default());
}

#[test]
fn it_serializes_as_the_contract_has_it() {
    let json = serde_json::to_value(diff(&[("a", None, file("x\n"))])).unwrap();
    assert_eq!(json["changed"], true);
    assert_eq!(json["summary"]["total"], 1);
    assert_eq!(json["summary"]["type_changed"], 0);
    assert!(json["patch"].as_str().unwrap().ends_with("+x\n"));
    let entry = serde_json::json!({
        "path": "a", "status": "added", "artifact_type": "file", "text_patch": true
    });
    assert_eq!(json["entries"][0], entry);
}
