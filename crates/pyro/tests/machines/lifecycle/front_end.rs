//! A front end in a process of its own, to be killed: it runs one command in a machine and passes
//! its output on, or, without a command, holds an idle machine.

use super::interruption::EXECUTABLE;
use crate::host::{command, config, machine};
use pyro::vm::{Output, Vm};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};

const ROLE: &str = "__front_end";

/// `__front_end HOME COMMAND`.
pub(crate) fn play() -> Option<ExitCode> {
    let mut words = std::env::args().skip(1);
    if words.next()? != ROLE {
        return None;
    }
    let (home, command) = (words.next().unwrap(), words.next().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    Some(match runtime.block_on(work(Path::new(&home), &command)) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            println!("{}: {error}", error.code());
            ExitCode::from(125)
        }
    })
}

async fn work(home: &Path, line: &str) -> pyro::Result<u8> {
    let mut config = config(home);
    if let Ok(executable) = std::fs::read_to_string(home.join(EXECUTABLE)) {
        config.executable = executable.into();
    }
    let vm = Vm::start(&config, &machine(), &pyro::event::ignore).await?;
    if line.is_empty() {
        println!("idle");
        std::future::pending::<()>().await;
    }
    let mut execution = vm.exec(command(line)).await?;
    let code = loop {
        match execution.next().await? {
            Output::Exited(exit) => break u8::try_from(exit.code).unwrap(),
            Output::Stdout(bytes) => std::io::stdout().write_all(&bytes).unwrap(),
            Output::Stderr(bytes) => std::io::stderr().write_all(&bytes).unwrap(),
        }
    };
    vm.delete().await?;
    Ok(code)
}

/// The command line of a front end.
pub(crate) fn arguments(home: &Path, line: &str) -> [std::ffi::OsString; 4] {
    let executable = std::env::current_exe().unwrap();
    [executable.into(), ROLE.into(), home.into(), line.into()]
}

/// A front end that runs.
pub(crate) fn spawn(home: &Path, line: &str) -> Child {
    let [executable, arguments @ ..] = arguments(home, line);
    Command::new(executable).args(arguments).stdout(Stdio::piped()).spawn().unwrap()
}

/// The next line that it prints.
pub(crate) fn line(front_end: &mut Child) -> String {
    let mut line = String::new();
    BufReader::with_capacity(1, front_end.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    line
}
