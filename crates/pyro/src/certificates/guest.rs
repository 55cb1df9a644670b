//! A guest's trust store, added to as its administrator would: the certificates that it lacks go beside
//! those that its distribution's own tool collects, and into what that tool makes of them. So they stay
//! when the tool runs again, and programs that heed no variable find them too. All of it happens in the
//! guest's own files, above its image; what it reads there is only compared.

use super::file::MAX_BYTES;
use super::pem::{self, Certificate};
use super::{CertificateError, SYSTEM_BUNDLES, traces};
use crate::guest::{GuestError, files, transfer};
use pyro_proto::GuestPath;
use pyro_proto::mux::Session;
use pyro_proto::request::Request;
use pyro_proto::tree::{Entry, Kind};
use std::ops::ControlFlow;
use tar::{EntryType, Header};

/// Where the variables point to: a link to the guest's own bundle, which lies elsewhere in every
/// distribution. On a tmpfs, made at every start.
pub const GUEST_BUNDLE: &str = "/run/pyro/ca-certificates.crt";

/// Where an administrator puts certificate authorities, by distribution: Debian and Alpine
/// (`update-ca-certificates`), Fedora (`update-ca-trust`), Arch (`trust extract-compat`), openSUSE.
pub(super) const ANCHORS: [&str; 4] = [
    "/usr/local/share/ca-certificates",
    "/etc/pki/ca-trust/source/anchors",
    "/etc/ca-certificates/trust-source/anchors",
    "/etc/pki/trust/anchors",
];
/// How many symbolic links lead to a bundle at most.
const MAX_LINKS: usize = 8;
pub(super) const REMARK: &[u8] = b"\n# extra certificates, given by pyro\n";

/// Makes a guest trust certificates, beside those that it trusts already. Doing it again changes nothing.
pub(super) async fn trust(
    guest: &Session,
    certificates: &[Certificate],
) -> Result<(), CertificateError> {
    let bundles = bundles(guest).await?;
    for bundle in &bundles {
        add_to(guest, bundle, certificates).await?;
    }
    let bundle = match bundles.into_iter().next() {
        Some(bundle) => bundle,
        None => begin(guest, certificates).await?,
    };
    Ok(point_to(guest, &bundle).await?)
}

/// The guest's own bundles, the one for the variables first.
async fn bundles(guest: &Session) -> Result<Vec<GuestPath>, GuestError> {
    let mut bundles = Vec::new();
    for place in SYSTEM_BUNDLES {
        if let Some(bundle) = behind_links(guest, place.into()).await?
            && !bundles.contains(&bundle)
        {
            bundles.push(bundle);
        }
    }
    Ok(bundles)
}

/// Adds what a bundle lacks. The anchors come first: what is in the bundle already is not looked for
/// among them.
async fn add_to(
    guest: &Session,
    bundle: &GuestPath,
    certificates: &[Certificate],
) -> Result<(), CertificateError> {
    let mut text = content(guest, bundle).await?;
    let missing = pem::missing_in(&text, certificates);
    if missing.is_empty() {
        return Ok(());
    }
    anchor(guest, &missing).await?;
    text.extend_from_slice(REMARK);
    for certificate in missing {
        text.extend_from_slice(certificate.pem().as_bytes());
    }
    Ok(write(guest, bundle, &text).await?)
}

/// The bundle of a guest that has none. If it gets its distribution's later, that takes the place of this
/// one, and takes the anchors in.
async fn begin(guest: &Session, certificates: &[Certificate]) -> Result<GuestPath, GuestError> {
    let [place, ..] = SYSTEM_BUNDLES;
    let text: String = certificates.iter().map(Certificate::pem).collect();
    anchor(guest, &certificates.iter().collect::<Vec<_>>()).await?;
    write(guest, &place.into(), text.as_bytes()).await?;
    Ok(place.into())
}

/// One file for each: so every distribution's tool takes them.
async fn anchor(guest: &Session, certificates: &[&Certificate]) -> Result<(), GuestError> {
    let mut archive = tar::Builder::new(Vec::new());
    for certificate in certificates {
        let pem = certificate.pem();
        let mut header = header(EntryType::Regular, 0o644);
        header.set_size(pem.len() as u64);
        let name = traces::anchor_name(certificate);
        archive.append_data(&mut header, name, pem.as_bytes()).map_err(unpacked)?;
    }
    let mut directory = None;
    for place in ANCHORS {
        if matches!(look(guest, place.into()).await?, Some(Entry { kind: Kind::Directory, .. })) {
            directory = Some(place);
            break;
        }
    }
    let [usual, ..] = ANCHORS;
    unpack(guest, directory.unwrap_or(usual), archive).await
}

