//! How a command can end badly, and with which exit code. What the user reads about it is written
//! where the error is made; how it looks is `ui`'s.

use pyro::error::Diagnose;
use pyro::{Error, Kind, Report};
use std::process::ExitCode;

/// pyro's own failures in `run` and `workspace exec`, whose other codes are the guest command's: as
/// `env`, `timeout` and `docker run` have it.
pub(crate) const EXEC_FAILED: u8 = 125;
/// pyro's own failures in every other command.
pub(crate) const FAILED: u8 = 1;
/// A command line or a setting that cannot be used, `run` and `workspace exec` apart.
pub(crate) const MISUSED: u8 = 2;
/// Nobody reads what is written: 128 + SIGPIPE, as a shell reports it.
pub(crate) const BROKEN_PIPE: u8 = 141;

/// What every command gives.
pub(crate) type Outcome<T = ExitCode> = Result<T, Failure>;

/// Why a command did not do its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something went wrong.
    Error(Error),
    /// The user, or the system, wants pyro to end.
    Interrupted(Interrupted),
    /// Nobody reads standard output any more. Nothing to say, and nobody to say it to.
    BrokenPipe,
}

/// A signal that ended pyro's work.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("interrupted by {name}")]
pub(crate) struct Interrupted {
    /// `SIGINT`, …
    pub(crate) name: &'static str,
    /// Its number.
    pub(crate) number: u8,
}

impl Interrupted {
    /// Whether it asks for the end, as SIGTERM and SIGHUP do; Ctrl-C is first for the command.
    pub(crate) fn is_request_to_end(self) -> bool {
        self.number != 2
    }
}

impl Diagnose for Interrupted {
    fn kind(&self) -> Kind {
        Kind::Usage
    }
    fn code(&self) -> &'static str {
        "interrupted"
    }
}

impl Failure {
    /// What to tell the user.
    pub(crate) fn report(&self) -> Option<Report> {
        match self {
            Self::Error(error) => Some(error.report()),
            Self::Interrupted(interrupted) => Some(Error::from(*interrupted).report()),
            Self::BrokenPipe => None,
        }
    }

    /// The exit code where the others are a guest command's own, or where they are not.
    pub(crate) fn exit_code(&self, like_its_command: bool) -> ExitCode {
        ExitCode::from(match self {
            Self::Error(_) if like_its_command => EXEC_FAILED,
            Self::Error(error) if error.kind() == Kind::Usage => MISUSED,
            Self::Error(_) => FAILED,
            Self::Interrupted(interrupted) => 128 + interrupted.number,
            Self::BrokenPipe => BROKEN_PIPE,
        })
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<Interrupted> for Failure {
    fn from(interrupted: Interrupted) -> Self {
        Self::Interrupted(interrupted)
    }
}

/// Commands meet plain I/O errors only at their standard streams and when the runtime starts.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::BrokenPipe,
            _ => Self::Error(StreamError(error).into()),
        }
    }
}

/// Standard output or error of pyro cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("the standard streams of this process fail")]
struct StreamError(#[source] std::io::Error);

impl Diagnose for StreamError {
    fn kind(&self) -> Kind {
        Kind::Host
    }
    fn code(&self) -> &'static str {
        "standard_stream"
    }
}

/// A command line that cannot be read, as data: what clap says, without its usage lines.
pub(crate) fn usage_report(error: &clap::Error) -> Report {
    let text = error.render().to_string();
    let paragraph = text.lines().take_while(|line| !line.is_empty()).map(str::trim);
    let message = paragraph.collect::<Vec<_>>().join(" ");
    Report {
        kind: Kind::Usage,
        code: "usage".into(), // The command line cannot be read.
        message: message.strip_prefix("error: ").unwrap_or(&message).to_owned(),
        hints: vec!["`pyro --help` and `pyro COMMAND --help` list what there is".into()],
    }
}
