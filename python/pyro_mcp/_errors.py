"""The exceptions, one class for each kind of the library's errors."""

from __future__ import annotations

import json
from typing import ClassVar, TypedDict


class Report(TypedDict):
    """An error as plain data, the same on every surface."""

    kind: str
    code: str
    message: str
    hints: list[str]


class PyroError(Exception):
    """Why pyro did not do what it was asked to do.

    ``str(error)`` is the message. A command that fails, or that its time limit ends, is no error: its exit code says
    so.
    """

    kind: str
    """Whose problem it is: ``usage``, ``not_found``, ``busy``, ``host``, ``guest``, ``timeout``, ``denied`` or
    ``internal``. There is a subclass for each."""

    code: str
    """A stable name that programs may match on, such as ``workspace_not_started``."""

    hints: tuple[str, ...]
    """What to do next, a sentence each. Tracebacks show them, from Python 3.11 on."""

    _of_kind: ClassVar[dict[str, type[PyroError]]] = {}

    def __init__(self, message: str, *, kind: str, code: str, hints: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.kind = kind
        self.code = code
        self.hints = hints
        if hasattr(self, "add_note"):
            for hint in hints:
                self.add_note(f"hint: {hint}")

    def __init_subclass__(cls, *, kind: str) -> None:
        PyroError._of_kind[kind] = cls
        cls.__module__ = "pyro_mcp"  # where everybody imports it from

    def __reduce__(self) -> tuple[object, ...]:
        return (_of, (type(self), str(self), self.kind, self.code, self.hints))

    def report(self) -> Report:
        """The same as plain data: kind, code, message and hints."""
        return {
            "kind": self.kind,
            "code": self.code,
            "message": str(self),
            "hints": list(self.hints),
        }


class UsageError(PyroError, kind="usage"):
    """The request itself is wrong: a bad argument, an illegal combination."""


class NotFoundError(PyroError, kind="not_found"):
    """The named thing does not exist."""


class BusyError(PyroError, kind="busy"):
    """Somebody else is working on the same thing; trying again can succeed."""


class HostError(PyroError, kind="host"):
    """The host lacks something: a program, a permission, disk space, a working KVM."""


class GuestError(PyroError, kind="guest"):
    """The machine, or the agent in it, failed."""


class DeadlineError(PyroError, kind="timeout"):
    """A deadline of pyro's own passed. (A command's time limit gives exit code 124 instead.)"""


class DeniedError(PyroError, kind="denied"):
    """Refused on purpose, by a policy that the human can change."""


class InternalError(PyroError, kind="internal"):
    """A fault in pyro."""


def _of(cls: type[PyroError], message: str, kind: str, code: str, hints: tuple[str, ...]) -> PyroError:
    return cls(message, kind=kind, code=code, hints=hints)


def reported(report: str) -> PyroError:
    """The exception that a report in JSON stands for."""
    of: Report = json.loads(report)
    cls = PyroError._of_kind.get(of["kind"], PyroError)
    return cls(of["message"], kind=of["kind"], code=of["code"], hints=tuple(of["hints"]))
