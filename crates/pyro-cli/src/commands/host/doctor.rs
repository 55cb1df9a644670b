//! `pyro host doctor`: which chat hosts are here, what they start, and whether that answers.

use crate::failure::Outcome;
use crate::hosts::{Entry, Finding, Host, State, Surroundings, probe};
use crate::settings;
use crate::ui::{Ui, one_line};
use serde::Serialize;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Check what chat hosts know of pyro, and start the server as they would
///
/// Nothing is changed, and no machine is started. Fails where something is wrong with an entry.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro host doctor
  pyro host doctor codex --json")]
pub(crate) struct Arguments {
    /// Only this chat host
    #[arg(value_name = "HOST", value_parser = super::connectable())]
    host: Option<&'static Host>,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

/// All about one host.
#[derive(Debug, Serialize)]
struct Checked {
    #[serde(flatten)]
    finding: Finding,
    /// What its server answered.
    server: Option<probe::Answer>,
    /// Why it did not.
    server_error: Option<String>,
    /// What the host itself wrote down last.
    host_log: Option<String>,
    /// What to do.
    hint: Option<String>,
}

#[derive(Debug, Serialize)]
struct Report {
    /// What entries should start.
    executable: PathBuf,
    /// All that were asked for.
    hosts: Vec<Checked>,
}

pub(crate) fn doctor(ui: &Ui, arguments: &Arguments) -> Outcome {
    let around = Surroundings::of_this_process(settings::working_directory()?);
    let executable = settings::executable()?;
    let wanted =
        Host::connectable().filter(|host| arguments.host.is_none_or(|one| one.name == host.name));
    let hosts: Vec<Checked> = wanted.map(|host| check(host, &around, &executable)).collect();
    let is_well =
        hosts.iter().all(|host| !host.finding.state.is_trouble() && host.server_error.is_none());
    let report = Report { executable, hosts };
    if arguments.json {
        ui.json(&report)?;
    } else {
        ui.data(&text(&report))?;
    }
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn check(host: &Host, around: &Surroundings, executable: &std::path::Path) -> Checked {
    let finding = Finding::of(host, around, executable);
    // what is not pyro is not started
    let startable = matches!(finding.state, State::Connected | State::Drifted);
    let asked = finding.entry.as_ref().filter(|_| startable).map(probe::ask);
    let (server, server_error) = match asked {
        Some(Ok(answer)) => (Some(answer), None),
        Some(Err(why)) => (None, Some(why)),
        None => (None, None),
    };
    let is_well = finding.state == State::Connected && server_error.is_none();
    let host_log =
        if is_well { None } else { finding.entry.as_ref().and_then(|_| host.last_failure(around)) };
    let hint = hint(host.name, finding.state, server_error.is_some());
    Checked { finding, server, server_error, host_log, hint }
}

fn hint(name: &str, state: State, fails: bool) -> Option<String> {
    Some(match state {
        State::NotConnected => format!("`pyro host connect {name}` adds it"),
        State::Drifted | State::CommandGone => {
            format!("`pyro host repair {name}` makes it start this pyro")
        }
        State::Foreign => format!("`pyro host connect {name} --replace` takes the name"),
        State::Malformed => {
            "mend the file by hand; pyro changes nothing that it cannot read".to_owned()
        }
        State::Connected if fails => {
            format!("`pyro host connect {name}` writes the entry anew, with the options you give")
        }
        State::Connected | State::NotInstalled => return None,
    })
}

fn text(report: &Report) -> String {
    let width = report.hosts.iter().map(|host| host.finding.title.len()).max().unwrap_or(0);
    let mut text = String::new();
    for Checked { finding, server, server_error, host_log, hint } in &report.hosts {
        let level =
            if finding.state.is_trouble() || server_error.is_some() { "problem" } else { "ok" };
        let level = if finding.state == State::NotInstalled { "-" } else { level };
        let mut lines = vec![word(finding)];
        lines.extend(finding.why.clone());
        lines.extend(finding.entry.as_ref().map(Entry::line));
        lines.extend(server.as_ref().map(ToString::to_string));
        lines.extend(server_error.as_ref().map(|why| format!("its server does not start: {why}")));
        lines.extend(host_log.as_ref().map(|said| format!("its own log says: {said}")));
        lines.extend(hint.as_ref().map(|hint| format!("hint: {hint}")));
        for (number, line) in lines.iter().enumerate() {
            let (level, title) = if number == 0 { (level, finding.title) } else { ("", "") };
            // writing to a string cannot fail
            let _ = writeln!(text, "{level:7}  {title:width$}  {}", one_line(line));
        }
    }
    text
}

fn word(finding: &Finding) -> String {
    let settings =
        finding.settings.as_ref().map(|path| format!(", {}", path.display())).unwrap_or_default();
    match finding.state {
        State::NotInstalled => "not installed".to_owned(),
        State::NotConnected => "knows nothing of pyro".to_owned(),
        State::Connected => format!("connected{settings}"),
        State::Drifted => format!("starts another pyro{settings}"),
        State::CommandGone => format!("what it starts is gone{settings}"),
        State::Foreign => format!("has another server of this name{settings}"),
        State::Malformed => format!("its settings cannot be read{settings}"),
    }
}
