//! Measures how fast a running agent finds what changed: `compare SOCKET TAR`, where SOCKET is the
//! Unix socket of the machine's channel (QEMU: `-chardev socket,path=SOCKET,server=on`) and TAR holds
//! a git repository, or is `-` where the machine's disk has it already. Unpacks it to `/workspace`, changes ten files, and compares with the manifest
//! and by `git status`, in turns. At last it freezes the disk and looks whether that holds.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // a failed step ends the measurement

use pyro_proto::frame::Lane;
use pyro_proto::handshake::{self, GENERATION, Hello, OLDEST};
use pyro_proto::mux::{Item, Session, Side, Stream};
use pyro_proto::request::{Exec, ExecExit, Request};
use pyro_proto::tree::{ChangesDone, Frozen, ManifestTaken, Thawed};
use serde::de::DeserializeOwned;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::net::UnixStream;

const ROUNDS: usize = 9;
/// CPU time of the agent in hundredths of a second, `proc_pid_stat(5)`.
const TICKS: &str = "cut -d' ' -f14,15 /proc/1/stat";
/// Ten files from everywhere.
const CHANGE: &str = "cd /workspace && git ls-files | awk 'NR % 9973 == 1 && n++ < 10' | \
                      while read f; do echo more >>$f; done; git status --short | wc -l";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let (socket, tar) = (arguments.next().unwrap(), arguments.next().unwrap());
    let mut channel = connect(&socket).await;
    let (_, early) = handshake::offer(&mut channel, [5; 16], &hello()).await.unwrap();
    let (session, _) = Session::start(channel, Side::Host, early, 0);
    if tar != "-" {
        let start = Instant::now();
        unpack(&session, &tar).await;
        println!("unpacked and synced in {:?}", start.elapsed());
    }
    println!(
        "git status with a cold index: {:?}",
        exec(&session, "cd /workspace && git status").await
    );
    let start = Instant::now();
    let taken: ManifestTaken = ask(&session, &Request::TakeManifest).await;
    println!("{taken:?} in {:?}", start.elapsed());
    exec(&session, CHANGE).await;
    let (mut ours, mut theirs, mut nothing) = (Vec::new(), Vec::new(), Vec::new());
    println!("ticks of PID 1, user and system: {}", output(&session, TICKS).await.0);
    for _ in 0..ROUNDS {
        ours.push(changes(&session, &taken).await);
        theirs.push(exec(&session, "cd /workspace && git status --porcelain").await);
        nothing.push(exec(&session, "true").await);
    }
    println!(
        "changes {:?}, git status {:?}, true {:?}",
        median(ours),
        median(theirs),
        median(nothing)
    );
    println!("after as many rounds: {}", output(&session, TICKS).await.0);
    println!(
        "git status: {}",
        output(&session, "cd /workspace; git status -s >/dev/null; times").await.0
    );
    freeze(&session).await;
    println!("{}", output(&session, "grep VmHWM /proc/1/status").await.0);
    session.open(&Request::PowerOff).await.unwrap();
    println!("{:?} after power off", session.ended().await);
}

async fn unpack(session: &Session, tar: &str) {
    let request = Request::WriteTree { path: "/workspace".into(), replace: false };
    let mut stream = session.open(&request).await.unwrap();
    stream.sender.send(Lane::Main, &std::fs::read(tar).unwrap()).await.unwrap();
    stream.sender.finish().await.unwrap();
    println!("{:?}", stream.receiver.next().await);
}

async fn changes(session: &Session, taken: &ManifestTaken) -> Duration {
    let start = Instant::now();
    let request = Request::Changes { checksum: Some(taken.checksum.clone()), limit: 1000 };
    let done: ChangesDone = ask(session, &request).await;
    assert_eq!((done.changes, done.git_metadata_changed), (10, false));
    start.elapsed()
}

