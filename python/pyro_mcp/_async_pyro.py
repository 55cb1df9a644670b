"""``AsyncPyro``: all verbs in one object, for event loops."""

from __future__ import annotations

from types import TracebackType

from ._asynchronous._session import session
from ._asynchronous._verbs import Verbs
from ._server import Servers


class AsyncPyro(Verbs, Servers):
    """The same as ``Pyro``, with coroutines: as many calls as one likes wait in one event loop, and in no thread of
    Python's.

    Where a task is cancelled, what its call was running is ended first. Listeners are called in the event loop.
    """

    workspace = session(Verbs.create_workspace)

    async def __aenter__(self) -> AsyncPyro:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Nothing is open, and what was made stays."""
