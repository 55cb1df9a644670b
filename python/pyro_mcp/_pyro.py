"""``Pyro``: all verbs in one object."""

from __future__ import annotations

from types import TracebackType

from ._server import Servers
from ._session import session
from ._verbs import Verbs


class Pyro(Verbs, Servers):
    """Disposable Linux machines on this host.

    It holds settings alone, nothing that is open: it may be shared by threads, kept for long and dropped at any time, and a
    process that was forked may use its own copy. A call that goes on in another thread while a process forks goes on in
    the parent alone.

    Every method waits until its work is done, without the interpreter's lock. Ctrl-C ends the wait, and what the call was
    running with it, and raises ``KeyboardInterrupt``.

    What is worth a warning (a workspace that had to be started again) goes to the logger ``pyro_mcp``, and so does, as
    information, each step of long work.
    """

    workspace = session(Verbs.create_workspace)

    def __enter__(self) -> Pyro:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Nothing is open, and what was made stays."""
