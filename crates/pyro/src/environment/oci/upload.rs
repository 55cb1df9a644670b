//! The push half of distribution-spec 1.1: what a registry has not yet is sent to it, each part in one piece,
//! and at the end the manifest that holds the parts together. Every part is named by its digest, so
//! nothing is lost by sending it again, and two who push the same do not disturb each other.

use super::document::{ACCEPTED, Blob};
use super::reference::{Reference, Version};
use super::registry::{Registry, check};
use super::{OciError, retry};
use crate::config::Config;
use crate::digest;
use crate::error::AtPath;
use crate::event::{self, Event, Observer, Unit};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// What a manifest is, for those who push and for those who ask.
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const BYTES: &str = "application/octet-stream";
/// Bytes of the answer that says where to send a part; there should be none.
const MAX_BEGUN: u64 = 64 << 10;
/// In which registries say the digest of a manifest.
const DIGEST_HEADER: &str = "Docker-Content-Digest";

/// An artifact that is whole on this side.
#[derive(Debug)]
pub(in crate::environment) struct Offer {
    pub(in crate::environment) manifest: Vec<u8>,
    /// Configuration and layers.
    pub(in crate::environment) parts: Vec<Part>,
}

/// One part of it, in a file.
#[derive(Debug)]
pub(in crate::environment) struct Part {
    pub(in crate::environment) blob: Blob,
    pub(in crate::environment) path: PathBuf,
}

impl Offer {
    /// SHA-256 of the manifest, by which the artifact is known for ever.
    pub(in crate::environment) fn digest(&self) -> String {
        digest::of_bytes(&self.manifest)
    }

    /// Bytes of all parts.
    pub(in crate::environment) fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.blob.size).sum()
    }
}

/// Puts an artifact into the registry of `reference`, under its tag. Returns how many bytes of parts the
/// registry had not yet.
pub(in crate::environment) fn push(
    config: &Config,
    reference: &Reference,
    offer: &Offer,
    observer: Observer<'_>,
) -> Result<u64, OciError> {
    let registry = Registry::of(config, reference)?;
    let what = format!("pushing {reference}");
    let upload =
        Upload { config, registry: &registry, what: &what, total: offer.bytes(), observer };
    event::step(observer, &what, || {
        let (mut done, mut sent) = (0, 0);
        for part in &offer.parts {
            sent += upload.part(part, done)?;
            done += part.blob.size;
        }
        upload.manifest(reference, offer)?;
        Ok(sent)
    })
    .map_err(not_taken)
}

/// Whoever gets no token to push with gets no token at all from some registries.
fn not_taken(error: OciError) -> OciError {
    match error {
        OciError::Refused { registry, image, logged_in, message } => {
            OciError::NotTaken { registry, image, logged_in, message }
        }
        error => error,
    }
}

struct Upload<'a> {
    config: &'a Config,
    registry: &'a Registry<'a>,
    what: &'a str,
    total: u64,
    observer: Observer<'a>,
}

impl Upload<'_> {
    /// Makes sure that the registry has a part, `before` which there were so many bytes. Returns how many had
    /// to be sent.
    fn part(&self, part: &Part, before: u64) -> Result<u64, OciError> {
        let Blob { digest, size, .. } = &part.blob;
        let sent = retry::stubbornly(self.config, self.observer, || {
            if self.has(digest)? {
                return Ok(0);
            }
            self.send(part, before)?;
            Ok(*size)
        })?;
        self.advanced(before + size);
        Ok(sent)
    }

    /// Whether the registry has a part already. One that does not tell is sent it: what it answers then
    /// says more.
    fn has(&self, digest: &str) -> Result<bool, OciError> {
        let answer =
            self.registry.ask(&format!("blobs/sha256:{digest}"), |client, url, login| {
                client.head(url, &Vec::from_iter(login))
            })?;
        Ok(answer.status() == 200)
    }

    fn send(&self, part: &Part, before: u64) -> Result<(), OciError> {
        let Blob { digest, size, .. } = &part.blob;
        let what = format!("the part sha256:{digest}");
        let begun = self
            .registry
            .ask("blobs/uploads/", |client, url, login| client.post(url, &Vec::from_iter(login)))?;
        let begun = self.registry.judge_sent(&what, begun)?;
        let location = begun.headers("Location").next().unwrap_or_default();
        let place = self.registry.place(location)?.with_digest(digest);
        // read to its end, the connection serves for what follows
        begun.bytes(MAX_BEGUN)?;
        let file = File::open(&part.path).at("open", &part.path)?;
        let answer = self.registry.ask_at(&place, |client, url, login| {
            let advanced = |done| self.advanced(before + done);
            let mut content = Sending { file: &file, done: 0, advanced };
            let headers = Vec::from_iter([("Content-Type", BYTES)].into_iter().chain(login));
            client.put(url, &headers, *size, &mut content)
        })?;
        self.registry.judge_sent(&what, answer).map(drop)
    }

    fn manifest(&self, reference: &Reference, offer: &Offer) -> Result<(), OciError> {
        let (Version::Tag(tag) | Version::Digest(tag)) = reference.version();
        let (path, digest) = (format!("manifests/{tag}"), format!("sha256:{}", offer.digest()));
        retry::stubbornly(self.config, self.observer, || {
            let there = self.registry.ask(&path, |client, url, login| {
                let headers = Vec::from_iter([("Accept", ACCEPTED)].into_iter().chain(login));
                client.head(url, &headers)
            })?;
            let is_it = there.headers(DIGEST_HEADER).any(|known| known == digest);
            if there.status() == 200 && is_it {
                return Ok(());
            }
            let length = offer.manifest.len() as u64;
            let answer = self.registry.ask(&path, |client, url, login| {
                let headers = Vec::from_iter([("Content-Type", MANIFEST)].into_iter().chain(login));
                client.put(url, &headers, length, &mut &offer.manifest[..])
            })?;
            let answer = self.registry.judge_sent("the manifest", answer)?;
            match answer.headers(DIGEST_HEADER).next() {
                Some(found) => check("the manifest in the registry", &digest, found),
                None => Ok(()),
            }
        })
    }

    fn advanced(&self, done: u64) {
        let (what, total) = (self.what.to_owned(), Some(self.total));
        (self.observer)(Event::Advanced { what, done, total, unit: Unit::Bytes });
    }
}

/// The content of a file from its beginning, which tells how far it is.
struct Sending<'f, F> {
    file: &'f File,
    done: u64,
    advanced: F,
}

impl<F: FnMut(u64)> Read for Sending<'_, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.done)?;
        self.done += read as u64;
        (self.advanced)(self.done);
        Ok(read)
    }
}
