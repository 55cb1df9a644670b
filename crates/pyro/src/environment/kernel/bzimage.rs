//! From a `bzImage` to the ELF `vmlinux` inside it. Source of the offsets: the kernel's
//! `Documentation/arch/x86/boot.rst`, "The Real-Mode Kernel Header".

use super::KernelError;
use super::compression::{decompressed, read_within};

const SETUP_SECTORS: usize = 0x1f1;
const HEADER_MAGIC: usize = 0x202;
const PROTOCOL_VERSION: usize = 0x206;
const PAYLOAD_OFFSET: usize = 0x248;
const PAYLOAD_LENGTH: usize = 0x24c;
const SECTOR: usize = 512;
/// The first protocol with the two payload fields.
const PROTOCOL_2_08: u16 = 0x208;
/// Far above any kernel; Debian's are 50 to 70 MB.
const MAX_VMLINUX: u64 = 512 << 20;

/// The ELF image.
pub(super) fn vmlinux(image: &[u8]) -> Result<Vec<u8>, KernelError> {
    let bad = |what: &str| KernelError::BadImage(what.to_owned());
    if image.get(HEADER_MAGIC..HEADER_MAGIC + 4) != Some(b"HdrS") {
        return Err(bad("it has no boot header"));
    }
    let payload = payload(image).ok_or_else(|| bad("its payload lies outside of it"))?;
    // Behind every format but gzip stands the uncompressed size; decoders stop before it.
    let unpacked = decompressed(payload)
        .and_then(|reader| read_within(reader, MAX_VMLINUX))
        .map_err(|error| KernelError::BadImage(error.to_string()))?;
    if !unpacked.starts_with(b"\x7fELF") {
        return Err(bad("its payload is no ELF file"));
    }
    Ok(unpacked)
}

fn payload(image: &[u8]) -> Option<&[u8]> {
    let number = |at: usize| {
        let bytes = image.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    };
    let version = u16::from_le_bytes(image.get(PROTOCOL_VERSION..)?.get(..2)?.try_into().ok()?);
    if version < PROTOCOL_2_08 {
        return None;
    }
    let sectors = match image.get(SETUP_SECTORS)? {
        0 => 4,
        sectors => usize::from(*sectors),
    };
    let start = (sectors + 1) * SECTOR + number(PAYLOAD_OFFSET)?;
    image.get(start..start.checked_add(number(PAYLOAD_LENGTH)?)?)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::io::Write;

    /// A boot image around `vmlinux`, gzipped.
    pub(in super::super) fn boot_image(vmlinux: &[u8]) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(vmlinux).unwrap();
        let payload = gzip.finish().unwrap();
        let mut image = vec![0; 2 * SECTOR + 16];
        image[SETUP_SECTORS] = 1;
        image[HEADER_MAGIC..][..4].copy_from_slice(b"HdrS");
        image[PROTOCOL_VERSION..][..2].copy_from_slice(&0x20f_u16.to_le_bytes());
        image[PAYLOAD_OFFSET..][..4].copy_from_slice(&16_u32.to_le_bytes());
        let length = u32::try_from(payload.len()).unwrap();
        image[PAYLOAD_LENGTH..][..4].copy_from_slice(&length.to_le_bytes());
        image.extend_from_slice(&payload);
        image
    }

    #[test]
    fn the_payload_is_found_and_unpacked() {
        let elf = [b"\x7fELF", &[7; 10_000][..]].concat();
        assert_eq!(vmlinux(&boot_image(&elf)).unwrap(), elf);
    }

    #[test]
    fn damaged_images_are_refused() {
        let whole = boot_image(b"\x7fELF and more");
        for length in [0, 0x200, 0x210, 0x250, whole.len() - 1] {
            assert!(vmlinux(&whole[..length]).is_err(), "{length}");
        }
        assert!(vmlinux(&boot_image(b"not an ELF file")).is_err());
    }
}
