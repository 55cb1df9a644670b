//! libFuzzer against what makes one image of layers.
#![no_main]

#[path = "../harness/layers.rs"]
mod layers;

thread_local! {
    static PLACE: tempfile::TempDir = tempfile::tempdir().unwrap();
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| PLACE.with(|place| layers::write(bytes, place.path())));
