//! libFuzzer against a whole session.
#![no_main]

#[path = "../harness/session.rs"]
mod session;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| session::meet(bytes));
