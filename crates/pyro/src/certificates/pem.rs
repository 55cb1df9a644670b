//! Certificates as text: RFC 7468, section 5. Two readers: one that takes nothing it does not understand,
//! for the host's files, and one that takes what it can, for a guest's.

use crate::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeSet;

/// The most certificates of a bundle: seven times as many as Mozilla's has.
pub(super) const MAX_CERTIFICATES: usize = 1000;
/// How many characters of Base64 a line has, RFC 7468, section 2.
const LINE: usize = 64;
/// So much of a label is quoted in an error.
const QUOTED: usize = 40;
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// One certificate in its binary form (DER).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Certificate(Vec<u8>);

/// What makes a text no bundle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// It holds a key.
    #[error("a private key begins on line {line} ({label})")]
    PrivateKey {
        /// The first is 1.
        line: usize,
        /// As PEM names it.
        label: String,
    },
    /// It holds something else that is no certificate.
    #[error("what begins on line {line} is no certificate but a {label}")]
    Foreign {
        /// The first is 1.
        line: usize,
        /// As PEM names it.
        label: String,
    },
    /// It is damaged.
    #[error("line {line}: {why}")]
    Damaged {
        /// The first is 1.
        line: usize,
        /// What is wrong with it.
        why: &'static str,
    },
    /// There is no certificate in it.
    #[error("{}", if *is_der { "it is one certificate in binary form (DER), not in PEM" } else { "there is no certificate in it" })]
    Nothing {
        /// Whether it looks like one in binary form.
        is_der: bool,
    },
    /// There are too many.
    #[error("there are more than {MAX_CERTIFICATES} certificates in it")]
    TooMany,
}

impl Certificate {
    /// As a file of its own has it.
    pub(super) fn pem(&self) -> String {
        let base64 = self.base64();
        let mut pem = format!("{BEGIN}\n");
        let mut rest = base64.as_str();
        while !rest.is_empty() {
            let (line, after) = rest.split_at(rest.len().min(LINE));
            pem.push_str(line);
            pem.push('\n');
            rest = after;
        }
        pem.push_str(END);
        pem.push('\n');
        pem
    }

    /// A name that no other certificate has.
    pub(super) fn fingerprint(&self) -> String {
        digest::of_bytes(&self.0)
    }

    fn base64(&self) -> String {
        STANDARD.encode(&self.0)
    }
}

/// The certificates in a text, each once, in their order. Text around them is passed over, as the RFC
/// has it; anything else in PEM is refused.
pub(super) fn read(text: &[u8]) -> Result<Vec<Certificate>, Flaw> {
    let (mut certificates, mut known) = (Vec::new(), BTreeSet::new());
    let mut lines = numbered_lines(text);
    while let Some((line, text)) = lines.next() {
        if !text.starts_with(b"-----") {
            continue;
        }
        match label(text, b"-----BEGIN ").ok_or(damaged(line, "a PEM boundary that is none"))? {
            "CERTIFICATE" | "X509 CERTIFICATE" => {}
            label if label.contains("PRIVATE KEY") => {
                return Err(Flaw::PrivateKey { line, label: quoted(label) });
            }
            label => return Err(Flaw::Foreign { line, label: quoted(label) }),
        }
        let certificate = body(line, &mut lines)?;
        if known.insert(certificate.clone()) {
            certificates.push(certificate);
        }
        if certificates.len() > MAX_CERTIFICATES {
            return Err(Flaw::TooMany);
        }
    }
    match certificates.is_empty() {
        true => Err(Flaw::Nothing { is_der: is_certificate(text) }),
        false => Ok(certificates),
    }
}

/// Those of `certificates` that a text does not hold, however damaged it is.
pub(super) fn missing_in<'c>(text: &[u8], certificates: &'c [Certificate]) -> Vec<&'c Certificate> {
    let mut held = BTreeSet::new();
    let mut body: Option<Vec<u8>> = None;
    for (_, line) in numbered_lines(text) {
        if line == BEGIN.as_bytes() {
            body = Some(Vec::new());
        } else if line == END.as_bytes() {
            held.extend(body.take());
        } else if let Some(body) = &mut body {
            body.extend_from_slice(line);
        }
    }
    let is_missing = |certificate: &&Certificate| !held.contains(certificate.base64().as_bytes());
    certificates.iter().filter(is_missing).collect()
}

/// A text without the certificates that have these fingerprints; all else stays as it is.
pub(super) fn without(text: &[u8], fingerprints: &BTreeSet<String>) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    let mut block: Option<(usize, Vec<u8>)> = None;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let trimmed = line.trim_ascii();
        if trimmed == BEGIN.as_bytes() {
            block = Some((kept.len(), Vec::new()));
        }
        kept.extend_from_slice(line);
        if trimmed == END.as_bytes()
            && let Some((begun, base64)) = block.take()
            && let Ok(der) = STANDARD.decode(&base64)
            && fingerprints.contains(&Certificate(der).fingerprint())
        {
            kept.truncate(begun);
        } else if let Some((_, base64)) = &mut block
            && !trimmed.starts_with(b"-----")
        {
            base64.extend_from_slice(trimmed);
        }
    }
    kept
}

