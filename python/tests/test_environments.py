from __future__ import annotations

from pathlib import Path

import pytest

from pyro_mcp import NotFoundError, Pyro


def test_the_catalog_is_listed_and_an_environment_says_where_it_came_from(pyro: Pyro) -> None:
    ready = pyro.pull_environment("debian:12")
    assert ready["installed"] and ready["kernel"] is not None
    listed = {entry["name"]: entry for entry in pyro.list_environments()["environments"]}
    assert {"debian:12", "debian:12-base", "debian:12-build"} <= listed.keys()
    assert listed["debian:12"]["digest"] == pyro.inspect_environment("debian:12")["digest"]


def test_an_empty_cache_has_nothing_to_prune(tmp_path: Path) -> None:
    pruned = Pyro(base_dir=tmp_path / "state", cache_dir=tmp_path / "cache").prune_environments()
    assert pruned == {"removed": [], "corrupt_records": [], "freed_bytes": 0}


def test_pruning_keeps_what_is_used(pyro: Pyro) -> None:
    assert not pyro.prune_environments()["corrupt_records"]
    assert pyro.inspect_environment("debian:12")["installed"]


def test_an_unknown_environment_is_not_found(pyro: Pyro) -> None:
    with pytest.raises(NotFoundError) as refused:
        pyro.inspect_environment("No Such Thing")
    assert refused.value.code == "unknown_environment"
    assert any("debian:12" in hint for hint in refused.value.hints)
