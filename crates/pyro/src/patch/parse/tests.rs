//! What is read out of patches.

use super::*;

fn one(patch: &str) -> Section<'_> {
    let sections = parse(patch.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{patch}"));
    assert_eq!(sections.len(), 1, "{sections:?}");
    sections.into_iter().next().unwrap()
}

fn error(patch: &str) -> String {
    parse(patch.as_bytes()).unwrap_err().to_string()
}

const HUNK: &str = "@@ -1 +1 @@\n-a\n+b\n";

#[test]
fn names_are_found_with_and_without_prefixes() {
    for (names, path) in [
        ("--- a/x/y\n+++ b/x/y\n", "x/y"),
        ("--- x/y\n+++ x/y\n", "x/y"),
        ("--- a/x\t2026-01-01 00:00:00\n+++ b/x\t2026-01-01\n", "x"),
        ("--- a/x\n+++ a/x\n", "a/x"),
        ("diff --git a/x b/x\n--- a/x\n+++ b/x\n", "x"),
        ("diff --git x/y x/y\n--- x/y\n+++ x/y\n", "x/y"),
        ("diff --git i/x w/x\nindex 1..2 100644\n--- i/x\n+++ w/x\n", "x"),
        (
            "diff --git \"a/\\303\\274\" \"b/\\303\\274\"\n--- \"a/\\303\\274\"\n+++ \"b/\\303\\274\"\n",
            "ü",
        ),
        ("--- a/two words\t\n+++ b/two words\t\n", "two words"),
        ("--- a/x\r\n+++ b/x\r\n", "x"),
    ] {
        let patch = format!("Some words before it\n{names}{HUNK}");
        let section = one(&patch);
        assert_eq!((section.verb, &section.new[..]), (Verb::Modify, path.as_bytes()), "{names}");
    }
}

#[test]
fn headers_say_what_happens() {
    let verb = |patch: &str| {
        let section = one(patch);
        let name = |path: &[u8]| String::from_utf8(path.to_vec()).unwrap();
        (section.verb, name(&section.old), name(&section.new), section.mode)
    };
    let of = |verb, old: &str, new: &str, mode| (verb, old.to_owned(), new.to_owned(), mode);
    assert_eq!(
        verb("diff --git a/x b/x\nnew file mode 100755\nindex 0000000..e69de29\n"),
        of(Verb::Create, "x", "x", Some(NewMode::Executable))
    );
    assert_eq!(
        verb("--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+a\n"),
        of(Verb::Create, "x", "x", None)
    );
    assert_eq!(
        verb("--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n"),
        of(Verb::Delete, "x", "x", None)
    );
    assert_eq!(
        verb("diff --git a/x y b/x y\nold mode 100644\nnew mode 100755\n"),
        of(Verb::Modify, "x y", "x y", Some(NewMode::Executable))
    );
    assert_eq!(
        verb("diff --git a/x b/y z\nsimilarity index 100%\nrename from x\nrename to y z\n"),
        of(Verb::Rename, "x", "y z", None)
    );
    assert_eq!(
        verb("diff --git a/x b/y\nsimilarity index 90%\ncopy from x\ncopy to y\n"),
        of(Verb::Copy, "x", "y", None)
    );
}

#[test]
fn lines_that_look_like_headers_stay_in_their_hunk_and_what_follows_does_not() {
    let patch = "--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n a\n--- b\n+++ c\n\n-- \n2.39.5\n";
    let section = one(patch);
    let Edit::Hunks(hunks) = section.edit else { panic!() };
    let texts: Vec<_> = hunks[0].lines.iter().map(|line| (line.sign, line.text)).collect();
    let expected: [(Sign, &[u8]); 4] = [
        (Sign::Context, b"a"),
        (Sign::Removed, b"-- b"),
        (Sign::Added, b"++ c"),
        (Sign::Context, b""),
    ];
    assert_eq!(texts, expected);
    let two = format!("--- a/x\n+++ b/x\n{HUNK}--- a/y\n+++ b/y\n{HUNK}");
    assert_eq!(parse(two.as_bytes()).unwrap().len(), 2);
}

