//! Shells behind terminals, run by the real agent in a process of its own.
#![allow(clippy::unwrap_used)] // a failed step is a failed test

mod support;

use pyro_proto::RefusalCode;
use pyro_proto::frame::Lane;
use pyro_proto::mux::{Item, Stream};
use pyro_proto::request::{ExecExit, Request};
use pyro_proto::shell::{Shell, ShellControl, ShellOpened, Size};
use support::{Agent, alive, message};

fn shell() -> Shell {
    // no line editor that draws its prompts, and a prompt that every shell shows as it is
    let env = [("PS1", "$ "), ("TERM", "dumb")].map(|(name, value)| (name.into(), value.into()));
    Shell { cwd: None, env: env.into(), size: Size { cols: 80, rows: 24 } }
}

/// A shell, and what it has shown that nobody has looked at yet.
struct Open {
    stream: Stream,
    shown: Vec<u8>,
}

impl Open {
    async fn at(agent: &Agent, shell: Shell) -> Self {
        let mut stream = agent.open(&Request::Shell(shell)).await;
        let opened: ShellOpened = message(&mut stream).await.unwrap();
        assert!(opened.program.ends_with("sh"), "{opened:?}");
        Self { stream, shown: Vec::new() }
    }

    async fn types(&mut self, text: &str) {
        self.stream.sender.send(Lane::Main, text.as_bytes()).await.unwrap();
    }

    async fn says(&mut self, word: &ShellControl) {
        self.stream.sender.message(word).await.unwrap();
    }

    /// Reads until a text has been shown; what came up to its end.
    async fn until(&mut self, text: &str) -> String {
        loop {
            let found = self.shown.windows(text.len()).position(|at| at == text.as_bytes());
            if let Some(at) = found {
                let rest = self.shown.split_off(at + text.len());
                let before = std::mem::replace(&mut self.shown, rest);
                return String::from_utf8_lossy(&before).into_owned();
            }
            match self.stream.receiver.next().await {
                Item::Data(Lane::Main, bytes) => self.shown.extend_from_slice(&bytes),
                other => panic!("{other:?} before {text:?}: {:?}", self.shown),
            }
        }
    }

