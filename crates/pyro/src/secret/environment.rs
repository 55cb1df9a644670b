//! Secrets as variables of a command's environment: which, and under which names.

use super::error::SecretError;
use super::store::Vault;
use serde::{Deserialize, Serialize};

/// A wish for one variable. It names the secret and holds nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretEnv {
    /// The secret.
    pub secret: String,
    /// The variable.
    pub variable: String,
}

impl SecretEnv {
    /// `SECRET` or `SECRET=ENV_VAR`.
    ///
    /// # Errors
    /// [`SecretError::BadVariable`].
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let (secret, variable) = text.split_once('=').unwrap_or((text, text));
        Self::new(secret, variable)
    }

    /// This secret as this variable.
    ///
    /// # Errors
    /// [`SecretError::BadVariable`].
    pub fn new(secret: &str, variable: &str) -> Result<Self, SecretError> {
        let first = |c: char| c.is_ascii_alphabetic() || c == '_';
        let rest = |c: char| first(c) || c.is_ascii_digit();
        if !variable.starts_with(first) || !variable.chars().all(rest) {
            return Err(SecretError::BadVariable { variable: variable.to_owned() });
        }
        Ok(Self { secret: secret.to_owned(), variable: variable.to_owned() })
    }
}

impl Vault {
    /// Refuses a wish for a secret that is not there, or that is no text.
    ///
    /// # Errors
    /// [`SecretError::Unknown`], [`SecretError::NotText`].
    pub fn check(&self, wishes: &[SecretEnv]) -> Result<(), SecretError> {
        self.environment(wishes).map(drop)
    }

    /// The entries of an environment. A value loses the line's end behind it, as in `$(cat FILE)`.
    ///
    /// # Errors
    /// As [`Vault::check`].
    pub fn environment(&self, wishes: &[SecretEnv]) -> Result<Vec<(String, String)>, SecretError> {
        let entry = |wish: &SecretEnv| {
            let secret = self.secret(&wish.secret).ok_or_else(|| SecretError::Unknown {
                name: wish.secret.clone(),
                known: self.facts().into_iter().map(|facts| facts.name).collect(),
            })?;
            let text = std::str::from_utf8(secret.core()).ok().filter(|text| !text.contains('\0'));
            let text = text.ok_or_else(|| SecretError::NotText { name: wish.secret.clone() })?;
            Ok((wish.variable.clone(), text.to_owned()))
        };
        wishes.iter().map(entry).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Secret;
    use super::*;
    use crate::error::Diagnose;

    #[test]
    fn a_secret_becomes_the_variable_of_its_name_or_of_another() {
        let secrets = [("TOKEN", "value\n"), ("api-key", "other"), ("BINARY", "a\0b")];
        let secrets = secrets.map(|(name, value)| Secret::literal(name, value).unwrap());
        let vault = Vault::holding(secrets.to_vec());
        let wishes = ["TOKEN", "api-key=API_KEY"].map(|text| SecretEnv::parse(text).unwrap());
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            vault.environment(&wishes).unwrap(),
            [pair("TOKEN", "value"), pair("API_KEY", "other")]
        );
        for text in ["api-key", "TOKEN=", "TOKEN=7A", "TOKEN=A=B"] {
            assert_eq!(SecretEnv::parse(text).unwrap_err().code(), "bad_variable", "{text}");
        }
        let refused = |text: &str| vault.check(&[SecretEnv::parse(text).unwrap()]).unwrap_err();
        assert_eq!(refused("BINARY").code(), "secret_not_text");
        let unknown = refused("OTHER");
        assert_eq!(
            (unknown.code(), unknown.hints()[0].as_str()),
            ("unknown_secret", "it has TOKEN, api-key, BINARY")
        );
    }
}
