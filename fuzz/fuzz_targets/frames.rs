//! libFuzzer against the frame decoder.
#![no_main]

#[path = "../harness/frames.rs"]
mod frames;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| frames::decode_all(bytes));
