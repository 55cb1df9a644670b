//! The secrets that a workspace is made with, as the command line names them.

use pyro::secret::{Secret, SecretError};

/// Where the values come from. Nothing that is wrong with one repeats it.
#[derive(Debug, clap::Args)]
pub(super) struct Secrets {
    /// Give it a secret, as the file /run/pyro-secrets/NAME in its memory; may be given more than once. The
    /// value can be seen in the list of this host's processes while this runs
    #[arg(long = "secret", value_name = "NAME=VALUE")]
    literals: Vec<String>,
    /// The same, with what a file of this host holds
    #[arg(long = "secret-file", value_name = "NAME=PATH")]
    files: Vec<String>,
    /// The same, with a variable of this environment, which is called like the secret or otherwise
    #[arg(long = "secret-env-from", value_name = "NAME[=VAR]")]
    variables: Vec<String>,
}

impl Secrets {
    pub(super) fn read(&self) -> Result<Vec<Secret>, SecretError> {
        let Self { literals, files, variables } = self;
        let literals = literals.iter().map(|text| Secret::parse(text));
        let files = files.iter().map(|text| Secret::parse_file(text));
        let lookup = |name: &str| std::env::var_os(name);
        let variables = variables.iter().map(|text| Secret::parse_environment(text, lookup));
        literals.chain(files).chain(variables).collect()
    }
}
