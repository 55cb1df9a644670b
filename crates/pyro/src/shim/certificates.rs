//! The certificates that a guest is to trust, given to it before anybody is told that it is ready.

use super::protocol::Assignment;
use crate::certificates::{CertificateError, give};
use pyro_proto::mux::Session;
use std::time::Duration;

/// A guest that has just booted takes a few milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn entrust(
    assignment: &Assignment,
    guest: &Session,
) -> Result<(), CertificateError> {
    let Some(bundle) = &assignment.ca_bundle else { return Ok(()) };
    let given = tokio::time::timeout(PATIENCE, give(guest, bundle)).await;
    given.unwrap_or(Err(CertificateError::GuestSilent))
}
