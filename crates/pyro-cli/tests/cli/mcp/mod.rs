//! The MCP server as chat hosts drive it: a child that reads and writes one JSON message per line.

mod ending;
mod protocol;
mod robustness;
mod session;
mod vm_run;
mod vm_verbs;
