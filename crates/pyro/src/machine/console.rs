//! The last that a guest printed on its serial console, in bounded memory: quoted when a boot
//! fails, otherwise thrown away.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncRead, AsyncReadExt};

/// How much is kept, in bytes.
const KEEP: usize = 64 << 10;
/// How much an error quotes, in bytes.
const QUOTE: usize = 600;
/// How the last words of a kernel begin (`panic()` in the kernel's `kernel/panic.c`). What follows,
/// registers and a call trace, is longer than a quote.
const PANIC: &[u8] = b"Kernel panic - not syncing";

/// A ring of the newest console output. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Console(Arc<Mutex<VecDeque<u8>>>);

impl Console {
    /// Reads `source` to its end, keeping the newest 64 KiB.
    pub async fn follow<R: AsyncRead + Unpin>(self, mut source: R) {
        let mut buffer = [0; 4096];
        while let Ok(n @ 1..) = source.read(&mut buffer).await {
            let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            ring.extend(&buffer[..n]);
            let excess = ring.len().saturating_sub(KEEP);
            ring.drain(..excess);
        }
    }

    /// The last lines on one line, or those from the kernel's panic on; control characters escaped.
    /// Empty if there was nothing.
    #[must_use]
    pub fn quote(&self) -> String {
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(worth_quoting(ring.make_contiguous())).into_owned();
        drop(ring);
        let lines: Vec<String> = text
            .lines()
            .map(|line| line.trim().chars().flat_map(char::escape_debug).collect::<String>())
            .filter(|line| !line.is_empty())
            .collect();
        lines.join(" | ")
    }
}

/// At most [`QUOTE`] bytes.
fn worth_quoting(output: &[u8]) -> &[u8] {
    let last = output.len().saturating_sub(QUOTE);
    let Some(panic) = output.windows(PANIC.len()).position(|window| window == PANIC) else {
        return &output[last..];
    };
    let line = output[..panic].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    // a line that long is not the kernel's
    let from = if panic - line < QUOTE / 2 { line } else { panic };
    &output[from..output.len().min(from + QUOTE)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_flood_keeps_its_end_only_and_escapes_do_not_pass() {
        let console = Console::default();
        let mut flood = vec![b'x'; 1 << 20];
        flood.extend_from_slice(b"\r\n\x1b[31mKernel panic\r\nnot syncing\n");
        console.clone().follow(&flood[..]).await;
        let quote = console.quote();
        assert!(quote.ends_with("\\u{1b}[31mKernel panic | not syncing"), "{quote}");
        assert!(quote.len() < 2 * QUOTE);
        assert_eq!(Console::default().quote(), "");
    }

    #[tokio::test]
    async fn a_panic_is_quoted_from_its_first_line_whatever_follows_and_however_long_it_is() {
        let trace = "[    0.9] Call Trace:\r\n".repeat(100);
        for prefix in ["[    0.9] ".to_owned(), "x".repeat(2 * QUOTE)] {
            let console = Console::default();
            let panic = format!("{prefix}Kernel panic - not syncing: VFS: no root");
            let output = format!("[    0.8] before\r\n{panic}\r\n{trace}");
            console.clone().follow(output.as_bytes()).await;
            let quote = console.quote();
            let begin = &panic[if prefix.len() > QUOTE { prefix.len() } else { 0 }..];
            assert!(quote.starts_with(&format!("{begin} | [    0.9] Call Trace: | ")), "{quote}");
            assert!(quote.len() < 2 * QUOTE, "{}", quote.len());
        }
    }
}
