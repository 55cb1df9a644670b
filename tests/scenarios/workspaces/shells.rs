//! Shells that stay open between calls: typed into, read by many, joined by people, and gone with their
//! workspace.

use rustix::process::{Pid, Signal, kill_process};
use scenarios::{Server, Workspace, World};
use serde_json::{Value, json};
use std::fs;

/// A shell of a workspace, and how far it has been read.
struct Shell<'w> {
    workspace: &'w Workspace<'w>,
    id: String,
    cursor: u64,
}

impl<'w> Shell<'w> {
    fn open(workspace: &'w Workspace<'w>, options: &[&str]) -> Self {
        let opened = workspace.call(&["shell", "open"], &[options, &["--id-only"]].concat());
        let id = opened.succeeds().text().to_owned();
        assert!(id.starts_with("sh-"), "{id}");
        Self { workspace, id, cursor: 0 }
    }

    fn types(&self, text: &str) {
        let words = [&self.id[..], "--input", text];
        let _ = self.workspace.call(&["shell", "write"], &words).succeeds();
    }

    fn json(&self, verb: &str, options: &[&str]) -> Value {
        self.workspace.json(&["shell", verb], &[&[&self.id[..]], options].concat())
    }

    /// Reads on until a text has come; everything up to there, in pieces that follow each other.
    fn until(&mut self, text: &str, options: &[&str]) -> String {
        let mut shown = String::new();
        while !shown.contains(text) {
            let cursor = self.cursor.to_string();
            let options = [&["--cursor", &cursor, "--wait-for-idle-ms", "50"], options].concat();
            let read = self.json("read", &options);
            assert_eq!((&read["cursor"], &read["truncated"]), (&self.cursor.into(), &false.into()));
            self.cursor = read["next_cursor"].as_u64().unwrap();
            shown += read["output"].as_str().unwrap();
            assert_eq!(read["state"], "running", "no {text:?} in {shown:?}");
        }
        shown
    }
}

#[test]
fn a_shell_keeps_its_state_between_calls_and_is_read_as_a_person_would() {
    let world = World::new();
    let workspace = world.workspace(&[]);
    let _ = workspace.exec(&["mkdir", "src"]).succeeds();
    let mut shell = Shell::open(&workspace, &["--cwd", "src", "--cols", "100", "--rows", "20"]);
    shell.types("word=kept; tty; echo $TERM $SHELL; stty size; pwd");
    let shown = shell.until("/workspace/src\n", &["--plain"]);
    for part in ["/dev/pts/", "xterm-256color /bin/bash\n", "20 100\n"] {
        assert!(shown.contains(part), "no {part:?} in {shown}");
    }
    // bash draws its line with escape sequences; nobody sees any
    assert!(!shown.contains('\u{1b}') && !shown.contains("2004"), "{shown:?}");
    shell.types("echo $word ü; for i in 1 2 3; do printf \"\\r$i of 3\"; done; echo");
    let shown = shell.until("3 of 3\n", &["--plain"]);
    assert!(shown.contains("kept ü\n") && !shown.contains("\n1 of 3"), "{shown:?}");

    // what is pasted waits for the Enter key, whatever lines are in it
    shell.types("\u{1b}[200~echo one\necho two\u{1b}[201~");
    let shown = shell.until("\ntwo\n", &["--plain"]);
    let (one, two) = (shown.rfind("\none\n").unwrap(), shown.rfind("\ntwo\n").unwrap());
    assert!(shown.rfind("echo two").unwrap() < one && one < two, "{shown}");

    // a program that draws on the whole screen, by the same words of terminfo as editors use
    shell.types(
        "tput smcup; tput cup 7 5; printf mid\"\"dle; tput cup 19 0; printf bot\"\"tom; read -s x",
    );
    let screen = shell.until("bottom", &["--plain"]);
    assert!(screen.ends_with("bottom\n") && screen.contains("\n     middle\n"), "{screen:?}");
    assert_eq!(shell.json("read", &["--plain"])["alternate_screen"], true);
    shell.types("tput rmcup");
    shell.types("tput rmcup; echo ba\"\"ck");
    assert!(!shell.until("back\n", &["--plain"]).contains("middle"));

    // Ctrl-C for what runs, and the shell goes on
    shell.types("sh -c 'echo run\"\"ning; exec sleep 1000'");
    shell.until("running", &[]);
    let _ = shell.json("signal", &[]);
    shell.types("echo st\"\"atus $?");
    shell.until("status 130", &[]);
    shell.types("exit 7");
    let ended = loop {
        let read = shell.json("read", &["--wait-for-idle-ms", "5000"]);
        if read["state"] != "running" {
            break read;
        }
    };
    assert_eq!((&ended["state"], &ended["exit_code"]), (&"exited".into(), &7.into()));
    let words = [&shell.id[..], "--input", "more"];
    let late = workspace.call(&["shell", "write"], &words).outcome().exits(2);
    let _ = late.complains("has ended");
    assert_eq!(workspace.json(&["diff"], &[])["summary"]["total"], 1, "src, and nothing of ours");
    workspace.delete();
    world.assert_clean();
}

