//! Images of registries as environments, up to where a machine would boot: what comes out of layers, what
//! is refused, and what a broken transfer, a killed process or a hostile registry leaves behind.

#![expect(clippy::unwrap_used, reason = "the helpers of tests may fail like tests")]

mod artifacts;
mod catalog_registry;
#[path = "../file_tree/mod.rs"]
mod file_tree;
mod flattening;
mod fuzz;
mod host;
mod hostile;
mod hostile_artifacts;
mod imports;
mod logins;
mod names;
mod pushes;
#[path = "../registry/mod.rs"]
mod registry;
mod terms;
mod transfers;
