//! Any bytes, in any pieces, through the frame decoder. What comes out, encoded again, is what went
//! in, and the decoder never holds more than one frame that is within the limits.

use bytes::BytesMut;
use pyro_proto::frame::{self, HEADER, MAX_MESSAGE};

/// The first byte says how long the pieces are, the others are what a peer sent.
pub fn decode_all(input: &[u8]) {
    let Some((piece, sent)) = input.split_first() else { return };
    let (mut buffer, mut again) = (BytesMut::new(), BytesMut::new());
    for part in sent.chunks(usize::from(*piece) + 1) {
        buffer.extend_from_slice(part);
        loop {
            match frame::decode(&mut buffer) {
                Ok(Some(got)) => frame::encode(got.kind, got.stream, &got.payload, &mut again),
                Ok(None) => break,
                // the session would end here
                Err(_) => return assert!(sent.starts_with(&again)),
            }
        }
        assert!(buffer.len() < HEADER + MAX_MESSAGE);
        assert!(buffer.capacity() <= sent.len() + 2 * (HEADER + MAX_MESSAGE));
    }
    again.extend_from_slice(&buffer);
    assert_eq!(again, sent, "decoding lost or invented something");
}
