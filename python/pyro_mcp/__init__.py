"""Disposable Linux microVM workspaces for coding agents.

>>> from pyro_mcp import Pyro
>>> Pyro().run_in_vm(environment="debian:12", command="uname -a")["exit_code"]
0
"""

from __future__ import annotations

from . import _native
from ._errors import (
    BusyError,
    DeadlineError,
    DeniedError,
    GuestError,
    HostError,
    InternalError,
    NotFoundError,
    PyroError,
    UsageError,
)
from ._pyro import Pyro

__version__ = _native.VERSION

__all__ = [
    "BusyError",
    "DeadlineError",
    "DeniedError",
    "GuestError",
    "HostError",
    "InternalError",
    "NotFoundError",
    "Pyro",
    "PyroError",
    "UsageError",
    "__version__",
]
