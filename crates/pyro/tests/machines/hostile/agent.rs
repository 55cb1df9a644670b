//! Agents that mean harm. Each behaviour is one function; which one a machine gets is written in the
//! file [`BEHAVIOUR`] of its home.

use super::wire::{Wire, failed, framed, ready, welcome};
use crate::host::Host;
use crate::host::roles::home_of;
use pyro_proto::frame::{FrameKind, MAX_DATA, MAX_MESSAGE};
use pyro_proto::handshake::{GENERATION, OLDEST};
use pyro_proto::mux::WINDOW;
use rustix::process::{Signal, getpid, kill_process};
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::pin::Pin;
use std::process::ExitCode;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::time::sleep;

type Acting<'a> = Pin<Box<dyn Future<Output = io::Result<()>> + 'a>>;
type Behaviour = for<'a> fn(&'a mut Wire) -> Acting<'a>;

/// Defines behaviours by name.
macro_rules! behaviours {
    ($($name:ident: |$wire:ident| $act:block)*) => {
        fn behaviour(name: &str) -> Option<Behaviour> {
            $(if name == stringify!($name) {
                return Some(|$wire| Box::pin(async move { $act Ok(()) }));
            })*
            None
        }
    };
}

/// The file in a home that names the behaviour of its machines' agents.
const BEHAVIOUR: &str = "behaviour";

/// Gives this host's machines an agent that behaves like that.
pub(super) fn make_hostile(host: &Host, behaviour: &str) {
    std::fs::write(host.home().join(BEHAVIOUR), behaviour).unwrap();
}

/// Whether the agent of the machine in `directory` is one of these.
pub(crate) fn is_hostile(directory: &Path) -> bool {
    home_of(directory).join(BEHAVIOUR).exists()
}

