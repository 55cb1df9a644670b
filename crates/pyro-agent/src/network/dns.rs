//! Questions to a name server and answers, as bytes (RFC 1035): as much of it as a stub needs that has one
//! answer to one question. Any bytes give a question, a complaint or nothing, never a panic.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Bytes of a header, and the least of a question: a name of one byte, its kind, its class.
const HEADER: usize = 12;
/// The longest name, as text (RFC 1035, 2.3.4, less the dot at its end).
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;
const INTERNET: [u8; 2] = [0, 1];
/// How long a client may remember an answer, in seconds. It never changes, so this is of no importance.
const TIME_TO_LIVE: [u8; 4] = [0, 0, 0, 30];
/// A pointer to the name in the question.
const SAME_NAME: [u8; 2] = [0xc0, 12];

// kinds of records
const A: u16 = 1;
const PTR: u16 = 12;
const AAAA: u16 = 28;

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    /// In lower case, without a dot at its end.
    pub(super) name: String,
    kind: u16,
    end: usize,
}

/// What is wrong with a question, or with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It cannot be read (`FORMERR`).
    Malformed = 1,
    /// There is no answer at the moment (`SERVFAIL`).
    Unanswered = 2,
    /// There is no such name (`NXDOMAIN`).
    NoSuchName = 3,
}

/// What is known about a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Record {
    /// An address.
    Address(Ipv4Addr),
    /// This machine's own loopback addresses.
    Loopback,
    /// The name that an address stands for.
    Name(String),
}

/// Reads the only question of a message. The error is a message that nobody can answer: an answer itself,
/// or too short to be one.
pub(super) fn read(message: &[u8]) -> Option<Result<Question, Trouble>> {
    let flags = *message.get(2)?;
    if message.len() < HEADER || flags & 0x80 != 0 {
        return None;
    }
    Some(question(message, flags).ok_or(Trouble::Malformed))
}

fn question(message: &[u8], flags: u8) -> Option<Question> {
    const OPERATION: u8 = 0x78;
    if flags & OPERATION != 0 || message.get(4..6)? != [0, 1] {
        return None;
    }
    let (name, end) = name(message)?;
    let kind: [u8; 2] = message.get(end..end + 2)?.try_into().ok()?;
    if message.get(end + 2..end + 4)? != INTERNET {
        return None;
    }
    Some(Question { name, kind: u16::from_be_bytes(kind), end: end + 4 })
}

/// The name behind the header, and where it ends. Pointers have no place there.
fn name(message: &[u8]) -> Option<(String, usize)> {
    let (mut at, mut name) = (HEADER, String::new());
    loop {
        let length = usize::from(*message.get(at)?);
        at += 1;
        if length == 0 {
            return (name.len() <= MAX_NAME).then_some((name, at));
        }
        let label = message.get(at..at + length).filter(|_| length <= MAX_LABEL)?;
        if !label.iter().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_')) {
            return None;
        }
        if !name.is_empty() {
            name.push('.');
        }
        name.extend(label.iter().map(|c| char::from(c.to_ascii_lowercase())));
        at += length;
    }
}

impl Question {
    /// The address whose name is asked for: `5.1.18.198.in-addr.arpa` asks for 198.18.1.5.
    pub(super) fn address(&self) -> Option<Ipv4Addr> {
        let backwards = self.name.strip_suffix(".in-addr.arpa")?;
        let address: Ipv4Addr = backwards.parse().ok()?;
        let [a, b, c, d] = address.octets();
        Some(Ipv4Addr::new(d, c, b, a))
    }

    /// Whether this machine itself is asked for (RFC 6761, 6.3).
    pub(super) fn is_loopback(&self) -> bool {
        self.name == "localhost" || self.name.ends_with(".localhost")
    }
}

/// The answer to `message`, which [`read`] has read.
pub(super) fn answer(
    message: &[u8],
    question: Result<&Question, Trouble>,
    known: Result<Record, Trouble>,
) -> Vec<u8> {
    let end = question.map_or(HEADER, |question| question.end);
    let mut answer = message.get(..end).unwrap_or_default().to_vec();
    let trouble = question.err().or(known.as_ref().err().copied());
    let data =
        question.ok().zip(known.ok()).and_then(|(q, record)| Some((q, data(q.kind, record)?)));
    if let Some([flags, more, counts @ ..]) = answer.get_mut(2..HEADER) {
        // an answer, with authority; the operation and the wish to recurse as they were
        *flags = 0x84 | (*flags & 0x79);
        // recursion is available
        *more = 0x80 | trouble.map_or(0, |trouble| trouble as u8);
        let counted = [0, u8::from(question.is_ok()), 0, u8::from(data.is_some()), 0, 0, 0, 0];
        counts.copy_from_slice(&counted);
    }
    if let Some((question, data)) = data {
        answer.extend_from_slice(&SAME_NAME);
        answer.extend_from_slice(&question.kind.to_be_bytes());
        answer.extend_from_slice(&INTERNET);
        answer.extend_from_slice(&TIME_TO_LIVE);
        answer.extend_from_slice(&u16::try_from(data.len()).unwrap_or(0).to_be_bytes());
        answer.extend_from_slice(&data);
    }
    answer
}

