//! Flattens whatever comes as the layers of an image: nothing may panic, and only whole images come out.

use pyro::environment::erofs::Limits;
use pyro::environment::oci::{Layer, flatten};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::path::Path;

/// The first two bytes say where the first of two layers ends.
pub(crate) fn write(bytes: &[u8], directory: &Path) {
    let Some((length, rest)) = bytes.split_first_chunk() else { return };
    let (lower, upper) = rest.split_at(usize::from(u16::from_le_bytes(*length)).min(rest.len()));
    let layer = |name: &str, content: &[u8]| {
        let path = directory.join(name);
        fs::write(&path, content).unwrap();
        let digest: String = Sha256::digest(content).iter().map(|b| format!("{b:02x}")).collect();
        // true where it is not compressed, which is where the reader of archives begins
        Layer { path, diff_id: digest.clone(), digest }
    };
    let layers = [layer("lower", lower), layer("upper", upper)];
    let image = File::create(directory.join("image")).unwrap();
    let limits = Limits { max_bytes: 1 << 24, max_metadata: 1 << 20, ..Limits::default() };
    if let Ok(summary) = flatten(&layers, None, &image, &limits, &mut |_| {}) {
        assert_eq!(image.metadata().unwrap().len(), summary.image_bytes);
    }
}
