//! Ends the machine. No answer: the host sees the channel end.

use crate::agent::Agent;

pub(super) fn run(agent: &Agent) {
    agent.power_off.notify_one();
}
