//! What host and guest say to each other.
//!
//! Pure definitions ([`frame`], [`request`], [`shell`], [`network`], [`tree`], [`handshake`], [`refusal`])
//! and the engine that carries many streams over one byte channel ([`mux`]). Nothing here opens a file, a socket or a device:
//! the channel is handed in, so the same code serves a virtio-serial port, a vsock connection, a
//! socket pair and a Unix socket. `VERSIONING.md` beside this crate says how old and new get along.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::expect_used, clippy::panic))]

pub mod frame;
pub mod handshake;
pub mod mux;
pub mod network;
pub mod path;
pub mod refusal;
pub mod request;
pub mod shell;
pub mod tree;

pub use path::GuestPath;
pub use refusal::{Refusal, RefusalCode};
