//! Names under which people keep credentials. A list of names finds no secret that is kept under
//! another one: it is a seat belt, and whoever uses it says what it held back.

/// Directories of nothing but credentials, beside their files' own names.
const DIRECTORIES: [&[u8]; 6] = [b".ssh", b".gnupg", b".aws", b".azure", b".kube", b".gcloud"];

/// Files whose whole name says it.
const FILES: [&[u8]; 11] = [
    b".netrc",
    b"_netrc",
    b".npmrc",
    b".pypirc",
    b".pgpass",
    b".my.cnf",
    b".htpasswd",
    b".git-credentials",
    b".dockercfg",
    b"kubeconfig",
    b"application_default_credentials.json",
];

/// Beginnings of private key names, as `ssh-keygen` chooses them, and of files called credentials.
const BEGINNINGS: [&[u8]; 7] = [
    b"id_rsa",
    b"id_dsa",
    b"id_ecdsa",
    b"id_ed25519",
    b"credentials",
    b"service-account",
    b"service_account",
];

/// Extensions of private keys and key stores.
const EXTENSIONS: [&[u8]; 8] =
    [b"pem", b"key", b"p12", b"pfx", b"keystore", b"jks", b"ppk", b"kubeconfig"];

/// What makes a file of variables one to be filled in.
const PATTERNS: [&[u8]; 4] = [b".example", b".sample", b".template", b".dist"];

/// Source code whose name merely begins like a credential's.
const CODE: [&[u8]; 13] =
    [b"rs", b"py", b"go", b"js", b"ts", b"tsx", b"jsx", b"java", b"rb", b"c", b"h", b"md", b"kt"];

/// Whether the file `name` (one component) is of the kind that holds credentials.
///
/// ```
/// use pyro::hostfs::credentials::is_file;
/// assert!(is_file(b".env.production") && is_file(b"id_ed25519") && is_file(b"server.KEY"));
/// assert!(!is_file(b".env.example") && !is_file(b"id_ed25519.pub") && !is_file(b"monkey"));
/// ```
#[must_use]
pub fn is_file(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    if PATTERNS.iter().any(|pattern| name.ends_with(pattern)) {
        return false;
    }
    let extension = name.iter().rposition(|byte| *byte == b'.').map(|dot| &name[dot + 1..]);
    let variables = name == b".env" || name.starts_with(b".env.") || name == b".envrc";
    let begins = BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
        && extension != Some(b"pub")
        && !extension.is_some_and(|extension| CODE.contains(&extension));
    variables
        || FILES.contains(&&name[..])
        || begins
        || extension.is_some_and(|extension| EXTENSIONS.contains(&extension))
}

/// Whether everything below the directory `name` (one component) is taken for credentials.
#[must_use]
pub fn is_directory(name: &[u8]) -> bool {
    DIRECTORIES.contains(&&name.to_ascii_lowercase()[..])
}

/// Whether a path names credentials: by its last component, or by a directory on its way. Two files
/// are recognised by their directory: `.docker/config.json` and what lies in `.config/gcloud`.
#[must_use]
pub fn is_path(path: &[u8]) -> bool {
    let components: Vec<&[u8]> =
        path.split(|byte| *byte == b'/').filter(|component| !component.is_empty()).collect();
    let pair = |first: &[u8], second: &[u8]| {
        components.windows(2).any(|pair| pair[0] == first && pair[1] == second)
    };
    components.iter().any(|component| is_directory(component))
        || components.last().is_some_and(|name| is_file(name))
        || pair(b".docker", b"config.json")
        || pair(b".config", b"gcloud")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_known_by_name_and_their_likes_are_not() {
        for name in [
            ".env",
            ".env.local",
            ".ENV",
            "a.pem",
            "tls.key",
            "id_rsa",
            "id_rsa_work",
            ".netrc",
            ".npmrc",
            ".pypirc",
            "credentials",
            "credentials.json",
            "a.p12",
            "a.pfx",
            "release.keystore",
            ".git-credentials",
            "service-account-prod.json",
            "kubeconfig",
            "prod.kubeconfig",
        ] {
            assert!(is_file(name.as_bytes()), "{name}");
        }
        for name in [
            ".env.example",
            ".env.sample",
            ".env.template",
            ".environment",
            "id_rsa.pub",
            "key",
            "keys.rs",
            "credentials.rs",
            "pem",
            "environment.yml",
            "README.md",
        ] {
            assert!(!is_file(name.as_bytes()), "{name}");
        }
        for path in ["a/.ssh/config", ".aws/x", ".docker/config.json", ".config/gcloud/x", "a/.env"]
        {
            assert!(is_path(path.as_bytes()), "{path}");
        }
        for path in ["ssh/config", ".docker/x", "docker/config.json", ".env/x", ""] {
            assert!(!is_path(path.as_bytes()), "{path}");
        }
    }
}
