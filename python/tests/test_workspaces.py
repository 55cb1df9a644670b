from __future__ import annotations

from pathlib import Path

import pytest

from pyro_mcp import NotFoundError, Pyro, PyroError, UsageError


def test_the_life_of_a_workspace(pyro: Pyro, tmp_path: Path) -> None:
    seed = tmp_path / "seed"
    seed.mkdir()
    (seed / "main.py").write_text("print('hello')\n")
    with pyro.workspace(seed_path=seed, name="life", labels={"owner": "grace"}, mem_mib=512) as made:
        it = made.id
        assert made.created["workspace_seed"] is not None
        assert made.created["workspace_seed"]["entry_count"] == 1
        assert made.status()["labels"] == {"owner": "grace"}
        assert "life" in [one["name"] for one in pyro.list_workspaces()["workspaces"]]
        changed = pyro.update_workspace(it, name="lives", clear_labels=["owner"], ttl_seconds=900)
        assert (changed["name"], changed["labels"], changed["ttl_seconds"]) == ("lives", {}, 900)

        assert made.read_file("main.py")["content"] == "print('hello')\n"
        made.write_file("main.py", "print('goodbye')\n")
        made.snapshot("goodbye")
        assert made.diff()["summary"]["modified"] == 1
        assert made.reset()["workspace_reset"]["snapshot_name"] == "baseline"
        assert not made.diff()["changed"]
        pyro.reset_workspace(it, snapshot="goodbye")
        names = [one["snapshot_name"] for one in pyro.list_snapshots(it)["snapshots"]]
        assert names == ["baseline", "goodbye"]
        assert pyro.delete_snapshot(it, "goodbye")["deleted"]

        assert pyro.stop_workspace(it)["state"] == "stopped"
        with pytest.raises(PyroError) as stopped:
            made.exec("true")
        assert stopped.value.code == "workspace_not_started"
        listed = pyro.list_workspace_disk(it)["entries"]
        assert [entry["path"].rpartition("/")[2] for entry in listed] == ["main.py"]
        assert pyro.read_workspace_disk(it, "main.py")["content"] == "print('goodbye')\n"
        exported = pyro.export_workspace_disk(it, tmp_path / "disk.ext4")
        assert exported["size_bytes"] == (tmp_path / "disk.ext4").stat().st_size
        assert pyro.start_workspace(it)["state"] == "started"
    with pytest.raises(NotFoundError):
        pyro.status_workspace(it)


def test_a_block_that_fails_leaves_no_workspace(pyro: Pyro) -> None:
    before = pyro.list_workspaces()["count"]
    with pytest.raises(ZeroDivisionError), pyro.workspace(mem_mib=512) as made:
        assert pyro.list_workspaces()["count"] == before + 1
        raise ZeroDivisionError(made.id)
    assert pyro.list_workspaces()["count"] == before


def test_a_workspace_that_cannot_be_is_refused_before_anything_boots(pyro: Pyro) -> None:
    for wrong, code in (
        ({"network_policy": "some"}, "bad_network_policy"),
        ({"mem_mib": 1}, "out_of_range"),
        ({"seed_path": "/", "project_path": "/"}, "two_sources"),
        ({"secrets": [{"name": "A"}]}, "bad_secret"),
    ):
        with pytest.raises(UsageError) as refused:
            pyro.create_workspace(**wrong)
        assert refused.value.code == code


def test_a_session_has_no_workspace_before_its_block(pyro: Pyro) -> None:
    with pytest.raises(RuntimeError):
        _ = pyro.workspace().id
