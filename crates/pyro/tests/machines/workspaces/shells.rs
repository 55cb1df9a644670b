//! Shells of a workspace, with the real agent: many readers, slow ones and late ones, people, and ends.

use super::Workspace;
use crate::host::trial;
use libtest_mimic::Trial;
use pyro::shim::Client;
use pyro::shim::shells::words::{MAX_INPUT, ShellLife, ShellState, ShellWait};
use pyro_proto::frame::Lane;
use pyro_proto::mux::{Item, Stream};
use pyro_proto::shell::{Shell, Size};
use std::time::Duration;

const SIZE: Size = Size { cols: 80, rows: 24 };
/// What the documentation says is kept of a shell.
const KEPT: u64 = 1 << 20;
const SOON: ShellWait = ShellWait::Output { limit_ms: 20_000 };
const SIGINT: i32 = 2;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("every_reader_of_a_shell_reads_every_byte_once", every_byte_once),
        trial("of_much_output_the_last_mebibyte_is_kept_at_its_place", much),
        trial("a_reader_can_wait_for_a_pause", pause),
        trial("a_shell_that_has_ended_or_is_closed_can_still_be_read", ends),
        trial("twenty_shells_do_not_mix_and_there_is_an_end_to_how_many", many),
        trial("people_share_a_shell_and_leave_it_as_it_is", people),
        trial("what_is_typed_and_never_read_holds_nothing_up", unread),
        trial("a_forgotten_shell_does_not_keep_a_workspace_and_ends_with_it", forgotten),
    ]
}

fn shell() -> Shell {
    let env = [("PS1", "$ "), ("TERM", "dumb")].map(|(name, value)| (name.into(), value.into()));
    Shell { cwd: None, env: env.into(), size: SIZE }
}

async fn open(shim: &Client) -> String {
    shim.open_shell(shell(), Vec::new()).await.unwrap().shell_id
}

async fn types(shim: &Client, shell_id: &str, text: &str) {
    let written = shim.write_shell(shell_id, text.as_bytes()).await.unwrap();
    assert_eq!(written.taken, text.len());
}

/// Reads on until a text has come; everything up to there.
async fn until(shim: &Client, shell_id: &str, cursor: &mut u64, text: &str) -> String {
    let mut read = Vec::new();
    loop {
        let (extract, bytes) = shim.read_shell(shell_id, *cursor, 4096, SOON).await.unwrap();
        assert_eq!(extract.from, *cursor, "{}", String::from_utf8_lossy(&read));
        *cursor += bytes.len() as u64;
        read.extend_from_slice(&bytes);
        let so_far = String::from_utf8_lossy(&read);
        if so_far.contains(text) {
            return so_far.into_owned();
        }
        assert!(!bytes.is_empty(), "no {text:?} in {so_far:?}");
    }
}

async fn every_byte_once() {
    let workspace = Workspace::new();
    let shim = workspace.boot(60).await;
    let shell_id = open(&shim).await;
    types(&shim, &shell_id, "stty -echo -opost; echo re\"\"ady\n").await;
    let mut start = 0;
    until(&shim, &shell_id, &mut start, "ready\n").await;
    types(&shim, &shell_id, "seq 1 60000; echo do\"\"ne\n").await;
    let reader = async |most: usize| {
        let own = workspace.connect();
        let (mut cursor, mut read) = (start, Vec::new());
        while !read.windows(5).any(|at| at == b"done\n") {
            let (extract, bytes) = own.read_shell(&shell_id, cursor, most, SOON).await.unwrap();
            assert_eq!(extract.from, cursor);
            cursor += bytes.len() as u64;
            read.extend_from_slice(&bytes);
        }
        read
    };
    let (one, other) = tokio::join!(reader(1000), reader(70_000));
    let expected: String = (1..=60_000).map(|number| format!("{number}\n")).collect();
    for read in [one, other] {
        let read = String::from_utf8(read).unwrap();
        let begin = read.find("1\n2\n3\n").unwrap();
        let end = read.find("done\n").unwrap();
        assert_eq!(&read[begin..end], expected);
    }
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}

