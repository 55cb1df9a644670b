//! Certificates that a guest is given before anybody is told that it is ready, with the real agent, in
//! the trust stores of several distributions.

use crate::host::{Host, trial};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use libtest_mimic::Trial;
use pyro::certificates::GUEST_BUNDLE;
use pyro::machine::{BackendSpec, MachineSpec};
use pyro::shim::protocol::{Assignment, Tenure};
use pyro::shim::{Client, MachineDirectory, launch};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

const ID: &str = "vm-1";
const DEBIAN: &str = "etc/ssl/certs/ca-certificates.crt";
const DEBIAN_ANCHORS: &str = "usr/local/share/ca-certificates";
const FEDORA: &str = "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem";
const FEDORA_ANCHORS: &str = "etc/pki/ca-trust/source/anchors";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("certificates_in_a_guest_like_debian", debian),
        trial("certificates_in_a_guest_like_fedora", fedora),
        trial("certificates_in_a_guest_like_opensuse", opensuse),
        trial("certificates_in_a_guest_that_has_none", none),
        trial("certificates_that_a_guest_trusts_already", already),
        trial("a_guest_that_takes_no_certificates_does_not_come_up", refused),
        trial("a_machine_whose_certificates_are_gone_does_not_come_up", gone),
    ]
}

/// A machine that is not started yet. The agent in a process has its directory for the guest's root.
struct Guest {
    host: Host,
    root: PathBuf,
    start: Box<dyn FnOnce(&Host) -> Client>,
}

impl Guest {
    /// With certificates for it, kept in a file.
    fn given(certificates: &[u8]) -> Self {
        let host = Host::new();
        let bundle = host.home().join("kept.pem");
        fs::write(&bundle, certificates.iter().map(|n| pem(*n)).collect::<String>()).unwrap();
        Self::given_what_is_in(host, bundle)
    }

    fn given_what_is_in(host: Host, bundle: PathBuf) -> Self {
        let (machine, lock) = MachineDirectory::create(&host.machines(), ID).unwrap();
        let root = machine.path().to_owned();
        let start = move |host: &Host| {
            let backend = BackendSpec::Process;
            let assignment = Assignment {
                pyro: env!("CARGO_PKG_VERSION").into(),
                machine: MachineSpec { id: ID.into(), vcpu_count: 1, mem_mib: 128, backend },
                network: None,
                tenure: Tenure::Leased,
                ttl_seconds: 60,
                cache: host.config.paths.cache().to_owned(),
                boot_deadlines: host.config.boot_deadlines,
                ca_bundle: Some(bundle),
            };
            launch(&host.config.executable, &machine, lock, &assignment).unwrap()
        };
        Self { host, root, start: Box::new(start) }
    }

