//! An export that comes as an archive: whoever reads from the guest hands on what comes.

use super::unpack::unpack;
use super::{ExportError, Exported, Making, Plan};
use bytes::Bytes;
use pyro_proto::mux::{Feed, content};

/// Pieces under way. With the size of a frame this bounds the memory.
const WAITING: usize = 16;

/// An export under way. Dropping it ends it: when that returns, nothing of it is there.
#[derive(Debug)]
pub struct Receiving {
    // dropped first: the thread waits for what comes
    feed: Feed,
    making: Making<ExportError>,
}

impl Receiving {
    /// Begins. What is at the target must not be there, unless it is to be replaced.
    ///
    /// # Errors
    /// If it is there, or no thread can be started.
    pub fn begin(plan: Plan) -> Result<Self, ExportError> {
        let (feed, content) = content(WAITING);
        let making = Making::begin(plan, move |maker| unpack(content, maker))?;
        Ok(Self { feed, making })
    }

    /// Takes the next piece of the archive; false where no more is wanted, because something is wrong.
    pub async fn take(&self, piece: Bytes) -> bool {
        self.feed.pass(piece).await
    }

    /// Ends it: the guest has sent all. When this returns, all of it is there and on the disk.
    ///
    /// # Errors
    /// Why nothing was exported.
    pub async fn complete(self) -> Result<Exported, ExportError> {
        self.feed.finish().await;
        self.making.complete().await
    }
}