#[test]
fn much_output_many_shells_and_a_child_that_stays_hold_nothing_up() {
    let world = World::new();
    let workspace = world.workspace(&[]);
    let shell = Shell::open(&workspace, &[]);
    shell.types("yes $(printf %0999d 7) | head -n 10000; echo do\"\"ne");
    let end = loop {
        let read = shell.json("read", &["--cursor", "99999999", "--wait-for-idle-ms", "1000"]);
        let end = read["end_cursor"].as_u64().unwrap();
        let tail = shell.json("read", &["--cursor", &end.saturating_sub(400).to_string()]);
        if tail["output"].as_str().unwrap().contains("done") {
            break tail;
        }
    };
    assert!(end["end_cursor"].as_u64().unwrap() > 10_000_000, "{end}");
    assert!(end["output"].as_str().unwrap().contains("0007\r\n"), "{end}");
    // whoever asks for what is gone gets the oldest there is, and is told
    let oldest = shell.json("read", &["--cursor", "7", "--max-chars", "100"]);
    assert_eq!(oldest["truncated"], true);
    assert_eq!(oldest["lost_bytes"], oldest["next_cursor"].as_u64().unwrap() - 100 - 7);

    let mut shells: Vec<Shell<'_>> = (0..20).map(|_| Shell::open(&workspace, &[])).collect();
    for (number, shell) in shells.iter().enumerate() {
        shell.types(&format!("echo num\"\"ber-{number}."));
    }
    for (number, shell) in shells.iter_mut().enumerate() {
        let shown = shell.until(&format!("number-{number}."), &[]);
        assert_eq!(shown.matches("number-").count(), 1, "{shown}");
    }
    assert_eq!(workspace.json(&["shell", "list"], &[])["count"], 21);

    let [child, rest @ ..] = &mut shells[..] else { panic!() };
    child.types("setsid sh -c 'trap \"\" HUP; echo p\"\"id=$$ li\"\"ves; sleep 1000' &");
    let shown = child.until(" lives", &[]);
    let pid = shown.split("pid=").last().unwrap().split(' ').next().unwrap();
    child.types("exit 5");
    let ended = loop {
        let read = child.json("read", &["--wait-for-idle-ms", "5000"]);
        if read["state"] != "running" {
            break read;
        }
    };
    assert_eq!((&ended["state"], &ended["exit_code"]), (&"exited".into(), &5.into()));
    let _ = workspace.exec(&["kill", "-0", pid]).succeeds();
    assert_eq!(child.json("close", &[])["state"], "closed");
    let _ = workspace.exec(&["kill", "-0", pid]).outcome().exits(1);

    // they end with the machine, and nobody takes the next one's for them
    let _ = workspace.call(&["stop"], &[]).succeeds();
    let _ = workspace.call(&["start"], &[]).succeeds();
    let words = [&rest[0].id[..]];
    let gone = workspace.call(&["shell", "read"], &words).outcome().exits(1);
    let _ = gone.complains("has no shell");
    assert_eq!(workspace.json(&["shell", "list"], &[])["count"], 0);
    workspace.delete();
    world.assert_clean();
}

