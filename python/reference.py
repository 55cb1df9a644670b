#!/usr/bin/env python3
"""Writes docs/reference/python.md from the docstrings and signatures of the package. With --check it only says whether
the file is stale."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pyro_mcp
from pyro_mcp import AsyncPyro, Pyro, PyroError, Server, WorkspaceSession, _pyro, types

FILE = Path(__file__).parent.parent / "docs" / "reference" / "python.md"
ROOMS = (
    "environments",
    "vms",
    "workspaces",
    "commands",
    "files",
    "snapshots",
    "disks",
    "shells",
    "services",
    "server",
)

HEAD = """\
# The Python package `pyro_mcp`

Written by `python/reference.py` from the package itself: change that, and run `python/test`.

```python
import sys
from pyro_mcp import Pyro

pyro = Pyro()
with pyro.workspace("debian:12-build", seed_path="./project") as workspace:
    tests = workspace.exec("make test", timeout_seconds=600, on_stdout=sys.stdout.write)
    if tests["exit_code"] == 0:
        print(workspace.diff()["patch"])
```

The package carries typed stubs, needs Python 3.10 or later on Linux, and depends on nothing. Methods take ids first and
everything else by name, and return plain dicts: the objects that `pyro ... --json` prints. A `Listener` is any function
that takes a text.
"""


def page() -> str:
    return "\n".join(
        (
            HEAD,
            section(Pyro, "## `Pyro`"),
            method(Pyro, "__init__", heading="### Settings"),
            *(room(name) for name in ROOMS),
            section(WorkspaceSession, "## Workspaces for `with` blocks"),
            method(Pyro, "workspace"),
            *(method(WorkspaceSession, name) for name in public(WorkspaceSession)),
            section(AsyncPyro, "## `AsyncPyro`"),
            errors(),
            objects(),
        )
    )


def section(cls: type, heading: str) -> str:
    return f"{heading}\n\n{prose(inspect.getdoc(cls))}\n"


def room(name: str) -> str:
    module = importlib.import_module(f"pyro_mcp._{name}")
    [cls] = [one for one in vars(module).values() if is_room(one, module.__name__)]
    parts = [f"## {prose(inspect.getdoc(module)).rstrip('.')}\n"]
    parts += [method(cls, verb) for verb in public(cls)]
    if name == "server":
        parts.append(method(Server, "run", heading="### `Server.run`"))
    return "\n".join(parts)


def is_room(one: object, module: str) -> bool:
    return isinstance(one, type) and one.__module__ == module and issubclass(_pyro.Pyro, one)


def public(cls: type) -> list[str]:
    return [name for name, found in vars(cls).items() if inspect.isfunction(found) and name[0] != "_"]


def method(cls: type, name: str, heading: str | None = None) -> str:
    found = getattr(cls, name)
    called = cls.__name__ if name == "__init__" else name
    shown = "workspace(...) -> WorkspaceSession" if name == "workspace" else written(called, found)
    return f"{heading or f'### `{name}`'}\n\n```python\n{shown}\n```\n\n{prose(inspect.getdoc(found))}\n"


def written(name: str, function: object) -> str:
    """As one would write it, one parameter a line where it is long."""
    signature = inspect.signature(function)  # type: ignore[arg-type]
    parameters = [one for one in signature.parameters.values() if one.name != "self"]
    result = "Pyro" if name == "Pyro" else signature.return_annotation
    star = next((i for i, one in enumerate(parameters) if one.kind is one.KEYWORD_ONLY), None)
    words = [word(one) for one in parameters]
    if star is not None:
        words.insert(star, "*")
    line = f"{name}({', '.join(words)}) -> {result}"
    if len(line) <= 100:
        return line
    return f"{name}(\n" + "".join(f"    {word},\n" for word in words) + f") -> {result}"


def word(parameter: inspect.Parameter) -> str:
    default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
    return f"{parameter.name}: {parameter.annotation}{default}"


def prose(doc: str | None) -> str:
    """A docstring as Markdown: its arguments and exceptions become lists."""
    lines: list[str] = []
    for line in (doc or "").replace("``", "`").splitlines():
        entry = re.match(r"    (\w+): (.*)", line)
        if re.fullmatch(r"(Args|Raises|Returns):", line):
            lines.append({"Args:": "Arguments:\n", "Raises:": "Raises:\n", "Returns:": "Returns:\n"}[line])
        elif entry:
            lines.append(f"- `{entry[1]}`: {entry[2]}")
        elif line.startswith("        "):
            lines.append(f"  {line.strip()}")
        else:
            lines.append(line.strip())
    return "\n".join(lines)


def errors() -> str:
    parts = ["## Exceptions\n", prose(inspect.getdoc(PyroError)), ""]
    for name, doc in attributes(CLASSES["PyroError"]):
        parts.append(f"- `{name}`: {doc}")
    parts.append("")
    for kind, cls in PyroError._of_kind.items():
        parts.append(f"- `{cls.__name__}` (`{kind}`): {flat(inspect.getdoc(cls))}")
    return "\n".join(parts) + "\n"


def objects() -> str:
    parts = [f"## Objects\n\n{prose(inspect.getdoc(types))}\n"]
    for name in types.__all__:
        cls = getattr(types, name)
        parts.append(f"### `{name}`\n\n{prose(inspect.getdoc(cls))}\n")
        parts.append("\n".join(fields(CLASSES[name])) + "\n")
    return "\n".join(parts)


def fields(cls: ast.ClassDef) -> Iterator[str]:
    """The keys of an object, those that it shares with others included."""
    for base in (CLASSES[one.id] for one in cls.bases if isinstance(one, ast.Name) and one.id in CLASSES):
        if base.name.startswith("_"):
            yield from fields(base)
        else:
            yield f"- all of `{base.name}`"
    rarely = ", not always there" if any(one.arg == "total" for one in cls.keywords) else ""
    docs = dict(attributes(cls))
    for item in cls.body:
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            doc = docs.get(item.target.id)
            about = f": {doc}" if doc else ""
            yield f"- `{item.target.id}` ({ast.unparse(item.annotation)}{rarely}){about}"


def attributes(cls: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """The attributes that have a docstring of their own."""
    for item, after in pairwise(cls.body):
        is_doc = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name) and is_doc:
            yield item.target.id, flat(after.value.value)  # type: ignore[attr-defined]


def classes(*files: Path) -> dict[str, ast.ClassDef]:
    """What they define, by name."""
    bodies = (node for file in files for node in ast.parse(file.read_text()).body)
    return {node.name: node for node in bodies if isinstance(node, ast.ClassDef)}


PACKAGE = Path(pyro_mcp.__file__).parent
CLASSES = classes(*sorted((PACKAGE / "types").glob("*.py")), PACKAGE / "_errors.py")


def flat(doc: str | None) -> str:
    return " ".join((doc or "").replace("``", "`").split())


def main() -> int:
    assert pyro_mcp.__version__
    text = re.sub(r"\n{3,}", "\n\n", page())
    fresh = FILE.exists() and FILE.read_text() == text
    if "--check" in sys.argv:
        if not fresh:
            print(f"{FILE} is stale: run python/reference.py", file=sys.stderr)
        return 0 if fresh else 1
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
