//! A Firecracker that does what a real one will not: the same command line, the same API, the same
//! virtio socket, and a fault at a chosen place. Which fault is the end of its program's name,
//! `firecracker-FAULT`: nothing else of the host can be seen from within the jail.

use crate::wire::Wire;
use pyro_proto::handshake::VSOCK_PORT;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};
use std::convert::Infallible;
use std::io;
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

/// Its exit status when it "dies".
pub(crate) const STATUS: u8 = 9;
/// What it says then, on its console.
pub(crate) const LAST_WORDS: &str = "the fake has had enough";
/// What it says when it refuses.
pub(crate) const REFUSAL: &str = "no such thing can be had";

/// The stages of the configuration, by the resource that is put.
const STAGES: [(&str, &str); 6] = [
    ("/machine-config", "machine_config"),
    ("/boot-source", "boot_source"),
    ("/drives/image", "drive_image"),
    ("/drives/disk", "drive_disk"),
    ("/vsock", "vsock"),
    ("/actions", "instance_start"),
];

/// Plays Firecracker where this process was started as one.
pub(crate) fn play() -> Option<ExitCode> {
    let mut arguments = std::env::args();
    let program = arguments.next()?;
    arguments.any(|argument| argument == "--api-sock").then_some(())?;
    let fault = program.rsplit_once("/firecracker-")?.1.to_owned();
    let socket = arguments.next()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    match runtime.block_on(misbehave(&fault, &socket)) {
        Ok(never) => match never {},
        Err(error) => {
            println!("{LAST_WORDS}: {error}");
            Some(ExitCode::from(STATUS))
        }
    }
}

async fn misbehave(fault: &str, socket: &str) -> io::Result<Infallible> {
    match fault {
        "dies_at_once" => return die(),
        "never_listens" => return forever().await,
        "listens_late" => tokio::time::sleep(Duration::from_millis(300)).await,
        _ => {}
    }
    if fault != "lacks_seccomp" {
        confine();
    }
    let listener = UnixListener::bind(socket)?;
    let (mut api, _) = listener.accept().await?;
    while let Some(path) = request(&mut api).await? {
        let stage = STAGES.iter().find(|(resource, _)| *resource == path).unwrap().1;
        match fault.split_once("_at_") {
            Some((fault, at)) if at == stage => fail(fault, &mut api).await?,
            _ => api.write_all(b"HTTP/1.1 204 \r\nServer: Firecracker API\r\n\r\n").await?,
        }
        if stage == "instance_start" {
            break;
        }
    }
    run_guest(fault).await
}

/// The faults that may come at any stage.
async fn fail(fault: &str, api: &mut UnixStream) -> io::Result<()> {
    match fault {
        "dies" => die().map(drop),
        "refuses" => {
            let body = format!("{{\"fault_message\": \"{REFUSAL}\"}}");
            let head = format!("HTTP/1.1 400 \r\nContent-Length: {}\r\n\r\n", body.len());
            api.write_all((head + &body).as_bytes()).await
        }
        "babbles" => {
            api.write_all(&[0xf7; 100]).await?;
            forever().await.map(drop)
        }
        "answers_without_end" => {
            while api.write_all(&[b'H'; 4096]).await.is_ok() {}
            forever().await.map(drop)
        }
        "closes_and_lives" => {
            api.shutdown().await?;
            forever().await.map(drop)
        }
        "stops_answering" => forever().await.map(drop),
        _ => panic!("{fault} is no fault"),
    }
}

/// What the guest does once it runs.
async fn run_guest(fault: &str) -> io::Result<Infallible> {
    match fault {
        "its_guest_never_calls" => {}
        "dies_with_its_guest" => return die(),
        "drops_every_call" => loop {
            drop(call().await?);
            tokio::time::sleep(Duration::from_millis(1)).await;
        },
        "drops_some_calls" => {
            for _ in 0..3 {
                drop(call().await?);
            }
            return serve(call().await?).await;
        }
        "hangs_the_first_call" => {
            let _silent = call().await?;
            return serve(call().await?).await;
        }
        "floods_its_console" => loop {
            println!("{}", "x".repeat(4096));
        },
        _ => return serve(call().await?).await,
    }
    forever().await
}

/// A connection of the guest to the host.
async fn call() -> io::Result<UnixStream> {
    UnixStream::connect(format!("vsock_{VSOCK_PORT}")).await
}

async fn serve(call: UnixStream) -> io::Result<Infallible> {
    let mut wire = Wire::over(OwnedFd::from(call.into_std()?))?;
    wire.greet().await?;
    loop {
        wire.next().await?;
    }
}

/// The path of the next request, which is read whole.
async fn request(api: &mut UnixStream) -> io::Result<Option<String>> {
    let mut text = Vec::new();
    loop {
        if api.read_buf(&mut text).await? == 0 {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&text);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
        if body.len() == length.parse::<usize>().unwrap() {
            return Ok(head.split(' ').nth(1).map(str::to_owned));
        }
    }
}

/// As the official builds do, only that everything is allowed.
fn confine() {
    let here = std::env::consts::ARCH.try_into().unwrap();
    let unlike = SeccompAction::Errno(1);
    let filter = SeccompFilter::new([].into(), SeccompAction::Allow, unlike, here).unwrap();
    let program: BpfProgram = filter.try_into().unwrap();
    apply_filter(&program).unwrap();
}

fn die() -> io::Result<Infallible> {
    Err(io::Error::other("as planned"))
}

async fn forever() -> io::Result<Infallible> {
    std::future::pending().await
}
