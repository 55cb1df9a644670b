//! A secret that must not be seen, and who might show it: output, files of the host, processes. It knows how
//! programs write a value by itself, not from pyro.

use crate::process::descendants;
use crate::world::World;
use rustix::fs::SeekFrom;
use rustix::io::Errno;
use std::fmt::Write;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Letters of Base64, RFC 4648; the last two are those of its alphabet for URLs.
const LETTERS: &[u8; 66] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";

/// A random value, different in each test.
#[derive(Debug)]
pub struct Canary {
    /// It holds characters that URLs and JSON escape.
    pub value: String,
    forms: Vec<Vec<u8>>,
}

impl Canary {
    /// A new one.
    #[must_use]
    pub fn new() -> Self {
        let mut random = [0; 12];
        let source = File::open("/dev/urandom").unwrap();
        source.read_exact_at(&mut random, 0).unwrap();
        let hex = random.map(|byte| format!("{byte:02x}")).concat();
        // a path may hold all of it but the slash
        let value = format!("kä{hex} \"+&?>{hex}");
        let url: String = value.bytes().fold(String::new(), |mut url, byte| {
            let _ = match byte {
                byte if byte.is_ascii_alphanumeric() => write!(url, "{}", char::from(byte)),
                byte => write!(url, "%{byte:02X}"),
            };
            url
        });
        let json = serde_json::to_string(&value).unwrap();
        let mut forms = vec![
            value.clone().into_bytes(),
            url.to_lowercase().into_bytes(),
            url.into_bytes(),
            json.as_bytes()[1..json.len() - 1].to_vec(),
            // any half of it is too much
            hex.clone().into_bytes(),
            hex.to_uppercase().into_bytes(),
        ];
        for offset in 0..3 {
            forms.extend([62, 64].map(|last| base64_at(&value, offset, last)));
        }
        Self { value, forms }
    }

    /// Fails the test if the value is in these bytes, in whatever form.
    #[track_caller]
    pub fn is_not_in(&self, what: &str, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        for form in &self.forms {
            let found = bytes.windows(form.len()).position(|window| window == form);
            if let Some(place) = found {
                let (from, to) = (place.saturating_sub(200), bytes.len().min(place + 400));
                panic!("{what} holds the secret: {}", bytes[from..to].escape_ascii());
            }
        }
    }

    /// Fails the test if a file of the world, its name or a link holds it, except those that `may`.
    #[track_caller]
    pub fn is_not_on_the_host(&self, world: &World, may: impl Fn(&Path) -> bool) {
        for path in world.files().into_iter().filter(|path| !may(path)) {
            let name = path.display().to_string();
            self.is_not_in("a file's name", &name);
            let kind = fs::symlink_metadata(&path).unwrap().file_type();
            if kind.is_file() {
                self.is_not_in_file(&path);
            } else if kind.is_symlink() {
                self.is_not_in(&name, fs::read_link(&path).unwrap().as_os_str().as_encoded_bytes());
            }
        }
    }

    /// Fails the test if a file holds it. Holes are passed over.
    #[track_caller]
    pub fn is_not_in_file(&self, path: &Path) {
        let file = File::open(path).unwrap();
        let mut end = 0;
        loop {
            let begin = match rustix::fs::seek(&file, SeekFrom::Data(end)) {
                Err(Errno::NXIO) => return,
                begin => begin.unwrap(),
            };
            end = rustix::fs::seek(&file, SeekFrom::Hole(begin)).unwrap();
            let mut bytes = vec![0; usize::try_from(end - begin).unwrap()];
            file.read_exact_at(&mut bytes, begin).unwrap();
            self.is_not_in(&path.display().to_string(), bytes);
        }
    }

    /// Fails the test if a process that it caused has it in its command line or its environment, except
    /// those that `may`. Says how many there were.
    #[track_caller]
    pub fn is_not_in_processes(&self, may: impl Fn(i32) -> bool) -> usize {
        let processes = descendants();
        for process in processes.iter().filter(|process| !may(process.pid)) {
            for what in ["cmdline", "environ"] {
                let path = format!("/proc/{}/{what}", process.pid);
                // it may be gone by now
                let said = fs::read(&path).unwrap_or_default();
                self.is_not_in(&format!("{path} of {:?}", process.words), said);
            }
        }
        processes.len()
    }
}

impl Default for Canary {
    fn default() -> Self {
        Self::new()
    }
}

/// What `value` alone decides of its Base64, where `offset` bytes come before it; `last` is the place of the
/// alphabet's last two letters.
fn base64_at(value: &str, offset: usize, last: usize) -> Vec<u8> {
    let bits: Vec<u8> = std::iter::repeat_n(0, offset)
        .chain(value.bytes())
        .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1))
        .collect();
    let letters = bits.chunks_exact(6).map(|six| {
        let number = usize::from(six.iter().fold(0, |number, bit| number << 1 | bit));
        LETTERS[if number < 62 { number } else { number - 62 + last }]
    });
    letters.skip((8 * offset).div_ceil(6)).collect()
}
