//! A recipe: what an environment is made of, as a human writes it down in a small TOML file. Read here and
//! judged; nothing is looked up and nothing made.

use super::document::{Keys, Written};
use crate::environment::catalog;
use crate::error::{AtPath, Diagnose, Kind, PathError};
use crate::network::{AllowList, NetworkPolicy};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The longest recipe, in bytes: ten times what anybody wants to read.
const MAX_BYTES: u64 = 1 << 20;
/// What `suite` stands for: the only suite, and the environment that has nothing but it.
const SUITE: (&str, &str) = ("bookworm", "debian:12-base");
/// Where a machine mounts something of its own: what is written there is in no image.
const NOT_IN_THE_IMAGE: [&str; 5] = ["/dev", "/proc", "/run", "/sys", "/workspace"];

const KEYS: [&str; 11] = [
    "name", "from", "suite", "packages", "files", "run", "network", "env", "workdir", "user",
    "labels",
];
const FILE_KEYS: [&str; 3] = ["source", "path", "mode"];
const NETWORK_KEYS: [&str; 2] = ["policy", "allow_hosts"];

/// A recipe.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recipe {
    /// What the environment is to be called.
    pub name: Option<String>,
    /// The environment to start from: a name of the catalog, or any container image.
    pub from: String,
    /// Debian packages to install.
    pub packages: Vec<String>,
    /// Files of the host to put in, before anything else.
    pub files: Vec<Put>,
    /// Commands to run as root, one after another, each by `/bin/sh -ec` in `/`.
    pub run: Vec<String>,
    /// What the machine may reach meanwhile; `None` for nothing.
    pub network: Option<AllowList>,
    /// Variables for these commands and for every command in the environment.
    pub env: Vec<(String, String)>,
    /// Where commands of one-shot machines start, instead of where the base has it.
    pub workdir: Option<String>,
    /// Whom they run as, instead of whom the base has.
    pub user: Option<String>,
    /// What is said about the environment.
    pub labels: Vec<(String, String)>,
}

/// A file or a directory of the host, and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Put {
    /// Relative to the recipe's directory, beneath which it must be.
    pub source: PathBuf,
    /// Absolute, in the guest.
    pub path: String,
    /// Permission bits of a file; without them 0755 where its owner may run it, else 0644.
    pub mode: Option<u32>,
}

/// Why a recipe cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecipeError {
    /// It cannot be read.
    #[error("the recipe cannot be read")]
    Unreadable(#[source] PathError),
    /// It is no text, or far too long.
    #[error("{} is no recipe: {what}", path.display())]
    NoRecipe {
        /// The file.
        path: PathBuf,
        /// Why not.
        what: &'static str,
    },
    /// Something in it is wrong.
    #[error("{}, line {line}: {what}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The first is 1.
        line: usize,
        /// What is wrong.
        what: String,
        /// What may have been meant.
        hint: Option<String>,
    },
}

impl RecipeError {
    pub(super) fn with_hint(mut self, text: String) -> Self {
        if let Self::Wrong { hint, .. } = &mut self {
            *hint = Some(text);
        }
        self
    }
}

impl Diagnose for RecipeError {
    fn kind(&self) -> Kind {
        match self {
            Self::Unreadable(error) if error.source.kind() == std::io::ErrorKind::NotFound => {
                Kind::NotFound
            }
            Self::Unreadable(error) => error.kind(),
            Self::NoRecipe { .. } | Self::Wrong { .. } => Kind::Usage,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(error) if error.source.kind() == std::io::ErrorKind::NotFound => {
                "recipe_not_found"
            }
            Self::Unreadable(error) => error.code(),
            Self::NoRecipe { .. } | Self::Wrong { .. } => "bad_recipe",
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Unreadable(_) => {
                let names: Vec<_> = catalog::RECIPES.iter().map(|recipe| recipe.name).collect();
                vec![format!("name a recipe file, or one of {}", names.join(", "))]
            }
            Self::NoRecipe { .. } => vec!["docs/environments.md shows a whole recipe".into()],
            Self::Wrong { hint, .. } => hint.iter().cloned().collect(),
        }
    }
}

