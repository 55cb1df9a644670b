"""``Pyro``: all the verbs in one object."""

from __future__ import annotations

from ._environments import Environments


class Pyro(Environments):
    """Disposable Linux machines on this host."""
