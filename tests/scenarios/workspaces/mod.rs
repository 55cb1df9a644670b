//! Workspaces by the command line: machines that stay until somebody deletes them.

mod costs;
mod ctrl_c;
mod exec;
mod expiry;
mod exporting;
mod files;
mod hammer;
mod kills;
mod life;
mod names;
mod patches;
mod patching;
mod seed;
mod shapes;
mod streams;
