//! Debian's `docker-registry`, the registry that Docker itself is tested with.

use super::image::{Image, MANIFEST};
use super::token::TokenServer;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// `htpasswd -B`: somebody's password is `pass:word`.
const ACCOUNTS: &str = "somebody:$2y$05$6mRMwatgnrpLoZ1PfOKtxe1y4s2VdZ/NlfZgoUaUWrNtTs99T1XEO\n";

/// A running registry. It ends with the test.
pub struct Registry {
    process: Child,
    /// `127.0.0.1:port`.
    pub host: String,
    store: PathBuf,
}

impl Registry {
    /// One that hands out to everybody what lies in `store`.
    pub fn start(store: &Path) -> Self {
        Self::serve(store, "", "")
    }

    /// One that wants a name and a password.
    pub fn with_accounts(store: &Path) -> Self {
        let accounts = store.join("htpasswd");
        fs::write(&accounts, ACCOUNTS).unwrap();
        Self::serve(
            store,
            "",
            &format!("auth:\n  htpasswd:\n    realm: x\n    path: {}\n", accounts.display()),
        )
    }

    /// One that wants a token of this server's.
    pub fn with_tokens(store: &Path, server: &TokenServer) -> Self {
        Self::serve(store, "", &server.settings())
    }

    /// One that speaks TLS, with a certificate of its own, which is in the file returned.
    pub fn with_tls(store: &Path) -> (Self, PathBuf) {
        let (key, certificate) = (store.join("key.pem"), store.join("certificate.pem"));
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
            .args(["-nodes", "-days", "2", "-subj", "/CN=a registry", "-keyout"])
            .arg(&key)
            .arg("-out")
            .arg(&certificate)
            .args(["-addext", "subjectAltName=IP:127.0.0.1"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .stderr(Stdio::null())
            .status();
        assert!(made.unwrap().success());
        let tls = format!(
            "  tls:\n    certificate: {}\n    key: {}\n",
            certificate.display(),
            key.display()
        );
        (Self::serve(store, &tls, ""), certificate)
    }

    fn serve(store: &Path, tls: &str, auth: &str) -> Self {
        let settings = format!(
            "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {}\n\
             http:\n  addr: 127.0.0.1:0\n{tls}{auth}",
            store.display()
        );
        let file = store.join("settings.yml");
        fs::write(&file, settings).unwrap();
        let mut process = Command::new("docker-registry")
            .arg("serve")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let host = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let (_, host) = line.split_once("listening on ")?;
            Some(host.split([',', '"', ' ']).next().unwrap().to_owned())
        });
        let host = host.expect("docker-registry says where it listens");
        // so that it never waits for somebody to read what it says
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, host, store: store.to_owned() }
    }

    /// Puts an image into it, over its own API. Returns what it is called.
    pub fn push(&self, image: &Image, name: &str, tag: &str) -> String {
        for (digest, bytes) in &image.blobs {
            self.push_blob(name, digest, &bytes[..]);
        }
        self.push_manifest(&image.manifest, name, tag)
    }

    /// Puts a part of an image into it.
    pub fn push_blob(&self, name: &str, digest: &str, bytes: impl ureq::AsSendBody) {
        let begin = format!("http://{}/v2/{name}/blobs/uploads/", self.host);
        let begun = ureq::post(&begin).send_empty().unwrap();
        let place = begun.headers()["Location"].to_str().unwrap().to_owned();
        let separator = if place.contains('?') { '&' } else { '?' };
        let whole = format!("{place}{separator}digest={digest}");
        ureq::put(&whole).content_type("application/octet-stream").send(bytes).unwrap();
    }

    /// Puts the document into it that holds the parts together.
    pub fn push_manifest(&self, manifest: &[u8], name: &str, tag: &str) -> String {
        let place = format!("http://{}/v2/{name}/manifests/{tag}", self.host);
        ureq::put(&place).content_type(MANIFEST).send(manifest).unwrap();
        format!("{}/{name}:{tag}", self.host)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
