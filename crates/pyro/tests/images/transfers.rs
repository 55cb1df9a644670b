//! Transfers that break, take long, or are made twice.

use crate::host::Host;
use crate::registry::image::{Image, Layer, Packing};
use crate::registry::server::{Fault, Server};
use pyro::event::{Event, Unit, ignore};
use std::sync::Mutex;
use std::time::Duration;

/// Bytes that do not compress, the same in every run.
fn noise(length: usize) -> String {
    let mut state = 88_172_645_463_325_252_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b' ' + u8::try_from(state % 64).unwrap())
    };
    (0..length).map(|_| next()).collect()
}

/// An image whose one layer has some hundred KiB.
fn image() -> (Image, String) {
    let layer = Layer::new(Packing::Gzip, |layer| {
        layer.file("noise", &noise(400_000));
    });
    let digest = crate::registry::image::digest(&layer.blob);
    (Image::new(&[layer]), digest)
}

#[test]
fn a_transfer_that_breaks_goes_on_where_it_stopped() {
    let (server, host) = (Server::start(), Host::new());
    let (image, layer) = image();
    let reference = server.put(&image, "a", "1");
    server.breaks(&layer, Fault::CutAfter(100_000), 2);
    server.breaks(&layer, Fault::SilentAfter(50_000), 1);
    let heard = Mutex::new(Vec::new());
    host.environments().pull(&reference, &|event| heard.lock().unwrap().push(event)).unwrap();
    assert!(server.times_asked(&format!("{layer} bytes=")) >= 2, "{:?}", server.asked());
    assert_eq!(server.times_asked(&format!("{layer} -")), 1, "never from the start again");
    let heard = heard.into_inner().unwrap();
    let warned =
        |event: &Event| matches!(event, Event::Warning(text) if text.contains("trying again"));
    assert!(heard.iter().any(warned), "{heard:?}");
    let length = image.blobs[1].1.len() as u64;
    let whole = |event: &Event| {
        matches!(event, Event::Advanced { done, total: Some(total), unit: Unit::Bytes, .. }
            if *done == length && *total == length)
    };
    assert!(heard.iter().any(whole), "progress has a total: {heard:?}");
}

#[test]
fn a_registry_that_cannot_send_the_rest_sends_all_of_it() {
    let (server, host) = (Server::start(), Host::new());
    let (image, layer) = image();
    let reference = server.put(&image, "a", "1");
    server.breaks(&layer, Fault::CutAfter(100_000), 1);
    server.breaks(&layer, Fault::Whole, 1);
    host.pull(&reference).unwrap();
}

#[test]
fn an_overloaded_registry_is_asked_again_and_not_for_ever() {
    let (server, host) = (Server::start(), Host::new());
    let (image, layer) = image();
    let reference = server.put(&image, "a", "1");
    server.breaks("/manifests/", Fault::Status(503, "X: y"), 2);
    server.breaks(&layer, Fault::Status(429, "Retry-After: 0"), 2);
    host.pull(&reference).unwrap();

    let host = Host::new();
    server.breaks("/manifests/", Fault::Status(500, "X: y"), usize::MAX);
    let before = server.asked().len();
    assert_eq!(host.refused(&reference).code(), "registry_unwell");
    assert_eq!(server.asked().len() - before, 5);
}

#[test]
fn a_slow_registry_is_waited_for_and_a_silent_one_is_not() {
    let (server, host) = (Server::start(), Host::new());
    let (image, layer) = image();
    let reference = server.put(&image, "a", "1");
    server.breaks(&layer, Fault::Slowly(20_000, Duration::from_millis(60)), 1);
    host.pull(&reference).unwrap();

    let mut host = Host::new();
    host.config.registries.patience = Duration::from_millis(50);
    server.breaks("/manifests/", Fault::SilentAfter(10), usize::MAX);
    assert_eq!(host.refused(&reference).code(), "fetch_timeout");
}

#[test]
fn nobody_there_is_said_at_once() {
    let host = Host::new();
    let error = host.refused("127.0.0.1:1/a");
    assert_eq!(error.code(), "fetch_failed");
    assert!(error.to_string().contains("127.0.0.1:1/a"), "{error}");
}

#[test]
fn what_arrived_before_the_registry_died_is_good_for_the_next_pull_or_for_prune() {
    let (server, host) = (Server::start(), Host::new());
    let (image, layer) = image();
    let reference = server.put(&image, "a", "1");
    server.breaks(&layer, Fault::CutAfter(100_000), 1);
    server.breaks(&layer, Fault::Status(500, "X: y"), 5);
    assert_eq!(host.pull(&reference).unwrap_err().code(), "registry_unwell");
    assert_eq!(host.remains().len(), 1, "{:?}", host.remains());
    host.pull(&reference).unwrap();
    assert_eq!(server.times_asked(&format!("{layer} -")), 1);
    assert_eq!(server.times_asked(&format!("{layer} bytes=100000-")), 6);

    let host = Host::new();
    server.breaks(&layer, Fault::CutAfter(100_000), 1);
    server.breaks(&layer, Fault::Status(500, "X: y"), 5);
    host.pull(&reference).unwrap_err();
    host.environments().prune().unwrap();
    assert!(host.remains().is_empty());
}

#[test]
fn three_layers_are_fetched_at_a_time_and_no_more() {
    let (server, host) = (Server::start(), Host::new());
    let layer = |number| {
        Layer::new(Packing::Plain, |layer| {
            layer.file(&format!("file-{number}"), &noise(20_000));
        })
    };
    let layers: Vec<Layer> = (0..8).map(layer).collect();
    let reference = server.put(&Image::new(&layers), "a", "1");
    let slowly = Fault::Slowly(5_000, Duration::from_millis(30));
    server.breaks("/blobs/", slowly, layers.len() + 1);
    host.pull(&reference).unwrap();
    assert_eq!(server.most_at_once(), 3);
}

#[test]
fn two_at_once_download_once() {
    let (server, host) = (Server::start(), Host::new());
    let (image, layer) = image();
    let reference = server.put(&image, "a", "1");
    let by_digest = format!("{}/a@{}", server.host, image.digest());
    server.breaks(&layer, Fault::Slowly(50_000, Duration::from_millis(40)), 1);
    std::thread::scope(|scope| {
        for name in [&reference, &reference, &by_digest] {
            scope.spawn(|| host.environments().pull(name, &ignore).unwrap());
        }
    });
    assert_eq!(server.times_asked(&layer), 1);
}
