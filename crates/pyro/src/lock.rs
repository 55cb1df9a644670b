//! Advisory locks between pyro processes: `flock(2)` on small files of their own, so that two never
//! do the same work. The kernel releases a lock when its holder dies, however it dies. Lock files
//! are never removed: that would let two processes hold "the same" lock.

use crate::error::{AtPath, PathError};
use crate::event::{self, Observer};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A held lock; dropping it releases.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Waits until this process alone holds `path`. Should another be holding it, the observer
    /// hears that it is `doing` something.
    ///
    /// # Errors
    /// When the file cannot be created or locked.
    pub fn exclusive(path: &Path, doing: &str, observer: Observer<'_>) -> Result<Self, PathError> {
        Self::wait(path, FlockOperation::NonBlockingLockExclusive, doing, observer)
    }

    /// Waits until nobody holds `path` exclusively; other sharers may hold it too.
    ///
    /// # Errors
    /// When the file cannot be created or locked.
    pub fn shared(path: &Path, doing: &str, observer: Observer<'_>) -> Result<Self, PathError> {
        Self::wait(path, FlockOperation::NonBlockingLockShared, doing, observer)
    }

    /// Takes `path` for this process alone, or answers `None` where somebody holds it.
    ///
    /// # Errors
    /// When the file cannot be created or locked.
    pub fn try_exclusive(path: &Path) -> Result<Option<Self>, PathError> {
        Self::attempt(&open(path)?, path, FlockOperation::NonBlockingLockExclusive)
    }

    /// Like [`Lock::try_exclusive`], on a directory itself: the lock moves and goes with it.
    ///
    /// # Errors
    /// When the directory cannot be opened or locked.
    pub fn try_directory(path: &Path) -> Result<Option<Self>, PathError> {
        let directory = File::open(path).at("open", path)?;
        Self::attempt(&directory, path, FlockOperation::NonBlockingLockExclusive)
    }

    fn wait(
        path: &Path,
        operation: FlockOperation,
        doing: &str,
        observer: Observer<'_>,
    ) -> Result<Self, PathError> {
        let file = open(path)?;
        if let Some(lock) = Self::attempt(&file, path, operation)? {
            return Ok(lock);
        }
        event::step(observer, &format!("another pyro is {doing}; waiting"), || {
            let blocking = match operation {
                FlockOperation::NonBlockingLockShared => FlockOperation::LockShared,
                _ => FlockOperation::LockExclusive,
            };
            loop {
                match flock(&file, blocking) {
                    Ok(()) => return Ok(Self { _file: file }),
                    Err(Errno::INTR) => {}
                    Err(errno) => return Err(errno).at("lock", path),
                }
            }
        })
    }

    fn attempt(
        file: &File,
        path: &Path,
        operation: FlockOperation,
    ) -> Result<Option<Self>, PathError> {
        let taken = take(file, path, operation)?;
        taken.then(|| file.try_clone().at("lock", path)).transpose().map(|file| {
            let _file = file?;
            Some(Self { _file })
        })
    }
}

/// Takes the lock of an open file for this process alone, if nobody has it. It is held until the file,
/// and whatever inherited it, is closed.
///
/// # Errors
/// When the file cannot be locked.
pub fn try_take(file: &File, path: &Path) -> Result<bool, PathError> {
    take(file, path, FlockOperation::NonBlockingLockExclusive)
}

fn take(file: &File, path: &Path, operation: FlockOperation) -> Result<bool, PathError> {
    match flock(file, operation) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(errno) => Err(errno).at("lock", path),
    }
}

fn open(path: &Path) -> Result<File, PathError> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)
        .at("open the lock", path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, ignore};
    use std::sync::Mutex;
    use std::time::Duration;

    #[test]
    fn the_second_waits_says_so_and_goes_on_when_the_first_is_done() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("x.lock");
        let first = Lock::exclusive(&path, "building", &ignore).unwrap();
        assert!(Lock::try_exclusive(&path).unwrap().is_none());
        let heard = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            let second = scope.spawn(|| {
                Lock::exclusive(&path, "building", &|event| heard.lock().unwrap().push(event))
            });
            while heard.lock().unwrap().is_empty() {
                std::thread::sleep(Duration::from_millis(1));
            }
            assert!(!second.is_finished());
            drop(first);
            second.join().unwrap().unwrap();
        });
        let heard = heard.into_inner().unwrap();
        let waiting = "another pyro is building; waiting".to_owned();
        assert_eq!(heard[0], Event::Started { what: waiting });
        assert!(matches!(heard[1], Event::Finished { .. }));
    }

    #[test]
    fn sharers_do_not_exclude_each_other() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("x.lock");
        let one = Lock::shared(&path, "reading", &ignore).unwrap();
        let two = Lock::shared(&path, "reading", &ignore).unwrap();
        assert!(Lock::try_exclusive(&path).unwrap().is_none());
        drop((one, two));
        assert!(Lock::try_exclusive(&path).unwrap().is_some());
    }

    #[test]
    fn the_death_of_the_holder_releases_the_lock() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("x.lock");
        let mut holder = std::process::Command::new("flock")
            .arg(&path)
            .args(["sh", "-c", "echo held; exec sleep 60"])
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = [0; 5];
        std::io::Read::read_exact(holder.stdout.as_mut().unwrap(), &mut line).unwrap();
        assert!(Lock::try_exclusive(&path).unwrap().is_none());
        // flock(1) forks: its child inherits the lock, so the whole family has to die.
        let children =
            std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", holder.id())).unwrap();
        for pid in children.split_whitespace() {
            let pid = rustix::process::Pid::from_raw(pid.parse().unwrap()).unwrap();
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        }
        holder.kill().unwrap();
        holder.wait().unwrap();
        let deadline = std::time::Instant::now() + Duration::from_secs(5);
        while Lock::try_exclusive(&path).unwrap().is_none() {
            assert!(std::time::Instant::now() < deadline, "the lock outlived its holder");
        }
    }
}
