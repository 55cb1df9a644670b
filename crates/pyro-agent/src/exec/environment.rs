//! The variables a command starts with: a few that every login has, then what the request brings.

use super::account::Account;
use crate::files::invalid;
use pyro_proto::Refusal;
use std::collections::BTreeMap;

/// Where a login on Debian looks for programs.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The environment of a command that runs as `account`.
///
/// # Errors
/// A variable that no environment can hold.
pub(crate) fn environment<'a>(
    account: &'a Account,
    requested: &'a [(String, String)],
) -> Result<BTreeMap<&'a str, &'a str>, Refusal> {
    let mut variables = BTreeMap::from([
        ("PATH", PATH),
        ("LANG", "C.UTF-8"),
        ("TERM", "dumb"),
        ("SHELL", "/bin/sh"),
        ("HOME", account.home.as_str()),
        ("USER", account.name.as_str()),
        ("LOGNAME", account.name.as_str()),
    ]);
    for (name, value) in requested {
        if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
            let message = format!("{name:?} cannot be an environment variable");
            return Err(invalid(message));
        }
        variables.insert(name, value);
    }
    Ok(variables)
}
