//! SIGKILL for the front end, the shim and the agent while the machine boots, idles and runs a
//! command. The next command finds nothing of that machine.

use super::{STUCK, front_end};
use crate::host::processes::{Process, playing, read, shim};
use crate::host::{Host, machine, trial, within};
use libtest_mimic::Trial;
use pyro::machine::process::AGENT_ROLE;
use std::fs;
use std::process::Child;
use std::time::Duration;

#[derive(Debug, Clone, Copy)]
enum Moment {
    Boot,
    Idle,
    Command,
}

#[derive(Debug, Clone, Copy)]
enum Victim {
    FrontEnd,
    Shim,
    Agent,
}

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for moment in [Moment::Boot, Moment::Idle, Moment::Command] {
        for victim in [Victim::FrontEnd, Victim::Shim, Victim::Agent] {
            let name = format!("death_of_{victim:?}_during_{moment:?}").to_lowercase();
            trials.push(trial(name, move || dies(victim, moment)));
        }
    }
    trials
}

async fn dies(victim: Victim, moment: Moment) {
    let host = Host::new();
    let mut front_end = reach(&host, moment).await;
    match victim {
        Victim::FrontEnd => front_end.kill().unwrap(),
        Victim::Shim => shim().unwrap().kill(),
        Victim::Agent => playing(AGENT_ROLE).unwrap().kill(),
    }
    if let (Victim::Shim | Victim::Agent, Moment::Command | Moment::Boot) = (victim, moment) {
        // it is told, and ends by itself
        within(Duration::from_secs(5), "the front end notices", || {
            front_end.try_wait().unwrap().is_some()
        })
        .await;
    }
    let _ = front_end.kill();
    front_end.wait().unwrap();
    drop(front_end);
    // what the dead one left is the next command's to find
    fs::remove_file(host.home().join(STUCK)).unwrap_or_default();
    assert_eq!(host.run(machine(), "echo next").await.unwrap().stdout, "next\n");
    host.assert_clean().await;
}

/// A front end whose machine has come this far.
async fn reach(host: &Host, moment: Moment) -> Child {
    match moment {
        Moment::Boot => {
            fs::write(host.home().join(STUCK), "").unwrap();
            let front_end = front_end::spawn(host.home(), "true");
            let vmm_known = || ledgers(host).contains("\"entry\":\"vmm\"");
            within(Duration::from_secs(10), "the agent's start", vmm_known).await;
            front_end
        }
        Moment::Idle => {
            let mut front_end = front_end::spawn(host.home(), "");
            assert_eq!(front_end::line(&mut front_end), "idle\n");
            front_end
        }
        Moment::Command => {
            let line = "sleep 310 & setsid sleep 311 & echo up; sleep 312";
            let mut front_end = front_end::spawn(host.home(), line);
            assert_eq!(front_end::line(&mut front_end), "up\n");
            front_end
        }
    }
}

fn ledgers(host: &Host) -> String {
    let machines = fs::read_dir(host.machines()).into_iter().flatten().flatten();
    machines.filter_map(|m| fs::read_to_string(m.path().join("ledger")).ok()).collect()
}

/// The process behind a child handle.
pub(crate) fn process(child: &Child) -> Process {
    read(child.id().cast_signed()).unwrap()
}
