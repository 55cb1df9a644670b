#!/usr/bin/env python3
"""Writes the asynchronous half of the package, pyro_mcp/_asynchronous, from the synchronous one: the same methods and
words, as coroutines. With --check it says what would change, and changes nothing."""

from __future__ import annotations

import re
import sys
from pathlib import Path

PACKAGE = Path(__file__).parent / "pyro_mcp"
MIRRORED = (
    "commands", "disks", "environments", "files", "services", "session", "shells", "snapshots", "verbs", "vms",
    "workspaces",
)  # fmt: skip
WORDS = (
    # methods are coroutines, properties are not
    (r"(?<!@property\n)^    def (?!_)", "    async def "),
    (r"^    def __(enter|exit)__", r"    async def __a\1__"),
    (r"return self\._wait\(", "return await self._wait("),
    (r"return self\._pyro\.", "return await self._pyro."),
    (r"^        self\._pyro\.delete", "        await self._pyro.delete"),
    (r"= self\._create\(\)", "= await self._create()"),
    (r"(Callable\[(?:\[\]|Concatenate\[Any, P\]), )Workspace\]", r"\1Awaitable[Workspace]]"),
    (r"import Callable,", "import Awaitable, Callable,"),
    (r"``with``", "``async with``"),
    (r"`with`", "`async with`"),
    (r"``Pyro(\.|``)", r"``AsyncPyro\1"),
    (r"in the thread that waits", "in the event loop"),
    # one folder further down, and among themselves
    (
        r"^from \._connection import Connection",
        "from .._async_connection import AsyncConnection as Connection",
    ),
    (r"^from \.(_calls|_errors|_machine|types) ", r"from ..\1 "),
    (r"^from \. import", "from .. import"),
)


def mirrored(name: str) -> str:
    text = (PACKAGE / f"_{name}.py").read_text()
    for pattern, replacement in WORDS:
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    first, rest = text.split("\n", 1)
    return f"{first}\n\n# Written by asynchronous.py from ../_{name}.py: change that one.\n{rest}"


def main() -> int:
    folder = PACKAGE / "_asynchronous"
    folder.mkdir(exist_ok=True)
    wanted = {f"_{name}.py": mirrored(name) for name in MIRRORED}
    wanted["__init__.py"] = '"""The verbs as coroutines."""\n'
    stale = [name for name, text in wanted.items() if not _is(folder / name, text)]
    if "--check" in sys.argv:
        for name in stale:
            print(f"{folder / name} is stale: run python/asynchronous.py", file=sys.stderr)
        return 1 if stale else 0
    for name in stale:
        (folder / name).write_text(wanted[name])
    return 0


def _is(file: Path, text: str) -> bool:
    return file.exists() and file.read_text() == text


if __name__ == "__main__":
    sys.exit(main())
