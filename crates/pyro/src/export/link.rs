//! Which symbolic links stay within the tree that they are in.

/// Whether a link in a directory so many levels below the top of the tree leads nowhere else, whatever other
/// links of this kind there are. It may go upwards only at its beginning, where it goes through the real
/// directories that it lies in: behind a name, which may be a link itself, nobody could say where `..` is.
pub(super) fn stays_inside(depth: usize, target: &[u8]) -> bool {
    if target.is_empty() || target.starts_with(b"/") || target.contains(&0) {
        return false;
    }
    let mut parts = target.split(|byte| *byte == b'/').filter(|part| !matches!(*part, b"" | b"."));
    let upwards = parts.by_ref().take_while(|part| *part == b"..").count();
    // the first that is no `..` is taken as well
    upwards <= depth && parts.all(|part| part != b"..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_cannot_leave_the_tree_stays() {
        for (depth, target) in [
            (0, "a"),
            (0, "a/b"),
            (0, "./a"),
            (1, ".."),
            (1, "../a"),
            (2, "../../a//b"),
            (0, "..a"),
            (0, "."),
        ] {
            assert!(stays_inside(depth, target.as_bytes()), "{depth} {target}");
        }
        for (depth, target) in [
            (0, "/etc/passwd"),
            (0, ".."),
            (1, "../.."),
            (1, "../../a"),
            (3, "a/../b"),
            (3, "a/.."),
            (3, "../a/../b"),
            (0, ""),
            (0, "a\0"),
        ] {
            assert!(!stays_inside(depth, target.as_bytes()), "{depth} {target}");
        }
    }
}