impl Recipe {
    /// Reads the recipe in a file.
    ///
    /// # Errors
    /// [`RecipeError`].
    pub fn read(path: &Path) -> Result<Self, RecipeError> {
        let mut text = Vec::new();
        let file = File::open(path).at("open", path).map_err(RecipeError::Unreadable)?;
        let read = file.take(MAX_BYTES + 1).read_to_end(&mut text).at("read", path);
        read.map_err(RecipeError::Unreadable)?;
        let no_recipe = |what| RecipeError::NoRecipe { path: path.to_owned(), what };
        if text.len() as u64 > MAX_BYTES {
            return Err(no_recipe("it is longer than a megabyte"));
        }
        let text = String::from_utf8(text).map_err(|_| no_recipe("it is not UTF-8"))?;
        Self::parse(Written { path, text: &text })
    }

    fn parse(written: Written<'_>) -> Result<Self, RecipeError> {
        let document = written.parse()?;
        let keys = written.keys(&document, &KEYS)?;
        let recipe = Self {
            name: keys.text("name")?,
            from: base(written, &keys)?,
            packages: packages(&keys)?,
            files: files(&keys)?,
            run: commands(&keys)?,
            network: network(&keys)?,
            env: variables(&keys)?,
            workdir: keys.text("workdir")?,
            user: keys.text("user")?,
            labels: keys.pairs("labels")?,
        };
        if recipe.workdir.as_ref().is_some_and(|path| !is_plain(path)) {
            return Err(keys.wrong("workdir", "it must be an absolute path without `..`"));
        }
        if recipe.user.as_ref().is_some_and(|user| user.is_empty() || user.contains('\0')) {
            return Err(keys.wrong("user", "it must be a name or a number, with :GROUP behind it"));
        }
        if !recipe.packages.is_empty() && recipe.network.is_none() {
            return Err(
                keys.wrong("packages", "they cannot be fetched with network.policy \"off\"")
            );
        }
        Ok(recipe)
    }
}

fn base(written: Written<'_>, keys: &Keys<'_>) -> Result<String, RecipeError> {
    match (keys.text("from")?, keys.text("suite")?) {
        (Some(from), None) => Ok(from),
        (None, Some(suite)) if suite == SUITE.0 => Ok(SUITE.1.to_owned()),
        (None, Some(_)) => {
            Err(keys
                .wrong("suite", format!("the only one is {:?}; `from` takes any image", SUITE.0)))
        }
        (Some(_), Some(_)) => Err(keys.wrong("suite", "a recipe has either `from` or `suite`")),
        (None, None) => Err(written
            .wrong(None, "there is no `from`: what to start from".to_owned())
            .with_hint("from = \"debian:12\", or any container image".to_owned())),
    }
}

/// Names as Debian has them (Policy 5.6.1), perhaps with `=` and a version (5.6.12).
fn packages(keys: &Keys<'_>) -> Result<Vec<String>, RecipeError> {
    let packages = keys.texts("packages")?;
    let is_package = |text: &str| {
        let (name, version) = text.split_once('=').unwrap_or((text, "0"));
        let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        name.len() > 1
            && name.as_bytes().first().is_some_and(|first| letter(*first))
            && name.bytes().all(|b| letter(b) || b"+-.".contains(&b))
            && !version.is_empty()
            && version.bytes().all(|b| b.is_ascii_alphanumeric() || b".+~:-".contains(&b))
    };
    match packages.iter().find(|package| !is_package(package)) {
        Some(package) => {
            Err(keys.wrong("packages", format!("{package:?} is no name of a Debian package")))
        }
        None => Ok(packages),
    }
}

