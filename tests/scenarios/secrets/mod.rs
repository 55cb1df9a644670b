//! Secrets: given once, there at every boot, and in nothing that pyro shows or writes down.

mod canary;
mod content;
mod sources;
