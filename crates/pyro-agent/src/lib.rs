//! The guest side of pyro.
