//! Writes frames to the channel: credits first, small frames together.

use super::{Control, Ended, Shared};
use bytes::BytesMut;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::io::{AsyncWrite, AsyncWriteExt, WriteHalf};
use tokio::sync::mpsc;

/// Frames up to this size are gathered into one write.
const GATHER: usize = 16 << 10;

pub(super) async fn run<C: AsyncWrite>(
    mut channel: WriteHalf<C>,
    mut ordered: mpsc::Receiver<BytesMut>,
    mut control: mpsc::UnboundedReceiver<Control>,
    shared: Arc<Shared>,
) {
    let mut end = shared.end.subscribe();
    let mut batch = VecDeque::new();
    let mut gathered = BytesMut::new();
    loop {
        tokio::select! {
            biased;
            _ = end.wait_for(Option::is_some) => return,
            Some(frame) = control.recv() => add(frame, &mut batch, &mut ordered, &shared),
            Some(frame) = ordered.recv() => batch.push_back(frame),
            else => return,
        }
        // whatever else waits already goes along
        while let Ok(frame) = control.try_recv() {
            add(frame, &mut batch, &mut ordered, &shared);
        }
        // more than one write's worth would only be memory
        let mut size: usize = batch.iter().map(BytesMut::len).sum();
        while size < GATHER
            && let Ok(frame) = ordered.try_recv()
        {
            size += frame.len();
            batch.push_back(frame);
        }
        let writing = write(&mut channel, &mut batch, &mut gathered);
        let written = tokio::select! {
            written = writing => written,
            _ = end.wait_for(Option::is_some) => return,
        };
        if let Err(e) = written {
            shared.finish_session(Ended::Failed(e.to_string()));
            return;
        }
    }
}

fn add(
    frame: Control,
    batch: &mut VecDeque<BytesMut>,
    ordered: &mut mpsc::Receiver<BytesMut>,
    shared: &Shared,
) {
    shared.waiting_control.fetch_sub(1, Ordering::Relaxed);
    match frame {
        Control::Credit(frame) => batch.push_front(frame),
        Control::Reset(frame) => {
            for _ in 0..ordered.len() {
                batch.extend(ordered.try_recv());
            }
            batch.push_back(frame);
        }
    }
}

async fn write<W: AsyncWrite + Unpin>(
    channel: &mut W,
    batch: &mut VecDeque<BytesMut>,
    gathered: &mut BytesMut,
) -> std::io::Result<()> {
    while let Some(frame) = batch.pop_front() {
        if frame.len() > GATHER {
            channel.write_all(&frame).await?;
            continue;
        }
        gathered.clear();
        gathered.extend_from_slice(&frame);
        while let Some(next) = batch.front()
            && gathered.len() + next.len() <= GATHER
        {
            gathered.extend_from_slice(next);
            batch.pop_front();
        }
        channel.write_all(gathered).await?;
    }
    channel.flush().await
}