#[test]
fn the_form_that_models_write_is_read() {
    let patch = "*** Begin Patch\n*** Add File: new.txt\n+one\n+\n\n*** Update File: a.py\n\
                 *** Move to: b.py\n@@ class A:\n@@     def f(self):\n     x = 1\n-    y = 2\n+    y = 3\n\
                 *** End of File\n*** Delete File: old.txt\n*** End Patch\n";
    let sections = parse(patch.as_bytes()).unwrap();
    let verbs: Vec<_> = sections.iter().map(|section| section.verb).collect();
    assert_eq!(verbs, [Verb::Create, Verb::Rename, Verb::Delete]);
    let Edit::Hunks(hunks) = &sections[1].edit else { panic!() };
    assert_eq!(hunks[0].anchors, [&b"class A:"[..], b"def f(self):"]);
    assert!(hunks[0].at_end && hunks[0].start.is_none());
    let Edit::Hunks(hunks) = &sections[0].edit else { panic!() };
    assert_eq!(hunks[0].lines.len(), 2);
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_line() {
    for (patch, said) in [
        ("just words\n", "neither a unified diff"),
        ("", "neither a unified diff"),
        ("--- a/x\n+++ b/x\nwords\n", "line 3 of the patch: here the first hunk"),
        (
            "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-a\n+b\n",
            "line 3 of the patch: the hunk's header counts 2 old and 2 new lines, but 1 and 1 follow",
        ),
        ("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n+c\n+d\n", "1 old and 1 new lines, but 1 and 3"),
        ("--- a/x\n+++ b/x\n@@ def f @@\n-a\n+b\n", "line numbers"),
        ("@@ -1 +1 @@\n-a\n+b\n", "without the names"),
        ("--- a/x\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n", "two names differ"),
        ("--- a/../x\n+++ b/../x\n@@ -1 +1 @@\n-a\n+b\n", "leads upwards"),
        ("--- /etc/x\n+++ /etc/x\n@@ -1 +1 @@\n-a\n+b\n", "absolute"),
        ("diff --git a/.git/config b/.git/config\nnew file mode 100644\n", "Git itself"),
        ("diff --git a/x b/x\nnew file mode 160000\n", "submodule"),
        ("diff --git a/x b/x\nnew file mode 100\x01\x02\x03\n", "no file has"),
        ("diff --git a/x b/x\nrename from x\nrename to ../y\n", "leads upwards"),
        ("diff --git a/x b/x\nrename from x\n", "not both"),
        ("diff --git a/x b/x\nBinary files a/x and b/x differ\n", "not in the patch"),
        ("diff --git a/x b/x\nGIT binary patch\nliteral 1\nAxx\n\n", "cannot be read"),
        ("diff --git a/x b/x\nGIT binary patch\nliteral 99999999\n\n", "larger than 16 MiB"),
        (
            "--- a/x\n+++ b/x\n@@ -1,2 +1 @@\n-a\n\\ No newline at end of file\n-b\n+b\n",
            "follows one that has no newline",
        ),
        ("*** Begin Patch\n*** Update File: x\n@@\n-a\n+b\n", "no `*** End Patch`"),
        ("*** Begin Patch\n*** Update File: /workspace/x\n@@\n-a\n+b\n*** End Patch\n", "absolute"),
        ("*** Begin Patch\n*** Update File: x\n@@\nplain\n*** End Patch\n", "a blank, + or -"),
        ("*** Begin Patch\n*** Update File: x\n@ plain\n*** End Patch\n", "a blank, + or -"),
        ("*** Begin Patch\n*** Update File: x\n*** End Patch\n", "first hunk"),
        ("*** Begin Patch\n*** Update File: x\n@@\n same\n*** End Patch\n", "no line with + or -"),
        ("*** Begin Patch\nwords\n*** End Patch\n", "must stand"),
        ("*** Begin Patch\n*** Add File: x\nwords\n*** End Patch\n", "begins with +"),
    ] {
        let error = error(patch);
        assert!(error.contains(said), "{patch}\n{error}");
    }
}
