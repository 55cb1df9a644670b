//! libFuzzer against the reader of patches.
#![no_main]

#[path = "../harness/patch.rs"]
mod patch;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| patch::apply(bytes));
