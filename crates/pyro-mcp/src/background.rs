//! Work that goes on between calls: it says what it is at, and in the end what came of it. It decides
//! nothing about what the work is, or which call it belongs to.

use crate::progress::Phrase;
use pyro::{Error, Report};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

type Outcome<T> = Option<Result<T, Report>>;

/// Work in hand, as calls see it. Clones are about the same work.
#[derive(Debug, Clone)]
pub(crate) struct Background<T> {
    phrase: Phrase,
    outcome: watch::Receiver<Outcome<T>>,
}

/// The same, as the work sees it.
#[derive(Debug)]
pub(crate) struct Worker<T> {
    /// What it is at.
    pub(crate) phrase: Phrase,
    outcome: watch::Sender<Outcome<T>>,
}

/// Where work stands after a call has waited for it.
#[derive(Debug)]
pub(crate) enum Waited<T> {
    /// It has ended.
    Ended(Result<T, Report>),
    /// It has ended without a word.
    Lost,
    /// It goes on; what it is at.
    GoesOn(String),
}

/// Both sides of new work.
pub(crate) fn background<T>() -> (Worker<T>, Background<T>) {
    let (tell, told) = watch::channel(None);
    let phrase = Phrase::default();
    (Worker { phrase: phrase.clone(), outcome: tell }, Background { phrase, outcome: told })
}

impl<T> Worker<T> {
    /// Says what came of it.
    pub(crate) fn end(self, outcome: Result<T, Error>) {
        // the receivers are gone when the server is
        let _ = self.outcome.send(Some(outcome.map_err(|error| error.report())));
    }
}

impl<T: Clone> Background<T> {
    /// Waits for its end, at most `patience`; `phrase` says what it is at meanwhile.
    pub(crate) async fn wait(&self, patience: Duration, phrase: &Phrase) -> Waited<T> {
        match timeout(patience, self.follow(phrase)).await {
            Ok(Some(outcome)) => Waited::Ended(outcome),
            Ok(None) => Waited::Lost,
            Err(_still_at_it) => Waited::GoesOn(self.phrase.get()),
        }
    }

    async fn follow(&self, phrase: &Phrase) -> Outcome<T> {
        let mut outcome = self.outcome.clone();
        let mut look = tokio::time::interval(Duration::from_millis(500));
        loop {
            tokio::select! {
                ended = outcome.wait_for(Option::is_some) => {
                    break ended.ok().and_then(|ended| ended.clone());
                }
                _ = look.tick() => phrase.set(self.phrase.get()),
            }
        }
    }

    /// What came of it, if it has ended.
    pub(crate) fn outcome(&self) -> Outcome<T> {
        self.outcome.borrow().clone()
    }

    /// Whether somebody is still at it.
    pub(crate) fn goes_on(&self) -> bool {
        self.outcome.borrow().is_none() && self.outcome.has_changed().is_ok()
    }
}
