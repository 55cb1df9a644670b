//! Decompression by magic number, in pure Rust: whatever Debian and kernel builds use.

use std::io::{self, BufRead, Read};

/// Largest zstd window (`zstd --long=27`, the most that decoders accept by default).
const ZSTD_WINDOW: u64 = 128 << 20;
/// Largest xz dictionary, in KiB.
const XZ_MEMORY_KIB: u32 = 256 << 10;
/// Bytes of a block of the lz4 legacy format, when decompressed (lz4 frame specification).
const LZ4_LEGACY_BLOCK: usize = 8 << 20;

/// The content of `reader`, decompressed where it begins like a compressed stream.
pub(super) fn decompressed<'r>(mut reader: impl BufRead + 'r) -> io::Result<Box<dyn Read + 'r>> {
    Ok(match reader.fill_buf()? {
        [0x1f, 0x8b, ..] => Box::new(flate2::bufread::GzDecoder::new(reader)),
        [0xfd, b'7', b'z', b'X', b'Z', ..] => {
            Box::new(lzma_rust2::XzReader::new_mem_limit(reader, false, XZ_MEMORY_KIB))
        }
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            let decoder =
                ruzstd::decoding::StreamingDecoder::new_with_max_window_size(reader, ZSTD_WINDOW);
            Box::new(decoder.map_err(io::Error::other)?)
        }
        [0x02, 0x21, 0x4c, 0x18, ..] => {
            reader.consume(4);
            Box::new(Lz4Legacy { blocks: reader, block: io::Cursor::default() })
        }
        _ => Box::new(reader),
    })
}

/// Everything in `reader`, an error beyond `limit` bytes.
pub(super) fn read_within(mut reader: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.by_ref().take(limit).read_to_end(&mut bytes)?;
    if reader.read(&mut [0])? != 0 {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("more than {limit} bytes"),
        ));
    }
    Ok(bytes)
}

/// The legacy lz4 format, which kernel images use and `lz4_flex` frames do not cover: after the
/// magic number, blocks with a 32-bit length before each.
struct Lz4Legacy<R> {
    blocks: R,
    block: io::Cursor<Vec<u8>>,
}

impl<R: Read> Lz4Legacy<R> {
    fn next_block(&mut self) -> io::Result<bool> {
        let mut length = [0; 4];
        match self.blocks.read_exact(&mut length) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            other => other?,
        }
        let length = u64::from(u32::from_le_bytes(length));
        if length == 0 || length > 2 * LZ4_LEGACY_BLOCK as u64 {
            return Ok(false); // not a length: what follows is not ours
        }
        let mut compressed = Vec::new();
        self.blocks.by_ref().take(length).read_to_end(&mut compressed)?;
        let block = lz4_flex::block::decompress(&compressed, LZ4_LEGACY_BLOCK);
        self.block = io::Cursor::new(block.map_err(io::Error::other)?);
        Ok(true)
    }
}

impl<R: Read> Read for Lz4Legacy<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.block.read(buffer)?;
            if count > 0 || buffer.is_empty() || !self.next_block()? {
                return Ok(count);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn text() -> Vec<u8> {
        (0..9_000_000u32).flat_map(|n| (n / 1000).to_le_bytes()).take(9_000_000).collect()
    }

    fn unpacked(compressed: &[u8]) -> Vec<u8> {
        read_within(decompressed(compressed).unwrap(), 1 << 30).unwrap()
    }

    #[test]
    fn every_format_is_recognised() {
        let text = text();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&text).unwrap();
        assert!(unpacked(&gzip.finish().unwrap()) == text, "gzip");

        let zstd = ruzstd::encoding::compress_to_vec(
            &text[..],
            ruzstd::encoding::CompressionLevel::Fastest,
        );
        assert!(unpacked(&zstd) == text, "zstd");

        let mut lz4 = vec![0x02, 0x21, 0x4c, 0x18];
        for block in text.chunks(LZ4_LEGACY_BLOCK) {
            let block = lz4_flex::block::compress(block);
            lz4.extend_from_slice(&u32::try_from(block.len()).unwrap().to_le_bytes());
            lz4.extend_from_slice(&block);
        }
        assert!(unpacked(&lz4) == text, "lz4");
        assert!(unpacked(&text) == text, "plain");
    }

    #[test]
    fn too_much_is_an_error() {
        assert_eq!(read_within(&b"abc"[..], 3).unwrap(), b"abc");
        assert!(read_within(&b"abcd"[..], 3).is_err());
    }
}