fn files(keys: &Keys<'_>) -> Result<Vec<Put>, RecipeError> {
    let lacks = |file: &Keys<'_>, key: &str| match file.has(key) {
        true => Ok(()),
        false => Err(keys.wrong("files", format!("one of them has no `{key}`"))),
    };
    let tables = keys.tables("files", &FILE_KEYS)?;
    let files = tables.iter().map(|file| {
        lacks(file, "source").and_then(|()| lacks(file, "path"))?;
        let source = PathBuf::from(file.text("source")?.unwrap_or_default());
        if source.is_absolute() || source.as_os_str().is_empty() {
            return Err(file.wrong("source", "it must be relative to the recipe's directory"));
        }
        let path = file.text("path")?.unwrap_or_default();
        if !is_plain(&path) || path == "/" {
            return Err(file.wrong("path", "it must be an absolute path without `..`"));
        }
        if let Some(top) = NOT_IN_THE_IMAGE.iter().find(|top| Path::new(&path).starts_with(top)) {
            return Err(file.wrong("path", format!("what is in {top} is not in the image")));
        }
        Ok(Put { source, path, mode: mode(file)? })
    });
    files.collect()
}

/// In octal digits, as chmod(1) takes them.
fn mode(file: &Keys<'_>) -> Result<Option<u32>, RecipeError> {
    let Some(text) = file.text("mode")? else { return Ok(None) };
    match u32::from_str_radix(&text, 8) {
        Ok(mode) if mode <= 0o7777 && text.len() <= 5 => Ok(Some(mode)),
        _ => Err(file.wrong("mode", "it must be octal digits in quotes, such as \"0755\"")),
    }
}

fn commands(keys: &Keys<'_>) -> Result<Vec<String>, RecipeError> {
    let commands = keys.texts("run")?;
    match commands.iter().any(|command| command.trim().is_empty() || command.contains('\0')) {
        true => Err(keys.wrong("run", "one of the commands is empty")),
        false => Ok(commands),
    }
}

fn variables(keys: &Keys<'_>) -> Result<Vec<(String, String)>, RecipeError> {
    let variables = keys.pairs("env")?;
    let is_variable =
        |(name, value): &&(String, String)| !name.contains(['=', '\0']) && !value.contains('\0');
    match variables.iter().find(|variable| !is_variable(variable)) {
        Some((name, _)) => Err(keys.wrong("env", format!("{name:?} cannot be a variable"))),
        None => Ok(variables),
    }
}

fn network(keys: &Keys<'_>) -> Result<Option<AllowList>, RecipeError> {
    let Some(network) = keys.table("network", &NETWORK_KEYS)? else {
        return Ok(Some(AllowList::default()));
    };
    let hosts = network.texts("allow_hosts")?;
    let allow = AllowList::parse(&hosts, &[]).map_err(|e| network.wrong("allow_hosts", e))?;
    let policy = match network.text("policy")? {
        None => NetworkPolicy::Egress,
        Some(policy) => policy.parse().map_err(|e| network.wrong("policy", e))?,
    };
    match policy {
        NetworkPolicy::Egress => Ok(Some(allow)),
        NetworkPolicy::Off if allow.is_empty() => Ok(None),
        NetworkPolicy::Off => {
            Err(network.wrong("policy", "with \"off\" there is nothing to allow"))
        }
        NetworkPolicy::EgressAndPublishedPorts => {
            Err(network.wrong("policy", "it is \"egress\" or \"off\""))
        }
    }
}

