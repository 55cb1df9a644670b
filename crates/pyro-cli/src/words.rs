//! The words after `--` as one string for a POSIX shell, each of them standing for itself.

/// Quotes every word that needs it with single quotes (POSIX.1-2024, XCU 2.2.2).
pub(crate) fn quoted(words: &[String]) -> String {
    shell_line(words.iter().map(String::as_str))
}

/// A command line as one would type it.
pub(crate) fn shell_line<'w>(words: impl Iterator<Item = &'w str>) -> String {
    words.map(quote).collect::<Vec<_>>().join(" ")
}

/// As [`quoted`], but the program takes the shell's place, so that a signal to the command finds the
/// program alone: a shell that waits for it would die first and end the command.
pub(crate) fn in_place_of_the_shell(words: &[String]) -> String {
    let is_program = words.first().is_some_and(|word| !BUILT_IN.contains(&word.as_str()));
    if is_program { format!("exec {}", quoted(words)) } else { quoted(words) }
}

/// A command of a history, for people: without what [`in_place_of_the_shell`] puts before it.
pub(crate) fn as_typed(command: &str) -> &str {
    command.strip_prefix("exec ").unwrap_or(command)
}

/// What only the shell itself can do: the special built-in and the intrinsic utilities of
/// POSIX.1-2024 (XCU 2.15 and 1.7).
const BUILT_IN: [&str; 31] = [
    ".", ":", "alias", "bg", "break", "cd", "command", "continue", "eval", "exec", "exit",
    "export", "fc", "fg", "getopts", "hash", "jobs", "kill", "read", "readonly", "return", "set",
    "shift", "times", "trap", "type", "ulimit", "umask", "unalias", "unset", "wait",
];

fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-".contains(c);
    // A leading assignment (`A=b`) is the shell's own syntax, so `=` is left bare only in options.
    let bare = !word.is_empty()
        && word.chars().all(plain)
        && (word.starts_with('-') || !word.contains('='));
    if bare { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_back_every_word() {
        let words = ["a b", "", "it's", "$HOME `x` \"y\" \\", "A=1", "--x=1", "*?[", "ä\n\t!~#"];
        let words: Vec<String> = words.map(String::from).into();
        let script = format!("printf '%s\\0' {}", quoted(&words));
        let output = std::process::Command::new("/bin/sh").args(["-c", &script]).output().unwrap();
        let read = String::from_utf8(output.stdout).unwrap();
        let read: Vec<&str> = read.trim_end_matches('\0').split('\0').collect();
        assert_eq!(read, words);
    }

    #[test]
    fn only_programs_take_the_shells_place() {
        let command = |words: &[&str]| {
            in_place_of_the_shell(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(command(&["sleep", "1"]), "exec sleep 1");
        assert_eq!(as_typed(&command(&["sleep", "1"])), "sleep 1");
        assert_eq!(command(&["exit", "7"]), "exit 7");
    }

    #[test]
    fn plain_words_stay_readable() {
        let words = ["git", "log", "--format=%h", "a/b.c"].map(String::from);
        assert_eq!(quoted(&words), "git log --format=%h a/b.c");
    }
}
