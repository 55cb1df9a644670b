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
mod exec;
mod image;
mod raw;
mod raw_vmm;
mod start;
mod table;
mod user;

use table::Table;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| name.contains(word));
    let user = user::User::new();
    println!("{}", table::HEADING);
    for (name, measure) in [
        ("start", start::measure as fn(&user::User, &mut Table)),
        ("image", image::measure),
        ("exec", exec::measure),
        ("boot", boot::measure),
    ] {
        if is_wanted(name) {
            let mut table = Table::default();
            measure(&user, &mut table);
            print!("{table}");
        }
    }
}
