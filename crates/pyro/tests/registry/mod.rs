//! Registries on 127.0.0.1 and images to put into them: Debian's own program, and a server that does
//! what no honest registry will.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]
#![allow(missing_docs, dead_code, unreachable_pub, reason = "each test program uses its own part")]

pub mod artifact;
pub mod debian;
pub mod image;
pub mod server;
pub mod token;
