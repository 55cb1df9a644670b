//! How an archive is compressed, and its decompression under a limit: a few bytes must not become a
//! disk full of zeros.

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::cell::Cell;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::rc::Rc;

const BUFFER: usize = 256 << 10;
/// Largest zstd window (`zstd --long=27`, the most that decoders accept by default).
const ZSTD_WINDOW: u64 = 128 << 20;

/// How far an archive may unpack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Growth {
    /// How many times its own length, once it is beyond `counts_from`.
    pub(crate) max_ratio: u64,
    /// Unpacked bytes up to which the ratio is nobody's business.
    pub(crate) counts_from: u64,
}

/// The compression of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Zstd,
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "not compressed",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        })
    }
}

impl Compression {
    /// By the end of a file's name; `None` where that is no archive's.
    pub(crate) fn by_name(path: &Path) -> Option<Self> {
        let name = path.file_name()?.as_bytes().to_ascii_lowercase();
        let ends = [
            (&b".tar"[..], Self::None),
            (b".tar.gz", Self::Gzip),
            (b".tgz", Self::Gzip),
            (b".tar.zst", Self::Zstd),
        ];
        ends.into_iter().find(|(end, _)| name.ends_with(end)).map(|(_, compression)| compression)
    }

    /// By how a file begins (RFC 1952, 2.3.1; RFC 8878, 3.1.1 and 3.1.2).
    pub(crate) fn by_magic(beginning: &[u8]) -> Self {
        match beginning {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::None,
        }
    }

    /// What the file holds, decompressed. More than `growth` allows is an error that holds an
    /// [`Excess`].
    pub(crate) fn decompressed<'r>(
        self,
        file: impl Read + 'r,
        growth: Growth,
    ) -> Box<dyn Read + 'r> {
        let packed = Rc::new(Cell::new(0));
        let file = Measured { inner: file, bytes: Rc::clone(&packed) };
        let file = BufReader::with_capacity(BUFFER, file);
        let unpacked: Box<dyn Read + 'r> = match self {
            Self::None => return Box::new(file),
            Self::Gzip => Box::new(MultiGzDecoder::new(file)),
            Self::Zstd => Box::new(ZstdFrames::new(file)),
        };
        let bounded = Bounded { inner: unpacked, bytes: 0, packed, growth };
        Box::new(BufReader::with_capacity(BUFFER, bounded))
    }
}

/// The archive unpacks to more than its length makes likely.
#[derive(Debug, thiserror::Error)]
#[error("it unpacks to more than {max_ratio} times its length")]
pub(crate) struct Excess {
    pub(crate) max_ratio: u64,
}

/// Counts what is read.
struct Measured<R> {
    inner: R,
    bytes: Rc<Cell<u64>>,
}

impl<R: Read> Read for Measured<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes.set(self.bytes.get() + read as u64);
        Ok(read)
    }
}

struct Bounded<R> {
    inner: R,
    bytes: u64,
    packed: Rc<Cell<u64>>,
    growth: Growth,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes += read as u64;
        let Growth { max_ratio, counts_from } = self.growth;
        if self.bytes > self.packed.get().saturating_mul(max_ratio).max(counts_from) {
            return Err(io::Error::other(Excess { max_ratio }));
        }
        Ok(read)
    }
}

/// All frames of a zstd file one after another; skippable ones are skipped (RFC 8878, 3.1.2).
struct ZstdFrames<R> {
    source: R,
    decoder: FrameDecoder,
    in_frame: bool,
}

impl<R: BufRead> ZstdFrames<R> {
    fn new(source: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(ZSTD_WINDOW);
        Self { source, decoder, in_frame: false }
    }

    /// Begins the next frame; false at the end.
    fn begin(&mut self) -> io::Result<bool> {
        while !self.source.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let mut skipped = self.source.by_ref().take(length.into());
                    io::copy(&mut skipped, &mut io::sink())?;
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(false)
    }
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.in_frame {
                self.in_frame = self.begin()?;
                if !self.in_frame {
                    return Ok(0);
                }
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.decoder
                    .decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(io::Error::other)?;
            }
            let read = self.decoder.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            self.in_frame = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        let fastest = ruzstd::encoding::CompressionLevel::Fastest;
        ruzstd::encoding::compress_to_vec(bytes, fastest)
    }

    fn unpacked(packed: &[u8], growth: Growth) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let compression = Compression::by_magic(packed);
        compression.decompressed(packed, growth).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    const GENEROUS: Growth = Growth { max_ratio: 1000, counts_from: 1 << 30 };

    #[test]
    fn files_of_several_members_or_frames_are_read_to_the_end() {
        let two = [gzip(b"one "), gzip(b"two")].concat();
        assert_eq!(unpacked(&two, GENEROUS).unwrap(), b"one two");
        let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"xyz"].concat();
        let two = [skippable.clone(), zstd(b"one "), skippable, zstd(b"two")].concat();
        assert_eq!(unpacked(&two, GENEROUS).unwrap(), b"one two");
    }

    #[test]
    fn what_grows_beyond_the_ratio_is_stopped() {
        let growth = Growth { max_ratio: 100, counts_from: 4096 };
        for packed in [gzip(&vec![0; 1 << 20]), zstd(&vec![0; 1 << 20])] {
            let error = unpacked(&packed, growth).unwrap_err();
            assert!(error.downcast::<Excess>().is_ok());
        }
        assert_eq!(unpacked(&gzip(&[0; 4096]), growth).unwrap(), [0; 4096]);
    }

    #[test]
    fn what_is_cut_off_is_an_error() {
        for packed in [gzip(&[7; 9999]), zstd(&[7; 9999])] {
            assert!(unpacked(&packed[..packed.len() - 3], GENEROUS).is_err());
        }
    }
}
