//! Carries what a terminal shows to the host, byte for byte. A slow host fills the terminal and so slows
//! the programs; nothing is stored here.

use super::terminal::Handle;
use bytes::BytesMut;
use pyro_proto::Refusal;
use pyro_proto::frame::{Lane, MAX_DATA};
use pyro_proto::mux::Sender;
use rustix::process::WaitStatus;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::oneshot;

/// More than a terminal holds: 64 KiB (`TTYB_DEFAULT_MEM_LIMIT` in `drivers/tty/tty_buffer.c`) and a
/// page.
const MAX_REST: usize = 128 << 10;

/// Sends what the terminal shows until the shell has ended, then what is still in it, but waits for
/// nobody who could write more. Returns how the shell ended.
///
/// # Errors
/// Why the stream is over.
pub(super) async fn carry<R: AsyncRead + Unpin>(
    sender: &mut Sender,
    mut screen: R,
    terminal: &Handle,
    mut exit: oneshot::Receiver<WaitStatus>,
) -> Result<WaitStatus, Refusal> {
    let mut buffer = BytesMut::with_capacity(MAX_DATA);
    let mut shows = true;
    let status = loop {
        buffer.clear();
        buffer.reserve(MAX_DATA);
        tokio::select! {
            read = screen.read_buf(&mut buffer), if shows => match read {
                Ok(1..) => sender.send(Lane::Main, &buffer).await?,
                _ => shows = false,
            },
            status = &mut exit => break status.map_err(|_| Refusal::disconnected())?,
        }
    };
    send_rest(sender, terminal).await?;
    Ok(status)
}

/// Asks the kernel itself, which says at once where there is nothing more: the runtime may not have heard
/// yet of what was written last.
async fn send_rest(sender: &mut Sender, terminal: &Handle) -> Result<(), Refusal> {
    let mut buffer = vec![0; MAX_DATA];
    let mut sent = 0;
    while sent < MAX_REST {
        // a terminal that nobody has open any more is an error
        let read = terminal.read(&mut buffer).unwrap_or(0);
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        sender.send(Lane::Main, bytes).await?;
        sent += read;
    }
    Ok(())
}
