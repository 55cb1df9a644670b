//! One frame on the channel: 8 bytes of header, then the payload. Decoding is total: any bytes give
//! a frame, "more needed" or a [`Violation`], never a panic and never an allocation that the
//! sender chose.
//!
//! ```text
//! byte 0      kind
//! bytes 1..4  payload length, little endian
//! bytes 4..8  stream id, little endian
//! ```

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// Bytes of header before every payload.
pub const HEADER: usize = 8;
/// The longest payload of an `Open`, `Message` or `Reset` frame.
pub const MAX_MESSAGE: usize = 1 << 20;
/// The longest payload of a `Data` frame: at 240 MB/s it delays others by 0.3 ms.
pub const MAX_DATA: usize = 64 << 10;
/// A payload up to this size is copied out of the read buffer; a longer one shares it. So a
/// small frame never keeps a large buffer alive.
const COPY_BELOW: usize = 16 << 10;

/// Which of the two byte lanes of a stream: an exec uses them for stdout and stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    /// stdin towards the guest, stdout from it, and every other content.
    Main,
    /// stderr.
    Err,
}

/// What a frame is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum FrameKind {
    /// Bytes on the main lane.
    Data = 0,
    /// Bytes on the error lane.
    ErrData = 1,
    /// A JSON message within an open stream.
    Message = 2,
    /// Opens a stream; the payload is the JSON request.
    Open = 3,
    /// The sender has no more bytes for this stream; messages may still follow.
    Finish = 4,
    /// The stream is over in both directions; the payload is a JSON [`crate::Refusal`].
    Reset = 5,
    /// The receiver consumed that many charged bytes (u32, little endian).
    Credit = 6,
}

impl FrameKind {
    fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            0 => Self::Data,
            1 => Self::ErrData,
            2 => Self::Message,
            3 => Self::Open,
            4 => Self::Finish,
            5 => Self::Reset,
            6 => Self::Credit,
            _ => return None,
        })
    }

    fn max_payload(self) -> usize {
        match self {
            Self::Data | Self::ErrData => MAX_DATA,
            Self::Message | Self::Open | Self::Reset => MAX_MESSAGE,
            Self::Finish => 0,
            Self::Credit => 4,
        }
    }
}

/// A decoded frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// What it is for.
    pub kind: FrameKind,
    /// Which stream it belongs to.
    pub stream: u32,
    /// Its payload, at most [`MAX_DATA`] or [`MAX_MESSAGE`] bytes.
    pub payload: Bytes,
}

/// The peer does not speak this protocol: the session ends.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A kind that does not exist.
    #[error("unknown frame kind {0}")]
    UnknownKind(u8),
    /// A length beyond the kind's limit.
    #[error("a {kind:?} frame of {length} bytes, more than the limit of {limit}")]
    TooLong {
        /// The frame's kind.
        kind: FrameKind,
        /// The length it claims, in bytes.
        length: usize,
        /// The most it may have, in bytes.
        limit: usize,
    },
    /// A fixed-size payload with another size.
    #[error("a {kind:?} frame of {length} bytes")]
    WrongSize {
        /// The frame's kind.
        kind: FrameKind,
        /// The length it claims, in bytes.
        length: usize,
    },
    /// More data than the receiver granted.
    #[error("stream {0} sent more than its window")]
    WindowExceeded(u32),
    /// A stream id that this side may not open, or that is open already.
    #[error("stream {0} cannot be opened")]
    BadStream(u32),
    /// More frames without data than anybody needs.
    #[error("flooded with control frames")]
    Flood,
}

/// Writes one frame into `out`. `payload` must respect the limit of `kind`; longer ones are a fault
/// of the caller and are cut in debug builds by an assertion.
pub fn encode(kind: FrameKind, stream: u32, payload: &[u8], out: &mut BytesMut) {
    debug_assert!(payload.len() <= kind.max_payload());
    out.reserve(HEADER + payload.len());
    out.put_slice(&header(kind, stream, payload.len()));
    out.put_slice(payload);
}

/// The header alone, for senders that read straight into the buffer behind it.
#[must_use]
#[allow(clippy::cast_possible_truncation)] // every limit is below 2^24
pub fn header(kind: FrameKind, stream: u32, length: usize) -> [u8; HEADER] {
    let word = (length as u32) << 8 | u32::from(kind as u8);
    let (w, s) = (word.to_le_bytes(), stream.to_le_bytes());
    [w[0], w[1], w[2], w[3], s[0], s[1], s[2], s[3]]
}

