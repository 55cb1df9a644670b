//! The first exchange on every (re)connected channel. A channel is not a session: stale bytes of an
//! earlier one may still be in it, so both sides discard until they see the magic, and the
//! host until it also sees its own nonce.
//!
//! ```text
//! 8 bytes magic · 16 bytes nonce · 4 bytes length, little endian · JSON
//! ```

use crate::refusal::one_line;
use bytes::{Buf, BytesMut};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The protocol generation of this build.
pub const GENERATION: u32 = 5;
/// The oldest generation that this build still speaks.
pub const OLDEST: u32 = 1;
/// The port of the host that an agent calls where the channel is a virtio socket. Any number above
/// the privileged ones would do; both sides must agree.
pub const VSOCK_PORT: u32 = 1024;

/// Random bytes that make one handshake recognisable.
pub type Nonce = [u8; 16];

const FROM_HOST: [u8; 8] = *b"\xf7pyro>>\n";
const FROM_AGENT: [u8; 8] = *b"\xf7pyro<<\n";
const PREFIX: usize = 8 + 16;
/// The longest JSON part, in bytes.
const MAX_BODY: usize = 64 << 10;
/// How much stale data is discarded before giving up, in bytes: a virtio-serial port kept 960 KiB.
const MAX_STALE: usize = 8 << 20;

/// What the host says first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Newest generation the host speaks.
    pub generation: u32,
    /// Oldest generation the host speaks.
    pub oldest: u32,
    /// The host's version of pyro, for messages.
    pub pyro: String,
    /// Wall clock in nanoseconds since the Unix epoch; a restored guest's own is stale.
    pub unix_time_ns: u64,
    /// 32 random bytes for the guest's kernel: two restored guests would draw the same numbers.
    pub entropy: [u8; 32],
    /// The guest's host name.
    pub hostname: String,
}

/// What the agent answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// Newest generation the agent speaks.
    pub generation: u32,
    /// Oldest generation the agent speaks.
    pub oldest: u32,
    /// The agent's version of pyro, for messages.
    pub pyro: String,
    /// How the boot went.
    pub boot: Boot,
}

/// How the guest's boot went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Boot {
    /// The root file system is in place; requests are welcome.
    Ready {
        /// From the kernel's start to here, in microseconds.
        uptime_us: u64,
    },
    /// A step failed; nothing else can be asked of this guest.
    Failed(BootNote),
}

/// Why a machine did not come up: made where the failure happens, never guessed from text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootNote {
    /// The step that failed, such as `load_modules` or `mount_root`.
    pub stage: String,
    /// The `errno`, where there is one.
    pub errno: Option<i32>,
    /// One line for a person.
    pub message: String,
}

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub enum HandshakeError {
    /// The channel failed or ended.
    #[error("the channel to the agent ended during the handshake")]
    Channel(#[from] std::io::Error),
    /// The other side sent something else.
    #[error("the other side does not speak pyro's protocol ({0})")]
    Garbage(&'static str),
    /// No common generation.
    #[error(
        "the agent speaks protocol {agent_oldest} to {agent_newest}, this pyro {OLDEST} to {GENERATION}"
    )]
    NoCommonGeneration {
        /// The agent's oldest.
        agent_oldest: u32,
        /// The agent's newest.
        agent_newest: u32,
    },
}

/// The host's side: says hello, discards whatever is stale, and returns the agent's answer with
/// the bytes that followed it.
///
/// # Errors
/// [`HandshakeError`]; the caller adds the deadline.
pub async fn offer<C: AsyncRead + AsyncWrite + Unpin>(
    channel: &mut C,
    nonce: Nonce,
    hello: &Hello,
) -> Result<(Welcome, BytesMut), HandshakeError> {
    send(channel, FROM_HOST, nonce, hello).await?;
    let mut buffer = BytesMut::new();
    let mut expected = FROM_AGENT.to_vec();
    expected.extend_from_slice(&nonce);
    find(channel, &mut buffer, &expected).await?;
    let mut welcome: Welcome = body(channel, &mut buffer).await?;
    if let Boot::Failed(note) = &mut welcome.boot {
        (note.stage, note.message) = (one_line(&note.stage), one_line(&note.message));
    }
    if welcome.generation < OLDEST || GENERATION < welcome.oldest {
        return Err(HandshakeError::NoCommonGeneration {
            agent_oldest: welcome.oldest,
            agent_newest: welcome.generation,
        });
    }
    Ok((welcome, buffer))
}

/// The agent's side: waits for a hello and answers it.
///
/// # Errors
/// [`HandshakeError`].
pub async fn answer<C: AsyncRead + AsyncWrite + Unpin>(
    channel: &mut C,
    reply: impl FnOnce(&Hello) -> Welcome,
) -> Result<(Hello, BytesMut), HandshakeError> {
    let mut buffer = BytesMut::new();
    find(channel, &mut buffer, &FROM_HOST).await?;
    while buffer.len() < 16 {
        more(channel, &mut buffer).await?;
    }
    let mut nonce = [0; 16];
    buffer.copy_to_slice(&mut nonce);
    let hello = body(channel, &mut buffer).await?;
    let welcome = reply(&hello);
    send(channel, FROM_AGENT, nonce, &welcome).await?;
    Ok((hello, buffer))
}

