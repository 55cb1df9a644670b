//! The ratios that pyro holds itself to (ARCHITECTURE.md), measured side by side: what pyro does,
//! and the least that would do the same on this machine at this moment. Interleaved pairs, medians,
//! CPU time beside wall time. Prints one table, as it comes; decides nothing, since a busy machine is no fault.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench stops where it fails, and prints"
)]

mod boot;
mod cpu;
mod diff;
mod exec;
mod export;
mod image;
mod network;
mod pause;
mod pull;
mod raw;
mod raw_vmm;
mod secret;
mod seed;
mod server;
mod shell;
mod snapshot;
mod start;
mod stream;
mod table;
mod user;

use table::Table;

/// Pairs of runs and raw boots, unless `--pairs` says otherwise: where the clock is the emulated
/// processor's own (tests/kvm-lab) a few are enough.
const PAIRS: usize = 11;

type Measure<'a> = &'a dyn Fn(&user::User, &mut Table);

fn main() {
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    let (mut wanted, mut pairs) = (Vec::new(), PAIRS);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--pairs" => pairs = words.next().unwrap().parse().unwrap(),
            _ => wanted.push(word),
        }
    }
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| name == word);
    let user = user::User::new();
    println!("{}", table::HEADING);
    let measures: [(&str, Measure<'_>); 14] = [
        ("start", &start::measure),
        ("server", &server::measure),
        ("image", &image::measure),
        ("pull", &pull::measure),
        ("exec", &exec::measure),
        ("shell", &shell::measure),
        ("boot", &|user, table| boot::measure(user, pairs, table)),
        ("stream", &stream::measure),
        ("network", &network::measure),
        ("secret", &secret::measure),
        ("seed", &seed::measure),
        ("export", &export::measure),
        ("diff", &diff::measure),
        ("snapshot", &snapshot::measure),
    ];
    for (name, measure) in measures {
        if is_wanted(name) {
            let mut table = Table::default();
            measure(&user, &mut table);
            print!("{table}");
        }
    }
}