async fn much() {
    let workspace = Workspace::new();
    let shim = workspace.boot(60).await;
    let shell_id = open(&shim).await;
    types(&shim, &shell_id, "stty -echo -opost; seq -f %09.0f 1 1000000; exit\n").await;
    // it says 10 MB to nobody, and is not held up by that
    let ended = ShellWait::Idle { idle_ms: 60_000, limit_ms: 60_000 };
    let (extract, bytes) = shim.read_shell(&shell_id, 0, usize::MAX, ended).await.unwrap();
    assert_eq!(extract.state.life, ShellLife::Exited);
    assert!(extract.end > 10_000_000, "{extract:?}");
    assert_eq!((extract.end - extract.from, bytes.len() as u64), (KEPT, KEPT));
    let text = String::from_utf8(bytes).unwrap();
    let lines: Vec<u32> = text.lines().filter_map(|line| line.parse().ok()).collect();
    assert!(lines.is_sorted_by(|one, next| one + 1 == *next || *one < 100_000), "a gap");
    assert_eq!(lines.last(), Some(&1_000_000));
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}

async fn pause() {
    let workspace = Workspace::new();
    let shim = workspace.boot(60).await;
    let shell_id = open(&shim).await;
    let idle = |idle_ms| ShellWait::Idle { idle_ms, limit_ms: 30_000 };
    types(&shim, &shell_id, "for i in 1 2 3 4; do sleep 0.2; echo st\"\"ep $i; done\n").await;
    let (extract, bytes) = shim.read_shell(&shell_id, 0, 4096, idle(1500)).await.unwrap();
    assert_eq!(extract.state.life, ShellLife::Running);
    assert!(String::from_utf8(bytes).unwrap().contains("step 4"));
    // one that never pauses is not waited for without end, and an end is as good as a pause
    // (bash goes on with a loop of its own where the signal finds a command that has just ended)
    types(&shim, &shell_id, "sh -c 'while :; do echo tick; sleep 0.02; done'\n").await;
    let limited = ShellWait::Idle { idle_ms: 5_000, limit_ms: 300 };
    let (extract, _) = shim.read_shell(&shell_id, 0, 4096, limited).await.unwrap();
    assert_eq!(extract.state.life, ShellLife::Running);
    shim.signal_shell(&shell_id, SIGINT).await.unwrap();
    types(&shim, &shell_id, "exit 4\n").await;
    let (extract, _) = shim.read_shell(&shell_id, 0, 4096, idle(60_000)).await.unwrap();
    assert_eq!((extract.state.life, extract.state.exit_code), (ShellLife::Exited, Some(4)));
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}

async fn ends() {
    let workspace = Workspace::new();
    let shim = workspace.boot(60).await;
    let (ends, closed) = (open(&shim).await, open(&shim).await);
    types(&shim, &ends, "(trap '' HUP; setsid sleep 1000 &); echo by\"\"e; exit 3\n").await;
    until(&shim, &ends, &mut 0, "bye").await;
    types(&shim, &closed, "trap 'exit 9' HUP; echo by\"\"e; sleep 1000\n").await;
    until(&shim, &closed, &mut 0, "bye").await;
    let state = shim.close_shell(&closed).await.unwrap();
    assert_eq!(state.life, ShellLife::Closed);
    assert!(state.ended_at.is_some() && state.exit_code.is_some(), "{state:?}");
    assert_eq!(shim.close_shell(&closed).await.unwrap(), state, "once more changes nothing");
    let listed = shim.shells().await.unwrap();
    let lives: Vec<_> = listed.iter().map(|state| (&state.shell_id[..], state.life)).collect();
    assert_eq!(lives, [(&ends[..], ShellLife::Exited), (&closed, ShellLife::Closed)]);
    for shell_id in [&ends, &closed] {
        until(&shim, shell_id, &mut 0, "bye").await;
        assert_eq!(shim.write_shell(shell_id, b"more\n").await.unwrap().taken, 0);
    }
    // what the first one left in the background ends when it is closed
    let state = shim.close_shell(&ends).await.unwrap();
    assert_eq!((state.life, state.exit_code), (ShellLife::Closed, Some(3)));
    assert_eq!(shim.close_shell("sh-0").await.unwrap_err().code(), "guest_not_found");
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}

