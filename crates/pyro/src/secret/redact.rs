//! Takes secrets out of what is shown or written down: whole texts, and streams that come in pieces.

use super::matcher::{Found, Matcher};
use super::value::Secret;
use crate::error::{Error, Report};
use bytes::Bytes;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// What puts `[REDACTED:NAME]` in the place of values. Cheap to clone; one without secrets does nothing.
#[derive(Debug, Clone, Default)]
pub struct Redactor(Option<Arc<Matcher>>);

/// A stream on its way through a [`Redactor`]. It holds back only what may be the beginning of a secret: a
/// prompt that waits for its answer is not.
#[derive(Debug)]
pub struct Redaction {
    redactor: Redactor,
    held: Vec<u8>,
}

impl Redactor {
    pub(super) fn new(secrets: &[Secret]) -> Self {
        Self(Matcher::new(secrets).map(Arc::new))
    }

    pub(super) fn matcher(&self) -> Option<&Matcher> {
        self.0.as_deref()
    }

    /// Whether there is nothing that it would take out.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.0.is_none()
    }

    /// How long the longest thing is that it looks for, in bytes.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.matcher().map_or(0, Matcher::longest)
    }

    /// Begins a stream.
    #[must_use]
    pub fn stream(&self) -> Redaction {
        Redaction { redactor: self.clone(), held: Vec::new() }
    }

    /// Whether these bytes hold a secret.
    #[must_use]
    pub fn finds(&self, bytes: &[u8]) -> bool {
        self.matcher().is_some_and(|matcher| matcher.find(bytes, 0).is_some())
    }

    /// Whether a secret lies in a part of these bytes, or reaches into it.
    #[must_use]
    pub fn touches(&self, bytes: &[u8], part: Range<usize>) -> bool {
        let Some(matcher) = self.matcher() else { return false };
        let mut from = 0;
        while let Some(Found { range, .. }) = matcher.find(bytes, from) {
            if range.start.max(part.start) < range.end.min(part.end) {
                return true;
            }
            // another may begin within this one, and end later
            from = range.start + 1;
        }
        false
    }

    /// A text without secrets.
    #[must_use]
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.matcher().filter(|matcher| matcher.find(text.as_bytes(), 0).is_some()) {
            None => Cow::Borrowed(text),
            Some(matcher) => {
                let mut out = Vec::new();
                replace(matcher, text.as_bytes(), &mut out);
                Cow::Owned(String::from_utf8_lossy(&out).into_owned())
            }
        }
    }

    /// The same, in place.
    pub fn cover(&self, text: &mut String) {
        if let Cow::Owned(redacted) = self.text(text) {
            *text = redacted;
        }
    }

    /// A report without secrets.
    #[must_use]
    pub fn report(&self, mut report: Report) -> Report {
        self.cover(&mut report.message);
        report.hints.iter_mut().for_each(|hint| self.cover(hint));
        report
    }

    /// An error without secrets. One that holds none stays what it is.
    #[must_use]
    pub fn error(&self, error: Error) -> Error {
        if self.is_idle() {
            return error;
        }
        let report = error.report();
        let redacted = self.report(report.clone());
        if redacted == report { error } else { redacted.into() }
    }
}

impl Redaction {
    /// Takes the next piece, and returns what can go on.
    #[must_use]
    pub fn push(&mut self, piece: Bytes) -> Bytes {
        let Some(matcher) = self.redactor.matcher() else { return piece };
        if self.held.is_empty()
            && matcher.pending(&piece, 0) == piece.len()
            && matcher.find(&piece, 0).is_none()
        {
            return piece;
        }
        self.held.extend_from_slice(&piece);
        let mut out = Vec::with_capacity(self.held.len());
        let done = advance(matcher, &self.held, &mut out);
        self.held.drain(..done);
        out.into()
    }

    /// Ends the stream, and returns what was held back.
    #[must_use]
    pub fn finish(&mut self) -> Bytes {
        let held = std::mem::take(&mut self.held);
        let Some(matcher) = self.redactor.matcher().filter(|_| !held.is_empty()) else {
            return held.into();
        };
        let mut out = Vec::with_capacity(held.len());
        replace(matcher, &held, &mut out);
        out.into()
    }
}

/// Takes what is decided whatever comes next, and says how much that was.
fn advance(matcher: &Matcher, bytes: &[u8], out: &mut Vec<u8>) -> usize {
    let mut done = 0;
    let mut pending = matcher.pending(bytes, 0);
    loop {
        match matcher.find(bytes, done) {
            // what begins before what may go on is complete
            Some(Found { range, mark }) if range.start < pending => {
                out.extend_from_slice(bytes.get(done..range.start).unwrap_or_default());
                out.extend_from_slice(mark);
                done = range.end;
                if done > pending {
                    pending = matcher.pending(bytes, done);
                }
            }
            _ => {
                out.extend_from_slice(bytes.get(done..pending).unwrap_or_default());
                return pending;
            }
        }
    }
}