    /// Reads to the end; how it ended.
    async fn end(&mut self) -> ExecExit {
        let mut exit = None;
        loop {
            match self.stream.receiver.next().await {
                Item::Data(Lane::Main, bytes) => self.shown.extend_from_slice(&bytes),
                Item::Message(message) => exit = Some(serde_json::from_slice(&message).unwrap()),
                Item::Finish => return exit.unwrap(),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_shell_has_a_terminal_of_its_own_and_ends_with_its_exit_code() {
    let agent = Agent::start().await;
    std::fs::create_dir(agent.path("sub")).unwrap();
    let mut shell = Open::at(&agent, Shell { cwd: Some("/sub".into()), ..shell() }).await;
    shell.types("tty; stty size; pwd; trap - INT; echo $TERM:$PS1 >&2\n").await;
    let shown = shell.until("dumb:$").await;
    assert!(shown.contains("/dev/pts/") && shown.contains("24 80"), "{shown}");
    assert!(shown.contains("/sub\r\n"), "{shown}");
    shell.types("exit 7\n").await;
    assert_eq!(shell.end().await.code, 7);
    drop(shell);
    agent.childless().await;
}

#[tokio::test]
async fn its_size_changes_and_signals_reach_what_has_the_terminal() {
    let agent = Agent::start().await;
    let mut shell = Open::at(&agent, shell()).await;
    shell.says(&ShellControl::Resize { size: Size { cols: 101, rows: 33 } }).await;
    shell.types("stty size\n").await;
    shell.until("33 101").await;
    // the size changes under a program that runs, which hears of it
    shell
        .types("sh -c 'trap \"stty size\" WINCH; echo re\"\"ady; while :; do sleep 0.05; done'\n")
        .await;
    shell.until("ready\r\n").await;
    shell.says(&ShellControl::Resize { size: Size { cols: 90, rows: 20 } }).await;
    shell.until("20 90").await;
    shell.says(&ShellControl::Signal { signal: 2 }).await;
    shell.types("echo st\"\"ill here\n").await;
    shell.until("still here\r\n").await;
}

#[tokio::test]
async fn a_signal_passes_input_that_nobody_reads() {
    let agent = Agent::start().await;
    let mut shell = Open::at(&agent, shell()).await;
    // nobody reads, and nothing is taken as a line
    shell.types("stty raw -echo; echo re\"\"ady; sleep 1000; stty sane\n").await;
    shell.until("ready").await;
    shell.types(&"x".repeat(100_000)).await;
    shell.says(&ShellControl::Signal { signal: 9 }).await;
    shell.says(&ShellControl::Close).await;
    shell.end().await;
    drop(shell);
    agent.childless().await;
}

#[tokio::test]
async fn the_last_output_before_the_exit_is_never_lost() {
    let agent = Agent::start().await;
    for size in [1, 4095, 4096, 65_536, 1_000_000] {
        let mut shell = Open::at(&agent, shell()).await;
        shell.types("stty -opost\n").await;
        shell.types(&format!("head -c {size} /dev/zero; exit\n")).await;
        assert_eq!(shell.end().await.code, 0);
        assert_eq!(shell.shown.iter().filter(|byte| **byte == 0).count(), size);
    }
}

#[tokio::test]
async fn a_child_that_holds_the_terminal_holds_nothing_up_and_ends_with_the_stream() {
    let agent = Agent::start().await;
    let mut shell = Open::at(&agent, shell()).await;
    shell
        .types("setsid sh -c 'trap \"\" HUP; echo p\"\"id=$$; while :; do sleep 0.1; done' &\n")
        .await;
    shell.until("pid=").await;
    shell.until("\n").await;
    shell.types("exit 3\n").await;
    assert_eq!(shell.end().await.code, 3);
    let left = agent.descendants();
    assert!(left.iter().any(|pid| alive(*pid)), "{left:?}");
    shell.stream.sender.finish().await.unwrap();
    agent.childless().await;
}

#[tokio::test]
async fn close_ends_the_shell_and_all_it_started_with_a_moment_to_obey() {
    let agent = Agent::start().await;
    let mut polite = Open::at(&agent, shell()).await;
    // bash itself may take the signal for the end of its input
    let program =
        "exec sh -c 'trap \"exit 5\" HUP; echo re\"\"ady; while :; do sleep 0.05; done'\n";
    polite.types(program).await;
    polite.until("ready").await;
    polite.says(&ShellControl::Close).await;
    assert_eq!(polite.end().await.code, 5);
    drop(polite);
    let mut stubborn = Open::at(&agent, shell()).await;
    stubborn.types("trap '' HUP; (setsid sleep 1000 &); echo re\"\"ady\n").await;
    stubborn.until("ready").await;
    stubborn.says(&ShellControl::Close).await;
    assert_eq!(stubborn.end().await.signal, Some(9));
    drop(stubborn);
    agent.childless().await;
}

#[tokio::test]
async fn what_cannot_open_is_refused_and_a_stream_that_ends_takes_its_shell_along() {
    let agent = Agent::start().await;
    let nowhere = Shell { cwd: Some("/not/there".into()), ..shell() };
    let refused = message::<ShellOpened>(&mut agent.open(&Request::Shell(nowhere)).await).await;
    assert_eq!(refused.unwrap_err().code, RefusalCode::NotFound);
    let variable = Shell { env: vec![("A=B".into(), String::new())], ..shell() };
    let refused = message::<ShellOpened>(&mut agent.open(&Request::Shell(variable)).await).await;
    assert_eq!(refused.unwrap_err().code, RefusalCode::Invalid);
    let mut shell = Open::at(&agent, shell()).await;
    shell.types("sleep 1000 & setsid sleep 1000 & echo re\"\"ady\n").await;
    shell.until("ready").await;
    drop(shell);
    agent.childless().await;
}
