//! A front end in a process of its own that performs one verb, to be killed or to leave its vm behind.

use crate::host::{Host, config, machine};
use pyro::event::ignore;
use pyro::vm::kept::{ExecRequest, create, delete, exec, reap, start, stop};
use pyro::vm::run::OutputLimits;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};

const ROLE: &str = "__verb";

/// `__verb HOME VERB ID COMMAND`: prints the result as JSON, or the code of the error.
pub(crate) fn play() -> Option<ExitCode> {
    let mut words = std::env::args().skip(1);
    if words.next()? != ROLE {
        return None;
    }
    let words: Vec<String> = words.collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    Some(match runtime.block_on(perform(Path::new(&words[0]), &words[1], &words[2], &words[3])) {
        Ok(result) => {
            println!("{result}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("{}", error.code());
            ExitCode::from(125)
        }
    })
}

async fn perform(home: &Path, verb: &str, id: &str, command: &str) -> pyro::Result<String> {
    let config = config(home);
    let json = |value: Result<String, serde_json::Error>| value.unwrap();
    Ok(match verb {
        "create" => json(serde_json::to_string(&create(&config, &machine(), &ignore).await?)),
        "start" => json(serde_json::to_string(&start(&config, id, &ignore).await?)),
        "stop" => json(serde_json::to_string(&stop(&config, id, &ignore).await?)),
        "delete" => json(serde_json::to_string(&delete(&config, id, &ignore).await?)),
        "reap" => json(serde_json::to_string(&reap(&config, &ignore).await?)),
        "exec" => {
            let request = ExecRequest { command: command.into(), timeout_seconds: 60 };
            let limits = OutputLimits::default();
            let result = exec(&config, id, &request, limits, &ignore).await?;
            json(serde_json::to_string(&result))
        }
        other => panic!("no verb {other}"),
    })
}

/// The command line of such a front end.
pub(crate) fn words(host: &Host, verb: &str, id: &str, command: &str) -> Vec<OsString> {
    let executable = std::env::current_exe().unwrap();
    let home = host.home().as_os_str().to_owned();
    vec![executable.into(), ROLE.into(), home, verb.into(), id.into(), command.into()]
}

pub(crate) fn spawn(host: &Host, verb: &str, id: &str, command: &str) -> Child {
    let words = words(host, verb, id, command);
    Command::new(&words[0]).args(&words[1..]).stdout(Stdio::piped()).spawn().unwrap()
}

/// Performs the verb to its end and returns what was printed.
pub(crate) fn perform_elsewhere(host: &Host, verb: &str, id: &str) -> String {
    let output = spawn(host, verb, id, "true").wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
