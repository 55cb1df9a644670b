//! The guest's name server: what may be reached has an address, everything else does not exist. It answers
//! under whatever address it was asked, over UDP and TCP.

use super::BREATH;
use super::dns::{self, Question, Record, Trouble};
use super::names::Meaning;
use super::uplink::Uplink;
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrIn, recvmsg, sendmsg,
};
use pyro_proto::RefusalCode;
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::Semaphore;

/// The port of name service.
pub(super) const PORT: u16 = 53;
/// Questions that may be answered at the same time; what comes beyond is forgotten, as a network would.
const MAX_QUESTIONS: usize = 64;
/// The longest question over UDP: RFC 6891 has them ask with a few bytes more than RFC 1035's 512.
const MAX_DATAGRAM: usize = 1232;

/// A question over UDP, and what it takes to answer it.
#[derive(Debug)]
struct Asked {
    message: Vec<u8>,
    from: SockaddrIn,
    /// The address that was asked, and the interface (`struct in_pktinfo`).
    at: nix::libc::in_pktinfo,
}

/// Answers over UDP as long as the machine lives.
pub(super) async fn answer_datagrams(socket: UdpSocket, uplink: Arc<Uplink>) {
    let socket = Arc::new(socket);
    let places = Arc::new(Semaphore::new(MAX_QUESTIONS));
    loop {
        let received = socket.async_io(Interest::READABLE, || receive(&socket)).await;
        let asked = match received {
            Ok(Some(asked)) => asked,
            Ok(None) => continue,
            Err(_) => {
                tokio::time::sleep(BREATH).await;
                continue;
            }
        };
        let Ok(place) = places.clone().try_acquire_owned() else { continue };
        let (socket, uplink) = (socket.clone(), uplink.clone());
        tokio::spawn(async move {
            let _place = place;
            if let Some(answer) = answer(&asked.message, &uplink).await {
                // a client that is gone asks nobody again
                let _ =
                    socket.async_io(Interest::WRITABLE, || send(&socket, &answer, &asked)).await;
            }
        });
    }
}

/// Answers over one TCP connection until its client has no more questions: each message has its length
/// before it.
pub(super) async fn serve(mut client: TcpStream, uplink: &Uplink) {
    while let Ok(length) = client.read_u16().await {
        let mut message = vec![0; usize::from(length)];
        if client.read_exact(&mut message).await.is_err() {
            return;
        }
        let Some(answer) = answer(&message, uplink).await else { return };
        let length = u16::try_from(answer.len()).unwrap_or(0).to_be_bytes();
        if client.write_all(&[&length, &answer[..]].concat()).await.is_err() {
            return;
        }
    }
}

async fn answer(message: &[u8], uplink: &Uplink) -> Option<Vec<u8>> {
    Some(match dns::read(message)? {
        Ok(question) => {
            let known = known(&question, uplink).await;
            dns::answer(message, Ok(&question), known)
        }
        Err(trouble) => dns::answer(message, Err(trouble), Err(trouble)),
    })
}

async fn known(question: &Question, uplink: &Uplink) -> Result<Record, Trouble> {
    if question.is_loopback() {
        return Ok(Record::Loopback);
    }
    if let Some(address) = question.address() {
        return match uplink.names().meaning(address) {
            Meaning::Name(name) => Ok(Record::Name(name.as_ref().to_owned())),
            Meaning::Nothing | Meaning::Itself => Err(Trouble::NoSuchName),
        };
    }
    match uplink.look_up(&question.name).await {
        Ok(Some(address)) => Ok(Record::Address(address)),
        Ok(None) => Err(Trouble::NoSuchName),
        // clients ask again after this one, and some of them for long
        Err(refusal) if refusal.code == RefusalCode::TooMany => Err(Trouble::Unanswered),
        Err(_) => Err(Trouble::NoSuchName),
    }
}

/// None for what is no datagram of IPv4 with an address.
fn receive(socket: &UdpSocket) -> std::io::Result<Option<Asked>> {
    let mut message = vec![0; MAX_DATAGRAM];
    let mut control = nix::cmsg_space!(nix::libc::in_pktinfo);
    let mut into = [IoSliceMut::new(&mut message)];
    let flags = MsgFlags::MSG_DONTWAIT;
    let received = recvmsg::<SockaddrIn>(socket.as_raw_fd(), &mut into, Some(&mut control), flags)?;
    let (length, from) = (received.bytes, received.address);
    let at = received.cmsgs()?.find_map(|control| match control {
        ControlMessageOwned::Ipv4PacketInfo(at) => Some(at),
        _ => None,
    });
    message.truncate(length);
    Ok(from.zip(at).map(|(from, at)| Asked { message, from, at }))
}

fn send(socket: &UdpSocket, answer: &[u8], asked: &Asked) -> std::io::Result<()> {
    let mut at = asked.at;
    // the answer comes from where the question went
    at.ipi_spec_dst = at.ipi_addr;
    at.ipi_ifindex = 0;
    let control = [ControlMessage::Ipv4PacketInfo(&at)];
    let parts = [IoSlice::new(answer)];
    let flags = MsgFlags::MSG_DONTWAIT;
    sendmsg(socket.as_raw_fd(), &parts, &control, flags, Some(&asked.from))?;
    Ok(())
}