/// From 1, without white space at their ends.
fn numbered_lines(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    (1..).zip(lines)
}

/// What stands between the dashes of a boundary.
fn label<'t>(line: &'t [u8], prefix: &[u8]) -> Option<&'t str> {
    let label = line.strip_prefix(prefix)?.strip_suffix(b"-----")?;
    let fits = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
    let label = std::str::from_utf8(label).ok()?;
    let is_label = !label.is_empty() && !label.contains("-----") && label.bytes().all(|b| fits(&b));
    is_label.then_some(label)
}

/// The certificate whose boundary was on line `begun`.
fn body<'t>(
    begun: usize,
    lines: &mut impl Iterator<Item = (usize, &'t [u8])>,
) -> Result<Certificate, Flaw> {
    let mut base64 = Vec::new();
    for (line, text) in lines {
        if text.starts_with(b"-----") {
            let end = label(text, b"-----END ");
            if !matches!(end, Some("CERTIFICATE" | "X509 CERTIFICATE")) {
                return Err(damaged(line, "the certificate before it has no end"));
            }
            let der = STANDARD.decode(&base64).ok().filter(|der| is_certificate(der));
            return der.map(Certificate).ok_or(damaged(begun, "what begins here is damaged"));
        }
        if !text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte)) {
            return Err(damaged(line, "a character that no certificate has"));
        }
        base64.extend_from_slice(text);
    }
    Err(damaged(begun, "the certificate that begins here has no end"))
}

fn damaged(line: usize, why: &'static str) -> Flaw {
    Flaw::Damaged { line, why }
}

fn quoted(label: &str) -> String {
    label.chars().take(QUOTED).collect()
}

/// Whether these bytes are put together like a certificate, RFC 5280, section 4.1: a sequence of a
/// sequence, a sequence and a bit string. What they say is their reader's business.
fn is_certificate(der: &[u8]) -> bool {
    const SEQUENCE: u8 = 0x30;
    const BIT_STRING: u8 = 0x03;
    let parts = || {
        let (whole, nothing) = element(SEQUENCE, der)?;
        let (_signed, rest) = element(SEQUENCE, whole)?;
        let (_algorithm, rest) = element(SEQUENCE, rest)?;
        let (_signature, rest) = element(BIT_STRING, rest)?;
        Some(nothing.is_empty() && rest.is_empty())
    };
    parts() == Some(true)
}

/// The content of a DER element and what follows it, X.690, section 8.1. A length of more than three
/// bytes is no certificate's.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&first, der) = der.strip_prefix(&[tag])?.split_first()?;
    let (length, der) = match first {
        0..=0x7f => (usize::from(first), der),
        0x81..=0x83 => {
            let (bytes, der) = der.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), der)
        }
        _ => return None,
    };
    der.split_at_checked(length)
}

#[cfg(test)]
pub(super) mod samples {
    use super::Certificate;

    /// Something put together like a certificate, another for every number.
    pub(in crate::certificates) fn certificate(number: u32) -> Certificate {
        of_size(number, 100)
    }

    /// One whose signed part has so many bytes.
    pub(in crate::certificates) fn of_size(number: u32, bytes: usize) -> Certificate {
        let mut signed = vec![0x5a; bytes.max(4)];
        signed[..4].copy_from_slice(&number.to_be_bytes());
        let parts = [element(0x30, &signed), element(0x30, &[6, 0]), element(3, &[0, 1, 2])];
        Certificate(element(0x30, &parts.concat()))
    }

