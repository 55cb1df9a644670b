//! The recipes of `docs/use-cases`, each followed as a model follows it: over MCP, with nothing but what
//! `tools/list` and earlier answers say. `make smoke-use-cases` prints how many calls and tokens each takes.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failed step fails; figures are printed"
)]

mod cold_start_validation;
mod parallel_workspaces;
mod recipe;
mod repro_fix_loop;
mod review_eval;
mod untrusted_inspection;
