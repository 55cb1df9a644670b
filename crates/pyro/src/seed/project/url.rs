//! URLs of repositories: what of them may be kept, and which are cloned.

use super::super::SeedError;

/// Ways to fetch that `clone` allows; everything else (`ext::`, helpers) can run commands.
pub(super) const PROTOCOLS: [&str; 5] = ["https", "http", "ssh", "git", "file"];

/// `url` without what may be a secret: user and password, for ssh only the password, and the query
/// of web addresses, where some services take tokens.
pub(super) fn without_credentials(url: &[u8]) -> Vec<u8> {
    let Some(scheme_end) = find(url, b"://") else { return url.to_vec() };
    let (scheme, rest) = url.split_at(scheme_end + 3);
    let authority_end =
        rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    let (authority, mut path) = rest.split_at(authority_end);
    // the last one: a password may contain another
    let at = authority.iter().rposition(|byte| *byte == b'@');
    let (user, host) =
        at.map_or((&b""[..], authority), |at| (&authority[..at], &authority[at + 1..]));
    let mut clean = scheme.to_vec();
    if is_ssh(scheme) && !user.is_empty() {
        clean.extend(user.iter().take_while(|byte| **byte != b':'));
        clean.push(b'@');
    }
    clean.extend_from_slice(host);
    if !is_ssh(scheme) {
        let query = path.iter().position(|byte| matches!(byte, b'?' | b'#'));
        path = &path[..query.unwrap_or(path.len())];
    }
    clean.extend_from_slice(path);
    clean
}

/// `url` as it may be shown and remembered, see `without_credentials`.
#[must_use]
pub fn shown(url: &str) -> String {
    String::from_utf8_lossy(&without_credentials(url.as_bytes())).into_owned()
}

/// Makes sure that `url` is one that git fetches itself, in a way that [`PROTOCOLS`] lists.
pub(super) fn check(url: &str) -> Result<(), SeedError> {
    let refuse = |why| Err(SeedError::BadUrl { url: shown(url).escape_debug().to_string(), why });
    if url.is_empty() || url.starts_with('-') || url.contains(['\0', '\n', '\r']) {
        return refuse("it is not a URL");
    }
    let before = url.split('/').next().unwrap_or(url);
    if before.contains("::") {
        return refuse("it names a remote helper, which is a program");
    }
    match url.split_once("://") {
        Some((scheme, _)) if !PROTOCOLS.contains(&scheme.to_ascii_lowercase().as_str()) => {
            refuse("its protocol is none that is allowed")
        }
        _ => Ok(()),
    }
}

fn is_ssh(scheme: &[u8]) -> bool {
    let scheme = scheme.to_ascii_lowercase();
    scheme.ends_with(b"ssh://")
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_taken_out_of_urls() {
        for (url, clean) in [
            ("https://user:token@host/a/b.git", "https://host/a/b.git"),
            ("https://token@host:8443/a", "https://host:8443/a"),
            ("https://u:p@ss@host/a", "https://host/a"),
            ("https://host/a?private_token=x", "https://host/a"),
            ("ssh://git:secret@host:22/a", "ssh://git@host:22/a"),
            ("git+ssh://git@host/a", "git+ssh://git@host/a"),
            ("hg::https://u:p@host/a", "hg::https://host/a"),
            ("git@host:a/b.git", "git@host:a/b.git"),
            ("/srv/git/a@b", "/srv/git/a@b"),
            ("file:///srv/a@b", "file:///srv/a@b"),
            ("https://u:p@host", "https://host"),
        ] {
            assert_eq!(without_credentials(url.as_bytes()), clean.as_bytes(), "{url}");
        }
    }

    #[test]
    fn only_listed_protocols_are_cloned() {
        for url in ["https://h/a", "ssh://h/a", "git@h:a", "/srv/a", "file:///a", "./a::b/c"] {
            check(url).unwrap();
        }
        for url in ["ext::sh -c id", "-u", "--upload-pack=x", "ftp://h/a", "a\nb", "", "fd::3"] {
            assert!(check(url).is_err(), "{url}");
        }
        let error = check("ftp://u:secret@h/a").unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}
