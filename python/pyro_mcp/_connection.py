"""What every noun of the package is made on: the settings, and how to wait for a call."""

from __future__ import annotations

import os
from typing import TypeVar

from . import _calls, _native
from ._calls import Listeners
from ._executable import executable

T = TypeVar("T")


class Connection:
    """The settings of a ``Pyro``. It holds nothing open: no process, no thread, no file."""

    def __init__(
        self,
        backend_name: str | None = None,
        base_dir: str | os.PathLike[str] | None = None,
        cache_dir: str | os.PathLike[str] | None = None,
        max_active_vms: int = 4,
    ) -> None:
        self._settings = _native.Settings(
            executable(os.environ),
            dict(os.environb),
            backend_name=backend_name,
            base_dir=_absolute(base_dir),
            cache_dir=_absolute(cache_dir),
            max_active_vms=max_active_vms,
        )

    def _wait(self, call: _native.Call[T], listeners: Listeners | None = None) -> T:
        return _calls.wait(call, listeners or Listeners())


def _absolute(path: str | os.PathLike[str] | None) -> str | None:
    return None if path is None else os.path.abspath(os.path.expanduser(path))
