"""How the methods of ``Pyro`` wait for their calls."""

from __future__ import annotations

from typing import TypeVar

from ._calls import Listeners, wait
from ._native import Call
from ._settings import Settled

T = TypeVar("T")


class Connection(Settled):
    """Waits in the calling thread."""

    def _wait(self, call: Call[T], listeners: Listeners | None = None) -> T:
        return wait(call, listeners or Listeners())
