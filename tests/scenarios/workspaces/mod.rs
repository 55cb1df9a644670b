//! Workspaces by the command line: machines that stay until somebody deletes them.

mod costs;
mod ctrl_c;
mod damage;
mod exec;
mod expiry;
mod export_steps;
mod exporting;
mod files;
mod full_host;
mod hammer;
mod kills;
mod life;
mod names;
mod patches;
mod patching;
mod ports;
mod rollback;
mod seed;
mod seeding;
mod self_harm;
mod services;
mod shapes;
mod shells;
mod short_writes;
mod snapshot_steps;
mod streams;