async fn send<C: AsyncWrite + Unpin>(
    channel: &mut C,
    magic: [u8; 8],
    nonce: Nonce,
    value: &impl Serialize,
) -> Result<(), HandshakeError> {
    let json = serde_json::to_vec(value).map_err(std::io::Error::other)?;
    let length = u32::try_from(json.len()).map_err(std::io::Error::other)?;
    let mut out = Vec::with_capacity(PREFIX + 4 + json.len());
    out.extend_from_slice(&magic);
    out.extend_from_slice(&nonce);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&json);
    channel.write_all(&out).await?;
    channel.flush().await?;
    Ok(())
}

/// Discards up to and including the first occurrence of `marker`.
async fn find<C: AsyncRead + Unpin>(
    channel: &mut C,
    buffer: &mut BytesMut,
    marker: &[u8],
) -> Result<(), HandshakeError> {
    let mut discarded = 0;
    loop {
        if let Some(at) = buffer.windows(marker.len()).position(|w| w == marker) {
            buffer.advance(at + marker.len());
            return Ok(());
        }
        let stale = buffer.len().saturating_sub(marker.len() - 1);
        buffer.advance(stale);
        discarded += stale;
        if discarded > MAX_STALE {
            return Err(HandshakeError::Garbage("no greeting among its bytes"));
        }
        more(channel, buffer).await?;
    }
}

async fn body<C: AsyncRead + Unpin, T: DeserializeOwned>(
    channel: &mut C,
    buffer: &mut BytesMut,
) -> Result<T, HandshakeError> {
    while buffer.len() < 4 {
        more(channel, buffer).await?;
    }
    let length = buffer.get_u32_le() as usize;
    if length > MAX_BODY {
        return Err(HandshakeError::Garbage("its greeting is too long"));
    }
    while buffer.len() < length {
        more(channel, buffer).await?;
    }
    serde_json::from_slice(&buffer.split_to(length))
        .map_err(|_| HandshakeError::Garbage("its greeting cannot be read"))
}

async fn more<C: AsyncRead + Unpin>(
    channel: &mut C,
    buffer: &mut BytesMut,
) -> Result<(), HandshakeError> {
    buffer.reserve(16 << 10);
    if channel.read_buf(buffer).await? == 0 {
        return Err(HandshakeError::Channel(std::io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello() -> Hello {
        Hello {
            generation: GENERATION,
            oldest: OLDEST,
            pyro: "5.0.0".into(),
            unix_time_ns: 1,
            entropy: [7; 32],
            hostname: "box".into(),
        }
    }

    fn welcome(generation: u32, oldest: u32) -> Welcome {
        Welcome { generation, oldest, pyro: "5.0.0".into(), boot: Boot::Ready { uptime_us: 1 } }
    }

    #[tokio::test]
    async fn stale_bytes_on_both_sides_and_an_old_answer_are_discarded() {
        let (mut host, mut guest) = tokio::io::duplex(1 << 16);
        host.write_all(b"stale \xf7pyro> frames").await.unwrap();
        guest.write_all(&[0x55; 5000]).await.unwrap();
        send(&mut guest, FROM_AGENT, [9; 16], &welcome(77, 77)).await.unwrap();
        let agent = tokio::spawn(async move {
            answer(&mut guest, |_| welcome(GENERATION, OLDEST)).await.unwrap().0
        });
        let (got, rest) = offer(&mut host, [1; 16], &hello()).await.unwrap();
        assert_eq!((got, rest.len()), (welcome(GENERATION, OLDEST), 0));
        assert_eq!(agent.await.unwrap(), hello());
    }

    #[tokio::test]
    async fn an_agent_of_another_generation_is_named() {
        let (mut host, mut guest) = tokio::io::duplex(1 << 16);
        tokio::spawn(async move { answer(&mut guest, |_| welcome(9, 8)).await.map(drop) });
        let error = offer(&mut host, [1; 16], &hello()).await.unwrap_err();
        assert_eq!(error.to_string(), "the agent speaks protocol 8 to 9, this pyro 1 to 5");
    }

    #[tokio::test]
    async fn endless_garbage_ends_with_an_error_and_flat_memory() {
        let (mut host, mut guest) = tokio::io::duplex(1 << 16);
        tokio::spawn(async move { while guest.write_all(&[0xf7; 4096]).await.is_ok() {} });
        let error = offer(&mut host, [1; 16], &hello()).await.unwrap_err();
        assert!(matches!(error, HandshakeError::Garbage(_)), "{error}");
    }
}