fn is_plain(path: &str) -> bool {
    path.starts_with('/') && !path.contains('\0') && path.split('/').all(|name| name != "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Recipe, String> {
        let written = Written { path: Path::new("r.toml"), text };
        Recipe::parse(written).map_err(|error| {
            let hints = error.hints().join(" ");
            format!("{error} {hints}")
        })
    }

    #[test]
    fn a_whole_recipe_says_what_it_says() {
        let recipe = parse(
            r#"
            name = "acme/rust:1"
            from = "debian:12"
            packages = ["build-essential", "libc6=2.36-9+deb12u10"]
            files = [{ source = "tool", path = "/usr/local/bin/tool", mode = "0755" }]
            run = ["echo one", """
            echo two
            echo three"""]
            workdir = "/src"
            user = "builder:users"
            [network]
            allow_hosts = ["*.example.org"]
            [env]
            RUST_BACKTRACE = "1"
            [labels]
            team = "core"
            "#,
        )
        .unwrap();
        assert_eq!(recipe.from, "debian:12");
        let put =
            Put { source: "tool".into(), path: "/usr/local/bin/tool".into(), mode: Some(0o755) };
        assert_eq!(recipe.files, [put]);
        assert_eq!(recipe.run.len(), 2);
        assert_eq!(recipe.network.unwrap().hosts.len(), 1);
        assert_eq!(recipe.env, [("RUST_BACKTRACE".to_owned(), "1".to_owned())]);
        let bare = parse("suite = \"bookworm\"").unwrap();
        assert_eq!(bare.from, "debian:12-base");
        assert_eq!(bare.network, Some(AllowList::default()));
        assert_eq!(parse("from = \"a\"\nnetwork.policy = \"off\"").unwrap().network, None);
    }

    #[test]
    fn files_may_be_tables_of_their_own() {
        let recipe = parse("from = 'a'\n[[files]]\nsource = 'b'\npath = '/b'\n").unwrap();
        assert_eq!(recipe.files[0].mode, None);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line_and_what_was_meant() {
        for (text, line, what) in [
            ("form = 'a'\nfrom = 'b'", 1, "\"form\""),
            ("from = 'a'\n\npakages = []", 3, "did you mean \"packages\"?"),
            ("from = 'a'\nentrypoint = 'x'", 2, "the keys are name, from"),
            ("from = 'a'\nfiles = [{ source = 'a', path = '/a', owner = 'x' }]", 2, "\"owner\""),
            ("from = 'a'\n[[files]]\nsource = 'a'\npaht = '/a'", 4, "did you mean \"path\"?"),
            ("from = 'a'\nfiles = [{ source = 'a' }]", 2, "no `path`"),
            ("from = 'a'\nrun = 'ls'", 2, "a list of texts"),
            ("from = 'a'\nrun = ['']", 2, "empty"),
            ("from = 'a'\nfrom = 'b'", 2, "duplicate"),
            ("from = 7", 1, "must be a text"),
            ("packages = []", 1, "there is no `from`"),
            ("suite = 'trixie'", 1, "the only one is \"bookworm\""),
            ("from = 'a'\nsuite = 'bookworm'", 2, "either"),
            ("from = 'a'\npackages = ['git', '-y']", 2, "\"-y\" is no name"),
            ("from = 'a'\npackages = ['git; rm']", 2, "is no name"),
            ("from = 'a'\npackages = ['git']\nnetwork.policy = 'off'", 2, "cannot be fetched"),
            ("from = 'a'\nworkdir = 'src'", 2, "absolute"),
            ("from = 'a'\n[network]\npolicy = 'all'", 3, "policy"),
            ("from = 'a'\n[network]\npolicy = 'off'\nallow_hosts = ['a.example']", 3, "allow"),
            ("from = 'a'\n[network]\nallow_hosts = ['http://a']", 3, "allow_hosts"),
            ("from = 'a'\n[env]\n'A=B' = 'c'", 2, "cannot be a variable"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(&format!("r.toml, line {line}: ")), "{text}\n{error}");
            assert!(error.contains(what), "{text}\n{error}");
        }
    }

    #[test]
    fn a_file_comes_from_beneath_the_recipe_and_goes_into_the_image() {
        for file in [
            "source = '/etc/passwd', path = '/a'",
            "source = '', path = '/a'",
            "source = 'a', path = 'a'",
            "source = 'a', path = '/'",
            "source = 'a', path = '/b/../a'",
            "source = 'a', path = '/run/a'",
            "source = 'a', path = '/workspace'",
            "source = 'a', path = '/a', mode = '0999'",
            "source = 'a', path = '/a', mode = 493",
        ] {
            assert!(parse(&format!("from = 'a'\nfiles = [{{ {file} }}]")).is_err(), "{file}");
        }
    }
}
