//! What it costs to take secrets out of output: beside a copy of the same bytes, which is the least that any
//! hop of them does. Pieces are of the size in which commands' output comes.

use crate::table::{Table, median, seconds};
use crate::user::User;
use pyro::secret::{Redactor, Secret, Vault};
use std::time::Instant;

/// How much passes by each time.
const TOTAL: usize = 64 << 20;
/// A frame's worth.
const PIECE: usize = 64 << 10;
const ROUNDS: usize = 5;

/// Log lines, in which no secret is.
fn output() -> Vec<u8> {
    let line =
        |n: usize| format!("[{n:>8}] GET /api/items/{n}?page=2 200 {{\"took\": {}}}\n", n % 97);
    let mut output: Vec<u8> = (0..).flat_map(|n| line(n).into_bytes()).take(PIECE).collect();
    output.shrink_to_fit();
    output
}

/// So many secrets, as tokens look.
fn redactor(secrets: usize) -> Redactor {
    let secret = |n: usize| {
        let value = format!("ghp_{n}Zk4q9mR7/tX2c+W8vB1nL{n}sD6yHf0uQ3e");
        Secret::literal(&format!("TOKEN_{n}"), &value).unwrap()
    };
    Vault::holding((0..secrets).map(secret).collect()).redactor().clone()
}

pub(crate) fn measure(_: &User, table: &mut Table) {
    let piece = bytes::Bytes::from(output());
    let pieces = TOTAL / PIECE;
    let copy = throughput(|| {
        for _ in 0..pieces {
            std::hint::black_box(piece.to_vec());
        }
    });
    for secrets in [0, 1, 4, 32] {
        let redactor = redactor(secrets);
        let ours = throughput(|| {
            let mut stream = redactor.stream();
            for _ in 0..pieces {
                std::hint::black_box(stream.push(piece.clone()));
            }
        });
        table.comparison(
            &format!("secret: output past {secrets} secrets / copied"),
            format!("{ours:.0} MB/s"),
            format!("{copy:.0} MB/s"),
            ours / copy,
        );
    }
}

/// In MB/s, the median of some rounds.
fn throughput(mut pass: impl FnMut()) -> f64 {
    let mut round = || {
        let begun = Instant::now();
        pass();
        TOTAL as f64 / 1e6 / seconds(begun.elapsed())
    };
    median((0..ROUNDS).map(|_| round()).collect())
}
