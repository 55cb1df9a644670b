//! Bundles as files of the host.

use super::pem::{self, Certificate};
use super::{CertificateError, SYSTEM_BUNDLES};
use crate::config::Config;
use crate::error::AtPath;
use rustix::fs::OFlags;
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The largest bundle, in bytes: twenty times that of Mozilla.
pub(super) const MAX_BYTES: u64 = 4 << 20;

/// The host's own bundle: what `SSL_CERT_FILE` names, or the distribution's.
pub(super) fn of_the_host(config: &Config) -> Result<PathBuf, CertificateError> {
    if let Some(named) = &config.ssl_cert_file {
        return Ok(named.clone());
    }
    let mut places = SYSTEM_BUNDLES.iter().map(PathBuf::from);
    places.find(|place| place.is_file()).ok_or(CertificateError::NoneOnHost)
}

/// The certificates in a file that a human has named: links are followed, and nothing can make this wait.
pub(super) fn read(path: &Path) -> Result<Vec<Certificate>, CertificateError> {
    let file = open(path)?;
    let mut text = Vec::new();
    let read = file.take(MAX_BYTES + 1).read_to_end(&mut text);
    read.at("read", path).map_err(CertificateError::Unreadable)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(CertificateError::TooLarge { path: path.to_owned() });
    }
    pem::read(&text).map_err(|flaw| CertificateError::Flawed { path: path.to_owned(), flaw })
}

fn open(path: &Path) -> Result<File, CertificateError> {
    let patient = OFlags::NONBLOCK | OFlags::NOCTTY;
    let flags = i32::try_from(patient.bits()).unwrap_or_default();
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(path).at("open", path);
    let file = opened.map_err(CertificateError::Unreadable)?;
    let metadata = file.metadata().at("look at", path).map_err(CertificateError::Unreadable)?;
    match metadata.is_file() {
        true => Ok(file),
        false => Err(CertificateError::NotAFile { path: path.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificates::Bundle;
    use crate::config::CaSource;
    use crate::error::Diagnose;
    use std::ffi::OsString;
    use std::fs;

    fn config(home: &Path, ca_bundle: &str, ssl_cert_file: Option<&Path>) -> Config {
        let variables = [
            ("PYRO_HOME", Some(home.as_os_str().to_owned())),
            ("PYRO_CA_BUNDLE", Some(OsString::from(ca_bundle))),
            ("SSL_CERT_FILE", ssl_cert_file.map(|path| path.as_os_str().to_owned())),
        ];
        Config::from_lookup("/pyro".into(), |name| {
            variables.iter().find(|(known, _)| *known == name)?.1.clone()
        })
        .unwrap()
    }

    fn refused(config: &Config) -> (&'static str, String) {
        let error = Bundle::wanted(config).unwrap_err();
        assert!(!error.hints().is_empty(), "{error}");
        (error.code(), crate::Error::from(error).to_string())
    }

    #[test]
    fn the_hosts_own_bundle_is_the_one_that_its_programs_are_told_of() {
        let home = tempfile::tempdir().unwrap();
        let own = home.path().join("own.pem");
        fs::write(&own, pem::samples::certificate(7).pem()).unwrap();
        let bundle = Bundle::wanted(&config(home.path(), "host", Some(&own))).unwrap().unwrap();
        assert_eq!(bundle.certificates, [pem::samples::certificate(7)]);
        assert_eq!((bundle.facts().source.as_str(), bundle.facts().certificate_count), ("host", 1));
        let missing = config(home.path(), "host", Some(&home.path().join("none.pem")));
        let (code, message) = refused(&missing);
        assert_eq!(code, "ca_bundle_not_found");
        assert!(message.contains("none.pem"), "{message}");
        assert_eq!(Bundle::wanted(&config(home.path(), "", Some(&own))).unwrap(), None);
    }

    #[test]
    fn what_is_kept_is_what_was_read_and_nothing_else_of_the_file() {
        let home = tempfile::tempdir().unwrap();
        let named = home.path().join("corporate.pem");
        let text = format!(
            "the password of the wiki is hunter2\n{}\n{}",
            pem::samples::certificate(1).pem(),
            pem::samples::certificate(2).pem()
        );
        fs::write(&named, text).unwrap();
        let config = config(home.path(), named.to_str().unwrap(), None);
        assert_eq!(config.ca_bundle, Some(CaSource::File(named.clone())));
        let bundle = Bundle::wanted(&config).unwrap().unwrap();
        assert_eq!(bundle.facts().source, named.display().to_string());
        let kept = bundle.keep(home.path()).unwrap();
        assert_eq!(read(&kept).unwrap(), bundle.certificates);
        assert!(!fs::read_to_string(kept).unwrap().contains("hunter2"));
    }

    #[test]
    fn what_is_no_file_of_certificates_is_refused_by_its_name() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        fs::create_dir(at("directory")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            at("pipe"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        fs::write(at("huge"), vec![b'\n'; usize::try_from(MAX_BYTES).unwrap() + 1]).unwrap();
        fs::write(at("empty"), "").unwrap();
        fs::write(at("key"), "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n")
            .unwrap();
        for (name, code) in [
            ("directory", "ca_bundle_invalid"),
            ("pipe", "ca_bundle_invalid"),
            ("huge", "ca_bundle_invalid"),
            ("empty", "ca_bundle_invalid"),
            ("key", "ca_bundle_private_key"),
            ("nowhere", "ca_bundle_not_found"),
        ] {
            let path = at(name);
            let (found, message) = refused(&config(home.path(), path.to_str().unwrap(), None));
            assert_eq!(found, code, "{message}");
            assert!(message.contains(path.to_str().unwrap()), "{message}");
        }
    }
}
