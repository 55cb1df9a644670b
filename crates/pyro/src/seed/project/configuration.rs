//! A repository's settings: read by git, kept by an allow-list, written anew. What could run a program
//! or tell a secret is not on the list: hooks, filters, helpers, includes, headers, signing.

use super::super::SeedError;
use super::git::Git;
use super::pointer::small_file;
use super::url::without_credentials;
use crate::hostfs::Directory;
use std::path::Path;

/// More than any settings a human keeps.
const MAX_FILE: u64 = 1 << 20;

/// Settings of `core` that say how the work tree and the index are stored.
const CORE: [&[u8]; 15] = [
    b"repositoryformatversion",
    b"filemode",
    b"bare",
    b"symlinks",
    b"ignorecase",
    b"autocrlf",
    b"safecrlf",
    b"eol",
    b"precomposeunicode",
    b"protecthfs",
    b"protectntfs",
    b"compression",
    b"logallrefupdates",
    b"sparsecheckout",
    b"sparsecheckoutcone",
];
/// Formats of the repository; `worktreeconfig` is not among them, as there is one file of settings.
const EXTENSIONS: [&[u8]; 5] =
    [b"objectformat", b"compatobjectformat", b"refstorage", b"partialclone", b"preciousobjects"];
const REMOTE: [&[u8]; 8] = [
    b"url",
    b"pushurl",
    b"fetch",
    b"push",
    b"tagopt",
    b"prune",
    b"promisor",
    b"partialclonefilter",
];
const BRANCH: [&[u8]; 5] = [b"remote", b"pushremote", b"merge", b"rebase", b"description"];
const SUBMODULE: [&[u8]; 6] =
    [b"url", b"path", b"branch", b"active", b"ignore", b"fetchrecursesubmodules"];
const USER: [&[u8]; 2] = [b"name", b"email"];
/// Settings that hold a URL, or may.
const URLS: [&[u8]; 4] = [b"url", b"pushurl", b"remote", b"pushremote"];
/// How the user's own settings store text files: the work tree looks like that.
const TEXT: [&str; 2] = ["core.autocrlf", "core.eol"];

/// Settings in the order of their files.
#[derive(Debug, Default)]
pub(super) struct Settings(Vec<Setting>);

/// One setting.
#[derive(Debug)]
struct Setting {
    /// `section.name` or `section.subsection.name`; section and name are in lower case.
    key: Vec<u8>,
    /// `None` for a name alone, which means true.
    value: Option<Vec<u8>>,
}

impl Settings {
    /// Reads the settings of a repository: the shared ones, and those of one work tree where the
    /// repository has such. Includes are not followed.
    pub(super) fn read(
        git: &Git,
        path: &Path,
        own: &Directory,
        common: &Directory,
    ) -> Result<Self, SeedError> {
        let mut settings = Self::of_file(git, path, common, "config")?;
        if settings.is_on(b"extensions.worktreeconfig") {
            settings.0.extend(Self::of_file(git, path, own, "config.worktree")?.0);
        }
        Ok(settings)
    }

    fn of_file(
        git: &Git,
        path: &Path,
        directory: &Directory,
        name: &str,
    ) -> Result<Self, SeedError> {
        let Some(bytes) = small_file(directory, name, MAX_FILE, path)? else {
            return Ok(Self::default());
        };
        let args = ["config", "--file", "-", "--no-includes", "--null", "--list"];
        let listed = git.output(path, &args, &bytes)?.unwrap_or_default();
        Ok(Self::parse(&listed))
    }

    /// What `git config --null --list` prints: `key\nvalue\0`, or `key\0`.
    fn parse(listed: &[u8]) -> Self {
        let records = listed.split(|byte| *byte == 0).filter(|record| !record.is_empty());
        let setting = |record: &[u8]| match record.iter().position(|byte| *byte == b'\n') {
            Some(end) => {
                Setting { key: record[..end].to_vec(), value: Some(record[end + 1..].to_vec()) }
            }
            None => Setting { key: record.to_vec(), value: None },
        };
        Self(records.map(setting).collect())
    }

    /// The last value of `key`.
    pub(super) fn value(&self, key: &[u8]) -> Option<&[u8]> {
        self.0.iter().rev().find(|setting| setting.key == key)?.value.as_deref()
    }

    fn is_on(&self, key: &[u8]) -> bool {
        let last = self.0.iter().rev().find(|setting| setting.key == key);
        last.is_some_and(|setting| match setting.value.as_deref() {
            None => true,
            Some(value) => {
                matches!(&value.to_ascii_lowercase()[..], b"true" | b"yes" | b"on" | b"1")
            }
        })
    }

