//! The root of the machine on its way into the image.

use crate::certificates::{Given, anchor_directories};
use crate::environment::{Root, Site, Traces};
use crate::error::Result;
use crate::event::Observer;
use crate::guest::{Bounds, GuestError, files, transfer};
use crate::vm::Vm;
use pyro_proto::RefusalCode;
use pyro_proto::mux::content;
use pyro_proto::request::Request;
use tokio::runtime::Runtime;

/// Pieces that wait between the machine and the image.
const WAITING: usize = 8;
/// The anchors that a guest may have been given, and some of its own.
const ANCHORS: Bounds = Bounds { items: 4096, bytes: 4 << 20 };

/// Which certificates the machine was given that its image lacked.
pub(super) async fn given(vm: &Vm) -> Result<Given> {
    let mut given = Given::default();
    for directory in anchor_directories() {
        let request =
            Request::List { path: directory.into(), recursive: false, limit: ANCHORS.items };
        match files::list(vm.shim.guest(request).await?, ANCHORS).await {
            Ok(listing) => {
                for entry in listing.entries {
                    let path = entry.path.as_bytes();
                    given.note(path.rsplit(|byte| *byte == b'/').next().unwrap_or(path));
                }
            }
            Err(GuestError::Refused(refusal)) if refusal.code == RefusalCode::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(given)
}

/// Writes the image while the machine sends its root.
pub(super) fn take(
    runtime: &Runtime,
    vm: &Vm,
    site: &Site,
    traces: &Traces,
    observer: Observer<'_>,
) -> Result<Root> {
    let (feed, content) = content(WAITING);
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| site.write(content, traces, observer));
        let sent = runtime.block_on(async {
            let stream = vm.shim.guest(Request::ReadRoot).await?;
            transfer::hand_on(stream, |piece| feed.pass(piece)).await?;
            feed.finish().await;
            Ok(())
        });
        let written = writing.join().unwrap_or_else(|broken| std::panic::resume_unwind(broken));
        // where the machine broke off, its word explains more than a root without an end
        sent.and_then(|()| Ok(written?))
    })
}
