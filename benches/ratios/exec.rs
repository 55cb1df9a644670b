//! One command in a running machine, beside a byte that goes to the agent and back.

use crate::table::{Bound, Table, median, milliseconds, seconds};
use crate::user::User;
use pyro::shim::{Client, MachineDirectory};
use pyro::vm::{Exec, ExecExit, Output, Vm, VmSpec};
use pyro_proto::frame::Lane;
use pyro_proto::mux::{Item, Stream};
use pyro_proto::request::Request;
use std::time::{Duration, Instant};

const PAIRS: usize = 100;
const MOST: f64 = 3.0;
/// What the agent starts for `true`, 50 times, by a shell: nanoseconds each.
const IN_THE_GUEST: &str = "s=$(date +%s%N); i=0; while [ $i -lt 50 ]; do /bin/sh -lc true; \
                            i=$((i+1)); done; e=$(date +%s%N); echo $(((e-s)/51))";

pub(crate) fn measure(user: &User, table: &mut Table) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let vm = Vm::start(&user.config, &VmSpec::default(), &pyro::event::ignore).await.unwrap();
        let directory = user.config.paths.machines().join(&vm.facts().vm_id);
        let shim = Client::connect(MachineDirectory::existing(directory)).unwrap();
        let (mut execs, mut guests, mut ours) = (Vec::new(), Vec::new(), Vec::new());
        let (mut echoes, mut own) = (Vec::new(), Vec::new());
        // the guest's page cache and both ends' buffers are warm before the first pair
        for _ in 0..10 {
            let _ = (output(&vm, "true").await, echo(&shim).await);
        }
        for pair in 0..PAIRS {
            let (whole, in_the_guest) = exec_true(&vm).await;
            execs.push(whole);
            guests.push(in_the_guest);
            ours.push(whole - in_the_guest);
            echoes.push(echo(&shim).await);
            if pair % 20 == 0 {
                own.push(output(&vm, IN_THE_GUEST).await.trim().parse::<f64>().unwrap() / 1e9);
            }
        }
        vm.delete().await.unwrap();
        let (ours, echo) = (median(ours), median(echoes));
        table.note("exec true, whole", milliseconds(median(execs)), "");
        let (guest, shell) = (milliseconds(median(guests)), milliseconds(median(own)));
        table.note("  in the guest / the same by a shell there", guest, shell);
        table.ratio(
            "exec true outside of the guest / echo",
            milliseconds(ours),
            milliseconds(echo),
            ours / echo,
            Bound::AtMost(MOST),
        );
    });
}

/// Seconds: from the request to the exit message, and of those from fork to end in the guest.
async fn exec_true(vm: &Vm) -> (f64, f64) {
    let started = Instant::now();
    let (_, exit) = run(vm, "true").await;
    let whole = seconds(started.elapsed());
    (whole, seconds(Duration::from_micros(exit.duration_us)))
}

/// Runs a command and gives its stdout.
async fn output(vm: &Vm, command: &str) -> String {
    run(vm, command).await.0
}

async fn run(vm: &Vm, command: &str) -> (String, ExecExit) {
    let exec = Exec {
        command: command.into(),
        cwd: None,
        env: Vec::new(),
        user: None,
        stdin: false,
        timeout_ms: Some(120_000),
        sync: false,
        service: false,
    };
    let mut execution = vm.exec(exec).await.unwrap();
    let mut stdout = Vec::new();
    loop {
        match execution.next().await.unwrap() {
            Output::Stdout(bytes) => stdout.extend_from_slice(&bytes),
            Output::Stderr(bytes) => panic!("{}", String::from_utf8_lossy(&bytes)),
            Output::Exited(exit) => {
                assert_eq!(exit.code, 0);
                return (String::from_utf8(stdout).unwrap(), exit);
            }
        }
    }
}

/// Opens a stream, sends a byte, waits for it and for the end: seconds.
async fn echo(shim: &Client) -> f64 {
    let started = Instant::now();
    let stream: Stream = shim.guest(Request::Echo).await.unwrap();
    let (mut sender, mut receiver) = stream.split();
    sender.send(Lane::Main, b"!").await.unwrap();
    sender.finish().await.unwrap();
    assert!(matches!(receiver.next().await, Item::Data(Lane::Main, _)));
    assert!(matches!(receiver.next().await, Item::Finish));
    seconds(started.elapsed())
}
