//! `pyro run debian:12 -- true` beside the raw boot.

use crate::cpu::{Cost, cost};
use crate::raw::{RawMachine, RunningRaw};
use crate::table::{Bound, Table, median, milliseconds};
use crate::user::User;
use std::time::Duration;

/// The guest's own fork of the command is on both sides.
const MOST: f64 = 1.15;

pub(crate) fn measure(user: &User, pairs: usize, table: &mut Table) {
    let raw = RawMachine::new(user);
    let (mut runs, mut commands, mut boots) = (Vec::new(), Vec::new(), Vec::new());
    // each is preceded by the other: a host takes memory back that was not used for some seconds,
    // and whoever comes after that pays for it
    for _ in 0..pairs {
        runs.push(cost(|| user.world.run(&["true"]).succeeds().took));
        commands.push(cost(|| end(raw.boot_and_run_true())));
    }
    for _ in 0..pairs.div_ceil(2) {
        boots.push(cost(|| end(raw.boot())));
    }
    let wall = |costs: &[Cost]| median(costs.iter().map(|cost| cost.wall).collect());
    let cpu = |costs: &[Cost]| median(costs.iter().map(|cost| cost.cpu).collect());
    let least = |costs: &[Cost]| costs.iter().map(|cost| cost.wall).fold(f64::MAX, f64::min);
    let views = [("wall", wall as fn(&[Cost]) -> f64), ("CPU", cpu), ("least wall", least)];
    for (what, of) in views {
        let (ours, theirs, bare) = (of(&runs), of(&commands), of(&boots));
        let ratio = ours / theirs;
        let name = format!("run true / raw boot and fork, {what}");
        let (shown, beside) = (milliseconds(ours), milliseconds(theirs));
        match what {
            "least wall" => table.comparison(&name, shown, beside, ratio),
            _ => table.ratio(&name, shown, beside, ratio, Bound::AtMost(MOST)),
        }
        table.note(&format!("  raw boot alone, {what}"), "", milliseconds(bare));
    }
}

fn end(machine: RunningRaw) -> Duration {
    let booted = machine.booted;
    machine.end();
    booted
}
