//! The few things the rules want from a `Cargo.toml`: the package's name, what it depends on, and
//! which target files it names. Reads the plain style in which manifests are written here (one key
//! per line), not all of TOML.

/// A manifest, as far as it matters here.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// Path from the root of the repository.
    pub(crate) path: String,
    /// `package.name`; empty for a manifest without a package.
    pub(crate) package: String,
    /// What the shipped code is built from: dependencies and build dependencies, with their lines.
    pub(crate) dependencies: Vec<(String, usize)>,
    /// `path` of every `[lib]`, `[[bin]]`, `[[test]]`, `[[bench]]`, `[[example]]`, relative to the manifest.
    pub(crate) target_files: Vec<String>,
    /// Whether Cargo looks for `tests/*.rs` by itself.
    pub(crate) finds_tests: bool,
}

impl Manifest {
    /// Reads the text of the manifest at `path`.
    pub(crate) fn read(path: &str, text: &str) -> Self {
        let mut manifest = Self { path: path.into(), finds_tests: true, ..Self::default() };
        let mut section = String::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.starts_with('[') {
                section = line.trim_matches(['[', ']']).to_owned();
                if let Some((table, name)) = section.rsplit_once('.')
                    && is_dependency_table(table)
                {
                    manifest.dependencies.push((name.to_owned(), number + 1));
                }
            } else if let Some((key, value)) = line.split_once('=')
                && !line.starts_with('#')
            {
                manifest.note(&section, key.trim(), value.trim(), number + 1);
            }
        }
        manifest
    }

    fn note(&mut self, section: &str, key: &str, value: &str, line: usize) {
        match (section, key) {
            ("package", "name") => self.package = unquoted(value),
            ("package", "autotests") => self.finds_tests = value != "false",
            ("lib" | "bin" | "test" | "bench" | "example", "path") => {
                self.target_files.push(unquoted(value));
            }
            (table, _) if is_dependency_table(table) => {
                let name = key.split('.').next().unwrap_or(key).trim_matches('"').to_owned();
                self.dependencies.push((renamed(value).unwrap_or(name), line));
            }
            _ => {}
        }
    }

    /// The folder of the package, ending in `/` unless it is the root.
    pub(crate) fn folder(&self) -> &str {
        self.path.strip_suffix("Cargo.toml").unwrap_or_default()
    }
}

fn is_dependency_table(section: &str) -> bool {
    let table = section.rsplit('.').next().unwrap_or(section);
    !section.starts_with("workspace") && matches!(table, "dependencies" | "build-dependencies")
}

/// The real name in `{ package = "name", … }`.
fn renamed(value: &str) -> Option<String> {
    let (_, after) = value.split_once("package")?;
    after.split('"').nth(1).map(str::to_owned)
}

fn unquoted(value: &str) -> String {
    value.trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_are_read_in_every_spelling_and_dev_ones_are_not() {
        let manifest = Manifest::read(
            "crates/a/Cargo.toml",
            "[package]\nname = \"a\"\nautotests = false\n\n[dependencies]\nb.workspace = true\n\
             c = \"1\"\nother = { package = \"d\", version = \"1\" }\n\n[dependencies.e]\n\
             version = \"1\"\n\n[target.'cfg(unix)'.dependencies]\nf = \"1\"\n\n\
             [build-dependencies]\ng = \"1\"\n\n[dev-dependencies]\nh = \"1\"\n\n\
             [[test]]\nname = \"t\"\npath = \"tests/t.rs\"\n",
        );
        let names: Vec<&str> =
            manifest.dependencies.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["b", "c", "d", "e", "f", "g"]);
        assert_eq!(manifest.package, "a");
        assert_eq!(manifest.folder(), "crates/a/");
        assert_eq!(manifest.target_files, ["tests/t.rs"]);
        assert!(!manifest.finds_tests);
    }

    #[test]
    fn the_workspace_table_is_nobodys_dependency() {
        let manifest = Manifest::read("Cargo.toml", "[workspace.dependencies]\npyro = \"1\"\n");
        assert_eq!(manifest.dependencies, []);
        assert_eq!(manifest.folder(), "");
    }
}