/// What a record says to a question of this kind; nothing, where it has nothing of the kind.
fn data(kind: u16, record: Record) -> Option<Vec<u8>> {
    match (record, kind) {
        (Record::Address(address), A) => Some(address.octets().to_vec()),
        (Record::Loopback, A) => Some(Ipv4Addr::LOCALHOST.octets().to_vec()),
        (Record::Loopback, AAAA) => Some(Ipv6Addr::LOCALHOST.octets().to_vec()),
        (Record::Name(name), PTR) => Some(encoded(&name)),
        _ => None,
    }
}

fn encoded(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in name.split('.') {
        bytes.push(u8::try_from(label.len()).unwrap_or(0));
        bytes.extend_from_slice(label.as_bytes());
    }
    bytes.push(0);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn asked(name: &str, kind: u16) -> Vec<u8> {
        let mut message = vec![0x12, 0x34, 0x01, 0, 0, 1, 0, 0, 0, 0, 0, 1];
        message.extend_from_slice(&encoded(name));
        message.extend_from_slice(&kind.to_be_bytes());
        message.extend_from_slice(&INTERNET);
        // an OPT record, as every modern client sends one
        message.extend_from_slice(&[0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 0]);
        message
    }

    #[test]
    fn a_question_is_read_and_answered_in_its_own_words() {
        let message = asked("Deb.Example", A);
        let question = read(&message).unwrap().unwrap();
        assert_eq!(question.name, "deb.example");
        let address = Ipv4Addr::new(198, 18, 1, 0);
        let got = answer(&message, Ok(&question), Ok(Record::Address(address)));
        assert_eq!(got[..4], [0x12, 0x34, 0x85, 0x80]);
        assert_eq!(got[4..12], [0, 1, 0, 1, 0, 0, 0, 0]);
        assert_eq!(got[12..25], message[12..25], "the question comes back as it was written");
        assert_eq!(got[got.len() - 4..], [198, 18, 1, 0]);
    }

    #[test]
    fn a_name_without_such_a_record_is_known_all_the_same() {
        let message = asked("deb.example", AAAA);
        let question = read(&message).unwrap().unwrap();
        let known = Ok(Record::Address(Ipv4Addr::new(198, 18, 1, 0)));
        let got = answer(&message, Ok(&question), known);
        assert_eq!((got[3] & 15, got[7]), (0, 0));
        let got = answer(&message, Ok(&question), Err(Trouble::NoSuchName));
        assert_eq!((got[3] & 15, got[7]), (3, 0));
    }

    #[test]
    fn addresses_and_the_loopback_names_are_recognised() {
        let question = |name: &str| read(&asked(name, PTR)).unwrap().unwrap();
        let reverse = question("5.1.18.198.in-addr.arpa");
        assert_eq!(reverse.address(), Some(Ipv4Addr::new(198, 18, 1, 5)));
        assert_eq!(question("1.18.198.in-addr.arpa").address(), None);
        assert!(question("localhost").is_loopback() && question("db.localhost").is_loopback());
        assert!(!question("notlocalhost").is_loopback());
    }

    #[test]
    fn what_is_no_question_is_malformed_or_left_alone() {
        let message = asked("a.example", A);
        let broken = |at: usize, byte: u8| {
            let mut message = message.clone();
            message[at] = byte;
            read(&message)
        };
        assert_eq!(read(&message[..11]), None);
        assert_eq!(broken(2, 0x81), None, "an answer");
        let malformed = Some(Err(Trouble::Malformed));
        assert_eq!(broken(2, 0x21), malformed, "another operation");
        assert_eq!(broken(5, 2), malformed, "two questions");
        assert_eq!(broken(12, 0xc0), malformed, "a pointer");
        assert_eq!(broken(13, b'/'), malformed, "no letter of a name");
        let long = asked(&vec!["a".repeat(63); 4].join("."), A);
        assert_eq!(read(&long), malformed, "too long a name");
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived_and_every_answer_is_an_answer(message in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Some(read) = read(&message) {
                let name = Record::Name("a.example".into());
                let got = answer(&message, read.as_ref().map_err(|trouble| *trouble), Ok(name));
                prop_assert_eq!(&got[..2], &message[..2]);
                prop_assert!(got[2] & 0x80 != 0 && got.len() >= HEADER);
            }
        }

        #[test]
        fn every_legal_name_survives_the_wire(labels in proptest::collection::vec("[a-z0-9_-]{1,63}", 1..4)) {
            let name = labels.join(".");
            prop_assert_eq!(read(&asked(&name, A)).unwrap().unwrap().name, name);
        }

        #[test]
        fn a_damaged_question_never_panics(at in 0usize..60, byte: u8) {
            let mut message = asked("deb.example.org", AAAA);
            if let Some(damaged) = message.get_mut(at) {
                *damaged = byte;
            }
            if let Some(Ok(question)) = read(&message) {
                answer(&message, Ok(&question), Ok(Record::Loopback));
            }
        }
    }
}