#[test]
fn a_person_joins_a_shell_leaves_it_and_comes_back() {
    let world = World::new();
    let workspace = world.workspace(&[]);
    let shell = Shell::open(&workspace, &[]);
    shell.types("greeting=good\"\"day; echo $greeting");
    // script(1) is the terminal; where nobody has one, nobody joins
    let attach = format!("{{pyro}} workspace shell attach {} {}", workspace.id, shell.id);
    let with_terminal = format!("stty cols 91 rows 27; echo $$ > joined; exec {attach}");
    let join = || {
        let words = ["script", "--quiet", "--return", "--command", &with_terminal, "/dev/null"];
        world.program(&words).holding_stdin().start()
    };
    let words = [&shell.id[..]];
    let refused = workspace.call(&["shell", "attach"], &words).outcome().exits(125);
    let _ = refused.complains("no terminal");

    let mut first = join();
    first.prints("goodday");
    first.write(b"echo $greeting again; stty size\r");
    first.prints("goodday again");
    first.prints("27 91");
    // Ctrl-C is the shell's, not ours
    first.write(b"sh -c 'echo run\"\"ning; exec sleep 1000'\r");
    first.prints("running");
    first.write(b"\x03");
    first.prints("^C");
    first.write(b"echo st\"\"atus $?\r");
    first.prints("status 130");
    let mut second = join();
    second.prints("status 130");
    second.write(b"echo hel\"\"lo\r");
    first.prints("hello");
    first.write(b"\x10\x11");
    let _ = first.end().succeeds();
    assert_eq!(shell.json("read", &[])["state"], "running");
    // one that is ended from outside leaves our terminal as it was
    let mut third = join();
    third.prints("hello");
    third.write(b"printf '\\033[?1049h'; echo o\"\"ther\r");
    third.prints("other");
    let joined = fs::read_to_string(world.home().join("joined")).unwrap();
    let joined = Pid::from_raw(joined.trim().parse().unwrap()).unwrap();
    kill_process(joined, Signal::TERM).unwrap();
    third.prints("\x1b[?1049l");
    let _ = third.end().exits(143);
    second.write(b"exit 6\r");
    let _ = second.end().exits(6);
    workspace.delete();
    world.assert_clean();
}

#[test]
fn a_model_debugs_in_a_shell() {
    let world = World::new();
    let workspace = world.workspace(&[]);
    let mut server = Server::start(&world);
    let opened = server.call("shell_open", &json!({"workspace_id": workspace.id}));
    assert_eq!((&opened["state"], &opened["cols"]), (&json!("running"), &json!(120)), "{opened}");
    let with = |more: Value| {
        let mut arguments = json!({"workspace_id": workspace.id, "shell_id": opened["shell_id"]});
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        arguments
    };
    let wrote = server.call("shell_write", &with(json!({"input": "read -p 'name? ' name"})));
    assert_eq!((&wrote["input_length"], &wrote["append_newline"]), (&json!(21), &json!(true)));
    let until = |server: &mut Server, text: &str| loop {
        let plain = json!({"plain": true, "wait_for_idle_ms": 500});
        let shown = server.text("shell_read", &with(plain));
        assert!(shown.contains("state: running\n"), "{shown}");
        if shown.contains(text) {
            break shown;
        }
    };
    until(&mut server, "\nname?\n");
    server.call("shell_write", &with(json!({"input": "world"})));
    server.call("shell_write", &with(json!({"input": "echo \"hello, $name\"; seq 1 9000"})));
    until(&mut server, "\nhello, world\n1\n2\n");
    let shown = until(&mut server, "\n4000\n");
    // more than an answer holds: the rest is a call away
    assert!(shown.chars().count() <= 24_000 && shown.contains(" reads on\n"), "{shown}");
    let listed = server.text("shell_list", &json!({"workspace_id": workspace.id}));
    assert!(listed.contains("count: 1\n"), "{listed}");
    let signal = with(json!({"signal_name": "KILL"}));
    assert_eq!(server.call("shell_signal", &signal)["shell_id"], opened["shell_id"]);
    let closed = server.call("shell_close", &with(json!({})));
    assert_eq!((&closed["state"], &closed["exit_code"]), (&json!("closed"), &json!(137)));
    let refused = server.refused("shell_write", &with(json!({"input": "x"})));
    assert!(refused.contains("code: shell_ended"), "{refused}");
    workspace.delete();
}