/// Makes [`GUEST_BUNDLE`] lead to the bundle.
async fn point_to(guest: &Session, bundle: &GuestPath) -> Result<(), GuestError> {
    let (directory, name) = GUEST_BUNDLE.rsplit_once('/').unwrap_or_default();
    let mut archive = tar::Builder::new(Vec::new());
    let mut link = header(EntryType::Symlink, 0o777);
    archive.append_link(&mut link, name, bundle.as_os_str()).map_err(unpacked)?;
    unpack(guest, directory, archive).await
}

fn header(kind: EntryType, mode: u32) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(0);
    header.set_mtime(0);
    header
}

fn unpacked(error: std::io::Error) -> GuestError {
    GuestError::Host("pack the certificates", error)
}

async fn unpack(
    guest: &Session,
    directory: &str,
    archive: tar::Builder<Vec<u8>>,
) -> Result<(), GuestError> {
    let archive = archive.into_inner().map_err(unpacked)?;
    let request = Request::WriteTree { path: directory.into(), replace: false };
    transfer::send(guest.open(&request).await?, &mut &archive[..]).await?;
    Ok(())
}

async fn write(guest: &Session, path: &GuestPath, text: &[u8]) -> Result<(), GuestError> {
    let request = Request::WriteFile { path: path.clone(), mode: 0o644 };
    transfer::send(guest.open(&request).await?, &mut &text[..]).await?;
    Ok(())
}

async fn content(guest: &Session, path: &GuestPath) -> Result<Vec<u8>, CertificateError> {
    let request = Request::ReadFile { path: path.clone(), offset: 0, length: Some(MAX_BYTES + 1) };
    let stream = guest.open(&request).await.map_err(GuestError::from)?;
    let mut text = Vec::new();
    let take = |bytes: &[u8]| {
        text.extend_from_slice(bytes);
        if text.len() as u64 > MAX_BYTES {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    transfer::read(stream, take).await?;
    if text.len() as u64 > MAX_BYTES {
        return Err(CertificateError::GuestBundle { path: path.to_string() });
    }
    Ok(text)
}

/// The regular file at the end of the symbolic links that begin at `path`; none where there is nothing of
/// the kind. Nothing depends on its being the right one but the guest.
async fn behind_links(
    guest: &Session,
    mut path: GuestPath,
) -> Result<Option<GuestPath>, GuestError> {
    for _ in 0..MAX_LINKS {
        match look(guest, path.clone()).await? {
            Some(Entry { kind: Kind::File, .. }) => return Ok(Some(path)),
            Some(Entry { kind: Kind::Symlink, link_target: Some(target), .. }) => {
                path = follow(&path, &target);
            }
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// What is there; nothing where the guest cannot say.
async fn look(guest: &Session, path: GuestPath) -> Result<Option<Entry>, GuestError> {
    match files::stat(guest.open(&Request::Stat { path }).await?).await {
        Ok(entry) => Ok(Some(entry)),
        Err(GuestError::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Where a link at `from` leads, by the names alone: `..` takes away the name before it.
fn follow(from: &GuestPath, target: &GuestPath) -> GuestPath {
    let mut names: Vec<&[u8]> = from.as_bytes().split(|byte| *byte == b'/').collect();
    names.pop();
    if target.is_absolute() {
        names.clear();
    }
    for name in target.as_bytes().split(|byte| *byte == b'/') {
        match name {
            b"" | b"." => {}
            b".." => drop(names.pop()),
            name => names.push(name),
        }
    }
    names.retain(|name| !name.is_empty());
    GuestPath::new([&b"/"[..], &names.join(&b'/')].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_followed_by_their_names() {
        for (from, target, to) in [
            (
                "/etc/ssl/cert.pem",
                "certs/ca-certificates.crt",
                "/etc/ssl/certs/ca-certificates.crt",
            ),
            ("/etc/ssl/ca-bundle.pem", "../../var/lib/ca.pem", "/var/lib/ca.pem"),
            ("/etc/pki/tls/certs/ca-bundle.crt", "/etc/pki/x.pem", "/etc/pki/x.pem"),
            ("/a", "../../..", "/"),
            ("/a/b", "./c//d/", "/a/c/d"),
        ] {
            assert_eq!(follow(&from.into(), &target.into()), GuestPath::from(to), "{from}");
        }
    }
}
