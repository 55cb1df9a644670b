"""How the methods of ``AsyncPyro`` wait for their calls."""

from __future__ import annotations

from typing import TypeVar

from ._calls import Listeners, awaited
from ._native import Call
from ._settings import Settled

T = TypeVar("T")


class AsyncConnection(Settled):
    """Waits in the running event loop."""

    async def _wait(self, call: Call[T], listeners: Listeners | None = None) -> T:
        return await awaited(call, listeners or Listeners())
