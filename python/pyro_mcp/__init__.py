"""Disposable Linux microVM workspaces for coding agents.

>>> from pyro_mcp import Pyro
>>> Pyro().run_in_vm(environment="debian:12", command="uname -a")["exit_code"]
0
"""

from __future__ import annotations

from . import _native, types
from ._async_pyro import AsyncPyro
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
from ._server import Server, create_server
from ._session import WorkspaceSession

__version__ = _native.VERSION

__all__ = [
    "AsyncPyro",
    "BusyError",
    "DeadlineError",
    "DeniedError",
    "GuestError",
    "HostError",
    "InternalError",
    "NotFoundError",
    "Pyro",
    "PyroError",
    "Server",
    "UsageError",
    "WorkspaceSession",
    "__version__",
    "create_server",
    "types",
]