    fn element(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len()).unwrap().to_be_bytes();
        let head = match content.len() {
            0..0x80 => vec![tag, length[3]],
            0x80..0x100 => vec![tag, 0x81, length[3]],
            0x100..0x1_0000 => vec![tag, 0x82, length[2], length[3]],
            _ => vec![tag, 0x83, length[1], length[2], length[3]],
        };
        [head, content.to_vec()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::samples::{certificate, of_size};
    use super::*;
    use proptest::prelude::*;

    fn flaw(text: &str) -> Flaw {
        read(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn text_around_certificates_is_passed_over_and_none_is_taken_twice() {
        let [one, two] = [certificate(1), certificate(2)];
        let text = format!(
            "\u{feff}Some Authority\n==============\n{}\r\nsubject=/CN=B\n{}# again\n{}",
            one.pem().replace('\n', "\r\n"),
            two.pem().replace("CERTIFICATE", "X509 CERTIFICATE"),
            one.pem().replace('\n', " \n")
        );
        assert_eq!(read(text.as_bytes()).unwrap(), [one, two]);
        let latin = [&b"# Autorit\xe9\n"[..], certificate(3).pem().as_bytes()].concat();
        assert_eq!(read(&latin).unwrap(), [certificate(3)]);
    }

    #[test]
    fn a_key_is_refused_wherever_it_stands() {
        for label in
            ["PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY"]
        {
            let key = format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n");
            let text = certificate(1).pem() + &key;
            let line = certificate(1).pem().lines().count() + 1;
            assert_eq!(flaw(&text), Flaw::PrivateKey { line, label: label.into() });
            assert_eq!(flaw(&(key + &text)), Flaw::PrivateKey { line: 1, label: label.into() });
        }
    }

    #[test]
    fn what_is_no_certificate_is_refused_by_its_name_and_line() {
        for label in ["CERTIFICATE REQUEST", "X509 CRL", "PUBLIC KEY", "TRUSTED CERTIFICATE"] {
            let text = format!("\n\n-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n");
            assert_eq!(flaw(&text), Flaw::Foreign { line: 3, label: label.into() });
        }
        assert_eq!(flaw("hello"), Flaw::Nothing { is_der: false });
        assert_eq!(read(&certificate(1).0).unwrap_err(), Flaw::Nothing { is_der: true });
    }

    #[test]
    fn damage_is_told_with_its_line() {
        let pem = certificate(1).pem();
        let last = pem.lines().count();
        for (text, line) in [
            (pem.replace("-----END CERTIFICATE-----\n", ""), 1),
            (pem.replace(END, "-----END X-----"), last),
            (pem.replace(END, BEGIN), last),
            (pem.replace(END, "-----END CERTIFICATE----------BEGIN CERTIFICATE-----"), last),
            (pem.replace(BEGIN, "-----BEGIN CERTIFICATE----"), 1),
            (format!("{BEGIN}\nProc-Type: 4,ENCRYPTED\n{END}\n"), 2),
            (format!("{BEGIN}\nAAA\n{END}\n"), 1),
            (format!("{BEGIN}\nAAAA\n{END}\n"), 1),
            (format!("{BEGIN}\n{END}\n"), 1),
            (format!("{pem}{END}\n"), last + 1),
        ] {
            let found = flaw(&text);
            assert!(
                matches!(found, Flaw::Damaged { line: at, .. } if at == line),
                "{found}: {text}"
            );
        }
    }

    #[test]
    fn there_is_a_most() {
        let bundle = |count: u32| -> String { (0..count).map(|n| certificate(n).pem()).collect() };
        assert_eq!(read(bundle(1000).as_bytes()).unwrap().len(), 1000);
        assert_eq!(flaw(&bundle(1001)), Flaw::TooMany);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            numbers in prop::collection::btree_set(any::<u32>(), 1..6),
            bytes in prop_oneof![9 => 0..600_usize, 1 => 65_000..66_000_usize],
            remark in "[ -,.-~]{0,80}",
        ) {
            let certificates: Vec<_> = numbers.iter().map(|n| of_size(*n, bytes)).collect();
            let pems = certificates.iter().map(Certificate::pem);
            let text: String = pems.map(|pem| format!("{remark}\n{pem}")).collect();
            prop_assert_eq!(read(text.as_bytes()), Ok(certificates.clone()));
            prop_assert!(missing_in(text.as_bytes(), &certificates).is_empty());
            let (first, others) = certificates.split_first().unwrap();
            prop_assert_eq!(missing_in(first.pem().as_bytes(), &certificates).len(), others.len());
        }

        #[test]
        fn any_text_is_taken_or_refused_and_what_is_taken_is_sound(
            pieces in prop::collection::vec(
                prop_oneof![
                    Just(BEGIN.as_bytes().to_vec()),
                    Just(END.as_bytes().to_vec()),
                    Just(b"\n".to_vec()),
                    Just(b"-----BEGIN RSA PRIVATE KEY-----\n".to_vec()),
                    any::<u32>().prop_map(|n| certificate(n).pem().into_bytes()),
                    prop::collection::vec(any::<u8>(), 0..40),
                ],
                0..12,
            ),
        ) {
            let text = pieces.concat();
            match read(&text) {
                Ok(certificates) => {
                    prop_assert!(certificates.iter().all(|one| is_certificate(&one.0)));
                    let on_a_line = |line: &[u8]| line.starts_with(b"-----BEGIN RSA PRIVATE KEY");
                    prop_assert!(!text.split(|byte| *byte == b'\n').any(on_a_line));
                    let again: String = certificates.iter().map(Certificate::pem).collect();
                    prop_assert_eq!(read(again.as_bytes()), Ok(certificates));
                }
                Err(flaw) => prop_assert!(!flaw.to_string().is_empty()),
            }
            let _ = missing_in(&text, &[certificate(1)]);
        }
    }
}
