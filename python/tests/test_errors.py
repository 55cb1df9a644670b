from __future__ import annotations

import pickle
import traceback
from pathlib import Path

import pytest

import pyro_mcp
from pyro_mcp import HostError, NotFoundError, Pyro, PyroError, UsageError
from pyro_mcp._errors import reported

KINDS = ["usage", "not_found", "busy", "host", "guest", "timeout", "denied", "internal"]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_a_class_of_its_own(kind: str) -> None:
    error = reported(f'{{"kind": "{kind}", "code": "c", "message": "m", "hints": ["h"]}}')
    assert type(error) is not PyroError and isinstance(error, PyroError)
    assert (error.kind, error.code, str(error), error.hints) == (kind, "c", "m", ("h",))
    assert type(error).__name__ in pyro_mcp.__all__


def test_a_kind_that_is_not_known_yet_is_a_pyro_error() -> None:
    error = reported('{"kind": "new", "code": "c", "message": "m", "hints": []}')
    assert (type(error), error.kind) == (PyroError, "new")


def test_an_error_of_the_library_says_kind_code_message_and_hints(on_host: Pyro) -> None:
    with pytest.raises(NotFoundError) as refused:
        on_host.status_workspace("nothing")
    report = refused.value.report()
    assert (report["kind"], report["code"]) == ("not_found", "not_found")
    assert "nothing" in report["message"] and report["hints"]
    again = pickle.loads(pickle.dumps(refused.value))
    assert (type(again), again.report()) == (NotFoundError, report)


def test_a_traceback_shows_the_hints() -> None:
    error = reported('{"kind": "host", "code": "c", "message": "m", "hints": ["look there"]}')
    assert "hint: look there" in "".join(traceback.format_exception(error))


def test_without_leave_no_command_runs_on_the_host(on_host: Pyro) -> None:
    with pytest.raises(PyroError) as refused:
        on_host.run_in_vm(command="true")
    assert refused.value.hints


def test_a_backend_that_is_not_known_is_refused_by_name() -> None:
    with pytest.raises(UsageError) as refused:
        Pyro(backend_name="xen")
    assert refused.value.code == "unknown_backend" and "qemu" in refused.value.hints[0]


def test_the_executable_must_be_there_and_of_this_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "pyro"
    monkeypatch.setenv("PYRO_EXECUTABLE", str(other))
    with pytest.raises(HostError) as missing:
        Pyro()
    assert missing.value.code == "executable_not_found"
    other.write_text("#!/bin/sh\necho pyro 0.0.1\n")
    other.chmod(0o755)
    with pytest.raises(HostError) as old:
        Pyro()
    assert old.value.code == "version_mismatch" and "0.0.1" in str(old.value)
