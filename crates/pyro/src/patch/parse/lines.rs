//! The lines of a patch, with their numbers.

use super::error::{PatchSyntax, Syntax};

/// Where the reading is.
#[derive(Debug, Clone)]
pub(super) struct Lines<'p> {
    rest: &'p [u8],
    /// Of the line that comes next, from 1.
    number: usize,
}

impl<'p> Lines<'p> {
    pub(super) fn new(patch: &'p [u8]) -> Self {
        Self { rest: patch, number: 1 }
    }

    /// The next line without its newline.
    pub(super) fn peek(&self) -> Option<&'p [u8]> {
        (!self.rest.is_empty()).then(|| self.split().0)
    }

    /// The one behind that.
    pub(super) fn peek_second(&self) -> Option<&'p [u8]> {
        Self { rest: self.split().1, number: 0 }.peek()
    }

    /// Takes the next line.
    pub(super) fn next(&mut self) -> Option<&'p [u8]> {
        let line = self.peek()?;
        self.rest = self.split().1;
        self.number += 1;
        Some(line)
    }

    /// The number of the next line.
    pub(super) fn number(&self) -> usize {
        self.number
    }

    /// What is wrong with the next line.
    pub(super) fn error(&self, what: Syntax) -> PatchSyntax {
        PatchSyntax { line: self.number, what }
    }

    fn split(&self) -> (&'p [u8], &'p [u8]) {
        match memchr(self.rest) {
            Some(end) => (&self.rest[..end], &self.rest[end + 1..]),
            None => (self.rest, &[]),
        }
    }
}

fn memchr(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| *byte == b'\n')
}

/// A line of headers, which may have come through a program that ends lines in CR LF.
pub(super) fn header(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}
