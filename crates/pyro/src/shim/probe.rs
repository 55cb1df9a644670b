//! Looks whether a service is ready, again and again until it is or its time is over. Each look is made in the
//! guest, whose answer is its own word: it says when work can begin, and protects nobody.

use super::connect::connect;
use crate::service::{Order, Probe, Url};
use bytes::BytesMut;
use pyro_proto::frame::Lane;
use pyro_proto::mux::{Item, Session};
use pyro_proto::request::{Exec, ExecExit, Request};
use pyro_proto::{GuestPath, Refusal, RefusalCode};
use std::time::Duration;
use tokio::time::Instant;

/// How long one look may take.
const LOOK: Duration = Duration::from_secs(10);
/// The longest first line of an answer over HTTP, in bytes.
const MAX_STATUS_LINE: usize = 1024;

/// Done when the service is ready: at once where nothing is to be looked at. Otherwise what the last look saw.
pub(super) async fn until_ready(order: &Order, guest: &Session) -> Result<(), String> {
    let Some(readiness) = &order.readiness else { return Ok(()) };
    let deadline = Instant::now() + readiness.timeout();
    loop {
        let limit = (Instant::now() + LOOK).min(deadline);
        let seen = match tokio::time::timeout_at(limit, look(&readiness.probe, order, guest)).await
        {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(seen)) => seen,
            Err(_) => "no answer in time".to_owned(),
        };
        let next = Instant::now() + readiness.interval();
        if next >= deadline {
            tokio::time::sleep_until(deadline).await;
            return Err(seen);
        }
        tokio::time::sleep_until(next).await;
    }
}

async fn look(probe: &Probe, order: &Order, guest: &Session) -> Result<(), String> {
    match probe {
        Probe::File { path } => file(path, guest).await,
        Probe::Tcp { address } => {
            let (host, port) = Probe::tcp(address).map_err(|error| error.to_string())?;
            connect(guest, &host, port).await.map(drop).map_err(|refusal| refusal.message)
        }
        Probe::Http { url } => {
            let url = Url::parse(url).map_err(|error| error.to_string())?;
            match status(&url, guest).await.map_err(|refusal| refusal.message)? {
                200..=399 => Ok(()),
                status => Err(format!("HTTP status {status}")),
            }
        }
        Probe::Command { command } => self::command(command, order, guest).await,
    }
}

async fn file(path: &GuestPath, guest: &Session) -> Result<(), String> {
    let stat = async {
        let mut stream = guest.open(&Request::Stat { path: path.clone() }).await?;
        match stream.receiver.next().await {
            Item::Message(_) => Ok(()),
            Item::Reset(refusal) => Err(refusal),
            Item::Data(..) | Item::Finish => Err(nonsense("not an answer about a file")),
        }
    };
    stat.await.map_err(|refusal| match refusal.code {
        RefusalCode::NotFound => format!("there is no {path}"),
        _ => refusal.message,
    })
}

/// The status that a server answers a GET with. No redirection is followed.
async fn status(url: &Url, guest: &Session) -> Result<u16, Refusal> {
    let mut stream = connect(guest, &url.host, url.port).await?;
    let question = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: pyro\r\nAccept: */*\r\nConnection: close\r\n\r\n",
        url.target, url.authority
    );
    stream.sender.send(Lane::Main, question.as_bytes()).await?;
    let mut line = BytesMut::new();
    while !line.contains(&b'\n') {
        match stream.receiver.next().await {
            Item::Data(_, bytes) if line.len() < MAX_STATUS_LINE => line.extend_from_slice(&bytes),
            Item::Reset(refusal) => return Err(refusal),
            _ => return Err(nonsense("not an answer in HTTP")),
        }
    }
    status_of(&line).ok_or_else(|| nonsense("not an answer in HTTP"))
}

/// Of `HTTP/1.1 200 OK` (RFC 9112, 4).
fn status_of(line: &[u8]) -> Option<u16> {
    let rest = line.strip_prefix(b"HTTP/1.")?;
    let (status, after) = rest.get(1..)?.strip_prefix(b" ")?.split_at_checked(3)?;
    let ends = matches!(after.first(), Some(b' ' | b'\r' | b'\n'));
    let is_number = ends && status.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(status).ok()?.parse().ok().filter(|_| is_number)
}

/// Runs a command as the service runs, and throws away what it writes.
async fn command(command: &str, order: &Order, guest: &Session) -> Result<(), String> {
    let timeout_ms = u64::try_from(LOOK.as_millis()).ok();
    let exec =
        Exec { command: command.to_owned(), timeout_ms, service: false, ..order.exec.clone() };
    let run = async {
        let mut stream = guest.open(&Request::Exec(exec)).await?;
        stream.sender.finish().await?;
        loop {
            match stream.receiver.next().await {
                Item::Data(..) => {}
                Item::Message(json) => {
                    return serde_json::from_slice::<ExecExit>(&json)
                        .map_err(|_| nonsense("an exit message that cannot be read"));
                }
                Item::Reset(refusal) => return Err(refusal),
                Item::Finish => return Err(nonsense("a command ended without its exit")),
            }
        }
    };
    match run.await {
        Ok(ExecExit { code: 0, .. }) => Ok(()),
        Ok(exit) => Err(format!("the command ended with exit code {}", exit.code)),
        Err(refusal) => Err(refusal.message),
    }
}

fn nonsense(what: &str) -> Refusal {
    Refusal::new(RefusalCode::Failed, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_read_from_the_first_line_alone() {
        assert_eq!(status_of(b"HTTP/1.1 200 OK\r\nX: y\r\n"), Some(200));
        assert_eq!(status_of(b"HTTP/1.0 302\r\n"), Some(302));
        for bad in [
            &b"SSH-2.0-x\r\n"[..],
            b"HTTP/1.1 20\r\n",
            b"HTTP/1.1 2000 OK\n",
            b"HTTP/1.1 +20 x\n",
            b"",
        ] {
            assert_eq!(status_of(bad), None, "{}", String::from_utf8_lossy(bad));
        }
    }
}
