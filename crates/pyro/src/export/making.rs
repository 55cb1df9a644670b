//! An export under way: a thread of its own makes it, out of what a source tells.

use super::aside::Aside;
use super::{ExportError, ExportLimits, ExportTarget, Exported, Maker, Progress};
use crate::error::AtPath;
use rustix::io::Errno;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::{oneshot, watch};

/// What is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One file.
    File,
    /// A directory with all that is in it.
    Directory,
}

/// What is to be made, and where.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The name that it is to have.
    pub target: Arc<ExportTarget>,
    /// What it is.
    pub shape: Shape,
    /// Whether what has that name is replaced.
    pub overwrite: bool,
    /// What it may be at most.
    pub limits: ExportLimits,
}

impl Plan {
    /// Refuses what cannot become anything: something has the name, and is not to be replaced.
    ///
    /// # Errors
    /// That, or that nobody can look.
    pub fn permit(&self) -> Result<(), ExportError> {
        let ExportTarget { parent, name, path, .. } = &*self.target;
        match parent.look(name) {
            Ok(_) if !self.overwrite => Err(ExportError::Exists { path: path.clone() }),
            Ok(_) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Ok(Err(error).at("look at", path)?),
        }
    }
}

/// An export under way. Dropping it ends it: when that returns, nothing of it is there.
#[derive(Debug)]
pub struct Making<E> {
    progress: Arc<Progress>,
    filled: oneshot::Receiver<()>,
    outcome: oneshot::Receiver<Result<Exported, E>>,
    thread: Option<JoinHandle<()>>,
}

impl<E: From<ExportError> + Send + 'static> Making<E> {
    /// Begins. What is at the target must not be there, unless it is to be replaced. On the thread, `source`
    /// tells the maker what there is.
    ///
    /// # Errors
    /// If it is there, or no thread can be started.
    pub fn begin(
        plan: Plan,
        source: impl FnOnce(&mut Maker<'_>) -> Result<(), E> + Send + 'static,
    ) -> Result<Self, ExportError> {
        plan.permit()?;
        let progress = Arc::new(Progress::default());
        let (tell_filled, filled) = oneshot::channel();
        let (tell, outcome) = oneshot::channel();
        let (path, shared) = (plan.target.path.clone(), progress.clone());
        let work = move || {
            let done = make(&plan, shared, source, tell_filled);
            // nobody listens any more where this fails
            let _ = tell.send(done);
        };
        let thread = std::thread::Builder::new().name("export".into()).spawn(work);
        let thread = Some(thread.at("start a thread to write", &path)?);
        Ok(Self { progress, filled, outcome, thread })
    }

    /// Bytes of content so far, as they become many more.
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<u64> {
        self.progress.bytes()
    }

    /// Waits until all content is there, if not on stable storage: what it is copied from is needed no more.
    pub async fn filled(&mut self) {
        // where it fails, the outcome says why
        let _ = (&mut self.filled).await;
    }

    /// Waits until all of it is there and on the disk.
    ///
    /// # Errors
    /// Why nothing was exported.
    pub async fn complete(mut self) -> Result<Exported, E> {
        (&mut self.outcome).await.unwrap_or_else(|_| Err(ExportError::Stopped.into()))
    }
}

impl<E> Drop for Making<E> {
    fn drop(&mut self) {
        self.progress.give_up();
        if let Some(thread) = self.thread.take() {
            // a panic there has been told as a missing outcome
            let _ = thread.join();
        }
    }
}

fn make<E: From<ExportError>>(
    Plan { target, shape, overwrite, limits }: &Plan,
    progress: Arc<Progress>,
    source: impl FnOnce(&mut Maker<'_>) -> Result<(), E>,
    tell_filled: oneshot::Sender<()>,
) -> Result<Exported, E> {
    let aside = Aside::create(target)?;
    let mut maker = Maker::new(*shape, &aside.directory, &target.path, limits, progress)?;
    source(&mut maker)?;
    let _ = tell_filled.send(()); // nobody waits for what nobody wants any more
    let exported = maker.settle()?;
    aside.put(*overwrite)?;
    Ok(exported)
}
