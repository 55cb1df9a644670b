//! The shells of a workspace, as its shim keeps them: which there are, what each has shown, and who reads
//! or types. They belong to the workspace's machine, not to the front ends that come and go, and end
//! with it.

mod answer;
mod attach;
mod calls;
mod open_shell;
mod ring;
pub mod words;

pub(super) use answer::answer;

use open_shell::OpenShell;
use pyro_proto::{Refusal, RefusalCode};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use words::ShellState;

/// How many shells a workspace has at most. Of those that have ended the oldest go first.
const MAX_SHELLS: usize = 64;

/// The shells of one workspace, in the order in which they were opened.
#[derive(Debug, Default)]
pub(super) struct Shells {
    all: RefCell<Vec<Rc<OpenShell>>>,
    /// How many are about to be opened.
    opening: Cell<usize>,
}

/// A place for one that is about to be opened.
#[derive(Debug)]
struct Seat<'a>(&'a Shells);

impl Shells {
    /// Finds one by its id.
    fn find(&self, shell_id: &str) -> Result<Rc<OpenShell>, Refusal> {
        let found = self.all.borrow().iter().find(|shell| shell.id == shell_id).cloned();
        found.ok_or_else(|| Refusal::new(RefusalCode::NotFound, "there is no such shell"))
    }

    fn states(&self) -> Vec<ShellState> {
        self.all.borrow().iter().map(|shell| shell.state()).collect()
    }

    /// Makes room for another one.
    fn take_seat(&self) -> Result<Seat<'_>, Refusal> {
        let mut all = self.all.borrow_mut();
        while all.len() + self.opening.get() >= MAX_SHELLS {
            let Some(ended) = all.iter().position(|shell| !shell.runs()) else {
                let message = format!("{MAX_SHELLS} shells run in this workspace already");
                return Err(Refusal::new(RefusalCode::TooMany, message));
            };
            // what it has left behind ends with it
            all.remove(ended);
        }
        self.opening.set(self.opening.get() + 1);
        Ok(Seat(self))
    }
}

impl Seat<'_> {
    fn give_to(self, shell: Rc<OpenShell>) {
        self.0.all.borrow_mut().push(shell);
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.0.opening.set(self.0.opening.get() - 1);
    }
}
