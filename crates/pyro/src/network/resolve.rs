//! Where a name leads, asked of this host's own resolver, once per connection.

use super::name::HostName;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// How long the resolver may take, which is as long as a guest's client waits for its name server.
const PATIENCE: Duration = Duration::from_secs(5);
/// Questions at a time: each has a thread, and one that is given up keeps it until it is answered.
const MAX_QUESTIONS: usize = 16;
/// The most addresses of a name that are of interest.
const MAX_ADDRESSES: usize = 16;

/// The host's resolver.
#[derive(Debug)]
pub(super) struct Resolver {
    places: Arc<Semaphore>,
}

impl Resolver {
    pub(super) fn new() -> Self {
        Self { places: Arc::new(Semaphore::new(MAX_QUESTIONS)) }
    }

    /// The addresses of a name, or why there are none.
    pub(super) async fn resolve(&self, name: &HostName) -> Result<Vec<IpAddr>, String> {
        let asking = async {
            let place = self.places.clone().acquire_owned().await.map_err(|e| e.to_string())?;
            let name = name.as_str().to_owned();
            let asked = tokio::task::spawn_blocking(move || {
                let _place = place;
                (name.as_str(), 0).to_socket_addrs().map(|found| {
                    found.take(MAX_ADDRESSES).map(|address| address.ip()).collect::<Vec<_>>()
                })
            });
            match asked.await {
                Ok(found) => found.map_err(|e| e.to_string()),
                Err(error) => Err(error.to_string()),
            }
        };
        match tokio::time::timeout(PATIENCE, asking).await {
            Ok(Ok(addresses)) if addresses.is_empty() => Err("it has no address".to_owned()),
            Ok(found) => found,
            Err(_) => Err("the host's resolver did not answer".to_owned()),
        }
    }
}