/// Plays the behaviour of this machine's home. Ends with success when the host is gone.
pub(crate) fn act(channel: OwnedFd, directory: &Path) -> ExitCode {
    let name = std::fs::read_to_string(home_of(directory).join(BEHAVIOUR)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let act = behaviour(&name).expect("a known behaviour");
    let acted = runtime.block_on(async { act(&mut Wire::over(channel)?).await });
    if acted.is_ok() { ExitCode::SUCCESS } else { ExitCode::from(3) }
}

behaviours! {
    // before the handshake
    dies_at_once: |_wire| { fail()?; }
    kills_itself_at_once: |_wire| { die(); }
    never_answers: |_wire| { forever().await; }
    closes_and_lives_on: |wire| {
        wire.close()?;
        forever().await;
    }
    greets_after_garbage: |wire| {
        wire.raw(&[0xf7; 100_000]).await?;
        obey(wire).await?;
    }
    babbles_for_ever: |wire| { wire.flood(&[0xf7; 4096]).await?; }
    trickles_a_greeting: |wire| {
        for byte in b"\xf7pyro<<\n".iter().cycle() {
            wire.raw(&[*byte]).await?;
            sleep(Duration::from_millis(100)).await;
        }
    }
    greets_another_host: |wire| {
        wire.raw(b"\xf7pyro<<\n0123456789abcdef\x02\0\0\0{}").await?;
        forever().await;
    }
    greets_by_half: |wire| {
        wire.greet_with(1000, b"{\"generation\":1,").await?;
        forever().await;
    }
    greets_with_two_megabytes: |wire| { wire.greet_with(2 << 20, &vec![b' '; 2 << 20]).await?; }
    greets_with_four_gigabytes: |wire| {
        wire.greet_with(u32::MAX, b"{").await?;
        forever().await;
    }
    greets_unreadably: |wire| { wire.greet_with(7, b"\xff{}[]\0!").await?; }
    greets_in_another_generation: |wire| {
        wire.greet_as(welcome(GENERATION + 8, OLDEST + 7, ready())).await?;
        forever().await;
    }
    reports_an_endless_boot_failure: |wire| {
        wire.greet_as(welcome(GENERATION, OLDEST, failed("mount_root", "\x1b[2J".repeat(5_000)))).await?;
        forever().await;
    }

    // between the handshake and the first request
    leaves_after_the_greeting: |wire| { wire.greet().await?; }
    kills_itself_after_the_greeting: |wire| {
        wire.greet().await?;
        die();
    }
    sends_garbage: |wire| {
        wire.greet().await?;
        wire.raw(&[0xf7; 64]).await?;
        forever().await;
    }
    claims_a_huge_frame: |wire| {
        wire.greet().await?;
        wire.raw(&[FrameKind::Data as u8, 0xff, 0xff, 0xff, 1, 0, 0, 0]).await?;
        forever().await;
    }
    sends_half_a_frame: |wire| {
        wire.greet().await?;
        let id = wire.request().await?;
        wire.raw(&framed(FrameKind::Message, id, &[b' '; 1000])[..500]).await?;
        forever().await;
    }
    opens_a_stream_of_the_hosts: |wire| {
        wire.greet().await?;
        wire.send(FrameKind::Open, 7, b"{}").await?;
        forever().await;
    }
    opens_streams_for_ever: |wire| {
        wire.greet().await?;
        for id in (2..).step_by(2) {
            wire.send(FrameKind::Open, id, b"{}").await?;
        }
    }
    sends_credit_for_nothing: |wire| {
        wire.greet().await?;
        let credits = framed(FrameKind::Credit, 4711, &1u32.to_le_bytes()).repeat(1000);
        wire.flood(&credits).await?;
    }

    // in answer to a command
    obeys_among_foreign_frames: |wire| {
        wire.greet().await?;
        let id = wire.request().await?;
        for stranger in [0, id + 1, id + 2, u32::MAX] {
            for kind in [FrameKind::Data, FrameKind::Message, FrameKind::Finish, FrameKind::Reset] {
                wire.send(kind, stranger, b"").await?;
            }
        }
        exit(wire, id, br#"{"code":7,"duration_us":1}"#).await?;
    }
    never_ends_the_command: |wire| {
        wire.greet().await?;
        forever().await;
    }
    trickles_a_frame: |wire| {
        wire.greet().await?;
        let id = wire.request().await?;
        for byte in &framed(FrameKind::Message, id, &[b' '; 1000]) {
            wire.raw(&[*byte]).await?;
            sleep(Duration::from_millis(100)).await;
        }
    }
    dies_in_the_command: |wire| {
        wire.greet().await?;
        wire.request().await?;
        fail()?;
    }
    kills_itself_in_the_command: |wire| {
        wire.greet().await?;
        wire.request().await?;
        die();
    }
    closes_in_the_command_and_lives_on: |wire| {
        wire.greet().await?;
        wire.request().await?;
        wire.close()?;
        forever().await;
    }
    finishes_without_an_exit: |wire| {
        wire.greet().await?;
        let id = wire.request().await?;
        wire.send(FrameKind::Finish, id, b"").await?;
        forever().await;
    }
    exits_unreadably: |wire| { exit_at_once(wire, b"\xff\xfe{").await?; }
    exits_with_another_type: |wire| { exit_at_once(wire, br#"{"code":"zero","duration_us":1}"#).await?; }
    exits_with_999: |wire| { exit_at_once(wire, br#"{"code":999,"duration_us":1}"#).await?; }
    exits_below_zero: |wire| { exit_at_once(wire, br#"{"code":-1,"duration_us":1}"#).await?; }
    exits_by_signal_900: |wire| {
        exit_at_once(wire, br#"{"code":1,"signal":900,"duration_us":1}"#).await?;
    }
    takes_eternity: |wire| {
        exit_at_once(wire, br#"{"code":0,"duration_us":18446744073709551615}"#).await?;
    }
    refuses_unreadably: |wire| {
        wire.greet().await?;
        let id = wire.request().await?;
        wire.send(FrameKind::Reset, id, &[0xff; MAX_MESSAGE]).await?;
        forever().await;
    }
    ignores_the_window: |wire| {
        wire.greet().await?;
        let id = wire.request().await?;
        wire.flood(&framed(FrameKind::Data, id, &[b'x'; MAX_DATA])).await?;
    }
    ignores_the_window_in_crumbs: |wire| {
        wire.greet().await?;
        let id = wire.request().await?;
        wire.flood(&framed(FrameKind::Data, id, b"x").repeat(1000)).await?;
    }
    grants_endless_credit: |wire| {
        wire.greet().await?;
        let id = wire.request().await?;
        wire.flood(&framed(FrameKind::Credit, id, &0xffff_u32.to_le_bytes())).await?;
    }
    sends_messages_for_ever: |wire| {
        wire.greet().await?;
        let id = wire.request().await?;
        wire.flood(&framed(FrameKind::Message, id, b"{}")).await?;
    }
    sends_large_messages_for_ever: |wire| {
        wire.greet().await?;
        let id = wire.request().await?;
        wire.flood(&framed(FrameKind::Message, id, &vec![b' '; MAX_MESSAGE])).await?;
    }
    wraps_its_output_in_large_messages: |wire| {
        wire.greet().await?;
        let id = wire.request().await?;
        let large = framed(FrameKind::Message, 4711, &vec![b' '; MAX_MESSAGE]);
        write_for_ever(wire, id, (16 << 10) + 1, &large).await?;
    }
    writes_for_ever: |wire| {
        wire.greet().await?;
        let id = wire.request().await?;
        write_for_ever(wire, id, MAX_DATA, b"").await?;
    }
    never_reads: |wire| {
        wire.greet().await?;
        forever().await;
    }

    // at the end
    outlives_its_channel: |wire| {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        wire.greet().await?;
        while terminate.recv().await.is_some() {}
    }
}

/// What an honest agent does with one command that succeeds.
async fn obey(wire: &mut Wire) -> io::Result<()> {
    exit_at_once(wire, br#"{"code":0,"duration_us":1}"#).await
}

async fn exit_at_once(wire: &mut Wire, message: &[u8]) -> io::Result<()> {
    wire.greet().await?;
    let id = wire.request().await?;
    exit(wire, id, message).await
}

async fn exit(wire: &mut Wire, id: u32, message: &[u8]) -> io::Result<()> {
    wire.send(FrameKind::Message, id, message).await?;
    wire.send(FrameKind::Finish, id, b"").await?;
    let mut ignored = [0; 4096];
    while wire.channel.read(&mut ignored).await? > 0 {}
    Ok(())
}

/// Writes chunks to stdout as fast as the window allows, and something else after each.
async fn write_for_ever(wire: &mut Wire, id: u32, chunk: usize, between: &[u8]) -> io::Result<()> {
    let bytes = framed(FrameKind::Data, id, &vec![b'x'; chunk]);
    let mut window = WINDOW;
    loop {
        while window < chunk {
            let frame = wire.next().await?;
            if frame.kind == FrameKind::Credit {
                window += u32::from_le_bytes(frame.payload[..].try_into().unwrap()) as usize;
            }
        }
        window -= chunk;
        wire.raw(&bytes).await?;
        wire.raw(between).await?;
    }
}

fn fail() -> io::Result<()> {
    Err(io::ErrorKind::Other.into())
}

fn die() {
    kill_process(getpid(), Signal::KILL).unwrap();
}

async fn forever() {
    std::future::pending::<()>().await;
}