/// Takes the next whole frame off the front of `input`, or `None` if more bytes are needed.
///
/// # Errors
/// [`Violation`] as soon as a header is wrong, before its payload has arrived.
pub fn decode(input: &mut BytesMut) -> Result<Option<Frame>, Violation> {
    let Some(mut head) = input.get(..HEADER) else { return Ok(None) };
    let word = head.get_u32_le();
    let stream = head.get_u32_le();
    let [byte, ..] = word.to_le_bytes();
    let kind = FrameKind::from_byte(byte).ok_or(Violation::UnknownKind(byte))?;
    let length = (word >> 8) as usize;
    if length > kind.max_payload() {
        return Err(Violation::TooLong { kind, length, limit: kind.max_payload() });
    }
    if kind == FrameKind::Credit && length != 4 {
        return Err(Violation::WrongSize { kind, length });
    }
    if input.len() < HEADER + length {
        input.reserve(HEADER + length - input.len());
        return Ok(None);
    }
    input.advance(HEADER);
    let payload = input.split_to(length);
    if length > MAX_DATA {
        // the buffer grew for this message: what follows must not keep it alive
        *input = BytesMut::from(&input[..]);
    }
    let payload =
        if length <= COPY_BELOW { Bytes::copy_from_slice(&payload) } else { payload.freeze() };
    Ok(Some(Frame { kind, stream, payload }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kinds() -> impl Strategy<Value = FrameKind> {
        (0u8..7).prop_map(|b| FrameKind::from_byte(b).unwrap())
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded_in_any_chunking(
            frames in prop::collection::vec((kinds(), any::<u32>(), prop::collection::vec(any::<u8>(), 0..300)), 1..8),
            chunk in 1usize..50,
        ) {
            let mut wire = BytesMut::new();
            let mut sent = Vec::new();
            for (kind, stream, mut payload) in frames {
                payload.truncate(kind.max_payload());
                if kind == FrameKind::Credit { payload.resize(4, 0); }
                encode(kind, stream, &payload, &mut wire);
                sent.push(Frame { kind, stream, payload: payload.into() });
            }
            let (mut buffer, mut got) = (BytesMut::new(), Vec::new());
            for part in wire.chunks(chunk) {
                buffer.extend_from_slice(part);
                while let Some(frame) = decode(&mut buffer).unwrap() { got.push(frame); }
            }
            prop_assert_eq!(got, sent);
            prop_assert!(buffer.is_empty());
        }

        #[test]
        fn any_bytes_at_all_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..4096)) {
            let mut buffer = BytesMut::from(&bytes[..]);
            while let Ok(Some(_)) = decode(&mut buffer) {}
            prop_assert!(buffer.capacity() <= bytes.len() + HEADER + MAX_MESSAGE);
        }
    }

    #[test]
    fn what_follows_a_long_message_does_not_keep_its_buffer() {
        let mut wire = BytesMut::new();
        encode(FrameKind::Message, 1, &vec![b' '; MAX_MESSAGE], &mut wire);
        encode(FrameKind::Data, 1, b"x", &mut wire);
        assert_eq!(decode(&mut wire).unwrap().unwrap().payload.len(), MAX_MESSAGE);
        // the message is gone: a buffer that it still shares would be reclaimed by this
        assert!(!wire.try_reclaim(MAX_MESSAGE), "the rest lives in the message's buffer");
        assert_eq!(decode(&mut wire).unwrap().unwrap().payload, "x");
    }

    #[test]
    fn a_huge_length_is_refused_from_the_header_alone() {
        let mut buffer = BytesMut::from(&[0u8, 0xff, 0xff, 0xff, 1, 0, 0, 0][..]);
        assert_eq!(
            decode(&mut buffer),
            Err(Violation::TooLong { kind: FrameKind::Data, length: 0xff_ffff, limit: MAX_DATA })
        );
        let mut buffer = BytesMut::from(&[99u8, 0, 0, 0, 1, 0, 0, 0][..]);
        assert_eq!(decode(&mut buffer), Err(Violation::UnknownKind(99)));
    }
}
