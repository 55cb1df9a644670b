//! The only way out of a guest: answers what its agent asks for, one stream per question or connection.
//! Everything that comes from there is hostile; what it can make the host keep is bounded by the number of
//! streams and their windows.

use super::NetworkSpec;
use super::dial::{Dialled, Unmade, dial};
use super::log::{Connection, Decision, Log};
use super::name::HostName;
use super::proxy::proxy_for;
use super::resolve::Resolver;
use crate::secret::Redactor;
use bytes::Bytes;
use pyro_proto::mux::{Incoming, Joined, Stream, join};
use pyro_proto::network::{Ask, Connected, Verdict};
use pyro_proto::{Refusal, RefusalCode};
use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use tokio::sync::Semaphore;

/// Questions and connections that may be in the making at a time.
const MAX_PENDING: usize = 256;
/// The longest question, in bytes: a name of 253 and the words around it.
const MAX_ASK: usize = 1024;
/// A name in the log and in messages is cut to so many characters.
const MAX_SHOWN: usize = 253;

/// What stands between one guest and the world.
#[derive(Debug)]
pub struct Gate {
    spec: NetworkSpec,
    resolver: Resolver,
    pending: Semaphore,
    log: RefCell<Log>,
    redactor: Redactor,
}

impl Gate {
    /// A gate that lets through what `spec` says, and logs in `directory`.
    #[must_use]
    pub fn new(spec: NetworkSpec, directory: &Path) -> Self {
        let (resolver, pending) = (Resolver::new(), Semaphore::new(MAX_PENDING));
        let (log, redactor) = (RefCell::new(Log::open(directory)), Redactor::default());
        Self { spec, resolver, pending, log, redactor }
    }

    /// The same, whose log and words have no secrets.
    #[must_use]
    pub fn redacting(self, redactor: Redactor) -> Self {
        Self { redactor, ..self }
    }

    /// Answers whatever comes, to the session's end. To be run in a `LocalSet`.
    pub async fn keep(self, mut incoming: Incoming) {
        let gate = Rc::new(self);
        while let Some((ask, stream)) = incoming.next().await {
            tokio::task::spawn_local(gate.clone().answer(ask, stream));
        }
    }

    async fn answer(self: Rc<Self>, ask: Bytes, stream: Stream) {
        let read = (ask.len() <= MAX_ASK).then(|| serde_json::from_slice(&ask).ok()).flatten();
        drop(ask);
        match read {
            Some(Ask::Lookup { name }) => self.look_up(&name, stream).await,
            Some(Ask::Connect { host, port }) => self.connect(&host, port, stream).await,
            None => {
                let refusal = Refusal::new(RefusalCode::Unsupported, "not a question to a gate");
                stream.sender.reset(&refusal);
            }
        }
    }

    async fn look_up(&self, name: &str, mut stream: Stream) {
        let Ok(place) = self.pending.try_acquire() else { return stream.sender.reset(&crowded()) };
        let verdict = match HostName::parse(name) {
            Some(name) => self.verdict(&name).await,
            None => Verdict::Missing,
        };
        drop(place);
        // a guest that is gone needs no answer
        if stream.sender.message(&verdict).await.is_ok() {
            let _ = stream.sender.finish().await;
        }
    }

    async fn verdict(&self, name: &HostName) -> Verdict {
        if let Err(refused) = self.spec.allow.judge_lookup(name) {
            let entry = Connection::begin(name.as_str(), None);
            self.write(entry.unmade(Decision::Refused, &refused));
            return Verdict::Denied;
        }
        // whether a name exists that a proxy resolves, only the proxy knows
        let proxied = proxy_for(name.as_str(), 443, &self.spec.proxy_settings());
        if name.is_host() || matches!(proxied, Ok(Some(_))) {
            return Verdict::Known;
        }
        match self.resolver.resolve(name).await {
            Ok(_) => Verdict::Known,
            Err(_) => Verdict::Missing,
        }
    }

    fn write(&self, mut entry: Connection) {
        self.redactor.cover(&mut entry.host);
        if let Some(reason) = &mut entry.reason {
            self.redactor.cover(reason);
        }
        self.log.borrow_mut().write(entry);
    }

    async fn connect(&self, host: &str, port: u16, mut stream: Stream) {
        let entry = Connection::begin(&shown(host), Some(port));
        let entry = match self.pending.try_acquire() {
            Ok(_place) => match dial(&self.spec, &self.resolver, host, port).await {
                Ok(dialled) => Ok((entry, dialled)),
                Err(Unmade { decision, why }) => Err((entry.unmade(decision, &why), why)),
            },
            Err(_) => {
                let why = crowded().message;
                Err((entry.unmade(Decision::Failed, &why), why))
            }
        };
        match entry {
            Ok((entry, dialled)) => {
                // a guest that has gone meanwhile has been let through all the same
                let _ = stream.sender.message(&Connected {}).await;
                let entry = carry(dialled, stream, entry).await;
                self.write(entry);
            }
            Err((entry, why)) => {
                let code = match entry.decision {
                    Decision::Refused => RefusalCode::Denied,
                    Decision::Allowed | Decision::Failed => RefusalCode::Failed,
                };
                self.write(entry);
                stream.sender.reset(&Refusal::new(code, why));
            }
        }
    }
}

/// Moves bytes until both sides have finished or one breaks.
async fn carry(dialled: Dialled, stream: Stream, entry: Connection) -> Connection {
    let Dialled { stream: mut connection, address } = dialled;
    // small pieces go on as they come
    let _ = connection.set_nodelay(true);
    let (read, write) = connection.split();
    let Joined { moved, end } = join(read, write, stream).await;
    let reason = end.err().map(|broken| broken.message);
    if reason.is_some() {
        // whoever is on the other side sees it break, not end
        let _ = connection.set_zero_linger();
    }
    Connection { address, reason, sent_bytes: moved.out, received_bytes: moved.back, ..entry }
}

fn crowded() -> Refusal {
    Refusal::new(RefusalCode::TooMany, "too many connections are in the making")
}

/// The guest's word for a host, fit for a log: it may hold anything.
fn shown(host: &str) -> String {
    let fit = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    host.chars().take(MAX_SHOWN).map(fit).collect()
}
