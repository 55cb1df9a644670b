//! Workspaces by the command line: machines that stay until somebody deletes them.

mod costs;
mod ctrl_c;
mod exec;
mod expiry;
mod files;
mod hammer;
mod kills;
mod life;
mod names;
mod patches;
mod seed;
mod shapes;
mod streams;
