from __future__ import annotations

from pathlib import Path

import pytest

from pyro_mcp import DeniedError, NotFoundError, Pyro, UsageError

PATCH = """\
--- a/poem
+++ b/poem
@@ -1 +1,2 @@
-roses
+violets
+are blue
"""


def test_a_file_is_written_edited_patched_and_read(pyro: Pyro, workspace: str) -> None:
    assert pyro.write_workspace_file(workspace, "poem", "rose\n")["bytes_written"] == 5
    assert pyro.edit_workspace_file(workspace, "poem", old="rose", new="roses")["replacements"] == 1
    assert pyro.apply_workspace_patch(workspace, PATCH)["changed"]
    assert pyro.read_workspace_file(workspace, "poem")["content"] == "violets\nare blue\n"
    second = pyro.read_workspace_file(workspace, "poem", first_line=2, line_count=1)
    assert second["content"] == "are blue\n"
    part = pyro.read_workspace_file(workspace, "poem", max_bytes=3, offset=2)
    assert (part["content"], part["next_offset"]) == ("ole", 5)
    assert "poem" in [
        entry["path"].rpartition("/")[2] for entry in pyro.list_workspace_files(workspace)["entries"]
    ]
    assert "+violets" in pyro.diff_workspace(workspace)["patch"]


def test_files_come_from_the_host_and_go_back(pyro: Pyro, workspace: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "note").write_text("from the host")
    pushed = pyro.push_workspace_sync(workspace, source, dest="/workspace/pushed")
    assert pushed["workspace_sync"]["entry_count"] == 1
    exported = pyro.export_workspace(workspace, "pushed", tmp_path / "back")
    assert (tmp_path / "back" / "note").read_text() == "from the host"
    assert exported["artifact_type"] == "directory"
    with pytest.raises(UsageError):
        pyro.export_workspace(workspace, "pushed", tmp_path / "back")
    pyro.export_workspace(workspace, "pushed", tmp_path / "back", overwrite=True)


def test_what_cannot_be_is_an_exception_of_its_kind(pyro: Pyro, workspace: str) -> None:
    with pytest.raises(NotFoundError):
        pyro.read_workspace_file(workspace, "nothing")
    pyro.write_workspace_file(workspace, "abc", "abc")
    with pytest.raises(UsageError) as missing:
        pyro.edit_workspace_file(workspace, "abc", old="x", new="y")
    assert missing.value.code == "edit_missing"
    with pytest.raises(UsageError):
        pyro.apply_workspace_patch(workspace, PATCH.replace("poem", "abc"))
    assert pyro.read_workspace_file(workspace, "abc")["content"] == "abc"


def test_content_with_a_secret_is_given_out_to_whoever_may(pyro: Pyro, workspace: str) -> None:
    pyro.exec_workspace(workspace, "cp /run/pyro-secrets/TOKEN /root/leaked")
    with pytest.raises(DeniedError) as refused:
        pyro.read_workspace_file(workspace, "/root/leaked")
    assert refused.value.code == "secret_in_content"
    allowed = pyro.read_workspace_file(workspace, "/root/leaked", allow_secrets=True)
    assert allowed["content"] == "swordfish-42"
