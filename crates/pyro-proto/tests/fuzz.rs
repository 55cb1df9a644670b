//! The fuzz targets of `fuzz/` on a stable compiler: seeds, then random changes of them, the same ones
//! every time. Coverage-guided runs need nightly: see `fuzz/Cargo.toml`.
#![allow(
    unreachable_pub,
    missing_docs,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "shared with fuzz/"
)]

#[path = "../../../fuzz/harness/frames.rs"]
mod frames;
#[path = "../../../fuzz/harness/session.rs"]
mod session;

use bytes::BytesMut;
use pyro_proto::frame::{FrameKind, encode};
use std::time::{Duration, Instant};

/// How long each target runs, and how often at least.
const RUN: (Duration, usize) = (Duration::from_secs(3), 200);

/// xorshift64*: enough to change bytes with, and the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
        usize::try_from(high).expect("32 bits") % limit
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).expect("below 256")
    }

    /// Another input made from `seed`: bytes changed, taken out, doubled or added.
    fn mutate(&mut self, seed: &[u8]) -> Vec<u8> {
        let mut input = seed.to_vec();
        for _ in 0..=self.below(8) {
            let at = self.below(input.len() + 1);
            match self.below(4) {
                0 if at < input.len() => input[at] = self.byte(),
                1 if at < input.len() => drop(input.remove(at)),
                2 => input.extend_from_within(at..),
                _ => input.insert(at, self.byte()),
            }
            input.truncate(8 << 10);
        }
        input
    }
}

/// Conversations that begin well, in both readings of the session's target.
fn seeds() -> Vec<Vec<u8>> {
    let mut wire = BytesMut::new();
    for (kind, payload) in [
        (FrameKind::Open, &b"{}"[..]),
        (FrameKind::Data, b"out"),
        (FrameKind::ErrData, b"err"),
        (FrameKind::Message, b"{\"code\":0,\"duration_us\":1}"),
        (FrameKind::Credit, &[1, 0, 0, 0]),
        (FrameKind::Reset, b"{\"code\":\"failed\",\"message\":\"x\"}"),
        (FrameKind::Finish, b""),
    ] {
        encode(kind, 1, payload, &mut wire);
        encode(kind, 2, payload, &mut wire);
    }
    let script: Vec<u8> = (0..=255).collect();
    let flood = [[2, 3, 255, 63]; 8].concat();
    let crumbs = [[0, 3, 1, 0]; 2000].concat();
    let with = |choice: u8, bytes: &[u8]| [&[choice], bytes].concat();
    let both = |bytes: &[u8]| [with(2, bytes), with(3, bytes)];
    let mut seeds = vec![with(0, &wire), with(1, &wire)];
    seeds.extend([&script, &flood, &crumbs].into_iter().flat_map(|bytes| both(bytes)));
    seeds
}

fn run(target: fn(&[u8])) {
    let (begun, mut random) = (Instant::now(), Random(0x7079_726f));
    let mut pool = seeds();
    pool.iter().for_each(|seed| target(seed));
    let mut inputs = 0;
    while begun.elapsed() < RUN.0 || inputs < RUN.1 {
        let at = random.below(pool.len());
        let input = random.mutate(&pool[at]);
        target(&input);
        inputs += 1;
        if inputs % 50 == 0 && pool.len() < 500 {
            pool.push(input);
        }
    }
    println!("{inputs} inputs");
}

#[test]
fn the_frame_decoder_survives_anything() {
    run(frames::decode_all);
}

#[test]
fn a_session_survives_anything() {
    run(session::meet);
}
