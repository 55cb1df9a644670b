//! Messages to the kernel's routing tables (`rtnetlink(7)`): written down byte by byte, because four of them
//! do not need a library.

use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};
use std::io;

/// `NLM_F_REQUEST | NLM_F_ACK | NLM_F_EXCL | NLM_F_CREATE` of `linux/netlink.h`.
const NEW: u16 = 0x01 | 0x04 | 0x200 | 0x400;
/// `NLMSG_ERROR`: also an acknowledgement, of error 0.
const ERROR: u16 = 2;
/// `struct nlmsghdr`, and that with the number of an error behind it.
const HEADER: usize = 16;
const ANSWER: usize = HEADER + 4;

/// A message that makes something new.
#[derive(Debug, Clone)]
pub(super) struct Message(Vec<u8>);

impl Message {
    /// `kind` is an `RTM_NEW…`, `body` its fixed structure.
    pub(super) fn new(kind: u16, body: &[u8]) -> Self {
        let mut bytes = vec![0; 4];
        bytes.extend_from_slice(&kind.to_ne_bytes());
        bytes.extend_from_slice(&NEW.to_ne_bytes());
        bytes.extend_from_slice(&[0; 8]);
        bytes.extend_from_slice(body);
        Self(bytes)
    }

    /// Adds an attribute (`struct rtattr`), which must be shorter than 64 KiB.
    pub(super) fn with(mut self, kind: u16, data: &[u8]) -> Self {
        let length = u16::try_from(4 + data.len()).unwrap_or(u16::MAX);
        self.0.extend_from_slice(&length.to_ne_bytes());
        self.0.extend_from_slice(&kind.to_ne_bytes());
        self.0.extend_from_slice(data);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        self
    }

    fn finished(mut self, sequence: u32) -> Vec<u8> {
        let length = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        if let Some(at) = self.0.get_mut(..4) {
            at.copy_from_slice(&length.to_ne_bytes());
        }
        if let Some(at) = self.0.get_mut(8..12) {
            at.copy_from_slice(&sequence.to_ne_bytes());
        }
        self.0
    }
}

/// Sends all messages and waits until the kernel has done what they say.
pub(super) fn tell_routing(messages: Vec<Message>) -> io::Result<()> {
    let flags = SocketFlags::CLOEXEC;
    // no protocol is NETLINK_ROUTE
    let socket = rustix::net::socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, None)?;
    let mut unanswered = messages.len();
    let numbered = messages.into_iter().zip(0..);
    let bytes: Vec<u8> =
        numbered.flat_map(|(message, sequence)| message.finished(sequence)).collect();
    let kernel = SocketAddrNetlink::new(0, 0);
    rustix::net::sendto(&socket, &bytes, SendFlags::empty(), &kernel)?;
    let mut answer = [0; 8192];
    while unanswered > 0 {
        let (length, _) = rustix::net::recv(&socket, &mut answer, RecvFlags::empty())?;
        for (sequence, error) in answers(answer.get(..length).unwrap_or_default()) {
            if error != 0 {
                let cause = io::Error::from_raw_os_error(-error);
                return Err(io::Error::new(cause.kind(), format!("message {sequence}: {cause}")));
            }
            unanswered = unanswered.saturating_sub(1);
        }
    }
    Ok(())
}

/// The answers in a datagram: which message, and 0 or a negative `errno`.
fn answers(datagram: &[u8]) -> Vec<(u32, i32)> {
    let mut found = Vec::new();
    let mut rest = datagram;
    while let Some(answer) = rest.get(..ANSWER) {
        let word = |at: usize| {
            let four = answer.get(at..at + 4).and_then(|four| four.try_into().ok());
            u32::from_ne_bytes(four.unwrap_or_default())
        };
        if word(4) & 0xffff == u32::from(ERROR) {
            found.push((word(8), word(16).cast_signed()));
        }
        let length = usize::try_from(word(0)).unwrap_or(usize::MAX).max(HEADER);
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_as_long_as_it_says_and_attributes_begin_at_words() {
        let message = Message::new(24, &[1; 12]).with(1, &[7; 4]).with(2, &[9]);
        let bytes = message.finished(5);
        assert_eq!(bytes.len(), 16 + 12 + 8 + 8);
        assert_eq!(bytes[..4], 44u32.to_ne_bytes());
        assert_eq!(bytes[8..12], 5u32.to_ne_bytes());
        assert_eq!(bytes[36..], [5, 0, 2, 0, 9, 0, 0, 0]);
    }

    #[test]
    fn acknowledgements_and_errors_are_told_apart_in_one_datagram() {
        let answer = |sequence: u32, error: i32| {
            let mut bytes = 36u32.to_ne_bytes().to_vec();
            bytes.extend_from_slice(&[2, 0, 0, 0]);
            bytes.extend_from_slice(&sequence.to_ne_bytes());
            bytes.extend_from_slice(&[0; 4]);
            bytes.extend_from_slice(&error.to_ne_bytes());
            bytes.resize(36, 0);
            bytes
        };
        let datagram = [answer(0, 0), answer(1, -17)].concat();
        assert_eq!(answers(&datagram), [(0, 0), (1, -17)]);
        assert_eq!(answers(&datagram[..40]), [(0, 0)]);
        assert_eq!(answers(&[0; 64]).len(), 0);
    }
}
