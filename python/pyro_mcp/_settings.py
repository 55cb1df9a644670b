"""The settings that all calls of a ``Pyro`` share."""

from __future__ import annotations

import os

from . import _native
from ._executable import executable


class Settled:
    """Settings alone: no process, no thread and no file is held open, so there is nothing to close."""

    def __init__(
        self,
        backend_name: str | None = None,
        base_dir: str | os.PathLike[str] | None = None,
        cache_dir: str | os.PathLike[str] | None = None,
        max_active_vms: int = 4,
    ) -> None:
        """Reads the settings from the environment, once, and takes what is given here instead.

        Args:
            backend_name: ``auto`` (the best that works here), ``firecracker``, ``qemu``, ``qemu-kvm``, ``qemu-tcg``, or
                ``process``: no machine, but the host itself, for verbs that are given ``allow_host_compat``.
            base_dir: where machines and workspaces are kept, instead of ``~/.local/state/pyro``. Whoever uses the same
                directory, in Python or not, sees the same workspaces.
            cache_dir: where environments are kept, instead of ``~/.cache/pyro``.
            max_active_vms: how many vms of ``create_vm`` may be started at a time in this ``base_dir``, by all processes
                together. ``run_in_vm`` and workspaces do not count.

        Raises:
            UsageError: a setting cannot be understood.
            HostError: the ``pyro`` executable is missing (``executable_not_found``), or is of another version
                (``version_mismatch``).
        """
        self._settings = _native.Settings(
            {
                "executable": str(executable(os.environ)),
                "environment": dict(os.environb),
                "backend_name": backend_name,
                "base_dir": absolute(base_dir),
                "cache_dir": absolute(cache_dir),
                "max_active_vms": max_active_vms,
            }
        )


def absolute(path: str | os.PathLike[str] | None) -> str | None:
    """The same path, wherever this process goes."""
    return None if path is None else os.path.abspath(path)
