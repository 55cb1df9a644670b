//! Measures a running agent: `drive SOCKET`, where SOCKET is the Unix socket of the machine's
//! channel (QEMU: `-chardev socket,path=SOCKET,server=on`). Prints one number per line.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::cast_precision_loss)] // a failed step ends the measurement

use pyro_proto::frame::Lane;
use pyro_proto::handshake::{self, GENERATION, Hello, OLDEST};
use pyro_proto::mux::{Item, Session, Side, Stream};
use pyro_proto::request::{Exec, Request};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::net::UnixStream;

const ROUNDS: usize = 15;
/// What the agent's way out is compared with.
const PIPE: &str = "head -c 64M /dev/zero | cat >/dev/null";
/// The guest's own cost of what `exec true` does, ten times over.
const LOGINS: &str = "for i in 1 2 3 4 5 6 7 8 9 10; do /bin/sh -lc true; done";
/// What a guest should look like.
const SHOWN: &str =
    "uname -r; id; hostname; date; cat /proc/mounts; cat /sys/class/net/lo/operstate; env";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let socket = std::env::args().nth(1).unwrap();
    let start = Instant::now();
    let mut channel = connect(&socket).await;
    let (welcome, early) = handshake::offer(&mut channel, [5; 16], &hello()).await.unwrap();
    println!("welcome after {:?}: {:?}", start.elapsed(), welcome.boot);
    let (session, _) = Session::start(channel, Side::Host, early, 0);
    let shown = std::env::args().nth(2).unwrap_or_else(|| SHOWN.into());
    println!("{}", output(&session, &shown).await);
    println!("echo round trip: {:?}", median(async || echo(&session).await).await);
    let before = on_cpu(&session).await;
    let taken = median(async || drop(output(&session, "true").await)).await;
    let agent = (on_cpu(&session).await - before) / (ROUNDS as u64 + 1);
    println!("exec true: {taken:?}, of it {} us on the agent's CPU", agent / 1000);
    println!("the guest's own ten logins: {:?}", took(&session, LOGINS).await);
    println!("64 MiB through the guest's own pipe: {:?}", took(&session, PIPE).await);
    let start = Instant::now();
    let mut stream = exec(&session, "head -c 64M /dev/zero").await;
    let mut bytes = 0usize;
    while let Item::Data(_, data) = stream.receiver.next().await {
        bytes += data.len();
    }
    println!("the same over the channel: {:?} for {bytes} bytes", start.elapsed());
    println!(
        "{}",
        output(
            &session,
            "grep -E 'VmHWM|VmRSS|Threads' /proc/1/status; ls /sys/fs/cgroup/pyro | grep -c exec"
        )
        .await
    );
    let start = Instant::now();
    let mut stream = timed(&session, "sleep 100 & setsid sleep 100 & sleep 100").await;
    while !matches!(stream.receiver.next().await, Item::Finish) {}
    println!("timeout of 200 ms after {:?}", start.elapsed());
    println!("{}", output(&session, "ps -e -o pid,ppid,stat,args 2>/dev/null | grep -v '\\[' ; ls /sys/fs/cgroup/pyro | grep exec").await);
    session.open(&Request::PowerOff).await.unwrap();
    let start = Instant::now();
    println!("{:?} {:?} after power off", session.ended().await, start.elapsed());
}

async fn connect(socket: &str) -> UnixStream {
    loop {
        match UnixStream::connect(socket).await {
            Ok(channel) => return channel,
            Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    }
}

async fn median(step: impl AsyncFn()) -> Duration {
    let mut took = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        step().await;
        took.push(start.elapsed());
    }
    took.sort();
    took[took.len() / 2]
}

/// Nanoseconds that PID 1 has run: the first number of `/proc/1/schedstat`.
async fn on_cpu(session: &Session) -> u64 {
    let text = output(session, "cat /proc/1/schedstat").await;
    text.split(' ').next().unwrap().parse().unwrap()
}

async fn took(session: &Session, command: &str) -> Duration {
    let start = Instant::now();
    output(session, command).await;
    start.elapsed()
}

async fn echo(session: &Session) {
    let mut stream = session.open(&Request::Echo).await.unwrap();
    stream.sender.send(Lane::Main, b"x").await.unwrap();
    stream.sender.finish().await.unwrap();
    while !matches!(stream.receiver.next().await, Item::Finish) {}
}

async fn output(session: &Session, command: &str) -> String {
    let mut stream = exec(session, command).await;
    let mut text = String::new();
    loop {
        match stream.receiver.next().await {
            Item::Data(_, data) => text.push_str(&String::from_utf8_lossy(&data)),
            Item::Message(message) => text.push_str(&String::from_utf8_lossy(&message)),
            _ => return text,
        }
    }
}

async fn exec(session: &Session, command: &str) -> Stream {
    run(session, command, None).await
}

async fn timed(session: &Session, command: &str) -> Stream {
    run(session, command, Some(200)).await
}

async fn run(session: &Session, command: &str, timeout_ms: Option<u64>) -> Stream {
    let exec = Exec {
        command: command.to_owned(),
        cwd: None,
        env: Vec::new(),
        user: None,
        stdin: false,
        timeout_ms,
        sync: false,
        service: false,
    };
    session.open(&Request::Exec(exec)).await.unwrap()
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