/// Takes all of it.
fn replace(matcher: &Matcher, bytes: &[u8], out: &mut Vec<u8>) {
    let mut done = 0;
    while let Some(Found { range, mark }) = matcher.find(bytes, done) {
        out.extend_from_slice(bytes.get(done..range.start).unwrap_or_default());
        out.extend_from_slice(mark);
        done = range.end;
    }
    out.extend_from_slice(bytes.get(done..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::encodings::forms;
    use proptest::prelude::*;

    fn redactor(values: &[&str]) -> Redactor {
        let named = values.iter().enumerate();
        let secrets: Vec<_> =
            named.map(|(n, value)| Secret::literal(&format!("S{n}"), value).unwrap()).collect();
        Redactor::new(&secrets)
    }

    fn in_pieces(redactor: &Redactor, pieces: &[&[u8]]) -> Vec<u8> {
        let mut stream = redactor.stream();
        let mut out = Vec::new();
        for piece in pieces {
            out.extend(stream.push(Bytes::copy_from_slice(piece)));
        }
        out.extend(stream.finish());
        out
    }

    proptest! {
        /// Values of two letters overlap each other and themselves in every way; whatever the pieces are, the
        /// stream is what the whole text would have become, and no form of a value is left in it.
        #[test]
        fn pieces_make_no_difference_and_nothing_is_left(
            values in proptest::collection::vec("[ab]{8,12}", 1..4),
            text in "[ab]{0,60}",
            whole_values in proptest::collection::vec((0usize..4, 0usize..60), 0..4),
            cuts in proptest::collection::vec(0usize..200, 0..20),
        ) {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            let mut text = text.into_bytes();
            for (value, place) in whole_values {
                let forms: Vec<_> = forms(values[value % values.len()].as_bytes()).into_iter().collect();
                let form = forms[place % forms.len()].clone();
                let place = place.min(text.len());
                text.splice(place..place, form);
            }
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &text[cut[0]..cut[1]]).collect();
            let redactor = redactor(&values);
            let out = in_pieces(&redactor, &pieces);
            prop_assert_eq!(&out, &in_pieces(&redactor, &[&text]));
            let mut whole = Vec::new();
            replace(redactor.matcher().unwrap(), &text, &mut whole);
            prop_assert_eq!(&out, &whole);
            prop_assert!(!redactor.finds(&out), "{}", out.escape_ascii());
        }
    }

    #[test]
    fn every_cut_of_every_form_is_redacted() {
        let value = "pä ss/w<o>rd 12\"";
        let redactor = redactor(&[value]);
        for form in forms(value.as_bytes()) {
            let text = [b">>", &form[..], b"<<"].concat();
            for cut in 0..=text.len() {
                let (one, other) = text.split_at(cut);
                let out = in_pieces(&redactor, &[one, other]);
                assert_eq!(out, b">>[REDACTED:S0]<<", "{}", form.escape_ascii());
            }
            let bytes: Vec<&[u8]> = text.chunks(1).collect();
            assert_eq!(in_pieces(&redactor, &bytes), b">>[REDACTED:S0]<<");
        }
    }

    #[test]
    fn only_what_may_be_the_beginning_of_a_secret_waits() {
        let redactor = redactor(&["hunter2hunter2"]);
        let mut stream = redactor.stream();
        let mut push = |piece: &'static str| stream.push(Bytes::from_static(piece.as_bytes()));
        assert_eq!(push("Password: "), "Password: ");
        assert_eq!(push("hunter"), "");
        assert_eq!(push("s gather. $ hunter2hu"), "hunters gather. $ ");
        assert_eq!(push("man"), "hunter2human");
        assert_eq!(push("hunter2hunter2"), "[REDACTED:S0]");
        assert_eq!(push("h"), "");
        assert_eq!(stream.finish(), "h");
    }

    #[test]
    fn the_longest_of_two_counts_and_without_secrets_nothing_happens() {
        let both = redactor(&["secret-token", "secret-token-2"]);
        assert_eq!(
            in_pieces(&both, &[b"secret-token", b"-2 secret-token-3"]),
            b"[REDACTED:S1] [REDACTED:S0]-3"
        );
        let none = redactor(&["short"]);
        assert!(none.is_idle());
        let piece = Bytes::from_static(b"short");
        assert_eq!(none.stream().push(piece.clone()).as_ptr(), piece.as_ptr());
        assert_eq!(none.text("short"), "short");
    }

    #[test]
    fn an_error_loses_its_secrets_and_keeps_all_else() {
        let redactor = redactor(&["hunter2hunter2"]);
        let error = |message: &str| {
            Error::from(Report {
                kind: crate::Kind::Denied,
                code: "x".into(),
                message: message.into(),
                hints: vec!["see hunter2hunter2".into()],
            })
        };
        let report = redactor.error(error("no /hunter2hunter2/a")).report();
        assert_eq!(report.message, "no /[REDACTED:S0]/a");
        assert_eq!(report.hints, ["see [REDACTED:S0]"]);
        assert_eq!((report.kind, report.code.as_str()), (crate::Kind::Denied, "x"));
    }
}