    /// The file of settings for the guest. `work_tree` is the way from a submodule's repository to its
    /// files.
    pub(super) fn for_guest(
        &self,
        git: &Git,
        work_tree: Option<&[u8]>,
    ) -> Result<Vec<u8>, SeedError> {
        let mut file = File::default();
        for key in TEXT {
            // first, so that the repository's own come later and win
            let args = ["config", "--global", "--includes", "--get", key];
            // a user without a home has no settings either, and git calls that an error
            if let Ok(Some(mut value)) = git.output(Path::new("/"), &args, b"") {
                value.pop_if(|last| *last == b'\n');
                file.add(key.as_bytes(), Some(&value));
            }
        }
        for setting in self.0.iter().filter(|setting| is_kept(setting)) {
            let value = setting.value.as_deref().map(|value| {
                let (_, _, name) = parts(&setting.key);
                if URLS.contains(&name) { without_credentials(value) } else { value.to_vec() }
            });
            file.add(&setting.key, value.as_deref());
        }
        if let Some(work_tree) = work_tree {
            file.add(b"core.worktree", Some(work_tree));
        }
        Ok(file.text)
    }
}

fn is_kept(setting: &Setting) -> bool {
    let (section, subsection, name) = parts(&setting.key);
    match (section, subsection) {
        (b"core", None) => CORE.contains(&name),
        (b"extensions", None) => EXTENSIONS.contains(&name),
        (b"user", None) => USER.contains(&name),
        (b"remote", None) => name == b"pushdefault",
        (b"remote", Some(_)) => REMOTE.contains(&name),
        (b"branch", Some(_)) => BRANCH.contains(&name),
        (b"submodule", None) => name == b"active" || name == b"recurse",
        (b"submodule", Some(_)) => SUBMODULE.contains(&name),
        _ => false,
    }
}

/// Section, subsection and name of a key. Only the subsection may have dots in it.
fn parts(key: &[u8]) -> (&[u8], Option<&[u8]>, &[u8]) {
    let first = key.iter().position(|byte| *byte == b'.').unwrap_or(key.len());
    let last = key.iter().rposition(|byte| *byte == b'.').unwrap_or(0);
    let name = key.get(last + 1..).unwrap_or_default();
    (&key[..first], (first < last).then(|| &key[first + 1..last]), name)
}

/// A file of settings being written (git-config(1), "Syntax").
#[derive(Debug, Default)]
struct File {
    text: Vec<u8>,
    /// The key of the section that the last line is in, without the name.
    section: Vec<u8>,
}

impl File {
    fn add(&mut self, key: &[u8], value: Option<&[u8]>) {
        let (section, subsection, name) = parts(key);
        let whole = &key[..key.len() - name.len()];
        if self.section != whole {
            self.section = whole.to_vec();
            self.text.push(b'[');
            self.text.extend_from_slice(section);
            if let Some(subsection) = subsection {
                self.text.extend_from_slice(b" \"");
                self.escaped(subsection, b"\"\\");
                self.text.push(b'"');
            }
            self.text.extend_from_slice(b"]\n");
        }
        self.text.push(b'\t');
        self.text.extend_from_slice(name);
        if let Some(value) = value {
            self.text.extend_from_slice(b" = \"");
            self.escaped(value, b"\"\\\n");
            self.text.push(b'"');
        }
        self.text.push(b'\n');
    }

    fn escaped(&mut self, bytes: &[u8], special: &[u8]) {
        for byte in bytes {
            if special.contains(byte) {
                self.text.push(b'\\');
            }
            self.text.push(if *byte == b'\n' { b'n' } else { *byte });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(listed: &[u8]) -> String {
        let mut file = File::default();
        for setting in Settings::parse(listed).0.iter().filter(|setting| is_kept(setting)) {
            file.add(&setting.key, setting.value.as_deref());
        }
        String::from_utf8(file.text).unwrap()
    }

    #[test]
    fn what_could_run_something_or_tell_a_secret_is_left_out() {
        let bad = [
            "core.hookspath\n/x",
            "core.fsmonitor\n/x",
            "core.sshcommand\nx",
            "core.worktree\n/x",
            "core.pager\nx",
            "core.editor\nx",
            "core.excludesfile\n/x",
            "include.path\n/x",
            "includeif.gitdir:/.path\n/x",
            "http.extraheader\nx",
            "http.https://h/.extraheader\nx",
            "filter.x.clean\nx",
            "alias.st\n!x",
            "credential.helper\nx",
            "commit.gpgsign\ntrue",
            "gpg.program\nx",
            "user.signingkey\nx",
            "remote.o.uploadpack\nx",
            "remote.o.vcs\nx",
            "submodule.s.update\n!x",
            "url.https://t@h/.insteadof\nh",
            "extensions.worktreeconfig\ntrue",
        ];
        assert_eq!(written(bad.join("\0").as_bytes()), "");
    }

    #[test]
    fn what_is_kept_reads_back_as_it_was() {
        let listed =
            "core.bare\0remote.a.b \"c\\.url\nx \\ \"y\"\nz;#\0remote.a.b \"c\\.fetch\n+a:b\0";
        let text = written(listed.as_bytes());
        assert_eq!(
            text,
            "[core]\n\tbare\n[remote \"a.b \\\"c\\\\\"]\n\turl = \"x \\\\ \\\"y\\\"\\nz;#\"\n\tfetch = \"+a:b\"\n"
        );
        let mut git = std::process::Command::new("git");
        git.args(["config", "--file", "-", "--null", "--list"]);
        git.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        let mut git = git.spawn().unwrap();
        std::io::Write::write_all(&mut git.stdin.take().unwrap(), text.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(git.wait_with_output().unwrap().stdout).unwrap(), listed);
    }
}
