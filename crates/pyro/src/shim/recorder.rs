//! What something in the guest writes to its two streams, on its way into the books: no secret gets there, nor any
//! further.

use crate::journal::{Recording, Stdio};
use crate::secret::{Redaction, Redactor};
use bytes::Bytes;
use pyro_proto::frame::Lane;

/// A recording that holds no secret.
#[derive(Debug)]
pub(super) struct Recorder {
    recording: Recording,
    /// Of stdout, and of stderr.
    redactions: [Redaction; 2],
}

impl Recorder {
    pub(super) fn new(recording: Recording, redactor: &Redactor) -> Self {
        Self { recording, redactions: [redactor.stream(), redactor.stream()] }
    }

    /// Takes the next bytes of a stream, and returns what is written down by now: all but secrets, and what may be
    /// the beginning of one.
    pub(super) fn take(&mut self, lane: Lane, bytes: Bytes) -> Bytes {
        let [stdout, stderr] = &mut self.redactions;
        let redaction = if lane == Lane::Main { stdout } else { stderr };
        let bytes = redaction.push(bytes);
        self.keep(lane, &bytes);
        bytes
    }

    /// What waited for more: nothing more comes.
    pub(super) fn rest(&mut self) -> [(Lane, Bytes); 2] {
        let [stdout, stderr] = &mut self.redactions;
        let rest = [(Lane::Main, stdout.finish()), (Lane::Err, stderr.finish())];
        for (lane, bytes) in &rest {
            self.keep(*lane, bytes);
        }
        rest
    }

    /// How many bytes are written down, of stdout first.
    pub(super) fn totals(&self) -> [u64; 2] {
        self.recording.totals()
    }

    fn keep(&mut self, lane: Lane, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.recording.take(stream_of(lane), bytes);
        }
    }
}

/// What a lane carries.
fn stream_of(lane: Lane) -> Stdio {
    match lane {
        Lane::Main => Stdio::Out,
        Lane::Err => Stdio::Err,
    }
}