async fn many() {
    let workspace = Workspace::new();
    let shim = workspace.boot(60).await;
    let mut shells = Vec::new();
    for number in 0..20 {
        shells.push((open(&shim).await, number));
    }
    for (shell_id, number) in &shells {
        types(&shim, shell_id, &format!("echo num\"\"ber-{number}.\n")).await;
    }
    for (shell_id, number) in &shells {
        let shown = until(&shim, shell_id, &mut 0, &format!("number-{number}.")).await;
        assert_eq!(shown.matches("number-").count(), 1, "{shown}");
    }
    while shells.len() < 64 {
        shells.push((open(&shim).await, 0));
    }
    let refused = shim.open_shell(shell(), Vec::new()).await.unwrap_err();
    assert_eq!(refused.code(), "guest_too_many");
    // one that has ended makes room, and is forgotten
    let (first, _) = &shells[0];
    shim.close_shell(first).await.unwrap();
    open(&shim).await;
    let listed = shim.shells().await.unwrap();
    assert!(listed.len() == 64 && listed.iter().all(|state| state.shell_id != *first));
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}

/// What comes on a joined terminal, up to a text.
async fn joined(stream: &mut Stream, text: &str) {
    let mut shown = Vec::new();
    while !shown.windows(text.len()).any(|at| at == text.as_bytes()) {
        match stream.receiver.next().await {
            Item::Data(Lane::Main, bytes) => shown.extend_from_slice(&bytes),
            other => panic!("{other:?} before {text:?}: {}", String::from_utf8_lossy(&shown)),
        }
    }
}

async fn people() {
    let workspace = Workspace::new();
    let shim = workspace.boot(2).await;
    let shell_id = open(&shim).await;
    let small = Size { cols: 70, rows: 20 };
    let mut one = shim.attach_shell(&shell_id, 0, small).await.unwrap();
    let second = workspace.connect();
    let mut other = second.attach_shell(&shell_id, 0, small).await.unwrap();
    one.sender.send(Lane::Main, b"stty size\n").await.unwrap();
    joined(&mut one, "20 70").await;
    joined(&mut other, "20 70").await;
    // who is joined works: the workspace does not expire
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let large = Size { cols: 99, rows: 33 };
    other.sender.message(&large).await.unwrap();
    other.sender.send(Lane::Main, b"stty size\n").await.unwrap();
    joined(&mut one, "33 99").await;
    assert_eq!(shim.shells().await.unwrap()[0].size, large);
    drop((other, second));
    one.sender.send(Lane::Main, b"exit 6\n").await.unwrap();
    let state: ShellState = loop {
        match one.receiver.next().await {
            Item::Data(..) => {}
            Item::Message(json) => break serde_json::from_slice(&json).unwrap(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((state.life, state.exit_code), (ShellLife::Exited, Some(6)));
    assert_eq!(one.receiver.next().await, Item::Finish);
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}

async fn unread() {
    let workspace = Workspace::new();
    let shim = workspace.boot(60).await;
    let shell_id = open(&shim).await;
    types(&shim, &shell_id, "stty raw -echo; echo re\"\"ady; sleep 1000; stty sane\n").await;
    until(&shim, &shell_id, &mut 0, "ready").await;
    let written = shim.write_shell(&shell_id, &vec![b'x'; MAX_INPUT]).await.unwrap();
    assert!((1..MAX_INPUT).contains(&written.taken), "{written:?}");
    let more = vec![b'x'; MAX_INPUT + 1];
    assert_eq!(shim.write_shell(&shell_id, &more).await.unwrap_err().code(), "guest_invalid");
    let state = shim.close_shell(&shell_id).await.unwrap();
    assert!(state.life == ShellLife::Closed && state.exit_code.is_some(), "{state:?}");
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}

async fn forgotten() {
    let workspace = Workspace::new();
    let shim = workspace.boot(1).await;
    let shell_id = open(&shim).await;
    types(&shim, &shell_id, "while :; do date; sleep 0.1; done\n").await;
    workspace.gone().await;
    assert!(workspace.note().unwrap().expired);
    drop(shim);
    // the next machine knows no shell
    let shim = workspace.boot(60).await;
    assert!(shim.shells().await.unwrap().is_empty());
    let (stopped, waiting) = (open(&shim).await, workspace.connect());
    let idle = ShellWait::Idle { idle_ms: 60_000, limit_ms: 60_000 };
    let (read, stop) = tokio::join!(waiting.read_shell(&stopped, 0, 9, idle), shim.stop());
    stop.unwrap();
    // whoever waits is told
    assert!(read.is_err() || read.is_ok_and(|(extract, _)| extract.state.ended_at.is_some()));
    workspace.assert_nothing_else().await;
}