    fn has(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    fn has_directory(self, path: &str) -> Self {
        fs::create_dir_all(self.root.join(path)).unwrap();
        self
    }

    fn has_link(self, path: &str, target: &str) -> Self {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
        self
    }

    /// Starts it, and looks at it once it is ready.
    async fn started(self, look: impl FnOnce(&Path)) {
        let Self { host, root, start } = self;
        let shim = start(&host);
        shim.ready().await.unwrap();
        look(&root);
        shim.end().await.unwrap();
        fs::remove_file(host.home().join("kept.pem")).unwrap();
        host.assert_clean().await;
    }

    /// Starts it in vain; the code and the message.
    async fn fails(self) -> (String, String) {
        let Self { host, start, .. } = self;
        let shim = start(&host);
        let error = shim.ready().await.unwrap_err();
        shim.end().await.unwrap();
        let _ = fs::remove_file(host.home().join("kept.pem"));
        host.assert_clean().await;
        (error.code().to_owned(), error.to_string())
    }
}

/// Something put together like a certificate, another for every number.
fn pem(number: u8) -> String {
    let der = [0x30, 11, 0x30, 4, number, number, number, number, 0x30, 0, 3, 1, 0];
    let base64 = STANDARD.encode(der);
    format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n")
}

fn read(root: &Path, path: &str) -> String {
    fs::read_to_string(root.join(path)).unwrap()
}

/// Where the variables lead.
fn bundle(root: &Path) -> String {
    let link = fs::read_link(root.join(GUEST_BUNDLE.trim_start_matches('/'))).unwrap();
    link.to_str().unwrap().trim_start_matches('/').to_owned()
}

/// What the distribution's own tool will find, file by file.
fn anchors(root: &Path, path: &str) -> Vec<String> {
    let mut files: Vec<_> =
        fs::read_dir(root.join(path)).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.iter().all(|path| path.extension().is_some_and(|name| name == "crt")));
    files.sort_by_key(|path| fs::read(path).unwrap());
    files.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

async fn debian() {
    let own = format!("{}# no newline at the end", pem(9));
    let guest = Guest::given(&[1, 2]).has(DEBIAN, &own);
    let look = |root: &Path| {
        let now = read(root, DEBIAN);
        assert!(now.starts_with(&(own + "\n")), "{now}");
        assert!(now.ends_with(&(pem(1) + &pem(2))), "{now}");
        assert_eq!(bundle(root), DEBIAN);
        assert_eq!(anchors(root, DEBIAN_ANCHORS), [pem(1), pem(2)]);
    };
    guest.started(look).await;
}

async fn fedora() {
    let guest = Guest::given(&[1])
        .has(FEDORA, pem(9))
        .has_directory(FEDORA_ANCHORS)
        .has_link(
            "etc/pki/tls/certs/ca-bundle.crt",
            "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        )
        .has_link("etc/ssl/certs", "../pki/tls/certs");
    let look = |root: &Path| {
        let now = read(root, FEDORA);
        assert!(now.starts_with(&pem(9)) && now.ends_with(&pem(1)), "{now}");
        assert_eq!(now.matches("BEGIN").count(), 2, "once, whatever the ways to it are");
        assert_eq!(bundle(root), FEDORA);
        assert_eq!(anchors(root, FEDORA_ANCHORS), [pem(1)]);
        assert!(!root.join(DEBIAN_ANCHORS).exists());
        assert!(root.join("etc/pki/tls/certs/ca-bundle.crt").is_symlink());
    };
    guest.started(look).await;
}

async fn opensuse() {
    let place = "var/lib/ca-certificates/ca-bundle.pem";
    let guest = Guest::given(&[1])
        .has(place, pem(9))
        .has_directory("etc/pki/trust/anchors")
        .has_link("etc/ssl/ca-bundle.pem", "../../var/lib/ca-certificates/ca-bundle.pem");
    let look = |root: &Path| {
        assert!(read(root, place).ends_with(&pem(1)));
        assert_eq!(bundle(root), place);
        assert_eq!(anchors(root, "etc/pki/trust/anchors"), [pem(1)]);
    };
    guest.started(look).await;
}

async fn none() {
    let look = |root: &Path| {
        assert_eq!(read(root, DEBIAN), pem(1) + &pem(2));
        assert_eq!(bundle(root), DEBIAN);
        assert_eq!(anchors(root, DEBIAN_ANCHORS), [pem(1), pem(2)]);
    };
    Guest::given(&[1, 2]).started(look).await;
}

async fn already() {
    let own = pem(2) + "-----BEGIN CERTIFICATE-----\ndamaged\n" + &pem(1);
    let guest = Guest::given(&[1, 2]).has(DEBIAN, &own);
    let look = |root: &Path| {
        assert_eq!(read(root, DEBIAN), own, "not a byte is changed");
        assert_eq!(bundle(root), DEBIAN);
        assert!(!root.join(DEBIAN_ANCHORS).exists());
    };
    guest.started(look).await;
    let some = Guest::given(&[1, 2, 3]).has(DEBIAN, pem(2));
    let look = |root: &Path| assert_eq!(anchors(root, DEBIAN_ANCHORS), [pem(1), pem(3)]);
    some.started(look).await;
}

async fn refused() {
    let huge = Guest::given(&[1]).has(DEBIAN, vec![b'\n'; (4 << 20) + 1]);
    let (code, message) = huge.fails().await;
    assert_eq!(code, "ca_bundle_refused");
    assert!(
        message.contains("/etc/ssl/certs/ca-certificates.crt has more than 4 MiB"),
        "{message}"
    );
    let in_the_way = Guest::given(&[1]).has("run/pyro", "a file");
    let (code, message) = in_the_way.fails().await;
    assert_eq!(code, "ca_bundle_refused");
    assert!(message.contains("/run/pyro"), "{message}");
    let circle = Guest::given(&[1]).has_link(DEBIAN, "ca-certificates.crt");
    let (code, message) = circle.fails().await;
    assert_eq!(code, "ca_bundle_refused");
    assert!(message.contains("is not a regular file"), "{message}");
}

async fn gone() {
    let host = Host::new();
    let nowhere = host.home().join("kept.pem");
    let (code, message) = Guest::given_what_is_in(host, nowhere).fails().await;
    assert_eq!(code, "ca_bundle_not_found", "{message}");
}