/// A write waits for the thaw; a command that only reads does not.
async fn freeze(session: &Session) {
    let start = Instant::now();
    let mut stream = session.open(&Request::Freeze { limit_ms: 10_000 }).await.unwrap();
    let Frozen {} = message(&mut stream).await;
    println!("frozen in {:?}", start.elapsed());
    let request = exec_of("echo x >/workspace/late; sync; date +%s.%N");
    let mut writing = session.open(&request).await.unwrap();
    println!(
        "a reader during the freeze: {:?}",
        exec(session, "cat /workspace/late || true").await
    );
    let waited = tokio::time::timeout(Duration::from_millis(500), writing.receiver.next()).await;
    assert!(waited.is_err(), "a frozen disk was written: {waited:?}");
    let start = Instant::now();
    stream.sender.finish().await.unwrap();
    let Thawed { in_time } = message(&mut stream).await;
    println!("thawed in {:?}, in time: {in_time}", start.elapsed());
    let (written, _) = collect(&mut writing).await;
    assert!(!written.is_empty());
    // one who thaws behind our back is noticed, and so is the limit
    let mut stream = session.open(&Request::Freeze { limit_ms: 200 }).await.unwrap();
    let Frozen {} = message(&mut stream).await;
    println!(
        "a writer until the limit: {:?}",
        exec(session, "echo y >/workspace/late; sync").await
    );
    stream.sender.finish().await.unwrap();
    println!("{:?} after the limit", message::<Thawed>(&mut stream).await);
    let mut stream = session.open(&Request::Freeze { limit_ms: 10_000 }).await.unwrap();
    let Frozen {} = message(&mut stream).await;
    let thaw =
        "perl -e 'open(my $f, \"<\", \"/workspace\"); print ioctl($f, 0xC0045878, 0) ? 1 : $!'";
    println!("a guest thaws: {}", output(session, thaw).await.0);
    stream.sender.finish().await.unwrap();
    println!("{:?} after that", message::<Thawed>(&mut stream).await);
    // a host that goes away thaws
    let mut stream = session.open(&Request::Freeze { limit_ms: 60_000 }).await.unwrap();
    let Frozen {} = message(&mut stream).await;
    drop(stream);
    println!("a writer after a reset: {:?}", exec(session, "echo z >/workspace/late; sync").await);
    let start = Instant::now();
    let request = Request::Exec(Exec { sync: true, ..exec_fields("echo z >/root/f") });
    collect(&mut session.open(&request).await.unwrap()).await;
    println!("a command with sync: {:?}", start.elapsed());
}

async fn ask<T: DeserializeOwned>(session: &Session, request: &Request) -> T {
    let mut stream = session.open(request).await.unwrap();
    loop {
        match stream.receiver.next().await {
            Item::Data(..) => {}
            Item::Message(message) => return serde_json::from_slice(&message).unwrap(),
            other => panic!("{other:?}"),
        }
    }
}

async fn message<T: DeserializeOwned>(stream: &mut Stream) -> T {
    match stream.receiver.next().await {
        Item::Message(message) => serde_json::from_slice(&message).unwrap(),
        other => panic!("{other:?}"),
    }
}

async fn exec(session: &Session, command: &str) -> Duration {
    output(session, command).await.1
}

async fn output(session: &Session, command: &str) -> (String, Duration) {
    let mut stream = session.open(&exec_of(command)).await.unwrap();
    collect(&mut stream).await
}

/// What it wrote to stdout, and how long it took in the guest.
async fn collect(stream: &mut Stream) -> (String, Duration) {
    let mut text = String::new();
    loop {
        match stream.receiver.next().await {
            Item::Data(_, data) => text.push_str(&String::from_utf8_lossy(&data)),
            Item::Message(message) => {
                let exit: ExecExit = serde_json::from_slice(&message).unwrap();
                assert_eq!(exit.code, 0, "{text}");
                return (text, Duration::from_micros(exit.duration_us));
            }
            other => panic!("{other:?}"),
        }
    }
}

fn exec_of(command: &str) -> Request {
    Request::Exec(exec_fields(command))
}

fn exec_fields(command: &str) -> Exec {
    Exec {
        command: command.to_owned(),
        cwd: None,
        env: Vec::new(),
        user: None,
        stdin: false,
        timeout_ms: Some(600_000),
        sync: false,
        service: false,
    }
}

fn median(mut took: Vec<Duration>) -> Duration {
    took.sort();
    took[took.len() / 2]
}

async fn connect(socket: &str) -> UnixStream {
    loop {
        match UnixStream::connect(socket).await {
            Ok(channel) => return channel,
            Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    }
}

fn hello() -> Hello {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Hello {
        generation: GENERATION,
        oldest: OLDEST,
        pyro: env!("CARGO_PKG_VERSION").into(),
        unix_time_ns: u64::try_from(now.as_nanos()).unwrap(),
        entropy: [42; 32],
        hostname: "box".into(),
    }
}
