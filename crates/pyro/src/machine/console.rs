//! The last that a guest printed on its serial console, in bounded memory: quoted when a boot
//! fails, otherwise thrown away.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncRead, AsyncReadExt};

/// How much is kept, in bytes.
const KEEP: usize = 64 << 10;
/// How much an error quotes, in bytes.
const QUOTE: usize = 600;

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

    /// The last lines on one line, control characters escaped; empty if there was nothing.
    #[must_use]
    pub fn tail(&self) -> String {
        let ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let skip = ring.len().saturating_sub(QUOTE);
        let bytes: Vec<u8> = ring.iter().skip(skip).copied().collect();
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<String> = text
            .lines()
            .map(|line| line.trim().chars().flat_map(char::escape_debug).collect::<String>())
            .filter(|line| !line.is_empty())
            .collect();
        lines.join(" | ")
    }
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
        let tail = console.tail();
        assert!(tail.ends_with("\\u{1b}[31mKernel panic | not syncing"), "{tail}");
        assert!(tail.len() < 2 * QUOTE);
        assert_eq!(Console::default().tail(), "");
    }
}
