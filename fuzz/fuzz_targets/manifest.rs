//! libFuzzer against the reader of images' documents.
#![no_main]

#[path = "../harness/manifest.rs"]
mod manifest;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| manifest::read(bytes));
